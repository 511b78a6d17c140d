//! Sorted parts as one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, Seek as _};

use super::BUFFER_BYTES;
use super::part::{Sorted, failed, read};
use crate::error::Result;

/// Rows in order.
pub(crate) struct Merged {
    parts: Vec<BufReader<File>>,
    /// The next row of each part that has one.
    next: BinaryHeap<Reverse<(Sorted, usize)>>,
    /// The part whose row was handed out last.
    taken: Option<usize>,
    current: Sorted,
}

impl Merged {
    pub(super) fn new(parts: Vec<File>) -> Result<Self> {
        let mut merged = Self {
            parts: Vec::new(),
            next: BinaryHeap::new(),
            taken: None,
            current: Sorted::default(),
        };
        for (nth, mut part) in parts.into_iter().enumerate() {
            part.rewind().map_err(failed)?;
            merged
                .parts
                .push(BufReader::with_capacity(BUFFER_BYTES, part));
            merged.advance(nth)?;
        }
        Ok(merged)
    }

    /// The key group of the next row.
    ///
    /// # Errors
    /// `Unavailable` when a file cannot be read.
    pub(crate) fn group(&mut self) -> Result<Option<u16>> {
        if let Some(taken) = self.taken.take() {
            self.advance(taken)?;
        }
        Ok(self.next.peek().map(|Reverse((row, _))| row.group))
    }

    /// The next row.
    ///
    /// # Errors
    /// As [`Self::group`].
    pub(crate) fn next(&mut self) -> Result<Option<&Sorted>> {
        self.group()?;
        let Some(Reverse((row, part))) = self.next.pop() else {
            return Ok(None);
        };
        self.taken = Some(part);
        self.current = row;
        Ok(Some(&self.current))
    }

    fn advance(&mut self, nth: usize) -> Result<()> {
        let Some(part) = self.parts.get_mut(nth) else {
            return Ok(());
        };
        if let Some(row) = read(part)? {
            self.next.push(Reverse((row, nth)));
        }
        Ok(())
    }
}
