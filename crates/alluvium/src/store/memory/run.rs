//! One immutable sorted run, and the part of it that is left after clips.

use std::ops::Range;
use std::sync::Arc;

use alluvium_protocol::row::RowRange;
use alluvium_protocol::rows_file::ROW_BYTES_MAX;

use super::file::RunFile;
use crate::error::{Error, Result};
use crate::store::Change;

/// Rows in strictly ascending order: their bytes one after the other, and where each begins.
#[derive(Debug)]
pub(super) struct Run {
    /// Newer runs have greater ages than older ones.
    age: u64,
    bytes: Vec<u8>,
    rows: Vec<Slot>,
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
    fn key(&self, slot: Slot) -> &[u8] {
        self.bytes
            .get(slot.at..slot.at + usize_of(slot.key))
            .unwrap_or_default()
    }

    fn change_in(&self, slot: Slot) -> Change<'_> {
        if slot.value == DELETED {
            return Change::Delete;
        }
        let at = slot.at + usize_of(slot.key);
        Change::Put(
            self.bytes
                .get(at..at + usize_of(slot.value))
                .unwrap_or_default(),
        )
    }

    /// The key of the row at a position; empty behind the last.
    pub(super) fn row(&self, position: usize) -> &[u8] {
        self.rows.get(position).map_or(&[], |&slot| self.key(slot))
    }

    /// What the run says of the row at a position.
    pub(super) fn change(&self, position: usize) -> Change<'_> {
        self.rows
            .get(position)
            .map_or(Change::Delete, |&slot| self.change_in(slot))
    }
}

fn usize_of(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// Collects the rows of a run.
#[derive(Debug)]
pub(super) struct RunBuilder {
    age: u64,
    bytes: Vec<u8>,
    rows: Vec<Slot>,
}

impl RunBuilder {
    pub(super) const fn new(age: u64) -> Self {
        Self {
            age,
            bytes: Vec::new(),
            rows: Vec::new(),
        }
    }

    pub(super) fn with_capacity(age: u64, rows: usize, bytes: usize) -> Self {
        let slots = rows.saturating_mul(size_of::<Slot>());
        let bytes = Vec::with_capacity(bytes.saturating_sub(slots));
        Self {
            age,
            bytes,
            rows: Vec::with_capacity(rows),
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
            .rows
            .last()
            .is_some_and(|&slot| self.last_key(slot) >= row)
        {
            return Err(Error::invalid(format!(
                "row {} of a sorted run is not after the one before it",
                self.rows.len()
            )));
        }
        self.append(row, change);
        Ok(())
    }

    fn last_key(&self, slot: Slot) -> &[u8] {
        self.bytes
            .get(slot.at..slot.at + usize_of(slot.key))
            .unwrap_or_default()
    }

    /// Adds a row of a run, whose order and length were checked when the run was made.
    pub(super) fn append(&mut self, row: &[u8], change: Change<'_>) {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(DELETED);
        let at = self.bytes.len();
        self.bytes.extend_from_slice(row);
        let value = match change {
            Change::Put(value) => {
                self.bytes.extend_from_slice(value);
                length(value)
            }
            Change::Delete => DELETED,
        };
        self.rows.push(Slot {
            at,
            key: length(row),
            value,
        });
    }

    /// The run; `None` if it has no rows.
    pub(super) fn finish(mut self) -> Option<Run> {
        // Runs live long: what growing or merging took in advance is given back.
        self.bytes.shrink_to_fit();
        self.rows.shrink_to_fit();
        let Self { age, bytes, rows } = self;
        (!rows.is_empty()).then_some(Run { age, bytes, rows })
    }
}

/// What a store has of a run: all its rows, or those that clips have kept. Never empty.
#[derive(Debug, Clone)]
pub(super) struct Slice {
    run: Arc<Run>,
    first: usize,
    end: usize,
    /// Has exactly these rows. Made by the first pin, and given up by clips.
    file: Option<Arc<RunFile>>,
}

impl Slice {
    pub(super) fn whole(run: Run) -> Self {
        let end = run.rows.len();
        Self {
            run: Arc::new(run),
            first: 0,
            end,
            file: None,
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.rows() == self.run.rows.len()
    }

    pub(super) fn run(&self) -> &Arc<Run> {
        &self.run
    }

    pub(super) fn age(&self) -> u64 {
        self.run.age
    }

    /// Number of rows, deletes included.
    pub(super) const fn rows(&self) -> usize {
        self.end - self.first
    }

    fn slots(&self) -> &[Slot] {
        self.run.rows.get(self.first..self.end).unwrap_or_default()
    }

    /// Memory that the rows take.
    pub(super) fn bytes(&self) -> usize {
        let begin = |position: usize| self.run.rows.get(position).map(|slot| slot.at);
        let end = begin(self.end).unwrap_or(self.run.bytes.len());
        end - begin(self.first).unwrap_or(end) + self.rows() * size_of::<Slot>()
    }

    /// First and last row key.
    pub(super) fn bounds(&self) -> (&[u8], &[u8]) {
        (
            self.run.row(self.first),
            self.run.row(self.end.saturating_sub(1)),
        )
    }

    pub(super) fn find(&self, row: &[u8]) -> Option<Change<'_>> {
        let slots = self.slots();
        let found = slots
            .binary_search_by(|&slot| self.run.key(slot).cmp(row))
            .ok()?;
        slots.get(found).map(|&slot| self.run.change_in(slot))
    }

    /// Positions in the run of the rows of a range.
    pub(super) fn positions(&self, range: &RowRange) -> Range<usize> {
        let before = |bound: &[u8]| {
            self.first
                + self
                    .slots()
                    .partition_point(|&slot| self.run.key(slot) < bound)
        };
        let first = before(range.from());
        first..range.to().map_or(self.end, before).max(first)
    }

    /// The rows of the range only; `None` if there are none.
    pub(super) fn within(&self, keep: &RowRange) -> Option<Self> {
        let Range { start, end } = self.positions(keep);
        let file = self.file.clone().filter(|_| end - start == self.rows());
        (start < end).then(|| Self {
            run: Arc::clone(&self.run),
            first: start,
            end,
            file,
        })
    }

    /// The same rows as a run of the same age that has no others.
    pub(super) fn to_whole(&self) -> Option<Self> {
        if self.is_whole() {
            return Some(self.clone());
        }
        let mut builder = RunBuilder::with_capacity(self.age(), self.rows(), self.bytes());
        for (row, change) in self.changes() {
            builder.append(row, change);
        }
        builder.finish().map(Self::whole)
    }

    pub(super) fn file(&self) -> Option<&RunFile> {
        self.file.as_deref()
    }

    /// The same rows, of which `file` has exactly these.
    pub(super) fn with_file(self, file: RunFile) -> Self {
        Self {
            file: Some(Arc::new(file)),
            ..self
        }
    }

    /// The same rows, whatever becomes of their file.
    pub(super) fn without_file(self) -> Self {
        Self { file: None, ..self }
    }

    /// The rows in order, deletes included.
    pub(super) fn changes(&self) -> impl Iterator<Item = (&[u8], Change<'_>)> {
        let slots = self.slots().iter();
        slots.map(|&slot| (self.run.key(slot), self.run.change_in(slot)))
    }
}
