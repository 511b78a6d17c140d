//! Whether the targets were met.

use std::fmt;
use std::time::Duration;

use super::{Measured, Report};
use crate::options::{Origin, Shape};

/// Time at the largest size, against that at the smallest, at the most: where files are local.
const GROWTH_MAX: f64 = 2.0;
/// Times faster than row by row at the largest size, at least: where files are local.
const FASTER_MIN: f64 = 20.0;
/// From how many rows on.
const FASTER_FROM: u32 = 10_000_000;
/// Share of rows that are copied, at the most, if the source was rescaled a moment ago. Of others none are.
const COPIED_MAX: f64 = 0.05;

/// One target and what was measured.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) target: &'static str,
    pub(super) shape: Shape,
    pub(super) origin: Origin,
    pub(super) measured: f64,
    pub(super) met: bool,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.met { "met   " } else { "MISSED" };
        write!(
            f,
            "{verdict} {:<6} {:<6} {}: {:.2}",
            self.shape.to_string(),
            self.origin.name(),
            self.target,
            self.measured
        )
    }
}

/// All verdicts that can be given.
pub(super) fn all(report: &Report) -> Vec<Verdict> {
    let sizes = report.measured.iter().map(|measured| measured.size);
    let (least, most) = (sizes.clone().min(), sizes.max());
    let mut verdicts = Vec::new();
    let largest = || {
        let of_size = report.measured.iter();
        of_size.filter(|measured| Some(measured.size) == most)
    };
    let local = || largest().filter(|measured| measured.origin == Origin::Local);
    for measured in local().filter(|_| least < most) {
        let smallest = report.measured.iter().find(|smaller| {
            Some(smaller.size) == least
                && (smaller.shape, smaller.origin) == (measured.shape, measured.origin)
        });
        let Some(smallest) = smallest else { continue };
        // On a busy machine medians tell what all restores waited for; the least times tell what they cost.
        for (target, of) in [
            (
                "median at the largest size, against the smallest, at most 2",
                Measured::median as fn(&Measured) -> Duration,
            ),
            (
                "least time at the largest size, against the smallest, at most 2",
                Measured::least,
            ),
        ] {
            let growth = of(measured).as_secs_f64() / of(smallest).as_secs_f64();
            verdicts.push(verdict(target, measured, growth, growth <= GROWTH_MAX));
        }
    }
    for measured in local().filter(|measured| measured.size >= FASTER_FROM) {
        let Some(faster) = report.faster(measured) else {
            continue;
        };
        let target = "times faster than row by row at the largest size, at least 20";
        verdicts.push(verdict(target, measured, faster, faster >= FASTER_MIN));
    }
    for measured in largest() {
        let copied = measured.copied();
        let (target, most) = if measured.shape.between.is_some() {
            ("share of rows copied, at most 0.05", COPIED_MAX)
        } else {
            ("share of rows copied, none", 0.0)
        };
        verdicts.push(verdict(target, measured, copied, copied <= most));
    }
    verdicts
}

const fn verdict(target: &'static str, of: &Measured, measured: f64, met: bool) -> Verdict {
    Verdict {
        target,
        shape: of.shape,
        origin: of.origin,
        measured,
        met,
    }
}
