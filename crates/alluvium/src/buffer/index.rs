//! Where the newest record of each single row is: a hash table of eight bytes a slot.
//!
//! ```text
//! slot   hash, 31 bits ‖ TOUCHED ‖ where the record is, 32 bits
//! ```
//!
//! Slots are in the order of hashes, each at the one that its hash names or as near behind it as those before it leave it. So a look-up
//! nearly always reads one line of memory, ends at the first larger hash where there is no such row, and never comes round to
//! the beginning. A row that goes leaves no mark behind: the ones after it move up. At most three quarters of the slots are
//! taken; then there are half as many again.
//!
//! Knows no rows: who looks one up compares it.

use super::block::At;

/// In a slot's hash: the row was asked for again since it came, or since it was last spared.
const TOUCHED: u32 = 1;

/// Slots that hashes name in the first table.
const HOMES_MIN: usize = 16;

#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u32,
    at: At,
}

/// Slots behind those that hashes name, for the largest hashes. More are added where they are not enough.
const SLOTS_BEHIND: usize = 16;

/// No row is there. No hash is larger: a look-up that comes here ends.
const EMPTY: Slot = Slot {
    hash: u32::MAX,
    at: At::NOWHERE,
};

impl Slot {
    #[inline]
    const fn half(self) -> u32 {
        self.hash & !TOUCHED
    }
}

#[derive(Debug, Default)]
pub(crate) struct Index {
    slots: Vec<Slot>,
    /// Slots that hashes name.
    homes: usize,
    len: usize,
}

/// The half of a hash that slots keep: the upper one, which the hash function mixes best.
#[inline]
fn half(hash: u64) -> u32 {
    let [a, b, c, d, ..] = hash.to_be_bytes();
    u32::from_be_bytes([a, b, c, d]) & !TOUCHED
}

impl Index {
    /// Bytes of memory.
    #[inline]
    pub(crate) const fn bytes(&self) -> usize {
        self.slots.len() * size_of::<Slot>()
    }

    /// Number of rows.
    pub(crate) const fn len(&self) -> usize {
        self.len
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
        self.len < self.homes / 4 * 3
    }

    /// Slots of the next table.
    const fn larger(&self) -> usize {
        let larger = self.homes + self.homes / 2;
        let homes = if larger < HOMES_MIN {
            HOMES_MIN
        } else {
            larger
        };
        homes + SLOTS_BEHIND
    }

    /// The slot that a hash names: larger hashes name later ones.
    #[inline]
    fn home(&self, hash: u32) -> usize {
        let scaled = u64::from(hash) * self.homes as u64;
        usize::try_from(scaled >> u32::BITS).unwrap_or(0)
    }

    /// The slot of a record with this hash that `is_it` accepts, which never accepts [`At::NOWHERE`].
    #[inline]
    fn position(&self, hash: u32, mut is_it: impl FnMut(At) -> bool) -> Option<usize> {
        let mut position = self.home(hash);
        loop {
            let slot = self.slots.get(position)?;
            if slot.half() == hash && is_it(slot.at) {
                return Some(position);
            }
            if slot.half() > hash {
                return None;
            }
            position += 1;
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

    /// Puts a slot behind those whose hashes are not larger, and moves the others on until one falls on an empty one.
    #[inline]
    fn place(&mut self, mut slot: Slot) {
        let mut position = self.home(slot.half());
        loop {
            let Some(there) = self.slots.get_mut(position) else {
                return self.push(slot);
            };
            if there.at == At::NOWHERE {
                *there = slot;
                return;
            }
            if there.half() > slot.half() {
                std::mem::swap(there, &mut slot);
            }
            position += 1;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let larger = vec![EMPTY; self.larger()];
        self.homes = larger.len() - SLOTS_BEHIND;
        let slots = std::mem::replace(&mut self.slots, larger);
        // In order, so that none has to move on for another.
        let mut next = 0;
        for slot in slots.into_iter().filter(|slot| slot.at != At::NOWHERE) {
            next = self.home(slot.half()).max(next);
            match self.slots.get_mut(next) {
                Some(there) => *there = slot,
                None => self.push(slot),
            }
            next += 1;
        }
    }

    #[cold]
    fn push(&mut self, slot: Slot) {
        self.slots.reserve_exact(SLOTS_BEHIND);
        self.slots.push(slot);
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
        // Those behind it move up, but none before its home.
        while let Some(&slot) = self.slots.get(hole + 1)
            && slot.at != At::NOWHERE
            && self.home(slot.half()) <= hole
        {
            self.put(hole, slot);
            hole += 1;
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
