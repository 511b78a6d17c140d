//! One state of a kind: a subject that cases are measured on, one after the other, and that is verified after the last.
//!
//! Times only operations: opening a subject, filling it and removing its files are outside. The peak of memory is
//! that from the stage's beginning to its last case; what verification needs comes after it. Does not know what is
//! stored: that is the cases'.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::Arguments;
use super::order::{Order, Step};
use crate::memory;
use crate::record::Record;

/// Operations between two looks at the clock.
const BATCH: u64 = 1_024;

/// Opens an empty subject in an empty directory.
pub(crate) type Open<'o, S> = &'o dyn Fn(&Path) -> Result<S>;

/// A case: what tables call it, and how it goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// An operation counts as so many.
    pub(crate) entries: u64,
    pub(crate) course: Course,
}

/// How long a case may go on over the same state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// As long as it likes.
    Endless,
    /// Begins with a new subject that is filled, and again after so many operations, while the clock stops.
    Bounded(u64),
    /// As bounded, and each round begins so, too.
    Fresh(u64),
}

impl Case {
    pub(crate) const fn endless(name: &'static str) -> Self {
        Self {
            name,
            entries: 1,
            course: Course::Endless,
        }
    }

    pub(crate) const fn counting(self, entries: u64) -> Self {
        Self { entries, ..self }
    }

    pub(crate) const fn going(self, course: Course) -> Self {
        Self { course, ..self }
    }
}

/// What a case did to the state since that was last made anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) operations: u64,
    /// Of what the operations returned, wrapping.
    pub(crate) sum: u64,
}

impl Done {
    /// What the operations of a case returned is what they had to.
    pub(crate) fn check(self, case: Case, expected: u64) -> Result<()> {
        ensure!(
            self.sum == expected,
            "{}: {} operations returned {} in sum and not {expected}",
            case.name,
            self.operations,
            self.sum
        );
        Ok(())
    }
}

/// A subject while it is measured.
pub(crate) struct Stage<'a, S> {
    arguments: &'a Arguments,
    open: Open<'a, S>,
    opened: u64,
    subject: Option<S>,
    records: Vec<Record>,
}

impl<'a, S> Stage<'a, S> {
    /// An empty subject.
    pub(crate) fn open(arguments: &'a Arguments, open: Open<'a, S>) -> Result<Self> {
        memory::forget_peak();
        let mut stage = Self {
            arguments,
            open,
            opened: 0,
            subject: None,
            records: Vec::new(),
        };
        stage.renew()?;
        Ok(stage)
    }

    pub(crate) const fn arguments(&self) -> &'a Arguments {
        self.arguments
    }

    fn directory(&self) -> PathBuf {
        self.arguments.directory.join(self.opened.to_string())
    }

    /// Closes the subject, removes its files and opens an empty one.
    fn renew(&mut self) -> Result<()> {
        self.close()?;
        self.opened += 1;
        let directory = self.directory();
        std::fs::create_dir_all(&directory)
            .with_context(|| format!("make {}", directory.display()))?;
        self.subject = Some((self.open)(&directory)?);
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        let directory = self.directory();
        if self.subject.take().is_some() && directory.exists() {
            std::fs::remove_dir_all(&directory)
                .with_context(|| format!("remove {}", directory.display()))?;
        }
        Ok(())
    }

    pub(crate) fn subject(&mut self) -> Result<&mut S> {
        self.subject.as_mut().context("no subject is open")
    }

    /// Measures a case, if it is wanted: `operation` on the steps of `order`. `fill` makes an empty subject what it is
    /// before a case whose course ends.
    pub(crate) fn measure(
        &mut self,
        case: Case,
        order: &mut impl Order,
        mut fill: impl FnMut(&mut S) -> Result<()>,
        mut operation: impl FnMut(&mut S, Step) -> Result<u64>,
    ) -> Result<Done> {
        let mut done = Done::default();
        if !self.arguments.wants(case.name) {
            return Ok(done);
        }
        let round_time = Duration::from_millis(self.arguments.round_ms);
        let mut rates = Vec::with_capacity(self.arguments.rounds);
        let bound = match case.course {
            Course::Endless => u64::MAX,
            Course::Bounded(bound) | Course::Fresh(bound) => bound,
        };
        for round in 0..=self.arguments.rounds {
            let mut begin = match case.course {
                Course::Endless => false,
                Course::Bounded(_) => round == 0,
                Course::Fresh(_) => true,
            };
            let (mut time, mut measured) = (Duration::ZERO, 0);
            while time < round_time {
                if begin || done.operations == bound {
                    self.renew()?;
                    fill(self.subject()?)?;
                    order.restart();
                    (begin, done) = (false, Done::default());
                }
                let batch = BATCH.min(bound - done.operations);
                let subject = self.subject()?;
                let start = Instant::now();
                for _ in 0..batch {
                    let returned = operation(subject, order.next())?;
                    done.sum = done.sum.wrapping_add(returned);
                }
                time += start.elapsed();
                done.operations += batch;
                measured += batch;
            }
            // The first round warms up.
            if round > 0 {
                rates.push((measured * case.entries) as f64 / time.as_secs_f64());
            }
        }
        self.records.push(self.arguments.record(case.name, rates));
        Ok(done)
    }

    /// Verifies what the cases have left, removes it and prints the records.
    pub(crate) fn finish(mut self, verify: impl FnOnce(&mut S) -> Result<()>) -> Result<()> {
        let resident_bytes = memory::peak_resident_bytes();
        verify(self.subject()?)?;
        self.close()?;
        for mut record in self.records {
            record.verified = true;
            record.resident_bytes = resident_bytes;
            record.print()?;
        }
        Ok(())
    }
}

/// Leaves a subject as it is: for cases that begin with an empty one, and for those that never begin again.
pub(crate) fn as_it_is<S>(_: &mut S) -> Result<()> {
    Ok(())
}
