//! Runs read as one: each row once, in its newest version.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::sync::Arc;

use alluvium_protocol::row::RowRange;

use super::run::Run;
use super::slice::Slice;
use crate::error::Result;
use crate::store::{Change, RowCursor};

/// The newest versions of rows, deletes included, in order.
#[derive(Debug)]
pub(super) struct Merge {
    heads: BinaryHeap<Head>,
    started: bool,
}

/// A run at one of its rows. The greatest is what a merge reads next.
#[derive(Debug)]
struct Head {
    run: Arc<Run>,
    position: usize,
    end: usize,
    /// The run's place among the runs, newest first.
    place: usize,
}

impl Merge {
    /// Reads the rows of `range` of runs that are given newest first.
    pub(super) fn new(runs: &[Slice], range: &RowRange) -> Self {
        let heads = runs.iter().enumerate().filter_map(|(place, slice)| {
            let positions = slice.positions(range);
            let (position, end) = (positions.start, positions.end);
            let run = Arc::clone(slice.run());
            (position < end).then_some(Head {
                run,
                position,
                end,
                place,
            })
        });
        Self {
            heads: heads.collect(),
            started: false,
        }
    }

    pub(super) fn next(&mut self) -> Option<(&[u8], Change<'_>)> {
        if self.started {
            self.step();
        }
        self.started = true;
        self.current()
    }

    /// What was returned last.
    fn current(&self) -> Option<(&[u8], Change<'_>)> {
        let head = self.heads.peek()?;
        Some((head.row(), head.run.change(head.position)))
    }

    /// Leaves the row that was returned last, in all its versions.
    fn step(&mut self) {
        let Some(mut newest) = self.heads.pop() else {
            return;
        };
        while let Some(mut older) = self.heads.peek_mut() {
            if older.row() != newest.row() {
                break;
            }
            if !older.step() {
                PeekMut::pop(older);
            }
        }
        if newest.step() {
            self.heads.push(newest);
        }
    }
}

impl Head {
    fn row(&self) -> &[u8] {
        self.run.row(self.position)
    }

    /// Moves to the next row. Returns false if there is none.
    const fn step(&mut self) -> bool {
        self.position += 1;
        self.position < self.end
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        // Reversed, because a heap's top is its greatest: the least row, of its versions the newest.
        other
            .row()
            .cmp(self.row())
            .then_with(|| other.place.cmp(&self.place))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}

/// The rows that exist, in order.
#[derive(Debug)]
pub(super) struct Scan {
    merge: Merge,
}

impl Scan {
    /// Reads the rows of `range` of runs that are given newest first.
    pub(super) fn new(runs: &[Slice], range: &RowRange) -> Self {
        Self {
            merge: Merge::new(runs, range),
        }
    }
}

impl RowCursor for Scan {
    fn next(&mut self) -> Result<Option<(&[u8], &[u8])>> {
        while let Some((_, Change::Delete)) = self.merge.next() {}
        Ok(match self.merge.current() {
            Some((row, Change::Put(value))) => Some((row, value)),
            _ => None,
        })
    }
}
