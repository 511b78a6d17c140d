//! Values: get, update, add, read-modify-write.

use anyhow::{Result, ensure};

use super::Arguments;
use crate::data;
use crate::memory;
use crate::record::Record;
use crate::subjects::Values;

const BATCH: usize = 1_024;

/// The subject, and what every key must hold.
struct Run<'a, S> {
    arguments: &'a Arguments,
    subject: S,
    /// The count of each key's value.
    counts: Vec<u32>,
    value: Vec<u8>,
    records: Vec<Record>,
}

pub(crate) fn measure<S: Values>(arguments: &Arguments, subject: S) -> Result<()> {
    let mut run = Run {
        arguments,
        subject,
        counts: Vec::new(),
        value: vec![0; arguments.value_bytes],
        records: Vec::new(),
    };
    run.fill()?;
    run.all()?;
    run.verify()?;
    let resident_bytes = memory::peak_resident_bytes();
    for mut record in run.records {
        record.verified = true;
        record.resident_bytes = resident_bytes;
        record.print()?;
    }
    Ok(())
}

impl<S: Values> Run<'_, S> {
    fn rows(&self) -> u64 {
        self.arguments.rows
    }

    fn set(&mut self, key: u64, count: u32) -> Result<()> {
        data::write_value(key, u64::from(count), &mut self.value);
        self.subject.set(key, &self.value)
    }

    fn fill(&mut self) -> Result<()> {
        for i in 0..self.rows() {
            self.set(data::permuted(i, self.rows()), 0)?;
        }
        self.counts = vec![0; self.rows() as usize];
        self.subject.settle()
    }

    fn all(&mut self) -> Result<()> {
        let rows = self.rows();
        self.walk("value/get", |run, i| {
            run.get(data::permuted(i % rows, rows))
        })?;
        self.walk("value/get-missing", |run, i| {
            let found = run.subject.get(rows + data::permuted(i % rows, rows))?;
            ensure!(found.is_none(), "a key that was never written has a value");
            Ok(())
        })?;
        self.walk("value/update", |run, i| {
            let key = data::permuted(i % rows, rows);
            let count = (i / rows) as u32 + 1;
            run.counts[key as usize] = count;
            run.set(key, count)
        })?;
        for (draw, keys) in [("uniform", data::uniform(rows)), ("zipf", data::zipf(rows))] {
            let key_of = |i: u64| u64::from(keys[i as usize % keys.len()]);
            self.walk(&format!("value/get-{draw}"), |run, i| run.get(key_of(i)))?;
            self.walk(&format!("value/rmw-{draw}"), |run, i| {
                let key = key_of(i);
                run.counts[key as usize] += 1;
                run.subject.add_one(key)
            })?;
        }
        self.walk("value/add", |run, i| {
            run.counts.push(0);
            run.set(rows + i, 0)
        })
    }

    fn get(&mut self, key: u64) -> Result<()> {
        let found = self.subject.get(key)?;
        let expected = data::word(key, u64::from(self.counts[key as usize]));
        ensure!(
            found == Some(expected),
            "key {key} has {found:?} and not {expected}"
        );
        Ok(())
    }

    /// Measures a case: operation `i`, for `i` from 0 on.
    fn walk(
        &mut self,
        case: &str,
        mut operation: impl FnMut(&mut Self, u64) -> Result<()>,
    ) -> Result<()> {
        if !self.arguments.wants(case) {
            return Ok(());
        }
        let mut i = 0;
        let rates = self.arguments.rounds().rates(|| {
            for _ in 0..BATCH {
                operation(self, i)?;
                i += 1;
            }
            Ok(Some(BATCH as u64))
        })?;
        self.records.push(self.arguments.record(case, rates));
        Ok(())
    }

    fn verify(&mut self) -> Result<()> {
        let mut found = Vec::new();
        for (key, &count) in self.counts.iter().enumerate() {
            data::write_value(key as u64, u64::from(count), &mut self.value);
            let there = self.subject.read(key as u64, &mut found)?;
            ensure!(
                there && found == self.value,
                "key {key} does not have its {count}th value"
            );
        }
        Ok(())
    }
}
