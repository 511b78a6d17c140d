//! What recovery found, told to people on stderr: a line a shape, and whether Alluvium's own targets are met.
//!
//! Targets beside the peers are judged where the peers' records are. These need none: no growth with rows, far from row by row, nothing copied.

use super::options::{Origin, Shape};

/// Time at the largest size, against that at the smallest, at the most: where files are local.
const GROWTH_MAX: f64 = 2.0;
/// Times faster than row by row at the largest size, at least: where files are local.
const FASTER_MIN: f64 = 20.0;
/// From how many rows on.
const FASTER_FROM: u32 = 10_000_000;
/// Share of rows that are copied, at the most, if the source was rescaled a moment ago. Of others none are.
const COPIED_MAX: f64 = 0.05;

/// One shape of one size from one origin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(crate) rows: u32,
    pub(crate) shape: Shape,
    pub(crate) origin: Origin,
    /// The median of the slowest subtask's times, in milliseconds.
    pub(crate) restore: f64,
    /// What a copy of the same bytes takes; from storage only.
    pub(crate) copy: Option<f64>,
    pub(crate) row_by_row: Option<f64>,
    /// The share of rows that were copied.
    pub(crate) copied: f64,
}

/// Says what is being done, or what was found.
pub(crate) fn tell(what: &str) {
    eprintln!("{what}");
}

impl Told {
    pub(crate) fn tell(&self) {
        let Self { shape, rows, .. } = self;
        let mut line = format!(
            "{rows} rows, {shape} {}: {:.1} ms, {:.2} % of the rows copied",
            self.origin.name(),
            self.restore,
            100.0 * self.copied
        );
        if let Some(copy) = self.copy {
            line += &format!("; a copy takes {copy:.1} ms: {:.2}x", self.restore / copy);
        }
        if let Some(by_row) = self.row_by_row {
            line += &format!("; row by row {by_row:.0} ms: {:.0}x", by_row / self.restore);
        }
        tell(&line);
    }
}

/// All verdicts that can be given: target, what was measured, and whether it is met.
pub(crate) fn verdicts(all: &[Told]) -> Vec<(String, f64, bool)> {
    let sizes = all.iter().map(|told| told.rows);
    let (least, most) = (sizes.clone().min(), sizes.max());
    let mut verdicts = Vec::new();
    for told in all.iter().filter(|told| Some(told.rows) == most) {
        let of = |what: &str| format!("{} {}: {what}", told.shape, told.origin.name());
        let smallest = all.iter().find(|smaller| {
            Some(smaller.rows) == least
                && (smaller.shape, smaller.origin) == (told.shape, told.origin)
        });
        if let (Origin::Local, true, Some(smallest)) = (told.origin, least < most, smallest) {
            let growth = told.restore / smallest.restore;
            let what = of("time at the largest size against the smallest, at most 2");
            verdicts.push((what, growth, growth <= GROWTH_MAX));
        }
        if let (Origin::Local, FASTER_FROM.., Some(by_row)) =
            (told.origin, told.rows, told.row_by_row)
        {
            let faster = by_row / told.restore;
            let what = of("times faster than row by row, at least 20");
            verdicts.push((what, faster, faster >= FASTER_MIN));
        }
        let (what, most) = match told.shape.between {
            Some(_) => ("share of rows copied, at most 0.05", COPIED_MAX),
            None => ("share of rows copied, none", 0.0),
        };
        verdicts.push((of(what), told.copied, told.copied <= most));
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(rows: u32, restore: f64, copied: f64) -> Told {
        Told {
            rows,
            shape: "2-1".parse().unwrap(),
            origin: Origin::Local,
            restore,
            copy: None,
            row_by_row: Some(1_000.0),
            copied,
        }
    }

    fn met(all: &[Told]) -> Vec<bool> {
        verdicts(all).into_iter().map(|(.., met)| met).collect()
    }

    #[test]
    fn one_size_says_nothing_of_growth_and_a_small_one_nothing_of_row_by_row() {
        assert_eq!(met(&[told(1_000, 10.0, 0.0)]), [true]);
    }

    #[test]
    fn growth_distance_from_row_by_row_and_copied_rows_are_judged_at_the_largest_size() {
        let small = told(1_000_000, 10.0, 0.5);

        assert_eq!(
            met(&[small, told(10_000_000, 20.0, 0.0)]),
            [true, true, true]
        );
        assert_eq!(
            met(&[small, told(10_000_000, 60.0, 0.01)]),
            [false, false, false]
        );
    }
}
