//! Single rows of one generation: a hash index of eight bytes a row over an [`Arena`] of records.
//!
//! Invariant: one entry a row, and its record is the newest. The hash is computed once by the caller
//! ([`Hashing`](super::table::Hashing)) and used for the same row in every generation; the index keeps half of it, which tells
//! other rows apart without looking at their records.

use hashbrown::HashTable;

use super::arena::{Arena, At, Record};

/// An entry of the index.
#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u32,
    at: At,
}

#[derive(Debug, Default)]
pub(crate) struct Rows {
    index: HashTable<Slot>,
    arena: Arena,
    /// As [`HashTable::allocation_size`] says, which reckons it each time.
    index_bytes: usize,
}

/// The half that the index keeps: the upper one, which the hash function mixes best.
#[inline]
fn half(hash: u64) -> u32 {
    let [a, b, c, d, ..] = hash.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// A hash of 64 bits for the index, which looks at the lowest and the topmost ones.
#[inline]
fn spread(half: u32) -> u64 {
    u64::from(half) << 32 | u64::from(half)
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// Bytes of memory.
    pub(crate) fn bytes(&self) -> usize {
        self.index_bytes + self.arena.bytes()
    }

    /// Bytes that one more small row may add: a full index doubles, and a full arena gets a block.
    pub(crate) fn growth_bytes(&self) -> usize {
        let index = if self.index.len() < self.index.capacity() {
            0
        } else {
            self.index_bytes
        };
        index + self.arena.growth_bytes()
    }

    /// Whether no further row fits, whatever memory there is.
    pub(crate) fn is_full(&self) -> bool {
        self.arena.is_full()
    }

    /// Where the row's record is.
    #[inline]
    pub(crate) fn position(&self, hash: u64, row: &[u8]) -> Option<At> {
        let half = half(hash);
        let same = |slot: &Slot| slot.hash == half && self.arena.row(slot.at) == row;
        self.index.find(spread(half), same).map(|slot| slot.at)
    }

    #[inline]
    pub(crate) fn find(&self, hash: u64, row: &[u8]) -> Option<Record<'_>> {
        self.position(hash, row).map(|at| self.arena.record(at))
    }

    #[inline]
    pub(crate) fn record(&self, at: At) -> Record<'_> {
        self.arena.record(at)
    }

    /// Adds a row that is not there.
    pub(crate) fn insert(
        &mut self,
        hash: u64,
        row: &[u8],
        value: Option<&[u8]>,
        dirty: bool,
    ) -> At {
        let hash = half(hash);
        let at = self.arena.push(row, value, dirty);
        let slot = Slot { hash, at };
        if self.index.len() == self.index.capacity() {
            self.index.reserve(1, |slot| spread(slot.hash));
            self.index_bytes = self.index.allocation_size();
        }
        self.index
            .insert_unique(spread(hash), slot, |slot| spread(slot.hash));
        at
    }

    /// Whether the record at `at` has room for a value of this length.
    #[inline]
    pub(crate) fn fits(&self, at: At, value: usize) -> bool {
        self.arena.fits(at, value)
    }

    /// Replaces the value of the row whose record is at `at`, and makes it dirty.
    #[inline]
    pub(crate) fn set(&mut self, hash: u64, at: At, value: Option<&[u8]>) {
        let now = self.arena.set(at, value);
        if now != at {
            self.moved(hash, at, now);
        }
    }

    #[cold]
    fn moved(&mut self, hash: u64, from: At, to: At) {
        let slot = self
            .index
            .find_mut(spread(half(hash)), |slot| slot.at == from);
        if let Some(slot) = slot {
            slot.at = to;
        }
    }

    /// Every row, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (At, Record<'_>)> {
        let ats = self.index.iter().map(|slot| slot.at);
        ats.map(|at| (at, self.arena.record(at)))
    }
}
