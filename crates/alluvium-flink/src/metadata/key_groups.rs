//! Key groups and the position of each in a stream.
//!
//! ```text
//! i32 first key group, i32 number of key groups: an empty range is 0, 0
//! i64 for each key group, in order: its offset
//! ```
//!
//! What an offset says depends on the payload: in canonical ones 0 stands for a group without rows, in raw ones -1, in native ones of the heap
//! every group has one.

use alluvium_protocol::key_group::{KeyGroup, KeyGroupRange};

use super::output::Output;
use crate::cursor::Cursor;
use crate::error::{Error, Result};

/// Offsets of the key groups of a range, one each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyGroupOffsets {
    range: Option<KeyGroupRange>,
    offsets: Vec<i64>,
}

impl KeyGroupOffsets {
    /// Offsets of the key groups of `range`; none when there is no range.
    ///
    /// # Errors
    /// `Invalid` unless there are as many as key groups.
    pub fn new(range: Option<KeyGroupRange>, offsets: Vec<i64>) -> Result<Self> {
        let groups = range.map_or(0, KeyGroupRange::len);
        if u32::try_from(offsets.len()) != Ok(groups) {
            return Err(Error::invalid(format!(
                "{} offsets for {groups} key groups: each has one",
                offsets.len()
            )));
        }
        Ok(Self { range, offsets })
    }

    /// The key groups; `None` for an empty range.
    #[must_use]
    pub const fn range(&self) -> Option<KeyGroupRange> {
        self.range
    }

    /// The offsets, in the order of the key groups.
    #[must_use]
    pub fn offsets(&self) -> &[i64] {
        &self.offsets
    }

    /// Each key group with its offset.
    pub fn iter(&self) -> impl Iterator<Item = (KeyGroup, i64)> {
        let groups = self.range.into_iter().flat_map(KeyGroupRange::iter);
        groups.zip(self.offsets.iter().copied())
    }

    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        let range = read_range(cursor)?;
        let start = cursor.clone();
        let groups = range.map_or(0, KeyGroupRange::len);
        let mut offsets = Vec::new();
        for _ in 0..groups {
            offsets.push(cursor.i64("the offset of a key group")?);
        }
        Self::new(range, offsets).map_err(|error| error.at(start.file(), start.offset()))
    }

    pub(super) fn write(&self, out: &mut Output) {
        write_range(self.range, out);
        for offset in &self.offsets {
            out.i64(*offset);
        }
    }
}

/// A range alone.
pub(super) fn read_range(cursor: &mut Cursor<'_>) -> Result<Option<KeyGroupRange>> {
    let start = cursor.clone();
    let first = cursor.i32("the first key group")?;
    let groups = cursor.i32("the number of key groups")?;
    if (first, groups) == (0, 0) {
        return Ok(None);
    }
    let last = groups.checked_sub(1).filter(|last| *last >= 0);
    let last = last.and_then(|last| first.checked_add(last));
    let range = last.and_then(|last| {
        let (first, last) = (u16::try_from(first).ok()?, u16::try_from(last).ok()?);
        KeyGroupRange::new(first, last).ok()
    });
    range.map(Some).ok_or_else(|| {
        start.corrupt(format!(
            "{groups} key groups from key group {first} on are not a range of key groups"
        ))
    })
}

pub(super) fn write_range(range: Option<KeyGroupRange>, out: &mut Output) {
    let first = range.map_or(0, |range| i32::from(range.first().get()));
    let groups = range.map_or(0, |range| i32::from(range.last().get()) - first + 1);
    out.i32(first);
    out.i32(groups);
}
