//! What a store has of a run: its rows without what opening cut off, and their file.

use std::ops::Range;
use std::sync::Arc;

use alluvium_protocol::row::RowRange;

use super::file::RunFile;
use super::run::{Run, RunBuilder};
use crate::store::Change;

/// The rows at some positions of a run. Never empty.
#[derive(Debug, Clone)]
pub(super) struct Slice {
    run: Arc<Run>,
    first: usize,
    end: usize,
    /// Has exactly these rows. Made by the first pin.
    file: Option<Arc<RunFile>>,
}

impl Slice {
    /// All rows of a run.
    pub(super) fn whole(run: Run) -> Self {
        let end = run.rows();
        Self {
            run: Arc::new(run),
            first: 0,
            end,
            file: None,
        }
    }

    pub(super) const fn run(&self) -> &Arc<Run> {
        &self.run
    }

    pub(super) fn age(&self) -> u64 {
        self.run.age()
    }

    /// Number of rows, deletes included.
    pub(super) const fn rows(&self) -> usize {
        self.end - self.first
    }

    /// Memory that the rows take.
    pub(super) fn bytes(&self) -> usize {
        self.run.bytes(self.first..self.end)
    }

    /// First and last row key.
    pub(super) fn bounds(&self) -> (&[u8], &[u8]) {
        (
            self.run.row(self.first),
            self.run.row(self.end.saturating_sub(1)),
        )
    }

    /// What the run says of a row.
    pub(super) fn find(&self, row: &[u8]) -> Option<Change<'_>> {
        let found = self.run.search(row, self.first..self.end);
        (found < self.end && self.run.row(found) == row).then(|| self.run.change(found))
    }

    /// Positions in the run of the rows of a range.
    pub(super) fn positions(&self, range: &RowRange) -> Range<usize> {
        let first = self.run.search(range.from(), self.first..self.end);
        let end = range
            .to()
            .map_or(self.end, |to| self.run.search(to, first..self.end));
        first..end
    }

    /// The rows in order, deletes included.
    pub(super) fn changes(&self) -> impl Iterator<Item = (&[u8], Change<'_>)> {
        let positions = self.first..self.end;
        positions.map(|position| (self.run.row(position), self.run.change(position)))
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

    /// Whether nothing of the run was cut off.
    pub(super) fn is_whole(&self) -> bool {
        self.rows() == self.run.rows()
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
}
