//! Which rows were read from the store lately and not kept: one that is read once does not push out those that are read often.
//!
//! One byte a slot, about as many slots as there are rows in memory: what is remembered is the rows that were asked for in vain while
//! memory would have been filled once. Two rows may share a slot, and one in 255 of those a mark: then a row is kept too early
//! or too late, and nothing else happens.
//!
//! Whether memory is so full that anything has to be pushed out is the buffer's to say.

/// Slots of the first table.
const SLOTS_MIN: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct Admission {
    marks: Vec<u8>,
}

/// No row is remembered in a slot.
const NOBODY: u8 = 0;

impl Admission {
    /// Bytes of memory.
    #[inline]
    pub(crate) const fn bytes(&self) -> usize {
        self.marks.len()
    }

    /// Whether the row was asked for before; if not, it is remembered, among as many as there are rows in memory.
    pub(crate) fn admit(&mut self, hash: u64, rows: usize) -> bool {
        let slots = rows.next_power_of_two().max(SLOTS_MIN);
        if self.marks.len() < slots {
            self.marks = vec![NOBODY; slots];
        }
        // The upper half is the index's; these are of the other one and its neighbor.
        let [_, _, _, mark, low @ ..] = hash.to_be_bytes();
        let mark = mark.max(NOBODY + 1);
        let low = usize::try_from(u32::from_be_bytes(low)).unwrap_or(0);
        let position = low & (self.marks.len() - 1);
        let Some(there) = self.marks.get_mut(position) else {
            return true;
        };
        let before = *there == mark;
        *there = if before { NOBODY } else { mark };
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes that differ in the bits that matter, as those of the hash function do.
    fn hash(nth: u64) -> u64 {
        nth.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17)
    }

    #[test]
    fn a_row_is_kept_when_it_is_asked_for_the_second_time_and_forgotten_then() {
        let mut admission = Admission::default();
        for nth in 0..1_000 {
            assert!(!admission.admit(hash(nth), 1 << 20), "row {nth} at first");
            assert!(admission.admit(hash(nth), 1 << 20), "row {nth} again");
            assert!(!admission.admit(hash(nth), 1 << 20), "row {nth} anew");
        }
    }

    #[test]
    fn rows_that_were_asked_for_long_ago_are_forgotten() {
        let mut admission = Admission::default();
        let rows = 1_000;
        for nth in 0..100 * rows {
            admission.admit(hash(nth), 1_000);
        }

        let known = (0..rows).filter(|nth| admission.admit(hash(*nth), 1_000));
        assert!(known.count() < 20);
        assert_eq!(admission.bytes(), 1_024);
    }
}
