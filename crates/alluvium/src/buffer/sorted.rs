//! The dirty single rows of a frozen generation, in the order of their rows.
//!
//! Sixteen bytes a row while they are sorted: where the record is, and the first bytes of the row, which nearly always
//! tell two rows apart without looking at the records.

use std::vec::IntoIter;

use super::block::At;
use super::record::Record;
use super::rows::FrozenRows;

/// A row to be sorted: its first twelve bytes, as numbers that compare as the bytes do.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// Key group and state.
    prefix: u32,
    at: At,
    /// The beginning of the key.
    key: u64,
}

pub(crate) struct Sorted<'g> {
    rows: &'g FrozenRows,
    order: IntoIter<Row>,
}

impl<'g> Sorted<'g> {
    pub(crate) fn new(rows: &'g FrozenRows) -> Self {
        // At once: growing step by step would take twice the memory for a moment.
        let mut order = Vec::with_capacity(rows.len());
        rows.each(|at, record| {
            if record.dirty {
                order.push(Row::of(at, record.row));
            }
        });
        order.sort_unstable_by(|a, b| {
            (a.prefix, a.key)
                .cmp(&(b.prefix, b.key))
                .then_with(|| rows.record(a.at).row.cmp(rows.record(b.at).row))
        });
        Self {
            rows,
            order: order.into_iter(),
        }
    }

    /// The row that comes next.
    pub(crate) fn peek(&self) -> Option<&'g [u8]> {
        let next = self.order.as_slice().first()?;
        Some(self.rows.record(next.at).row)
    }
}

impl<'g> Iterator for Sorted<'g> {
    type Item = Record<'g>;

    fn next(&mut self) -> Option<Record<'g>> {
        self.order.next().map(|row| self.rows.record(row.at))
    }
}

impl Row {
    fn of(at: At, row: &[u8]) -> Self {
        let mut first = [0; 12];
        for (into, from) in first.iter_mut().zip(row) {
            *into = *from;
        }
        let [a, b, c, d, key @ ..] = first;
        Self {
            prefix: u32::from_be_bytes([a, b, c, d]),
            at,
            key: u64::from_be_bytes(key),
        }
    }
}
