//! What the records of a job's log say together.
//!
//! A record is **void**, as if it were not there, when
//!
//! 1. a record of a newer attempt has `fence_sequence <= record.sequence`: the newer attempt had already
//!    taken over when it was written; or
//! 2. it lies below a hole in the sequence numbers and the record right above the hole is of a newer attempt.
//!    Records are written without holes and deleted from the front, so what is left below a hole is about to
//!    be deleted, or was written there by an attempt that slept while its place in the log was used, fenced
//!    and deleted. The first rule does not see the latter once the fence that it met is deleted too.
//!
//! A void record still occupies its sequence number.

use std::collections::BTreeMap;

use crate::catalog::{Commit, Record};
use crate::manifest::CheckpointId;

/// The records of one job's log, and which of them count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    records: BTreeMap<u64, Record>,
    /// The void ones, with the newer attempt that makes them so.
    void: BTreeMap<u64, u64>,
}

impl Log {
    /// Reads records in any order. Each has a sequence number of its own, as their names have.
    #[must_use]
    pub fn read(records: Vec<Record>) -> Self {
        let records = records
            .into_iter()
            .map(|record| (record.sequence(), record))
            .collect();
        let void = void(&records);
        Self { records, void }
    }

    /// All records in order, void ones too.
    pub fn records(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.values()
    }

    /// The record with this sequence number, void or not.
    #[must_use]
    pub fn record(&self, sequence: u64) -> Option<&Record> {
        self.records.get(&sequence)
    }

    /// The committed checkpoints that count, oldest first.
    pub fn checkpoints(&self) -> impl DoubleEndedIterator<Item = &Commit> {
        self.records.values().filter_map(|record| match record {
            Record::Commit(commit) if !self.void.contains_key(&commit.sequence) => Some(commit),
            Record::Commit(_) | Record::Fence(_) => None,
        })
    }

    /// The committed checkpoint with this number, if it counts.
    #[must_use]
    pub fn checkpoint(&self, id: CheckpointId) -> Option<&Commit> {
        self.checkpoints().find(|commit| commit.checkpoint == id)
    }

    /// The newest committed checkpoint that counts.
    #[must_use]
    pub fn latest(&self) -> Option<&Commit> {
        self.checkpoints().next_back()
    }

    /// The void records, each with the newer attempt that makes it so.
    pub fn void(&self) -> impl Iterator<Item = (&Record, u64)> {
        self.void
            .iter()
            .filter_map(|(sequence, by)| Some((self.records.get(sequence)?, *by)))
    }

    /// The attempt that makes the record with this sequence number void.
    #[must_use]
    pub fn voided_by(&self, sequence: u64) -> Option<u64> {
        self.void.get(&sequence).copied()
    }

    /// The sequence number of the next record.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.records
            .keys()
            .next_back()
            .copied()
            .unwrap_or(0)
            .saturating_add(1)
    }

    /// The newest attempt that wrote a record; 0 before the first.
    #[must_use]
    pub fn last_attempt(&self) -> u64 {
        self.records
            .values()
            .map(Record::attempt)
            .max()
            .unwrap_or(0)
    }

    /// The job whose log it is; `None` when it is empty.
    #[must_use]
    pub fn job(&self) -> Option<&str> {
        self.records.values().next_back().map(Record::job)
    }
}

fn void(records: &BTreeMap<u64, Record>) -> BTreeMap<u64, u64> {
    let mut void = BTreeMap::new();
    let mut above: Option<&Record> = None;
    // The attempt right above the nearest hole, once there is a hole.
    let mut above_hole = None;
    // First and last attempt: where each attempt took over, newest first.
    let fences: BTreeMap<u64, u64> = records
        .values()
        .map(|record| (record.attempt(), record.fence_sequence()))
        .collect();
    for (&sequence, record) in records.iter().rev() {
        if let Some(above) = above
            && above.sequence() > sequence.saturating_add(1)
        {
            above_hole = above_hole.max(Some(above.attempt()));
        }
        let newer = fences.range(record.attempt().saturating_add(1)..);
        let fenced = newer
            .rev()
            .find(|(_, fence)| **fence <= sequence)
            .map(|(attempt, _)| *attempt);
        let stranded = above_hole.filter(|attempt| *attempt > record.attempt());
        if let Some(by) = fenced.or(stranded) {
            void.insert(sequence, by);
        }
        above = Some(record);
    }
    void
}
