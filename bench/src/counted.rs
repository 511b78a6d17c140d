//! Rows of 8-byte keys and 104-byte values on Alluvium, and how often each of them was changed.
//!
//! What checkpoints, latency and endurance are measured on. Invariant: every row that was written has the value of its
//! count, so that a restored backend can be compared with nothing but the counts.

use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::storage::Cancel;
use alluvium::{Backend, Builder, PreparedSnapshot};
use anyhow::{Result, ensure};

use crate::data::{self, Random};
use crate::job::{Job, nobody};
use crate::subjects::Values;
use crate::subjects::alluvium::ByteStrings;

/// Bytes of a value.
const VALUE_BYTES: usize = 104;

/// The rows of one backend.
#[derive(Debug)]
pub(crate) struct Counted {
    subject: ByteStrings,
    counts: Vec<u32>,
    value: Vec<u8>,
    random: Random,
}

impl Counted {
    /// Writes all rows, each with count 0.
    pub(crate) fn fill(backend: Backend<u64>, rows: u64) -> Result<Self> {
        let mut counted = Self {
            subject: ByteStrings::new(backend)?,
            counts: vec![0; usize::try_from(rows)?],
            value: vec![0; VALUE_BYTES],
            random: Random::seeded(44),
        };
        for i in 0..rows {
            counted.write(data::permuted(i, rows))?;
        }
        Ok(counted)
    }

    fn write(&mut self, key: u64) -> Result<()> {
        let count = self.counts[key as usize];
        data::write_value(key, u64::from(count), &mut self.value);
        self.subject.set(key, &self.value)
    }

    /// Reads a row, adds one to it, writes it.
    #[inline]
    pub(crate) fn add_one(&mut self, key: u64) -> Result<()> {
        self.counts[key as usize] += 1;
        self.subject.add_one(key)
    }

    /// Reads, changes and writes some percent of all rows: all of them in the order of `p`, or as many as are drawn uniformly.
    pub(crate) fn change(&mut self, percent: u64) -> Result<()> {
        let rows = self.counts.len() as u64;
        for i in 0..rows * percent / 100 {
            let key = match percent {
                100 => data::permuted(i, rows),
                _ => self.random.below(rows),
            };
            self.add_one(key)?;
        }
        Ok(())
    }

    /// Prepares a snapshot on this thread.
    pub(crate) fn snapshot(&mut self, checkpoint: CheckpointId) -> Result<PreparedSnapshot> {
        let backend = self.subject.backend();
        Ok(backend.snapshot(checkpoint, SnapshotKind::Incremental)?)
    }

    pub(crate) fn notify_complete(&mut self, checkpoint: CheckpointId) {
        self.subject.backend().notify_complete(checkpoint);
    }

    /// Takes a whole checkpoint and keeps it alone.
    pub(crate) fn checkpoint(&mut self, job: &Job, number: u64) -> Result<()> {
        let checkpoint = CheckpointId::new(number);
        let snapshot = self.snapshot(checkpoint)?;
        let handle = snapshot.upload(&job.target(), &Cancel::new(), &nobody())?;
        job.commit(checkpoint, vec![handle])?;
        self.notify_complete(checkpoint);
        job.retain(std::num::NonZeroUsize::MIN)
    }

    /// Closes the backend, restores the job's newest checkpoint with `builder` and compares every row in it.
    ///
    /// The checkpoint must be of the rows as they are now.
    pub(crate) fn compare_restored(mut self, job: &Job, builder: Builder) -> Result<()> {
        drop(self.subject);
        let from = job.newest()?;
        let (backend, _) = Backend::<u64>::restore(builder, &from, &Cancel::new(), &nobody())?;
        let mut restored = ByteStrings::new(backend)?;
        let mut found = Vec::new();
        for (key, &count) in self.counts.iter().enumerate() {
            data::write_value(key as u64, u64::from(count), &mut self.value);
            let there = restored.read(key as u64, &mut found)?;
            ensure!(
                there && found == self.value,
                "key {key} was restored without its {count}th value"
            );
        }
        let mut rows = 0;
        restored.for_each(|_| rows += 1)?;
        ensure!(
            rows == self.counts.len(),
            "{rows} rows were restored instead of {}",
            self.counts.len()
        );
        Ok(())
    }
}
