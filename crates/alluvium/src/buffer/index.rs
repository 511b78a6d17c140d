//! Where the newest record of each single row is: a hash table of eight bytes a slot.
//!
//! ```text
//! slot   hash, 31 bits ‖ TOUCHED ‖ where the record is, 32 bits
//! ```
//!
//! Slots are probed one after the other from the one that the hash names, so that a look-up nearly always reads one line of memory, and a row that
//! goes leaves no mark behind: the ones after it move up. At most three quarters of the slots are taken; then there are half as many again.
//!
//! Knows no rows: who looks one up compares it.

use super::block::At;

/// In a slot's hash: the row was asked for again since it came, or since it was last spared.
const TOUCHED: u32 = 1;

/// Slots of the first table.
const SLOTS_MIN: usize = 16;

#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u32,
    at: At,
}

const EMPTY: Slot = Slot {
    hash: 0,
    at: At::NOWHERE,
};

#[derive(Debug, Default)]
pub(crate) struct Index {
    slots: Vec<Slot>,
    len: usize,
}

/// The half of a hash that slots keep: the upper one, which the hash function mixes best.
#[inline]
fn half(hash: u64) -> u32 {
    let [a, b, c, d, ..] = hash.to_be_bytes();
    u32::from_be_bytes([a, b, c, d]) & !TOUCHED
}

/// The slot where probing for a hash begins: hashes in order name slots in order.
#[inline]
fn home(hash: u32, slots: usize) -> usize {
    let scaled = u64::from(hash & !TOUCHED) * slots as u64;
    usize::try_from(scaled >> u32::BITS).unwrap_or(0)
}

impl Index {
    /// Bytes of memory.
    #[inline]
    pub(crate) const fn bytes(&self) -> usize {
        self.slots.len() * size_of::<Slot>()
    }

    /// Bytes that one more row may add: a full table is copied into a larger one.
    #[inline]
    pub(crate) const fn growth_bytes(&self) -> usize {
        if self.has_room() {
            0
        } else {
            self.larger() * size_of::<Slot>()
        }
    }

    #[inline]
    const fn has_room(&self) -> bool {
        self.len < self.slots.len() / 4 * 3
    }

    const fn larger(&self) -> usize {
        let larger = self.slots.len() + self.slots.len() / 2;
        if larger < SLOTS_MIN {
            SLOTS_MIN
        } else {
            larger
        }
    }

    /// The slot of a record with this hash that `is_it` accepts.
    #[inline]
    fn position(&self, hash: u32, mut is_it: impl FnMut(At) -> bool) -> Option<usize> {
        let mut position = home(hash, self.slots.len());
        loop {
            let slot = self.slots.get(position)?;
            if slot.at == At::NOWHERE {
                return None;
            }
            if slot.hash & !TOUCHED == hash && is_it(slot.at) {
                return Some(position);
            }
            position = self.after(position);
        }
    }

    #[inline]
    const fn after(&self, position: usize) -> usize {
        if position + 1 == self.slots.len() {
            0
        } else {
            position + 1
        }
    }

    /// Where the record is that `is_it` accepts, which counts as touched from now on.
    #[inline]
    pub(crate) fn touch(&mut self, hash: u64, is_it: impl FnMut(At) -> bool) -> Option<At> {
        let position = self.position(half(hash), is_it)?;
        let slot = self.slots.get_mut(position)?;
        // Not written for nothing: most rows that are asked for again were before.
        if slot.hash & TOUCHED == 0 {
            slot.hash |= TOUCHED;
        }
        Some(slot.at)
    }

    /// Adds a row that is not there, untouched.
    pub(crate) fn insert(&mut self, hash: u64, at: At) {
        if !self.has_room() {
            self.grow();
        }
        let hash = half(hash);
        self.place(Slot { hash, at });
        self.len += 1;
    }

    #[inline]
    fn place(&mut self, slot: Slot) {
        let mut position = home(slot.hash, self.slots.len());
        while let Some(there) = self.slots.get_mut(position) {
            if there.at == At::NOWHERE {
                *there = slot;
                return;
            }
            position = self.after(position);
        }
    }

    #[cold]
    fn grow(&mut self) {
        let larger = vec![EMPTY; self.larger()];
        let slots = std::mem::replace(&mut self.slots, larger);
        for slot in slots.into_iter().filter(|slot| slot.at != At::NOWHERE) {
            self.place(slot);
        }
    }

    /// The row's record is at `now` and not at `was` any more.
    pub(crate) fn relocate(&mut self, hash: u64, was: At, now: At) {
        let position = self.position(half(hash), |at| at == was);
        if let Some(slot) = position.and_then(|position| self.slots.get_mut(position)) {
            slot.at = now;
        }
    }

    /// Whether the record at `at` is a row's newest, and if so whether it was touched. It is not any more, then.
    pub(crate) fn spare(&mut self, hash: u64, at: At) -> Option<bool> {
        let position = self.position(half(hash), |there| there == at)?;
        let slot = self.slots.get_mut(position)?;
        let touched = slot.hash & TOUCHED != 0;
        slot.hash &= !TOUCHED;
        Some(touched)
    }

    /// Forgets the row whose record is at `at`.
    pub(crate) fn remove(&mut self, hash: u64, at: At) {
        let Some(mut hole) = self.position(half(hash), |there| there == at) else {
            return;
        };
        let slots = self.slots.len();
        // From `from` on to `to`, round the end.
        let steps = |from: usize, to: usize| {
            if to < from {
                to + slots - from
            } else {
                to - from
            }
        };
        let mut position = hole;
        loop {
            position = self.after(position);
            let Some(&slot) = self.slots.get(position) else {
                break;
            };
            if slot.at == At::NOWHERE {
                break;
            }
            // It may move up unless that would be before its home.
            if steps(home(slot.hash, slots), position) >= steps(hole, position) {
                self.put(hole, slot);
                hole = position;
            }
        }
        self.put(hole, EMPTY);
        self.len -= 1;
    }

    fn put(&mut self, position: usize, slot: Slot) {
        if let Some(there) = self.slots.get_mut(position) {
            *there = slot;
        }
    }
}

#[cfg(test)]
mod tests;
