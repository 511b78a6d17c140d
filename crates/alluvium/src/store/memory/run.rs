//! One immutable sorted run, and how it is made.

use std::ops::Range;

use alluvium_protocol::rows_file::ROW_BYTES_MAX;

use crate::error::{Error, Result};
use crate::store::Change;

/// Rows in strictly ascending order: their bytes one after the other, and where each begins. A row's
/// position is its place in that order.
#[derive(Debug)]
pub(super) struct Run {
    /// Newer runs have greater ages than older ones.
    age: u64,
    bytes: Vec<u8>,
    slots: Vec<Slot>,
}

/// Where one row lies: its key at `at`, its value behind.
#[derive(Debug, Clone, Copy)]
struct Slot {
    at: usize,
    key: u32,
    /// [`DELETED`], or the value's length.
    value: u32,
}

/// In place of a value's length, which is at most [`ROW_BYTES_MAX`].
const DELETED: u32 = u32::MAX;

impl Run {
    pub(super) const fn age(&self) -> u64 {
        self.age
    }

    /// Number of rows, deletes included.
    pub(super) const fn rows(&self) -> usize {
        self.slots.len()
    }

    /// The key of the row at a position; empty behind the last.
    pub(super) fn row(&self, position: usize) -> &[u8] {
        self.slots.get(position).map_or(&[], |&slot| self.key(slot))
    }

    /// What the run says of the row at a position.
    pub(super) fn change(&self, position: usize) -> Change<'_> {
        match self.slots.get(position) {
            Some(&Slot { at, key, value }) if value != DELETED => {
                Change::Put(self.slice(at + usize_of(key), value))
            }
            _ => Change::Delete,
        }
    }

    /// Where among these positions the first row is that is not before `bound`.
    pub(super) fn search(&self, bound: &[u8], within: Range<usize>) -> usize {
        let first = within.start;
        let slots = self.slots.get(within).unwrap_or_default();
        first + slots.partition_point(|&slot| self.key(slot) < bound)
    }

    /// Memory that the rows at these positions take.
    pub(super) fn bytes(&self, within: Range<usize>) -> usize {
        let at = |position| {
            self.slots
                .get(position)
                .map_or(self.bytes.len(), |slot: &Slot| slot.at)
        };
        at(within.end) - at(within.start) + within.len() * size_of::<Slot>()
    }

    fn key(&self, slot: Slot) -> &[u8] {
        self.slice(slot.at, slot.key)
    }

    fn slice(&self, at: usize, length: u32) -> &[u8] {
        self.bytes
            .get(at..at + usize_of(length))
            .unwrap_or_default()
    }
}

fn usize_of(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// Collects the rows of a run.
#[derive(Debug)]
pub(super) struct RunBuilder {
    run: Run,
}

impl RunBuilder {
    pub(super) const fn new(age: u64) -> Self {
        Self {
            run: Run {
                age,
                bytes: Vec::new(),
                slots: Vec::new(),
            },
        }
    }

    /// For that many rows, which take that much memory.
    pub(super) fn with_capacity(age: u64, rows: usize, bytes: usize) -> Self {
        let bytes = bytes.saturating_sub(rows.saturating_mul(size_of::<Slot>()));
        let (bytes, slots) = (Vec::with_capacity(bytes), Vec::with_capacity(rows));
        Self {
            run: Run { age, bytes, slots },
        }
    }

    /// Adds a row from outside.
    ///
    /// # Errors
    /// `Invalid` when its key is not after that of the row before, or it is too long for a rows file.
    pub(super) fn push(&mut self, row: &[u8], change: Change<'_>) -> Result<()> {
        let value = if let Change::Put(value) = change {
            value.len()
        } else {
            0
        };
        if row.len().saturating_add(value) > ROW_BYTES_MAX {
            return Err(Error::invalid(format!(
                "a row of {} and {value} bytes: key and value together have at most {ROW_BYTES_MAX}",
                row.len()
            )));
        }
        if self
            .run
            .slots
            .last()
            .is_some_and(|&last| self.run.key(last) >= row)
        {
            return Err(Error::invalid(format!(
                "row {} of a sorted run is not after the one before it",
                self.run.rows()
            )));
        }
        self.append(row, change);
        Ok(())
    }

    /// Adds a row of a run, whose order and length were checked when the run was made.
    pub(super) fn append(&mut self, row: &[u8], change: Change<'_>) {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(DELETED);
        let at = self.run.bytes.len();
        self.run.bytes.extend_from_slice(row);
        let value = match change {
            Change::Put(value) => {
                self.run.bytes.extend_from_slice(value);
                length(value)
            }
            Change::Delete => DELETED,
        };
        self.run.slots.push(Slot {
            at,
            key: length(row),
            value,
        });
    }

    /// The run; `None` if it has no rows.
    pub(super) fn finish(mut self) -> Option<Run> {
        // Runs live long: what growing or merging took in advance is given back.
        self.run.bytes.shrink_to_fit();
        self.run.slots.shrink_to_fit();
        (self.run.rows() > 0).then_some(self.run)
    }
}
