//! What maps must be after a number of operations: computed from the numbers, key by key.

use super::{ENTRIES, map_key};
use crate::access::order::{Step, sum_over, visits};
use crate::data;

/// The value of a map key of a key, with a count.
#[inline]
pub(super) const fn value(key: u64, map_key: u64, count: u64) -> u64 {
    data::mix(data::mix(key).wrapping_add(map_key)).wrapping_add(count)
}

/// Maps that were filled with count 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Model {
    rows: u64,
}

impl Model {
    pub(super) const fn of(rows: u64) -> Self {
        Self { rows }
    }

    /// The map keys that operations came to, in order, at the key at this place.
    fn visited(self, index: u64, operations: u64) -> impl Iterator<Item = u64> {
        (0..visits(index, operations, self.rows)).map(move |pass| {
            map_key(Step {
                operation: index + pass * self.rows,
                key: 0,
                pass,
            })
        })
    }

    pub(super) fn sum_of_gets(self, operations: u64) -> u64 {
        sum_over(self.rows, |index, key| {
            let visited = self.visited(index, operations);
            visited.fold(0, |sum: u64, map_key| {
                sum.wrapping_add(value(key, map_key, 0))
            })
        })
    }

    /// How many of the operations that ask for twice their map key find it.
    pub(super) fn hits(self, operations: u64) -> u64 {
        sum_over(self.rows, |index, _| {
            let visited = self.visited(index, operations);
            visited.filter(|map_key| 2 * map_key < ENTRIES).count() as u64
        })
    }

    pub(super) fn sum_of_keys(self, operations: u64) -> u64 {
        (0..ENTRIES).sum::<u64>().wrapping_mul(operations)
    }

    pub(super) fn sum_of_values(self, operations: u64) -> u64 {
        sum_over(self.rows, |index, key| {
            let values = (0..ENTRIES).map(|map_key| value(key, map_key, 0));
            values
                .fold(0, u64::wrapping_add)
                .wrapping_mul(visits(index, operations, self.rows))
        })
    }

    /// The map of a key after puts with their pass and one as count.
    pub(super) fn updated(self, index: u64, key: u64, operations: u64) -> Vec<(u64, u64)> {
        let mut counts = [0; ENTRIES as usize];
        for (pass, map_key) in (0..).zip(self.visited(index, operations)) {
            counts[map_key as usize] = pass + 1;
        }
        let entry = |(map_key, count)| (map_key, value(key, map_key, count));
        (0..).zip(counts).map(entry).collect()
    }

    /// The map of a key after removals.
    pub(super) fn without_removed(self, index: u64, key: u64, operations: u64) -> Vec<(u64, u64)> {
        let mut left = [true; ENTRIES as usize];
        for map_key in self.visited(index, operations) {
            left[map_key as usize] = false;
        }
        let left = (0..).zip(left).filter(|&(_, left)| left);
        left.map(|(map_key, _)| (map_key, value(key, map_key, 0)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::access::order::{Order, Passes};

    #[test]
    fn maps_are_those_of_the_operations_one_by_one() {
        for (rows, operations) in [(10, 95), (20, 0), (20, 7), (7, 40)] {
            let full = |key| {
                let entry = |map_key| (map_key, value(key, map_key, 0));
                (0..ENTRIES).map(entry).collect::<BTreeMap<_, _>>()
            };
            let mut updated: Vec<_> = (0..rows).map(full).collect();
            let mut removed = updated.clone();
            let (mut gets, mut hits) = (0_u64, 0);
            let mut order = Passes::over(rows);
            for _ in 0..operations {
                let step = order.next();
                let (key, map_key) = (step.key as usize, map_key(step));
                gets = gets.wrapping_add(value(step.key, map_key, 0));
                hits += u64::from(2 * map_key < ENTRIES);
                updated[key].insert(map_key, value(step.key, map_key, step.pass + 1));
                removed[key].remove(&map_key);
            }
            let model = Model::of(rows);

            assert_eq!(model.sum_of_gets(operations), gets);
            assert_eq!(model.hits(operations), hits);
            order.restart();
            for index in 0..rows {
                let key = order.next().key;
                let entries = |of: &[BTreeMap<u64, u64>]| {
                    let map = of[key as usize].iter();
                    map.map(|(&map_key, &value)| (map_key, value)).collect()
                };
                let left: Vec<_> = entries(&removed);
                let put: Vec<_> = entries(&updated);
                assert_eq!(model.updated(index, key, operations), put);
                assert_eq!(model.without_removed(index, key, operations), left);
            }
        }
    }
}
