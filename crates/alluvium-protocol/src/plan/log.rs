//! What the records of a job's log say together: which of them count, and which are void.
//!
//! A writer plans a record for the place after the newest one, and puts it there if the place is free. While
//! it sleeps between the two, others may fill that place and go on, and retention may delete what they wrote:
//! then the place is free again, and the sleeper's record lands in a hole of the past. So does a put that its
//! writer made twice because the first gave no answer: the first may be on its way for as long as it likes, and
//! arrive when the record has been deleted. Three facts tell such a record from the history:
//!
//! - the newest record is never deleted, so a place above it was never used before: whatever lands there was
//!   planned by someone who saw all that is below, and belongs to the history;
//! - what a writer saw, it continues: right below a commit is a record of the same attempt, with the same
//!   fence; right below the fence of attempt `n` is a record of attempt `n - 1`;
//! - a cut is put in the place of a record before anything below is deleted, and deleted only behind another cut:
//!   what arrives in a hole has a cut above it.
//!
//! So the log is read from its newest record down, for as long as sequence numbers are dense and each record
//! continues the one below it, to the first cut. Those records **count**, the cut too, and so does the fence that
//! the newest record names, which retention keeps. Every other record is **void**, as if it were not there, except that it occupies its
//! number.
//!
//! Which record is in the wrong cannot be seen from two attempts alone. Of commit 3 by attempt 1 and fence 2 by
//! attempt 2, the fence is the late one: had it been there first, attempt 1 would not have got to 3.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Commit, Record};
use crate::manifest::CheckpointId;

/// The records of one job's log, and which of them count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    records: BTreeMap<u64, Record>,
    counting: BTreeSet<u64>,
}

impl Log {
    /// Reads records in any order. Each has a sequence number of its own, as their names have.
    #[must_use]
    pub fn read(records: Vec<Record>) -> Self {
        let numbered = records
            .into_iter()
            .map(|record| (record.sequence(), record));
        let records = numbered.collect();
        let counting = counting(&records);
        Self { records, counting }
    }

    /// All records in order, void ones too.
    #[must_use]
    pub fn records(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.values()
    }

    /// The record with this sequence number, void or not.
    #[must_use]
    pub fn record(&self, sequence: u64) -> Option<&Record> {
        self.records.get(&sequence)
    }

    /// Whether there is a record with this sequence number, and it counts.
    #[must_use]
    pub fn counts(&self, sequence: u64) -> bool {
        self.counting.contains(&sequence)
    }

    /// The records that are void, in order.
    #[must_use]
    pub fn void(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records()
            .filter(|record| !self.counts(record.sequence()))
    }

    /// The committed checkpoints that count, oldest first.
    #[must_use]
    pub fn checkpoints(&self) -> impl DoubleEndedIterator<Item = &Commit> {
        self.records().filter_map(|record| match record {
            Record::Commit(commit) if self.counts(commit.sequence) => Some(commit),
            Record::Commit(_) | Record::Fence(_) | Record::Cut(_) => None,
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

    /// The newest record, which always counts; `None` when the log is empty.
    #[must_use]
    pub fn newest(&self) -> Option<&Record> {
        self.records.values().next_back()
    }

    /// The sequence number of the next record.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.newest().map_or(0, Record::sequence).saturating_add(1)
    }

    /// The attempt that the job is in; 0 before the first.
    #[must_use]
    pub fn last_attempt(&self) -> u64 {
        self.newest().map_or(0, Record::attempt)
    }

    /// Whether the job is in the attempt that has this number and took over at this sequence number. If not,
    /// that attempt is fenced, and must write and delete nothing more.
    #[must_use]
    pub fn is_in(&self, attempt: u64, fence_sequence: u64) -> bool {
        self.newest().and_then(claim) == Some((attempt, fence_sequence))
    }

    /// The job whose log it is; `None` when it is empty.
    #[must_use]
    pub fn job(&self) -> Option<&str> {
        self.newest().map(Record::job)
    }
}

/// Sequence numbers of the records that count.
fn counting(records: &BTreeMap<u64, Record>) -> BTreeSet<u64> {
    let mut counting = BTreeSet::new();
    let mut above: Option<&Record> = None;
    for record in records.values().rev() {
        if above.is_some_and(|above| !continues(above, record)) {
            break;
        }
        counting.insert(record.sequence());
        above = Some(record);
    }
    let newest = records.values().next_back();
    let fence = newest.and_then(|newest| {
        let fence = records.get(&newest.fence_sequence()?)?;
        (matches!(fence, Record::Fence(_)) && claim(fence) == claim(newest)).then_some(fence)
    });
    counting.extend(fence.map(Record::sequence));
    counting
}

/// Whether `above` is what a writer that saw `below` as the newest record put after it.
fn continues(above: &Record, below: &Record) -> bool {
    let dense = below.sequence().checked_add(1) == Some(above.sequence());
    dense
        && match above {
            Record::Cut(_) => false,
            Record::Commit(_) | Record::Fence(_) if matches!(below, Record::Cut(_)) => true,
            Record::Commit(_) => claim(above) == claim(below),
            Record::Fence(fence) => below.attempt().checked_add(1) == Some(fence.attempt),
        }
}

/// By what an attempt is told from all others: two that start at once may take the same number, but not at the
/// same place. A cut claims nothing.
fn claim(record: &Record) -> Option<(u64, u64)> {
    Some((record.attempt(), record.fence_sequence()?))
}
