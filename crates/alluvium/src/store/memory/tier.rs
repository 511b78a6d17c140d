//! Which runs to merge: a size-tiered rule, as a pure function.
//!
//! Invariant, after each merge: every run is larger than all newer ones together. So sizes at least
//! double from run to run, there are at most ⌊log2(total / smallest)⌋ + 1 runs, and a row is copied
//! only into a run at least half as large again as the one it leaves, about as often as the total
//! doubles.

/// How many of the newest runs to merge into one, given all runs' sizes, newest first: those up to the
/// oldest that is not larger than all newer ones together. Less than 2: none.
pub(super) fn plan_merge(sizes: &[usize]) -> usize {
    let mut newer = 0_usize;
    let mut count = 0;
    for (position, &size) in sizes.iter().enumerate() {
        if size <= newer {
            count = position + 1;
        }
        newer = newer.saturating_add(size);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn merged(mut sizes: Vec<usize>) -> Vec<usize> {
        let older = sizes.split_off(plan_merge(&sizes).max(1).min(sizes.len()));
        let merged: usize = sizes.iter().sum();
        [vec![merged], older].concat()
    }

    #[test]
    fn a_run_larger_than_all_newer_ones_is_left_alone() {
        assert_eq!(plan_merge(&[]), 0);
        assert_eq!(plan_merge(&[5]), 0);
        assert_eq!(plan_merge(&[1, 2, 4, 8]), 0);
    }

    #[test]
    fn a_run_that_newer_ones_outweigh_takes_them_all_in() {
        assert_eq!(plan_merge(&[5, 5]), 2);
        assert_eq!(plan_merge(&[1, 8, 8, 100]), 3);
        assert_eq!(plan_merge(&[10, 100, 3]), 3);
    }

    proptest! {
        #[test]
        fn after_a_merge_sizes_at_least_double(sizes in prop::collection::vec(1..1000_usize, 1..20)) {
            let sizes = merged(sizes);

            let mut newer = 0;
            for size in sizes {
                prop_assert!(size > newer);
                newer += size;
            }
        }

        #[test]
        fn runs_stay_few_and_rows_are_copied_rarely(writes in prop::collection::vec(1..9_usize, 1..600)) {
            let mut sizes = Vec::new();
            let mut copied = 0;
            for &write in &writes {
                sizes.insert(0, write);
                let before = sizes.len();
                sizes = merged(sizes);
                if sizes.len() < before {
                    copied += sizes[0];
                }
            }

            let total: usize = writes.iter().sum();
            let doublings = total.ilog2() as usize + 1;
            prop_assert!(sizes.len() <= doublings);
            prop_assert!(copied <= total * doublings, "{} of {}", copied, total);
        }
    }
}
