//! Counts of timers by when they are due, in buckets whose width fits the times.
//!
//! Invariant: there are at most [`BUCKETS_MAX`] buckets. Where another would be needed, all become wider.

use std::collections::BTreeMap;

/// Buckets of a state: 24, a screen of them.
pub(super) const BUCKETS_MAX: usize = 24;

/// Widths that people think in, in milliseconds: a second to a year of 364 days. Wider ones are powers of ten of the last.
const WIDTHS: [i128; 10] = [
    1_000,
    10_000,
    60_000,
    600_000,
    3_600_000,
    21_600_000,
    86_400_000,
    604_800_000,
    2_419_200_000,
    31_449_600_000,
];

/// Timers by due time.
#[derive(Debug, Clone)]
pub(super) struct Buckets {
    /// Milliseconds.
    width: i128,
    /// By number: a bucket begins at its number times the width.
    counts: BTreeMap<i128, u64>,
}

impl Buckets {
    pub(super) const fn new() -> Self {
        Self {
            width: WIDTHS[0],
            counts: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, time: i64) {
        *self
            .counts
            .entry(i128::from(time).div_euclid(self.width))
            .or_default() += 1;
        while self.counts.len() > BUCKETS_MAX {
            let narrow = self.width;
            let wider = WIDTHS.into_iter().find(|width| *width > narrow);
            self.width = wider.unwrap_or(narrow * 10);
            for (number, count) in std::mem::take(&mut self.counts) {
                let number = (number * narrow).div_euclid(self.width);
                *self.counts.entry(number).or_default() += count;
            }
        }
    }

    /// From when, before when, how many; in order. Times beyond those that exist are the last that do.
    pub(super) fn counts(&self) -> impl Iterator<Item = (i64, i64, u64)> {
        let time = |number: i128| {
            let time = number * self.width;
            i64::try_from(time).unwrap_or(if time < 0 { i64::MIN } else { i64::MAX })
        };
        let counts = self.counts.iter();
        counts.map(move |(number, count)| (time(*number), time(number + 1), *count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: &[i64]) -> Vec<(i64, i64, u64)> {
        let mut buckets = Buckets::new();
        times.iter().for_each(|time| buckets.add(*time));
        buckets.counts().collect()
    }

    #[test]
    fn times_that_are_close_have_narrow_buckets() {
        assert_eq!(
            of(&[-1, 0, 999, 1000]),
            [(-1000, 0, 1), (0, 1000, 2), (1000, 2000, 1)]
        );
    }

    #[test]
    fn more_times_make_buckets_wider_and_none_is_lost() {
        let minutes: Vec<i64> = (0..100).map(|minute| minute * 60_000).collect();

        let counts = of(&minutes);

        assert_eq!(counts.len(), 10);
        assert_eq!(counts[0], (0, 600_000, 10));
    }

    #[test]
    fn the_first_and_the_last_time_have_a_bucket() {
        let times: Vec<i64> = (0..64)
            .map(|power| (1_i64 << power).wrapping_neg())
            .collect();
        let all: Vec<i64> = times.iter().copied().chain([i64::MIN, i64::MAX]).collect();

        let counts = of(&all);

        assert!(counts.len() <= BUCKETS_MAX);
        assert_eq!(counts.iter().map(|(.., count)| count).sum::<u64>(), 66);
    }
}
