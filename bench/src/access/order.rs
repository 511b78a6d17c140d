//! The order in which operations go to keys, as numbers to add and not to divide: drawing a key costs no subject
//! anything worth mentioning.
//!
//! An order begins with operation 0 and can begin again.

use crate::data;

/// One operation of a case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// The number of the operation.
    pub(crate) operation: u64,
    pub(crate) key: u64,
    /// How often all keys were visited before.
    pub(crate) pass: u64,
}

/// Where the operations of a case go.
pub(crate) trait Order {
    fn next(&mut self) -> Step;
    fn restart(&mut self);
}

/// All keys in the order of the permutation, pass after pass.
#[derive(Debug)]
pub(crate) struct Passes {
    keys: u64,
    /// From one key to the next, modulo the number of keys.
    stride: u64,
    next: Step,
    pass_ends: u64,
}

impl Passes {
    pub(crate) const fn over(keys: u64) -> Self {
        Self {
            keys,
            stride: data::permuted(1, keys),
            next: Step {
                operation: 0,
                key: 0,
                pass: 0,
            },
            pass_ends: keys,
        }
    }
}

impl Order for Passes {
    #[inline]
    fn next(&mut self) -> Step {
        let step = self.next;
        let next = &mut self.next;
        next.operation += 1;
        next.key += self.stride;
        if next.key >= self.keys {
            next.key -= self.keys;
        }
        if next.operation == self.pass_ends {
            self.pass_ends += self.keys;
            next.pass += 1;
            next.key = 0;
        }
        step
    }

    fn restart(&mut self) {
        *self = Self::over(self.keys);
    }
}

/// Keys drawn by chance beforehand, used round and round.
#[derive(Debug)]
pub(crate) struct Draws<'d> {
    keys: &'d [u32],
    operation: u64,
    at: std::slice::Iter<'d, u32>,
}

impl<'d> Draws<'d> {
    /// Of at least one key.
    pub(crate) fn of(keys: &'d [u32]) -> Self {
        Self {
            keys,
            operation: 0,
            at: keys.iter(),
        }
    }
}

impl Order for Draws<'_> {
    #[inline]
    fn next(&mut self) -> Step {
        let key = match self.at.next() {
            Some(&key) => key,
            None => {
                self.at = self.keys.iter();
                self.at.next().copied().unwrap_or(0)
            }
        };
        let operation = self.operation;
        self.operation += 1;
        Step {
            operation,
            key: u64::from(key),
            pass: 0,
        }
    }

    fn restart(&mut self) {
        *self = Self::of(self.keys);
    }
}

/// How often `operations` operations that go round over `places` places come to the one with this index.
pub(crate) const fn visits(index: u64, operations: u64, places: u64) -> u64 {
    operations / places + (index < operations % places) as u64
}

/// The sum of something over all keys, each with its place in the order; wrapping.
pub(crate) fn sum_over(keys: u64, mut of: impl FnMut(u64, u64) -> u64) -> u64 {
    let mut order = Passes::over(keys);
    (0..keys).fold(0, |sum: u64, index| {
        sum.wrapping_add(of(index, order.next().key))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_follow_the_permutation_without_dividing() {
        for keys in [1, 2, 10, 1_000, 500_000] {
            let mut order = Passes::over(keys);
            for operation in 0..3 * keys.min(5_000) {
                let step = order.next();

                assert_eq!(step.operation, operation);
                assert_eq!(step.key, data::permuted(operation % keys, keys));
                assert_eq!(step.pass, operation / keys);
            }
            order.restart();
            assert_eq!(order.next().operation, 0);
        }
    }

    #[test]
    fn draws_go_round() {
        let mut order = Draws::of(&[7, 3]);

        let keys = [0; 5].map(|_| order.next().key);

        assert_eq!(keys, [7, 3, 7, 3, 7]);
        order.restart();
        assert_eq!(order.next().operation, 0);
    }

    #[test]
    fn visits_add_up_to_the_operations() {
        for operations in [0, 1, 9, 10, 11, 25] {
            let all: u64 = (0..10).map(|index| visits(index, operations, 10)).sum();

            assert_eq!(all, operations);
        }
    }
}
