//! Whether several ranges of key groups cover a target, each group once.

use crate::key_group::KeyGroupRange;

/// The first place where ranges do not cover their target once.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nobody has these key groups.
    Gap(KeyGroupRange),
    /// Two ranges, by their indices, both have these key groups.
    Overlap(usize, usize, KeyGroupRange),
}

/// The first two ranges that overlap, in the order of key groups.
pub(super) fn overlap(ranges: &[KeyGroupRange]) -> Option<Fault> {
    let mut order: Vec<_> = ranges.iter().enumerate().collect();
    order.sort_by_key(|(_, range)| **range);
    order
        .iter()
        .zip(order.iter().skip(1))
        .find_map(|(&(left, before), &(right, after))| {
            Some(Fault::Overlap(left, right, before.intersection(*after)?))
        })
}

/// The first key groups of the target that no range has.
pub(super) fn gap(target: KeyGroupRange, ranges: &[KeyGroupRange]) -> Option<Fault> {
    let mut order: Vec<_> = ranges
        .iter()
        .filter_map(|range| range.intersection(target))
        .collect();
    order.sort_unstable();
    let mut next = target.first().get();
    for range in order {
        let (first, last) = (range.first().get(), range.last().get());
        if first > next {
            return KeyGroupRange::new(next, first - 1).ok().map(Fault::Gap);
        }
        next = next.max(last.saturating_add(1));
    }
    // Empty, hence no range, once `next` is past the target.
    KeyGroupRange::new(next, target.last().get())
        .ok()
        .map(Fault::Gap)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(first: u16, last: u16) -> KeyGroupRange {
        KeyGroupRange::new(first, last).unwrap()
    }

    #[test]
    fn the_first_gap_is_named() {
        let target = range(2, 9);

        assert_eq!(gap(target, &[]), Some(Fault::Gap(target)));
        assert_eq!(gap(target, &[range(3, 20)]), Some(Fault::Gap(range(2, 2))));
        assert_eq!(
            gap(target, &[range(8, 9), range(0, 4)]),
            Some(Fault::Gap(range(5, 7)))
        );
        assert_eq!(
            gap(target, &[range(0, 4), range(5, 8)]),
            Some(Fault::Gap(range(9, 9)))
        );
        assert_eq!(gap(target, &[range(5, 10), range(0, 4)]), None);
    }

    #[test]
    fn the_first_overlap_is_named() {
        let ranges = [range(5, 9), range(0, 4), range(9, 12)];

        assert_eq!(overlap(&ranges), Some(Fault::Overlap(0, 2, range(9, 9))));
        assert_eq!(overlap(&ranges[..2]), None);
    }

    proptest! {
        #[test]
        fn both_agree_with_counting(pairs in prop::collection::vec((0u16..40, 0u16..12), 0..8)) {
            let ranges: Vec<_> = pairs.iter().map(|&(first, more)| range(first, first + more)).collect();
            let target = range(10, 30);
            let owners = |group: u16| {
                ranges.iter().filter(|range| range.first().get() <= group && group <= range.last().get()).count()
            };

            prop_assert_eq!(gap(target, &ranges).is_some(), (10..=30).any(|group| owners(group) == 0));
            prop_assert_eq!(overlap(&ranges).is_some(), (0..60).any(|group| owners(group) > 1));
        }
    }
}
