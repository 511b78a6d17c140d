//! What values must be after a number of operations: only counts are kept, and only when the measurement is over.

use crate::access::order::{Order, Passes, visits};
use crate::data;

/// The count of each key's value.
#[derive(Debug)]
pub(super) struct Model {
    counts: Vec<u32>,
}

impl Model {
    /// All keys with count 0.
    pub(super) fn of(rows: u64) -> Self {
        Self {
            counts: vec![0; rows as usize],
        }
    }

    fn rows(&self) -> u64 {
        self.counts.len() as u64
    }

    /// The key's count; `None` for keys that there are none of.
    pub(super) fn count(&self, key: u64) -> Option<u64> {
        self.counts.get(key as usize).copied().map(u64::from)
    }

    /// Sets each key, in pass after pass, to the pass and one.
    pub(super) fn set_in_passes(&mut self, operations: u64) {
        let rows = self.rows();
        let mut order = Passes::over(rows);
        for index in 0..rows.min(operations) {
            self.counts[order.next().key as usize] = visits(index, operations, rows) as u32;
        }
    }

    /// Adds one to each key drawn.
    pub(super) fn add_one(&mut self, keys: &[u32], operations: u64) {
        for (index, &key) in (0..).zip(keys) {
            self.counts[key as usize] += visits(index, operations, keys.len() as u64) as u32;
        }
    }

    /// The sum of what reads in passes return.
    pub(super) fn sum_in_passes(&self, operations: u64) -> u64 {
        let rows = self.rows();
        let mut order = Passes::over(rows);
        self.sum((0..rows).map(|index| (order.next().key, visits(index, operations, rows))))
    }

    /// The sum of what reads of keys drawn return.
    pub(super) fn sum_of_draws(&self, keys: &[u32], operations: u64) -> u64 {
        let reads = |(index, &key)| (u64::from(key), visits(index, operations, keys.len() as u64));
        self.sum((0..).zip(keys).map(reads))
    }

    fn sum(&self, reads: impl Iterator<Item = (u64, u64)>) -> u64 {
        reads.fold(0, |sum: u64, (key, reads)| {
            let word = data::word(key, u64::from(self.counts[key as usize]));
            sum.wrapping_add(word.wrapping_mul(reads))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::order::Draws;

    #[test]
    fn counts_are_those_of_the_operations_one_by_one() {
        let draws = data::uniform(10);
        for operations in [0, 7, 10, 23, draws.len() as u64 + 3] {
            let (mut passes, mut drawn) = (Passes::over(10), Draws::of(&draws));
            let mut counts = [0_u32; 10];
            for _ in 0..operations {
                let step = passes.next();
                counts[step.key as usize] = step.pass as u32 + 1;
            }
            for _ in 0..operations {
                counts[drawn.next().key as usize] += 1;
            }

            let mut model = Model::of(10);
            model.set_in_passes(operations);
            model.add_one(&draws, operations);

            assert_eq!(model.counts, counts, "after {operations}");
        }
    }

    #[test]
    fn sums_are_those_of_the_reads_one_by_one() {
        let mut model = Model::of(10);
        model.set_in_passes(14);
        let draws = data::zipf(10);
        let (mut passes, mut drawn) = (Passes::over(10), Draws::of(&draws));
        let mut sums = [0_u64; 2];
        for _ in 0..33 {
            let read = |key| data::word(key, model.count(key).unwrap());
            sums[0] = sums[0].wrapping_add(read(passes.next().key));
            sums[1] = sums[1].wrapping_add(read(drawn.next().key));
        }

        assert_eq!(model.sum_in_passes(33), sums[0]);
        assert_eq!(model.sum_of_draws(&draws, 33), sums[1]);
    }
}
