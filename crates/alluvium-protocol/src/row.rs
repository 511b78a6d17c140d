//! Row keys: what every row starts with, and ranges of rows.
//!
//! ```text
//! row key = key group u16 BE ‖ state id u16 BE ‖ key ‖ namespace ‖ suffix
//! ```
//!
//! Rows are ordered as bytes. The key group comes first, so that a range of key groups is one range of
//! rows; the state id second, so that a scan meets the states of a group one after the other.
//!
//! Does not know what follows the prefix: keys are `key`'s, suffixes those of each kind of state
//! (`chunk`, `timer`).

use std::fmt;

use crate::error::{Error, Result};
use crate::key_group::KeyGroup;

/// The number a state is known by in row keys, given once and kept for the job's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateId(u16);

impl StateId {
    /// The state id of that number.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for StateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Length of a row key's prefix in bytes: key group and state id.
pub const PREFIX_BYTES: usize = 4;

/// The first bytes of every row of a state in a key group.
#[must_use]
pub const fn prefix(group: KeyGroup, state: StateId) -> [u8; PREFIX_BYTES] {
    let [g0, g1] = group.get().to_be_bytes();
    let [s0, s1] = state.get().to_be_bytes();
    [g0, g1, s0, s1]
}

/// Appends the [`prefix`] of a row key.
#[inline]
pub fn push_prefix(out: &mut Vec<u8>, group: KeyGroup, state: StateId) {
    out.extend_from_slice(&prefix(group, state));
}

/// Splits a row key into key group, state id and what follows them.
///
/// # Errors
/// `Corrupt` when the row is shorter than a prefix.
pub fn split_prefix(row: &[u8]) -> Result<(KeyGroup, StateId, &[u8])> {
    let Some((&[g0, g1, s0, s1], rest)) = row.split_first_chunk::<PREFIX_BYTES>() else {
        return Err(Error::corrupt(format!(
            "a row key of {} bytes: key group and state id alone take {PREFIX_BYTES}",
            row.len()
        )));
    };
    Ok((
        KeyGroup::new(u16::from_be_bytes([g0, g1])),
        StateId(u16::from_be_bytes([s0, s1])),
        rest,
    ))
}

/// Rows in a row: from the first bound, included, to the second, excluded, or without end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowRange {
    from: Vec<u8>,
    to: Option<Vec<u8>>,
}

impl RowRange {
    /// The rows `from <= row < to`, or all from `from` on. Empty when `to` is not after `from`.
    #[must_use]
    pub const fn new(from: Vec<u8>, to: Option<Vec<u8>>) -> Self {
        Self { from, to }
    }

    /// All rows.
    #[must_use]
    pub const fn all() -> Self {
        Self::new(Vec::new(), None)
    }

    /// All rows that start with these bytes.
    #[must_use]
    pub fn prefix(bytes: &[u8]) -> Self {
        // The next row after them is the prefix plus one. A last byte of 0xff has no successor, so the
        // carry goes to the byte before it; a prefix of nothing else has no row after it.
        let mut to = bytes.to_vec();
        while let Some(last) = to.pop() {
            if let Some(next) = last.checked_add(1) {
                to.push(next);
                return Self::new(bytes.to_vec(), Some(to));
            }
        }
        Self::new(bytes.to_vec(), None)
    }

    /// The first bound, included.
    #[must_use]
    pub fn from(&self) -> &[u8] {
        &self.from
    }

    /// The second bound, excluded; `None` is after all rows.
    #[must_use]
    pub fn to(&self) -> Option<&[u8]> {
        self.to.as_deref()
    }

    /// Whether no row can lie in the range.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.to.as_ref().is_some_and(|to| *to <= self.from)
    }

    /// Whether a row lies in the range.
    #[must_use]
    pub fn contains(&self, row: &[u8]) -> bool {
        self.from.as_slice() <= row && self.to().is_none_or(|to| row < to)
    }

    /// Whether a row from `first` to `last`, both included, can lie in the range.
    #[must_use]
    pub fn meets(&self, first: &[u8], last: &[u8]) -> bool {
        !self.is_empty() && self.from.as_slice() <= last && self.to().is_none_or(|to| first < to)
    }

    /// Whether all rows from `first` to `last`, both included, lie in the range.
    #[must_use]
    pub fn covers(&self, first: &[u8], last: &[u8]) -> bool {
        self.contains(first) && self.contains(last)
    }

    /// The rows in both ranges, or `None` when there can be none.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let from = self.from.as_slice().max(other.from.as_slice()).to_vec();
        let to = match (self.to(), other.to()) {
            (Some(a), Some(b)) => Some(a.min(b).to_vec()),
            (one, None) | (None, one) => one.map(<[u8]>::to_vec),
        };
        let both = Self::new(from, to);
        (!both.is_empty()).then_some(both)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Short rows of few bytes, so that prefixes and carries happen.
    fn row() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(prop_oneof![Just(0), Just(1), Just(0xfe), Just(0xff)], 0..4)
    }

    fn range() -> impl Strategy<Value = RowRange> {
        (row(), prop::option::of(row())).prop_map(|(from, to)| RowRange::new(from, to))
    }

    #[test]
    fn a_prefix_has_these_bytes_for_ever() {
        let mut row = Vec::new();
        push_prefix(&mut row, KeyGroup::new(0x0102), StateId::new(0x0304));
        row.push(9);

        assert_eq!(row, [1, 2, 3, 4, 9]);
        let (group, state, rest) = split_prefix(&row).unwrap();
        assert_eq!((group.get(), state.get(), rest), (0x0102, 0x0304, &[9][..]));
    }

    #[test]
    fn a_row_shorter_than_its_prefix_is_corrupt() {
        assert_eq!(
            split_prefix(&[0, 1, 2]).unwrap_err().kind(),
            crate::ErrorKind::Corrupt
        );
    }

    #[test]
    fn a_prefix_of_the_last_bytes_has_no_end() {
        assert_eq!(RowRange::prefix(&[0xff, 0xff]).to(), None);
        assert_eq!(RowRange::prefix(&[1, 0xff]).to(), Some(&[2][..]));
        assert_eq!(RowRange::prefix(&[]), RowRange::all());
    }

    proptest! {
        #[test]
        fn a_prefix_range_holds_exactly_the_rows_that_start_with_it(prefix in row(), row in row()) {
            prop_assert_eq!(RowRange::prefix(&prefix).contains(&row), row.starts_with(&prefix));
        }

        #[test]
        fn an_intersection_holds_the_rows_of_both(a in range(), b in range(), row in row()) {
            let both = a.intersection(&b);

            prop_assert_eq!(both.is_some_and(|r| r.contains(&row)), a.contains(&row) && b.contains(&row));
        }

        #[test]
        fn rows_between_bounds_meet_or_are_covered(range in range(), a in row(), b in row(), row in row()) {
            let (first, last) = (a.clone().min(b.clone()), a.max(b));
            let between = first <= row && row <= last;

            if between && range.contains(&row) {
                prop_assert!(range.meets(&first, &last));
            }
            if between && range.covers(&first, &last) {
                prop_assert!(range.contains(&row));
            }
        }

        #[test]
        fn an_empty_range_holds_no_row(range in range(), row in row()) {
            prop_assert!(!(range.is_empty() && range.contains(&row)));
        }
    }
}
