//! The rows that a family of files is asked for.
//!
//! Invariants: the ranges of a view are in order, disjoint, not empty and not adjacent, so that equal sets of
//! rows are equal views; nothing here makes a view larger (docs/design/0005).

use alluvium::protocol::row::RowRange;

/// A set of rows, as ranges.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct View {
    ranges: Vec<RowRange>,
}

impl View {
    /// The rows of these ranges, whatever their order.
    pub(crate) fn of(ranges: impl IntoIterator<Item = RowRange>) -> Self {
        let mut sorted: Vec<_> = ranges.into_iter().filter(|r| !r.is_empty()).collect();
        sorted.sort_by(|a, b| a.from().cmp(b.from()));
        let mut ranges: Vec<RowRange> = Vec::with_capacity(sorted.len());
        for range in sorted {
            match ranges.last_mut() {
                Some(last) if last.to().is_none_or(|to| range.from() <= to) => {
                    let to = match (last.to(), range.to()) {
                        (Some(a), Some(b)) => Some(a.max(b).to_vec()),
                        _ => None,
                    };
                    *last = RowRange::new(last.from().to_vec(), to);
                }
                _ => ranges.push(range),
            }
        }
        Self { ranges }
    }

    /// All rows.
    pub(crate) fn everything() -> Self {
        Self::of([RowRange::all()])
    }

    pub(crate) fn ranges(&self) -> &[RowRange] {
        &self.ranges
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The range that may have the row: the last that begins at or before it.
    fn before(&self, row: &[u8]) -> Option<&RowRange> {
        let after = self.ranges.partition_point(|range| range.from() <= row);
        after
            .checked_sub(1)
            .and_then(|position| self.ranges.get(position))
    }

    pub(crate) fn contains(&self, row: &[u8]) -> bool {
        self.before(row).is_some_and(|range| range.contains(row))
    }

    /// Whether a row from `first` to `last`, both included, may be in it.
    pub(crate) fn meets(&self, first: &[u8], last: &[u8]) -> bool {
        self.before(last)
            .is_some_and(|range| range.meets(first, last))
    }

    /// Whether all rows from `first` to `last`, both included, are in it.
    pub(crate) fn covers(&self, first: &[u8], last: &[u8]) -> bool {
        self.before(first)
            .is_some_and(|range| range.covers(first, last))
    }

    /// Its rows within a range.
    pub(crate) fn within(&self, rows: &RowRange) -> Self {
        Self::of(self.ranges.iter().filter_map(|r| r.intersection(rows)))
    }

    /// The rows of a range that it has not.
    pub(crate) fn missing_from(&self, rows: &RowRange) -> Self {
        let mut missing = Vec::new();
        let mut from = rows.from().to_vec();
        for range in self.within(rows).ranges {
            missing.push(RowRange::new(from, Some(range.from().to_vec())));
            match range.to() {
                Some(to) => from = to.to_vec(),
                None => return Self::of(missing),
            }
        }
        missing.push(RowRange::new(from, rows.to().map(<[u8]>::to_vec)));
        Self::of(missing)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(0..4_u8, 0..3)
    }

    fn range() -> impl Strategy<Value = RowRange> {
        (row(), prop::option::weighted(0.8, row())).prop_map(|(from, to)| RowRange::new(from, to))
    }

    fn ranges() -> impl Strategy<Value = Vec<RowRange>> {
        prop::collection::vec(range(), 0..5)
    }

    proptest! {
        #[test]
        fn a_view_has_the_rows_of_its_ranges(ranges in ranges(), row in row()) {
            let view = View::of(ranges.clone());

            prop_assert_eq!(view.contains(&row), ranges.iter().any(|range| range.contains(&row)));
            for pair in view.ranges().windows(2) {
                prop_assert!(pair[0].to().is_some_and(|to| to < pair[1].from()));
            }
        }

        #[test]
        fn what_is_within_and_what_is_missing_make_up_a_range(ranges in ranges(), rows in range(), row in row()) {
            let view = View::of(ranges);

            prop_assert_eq!(view.within(&rows).contains(&row), view.contains(&row) && rows.contains(&row));
            prop_assert_eq!(
                view.missing_from(&rows).contains(&row),
                !view.contains(&row) && rows.contains(&row)
            );
        }

        #[test]
        fn rows_between_bounds_meet_or_are_covered(ranges in ranges(), a in row(), b in row(), row in row()) {
            let view = View::of(ranges);
            let (first, last) = (a.clone().min(b.clone()), a.max(b));

            if first <= row && row <= last {
                prop_assert!(view.meets(&first, &last) || !view.contains(&row));
                prop_assert!(!view.covers(&first, &last) || view.contains(&row));
            }
        }
    }
}
