//! Windows of event time: the operators in which state is gathered and then put out at once.
//!
//! A window's namespace is its start. It fires when the watermark reaches its last millisecond.

use serde::{Deserialize, Serialize};

use super::clicks::Click;

pub(crate) mod fold;
pub(crate) mod hold;
pub(crate) mod join;

/// Length of a tumbling or sliding window in milliseconds.
pub(crate) const SIZE: i64 = 120_000;

/// Distance between the starts of sliding windows in milliseconds: each event is in four.
pub(crate) const SLIDE: i64 = 30_000;

/// Starts of the windows that a time is in, newest first.
pub(crate) fn starts(time: i64, slide: i64) -> impl Iterator<Item = i64> {
    let newest = time - time.rem_euclid(slide);
    (0..SIZE / slide).map(move |back| newest - back * slide)
}

/// When a window that starts at `start` fires.
pub(crate) const fn last_of(start: i64) -> i64 {
    start + SIZE - 1
}

/// What an incremental window keeps of its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) sum: u64,
    pub(crate) max: u64,
}

impl Tally {
    pub(crate) const fn of(click: &Click) -> Self {
        Self {
            count: 1,
            sum: click.amount,
            max: click.number,
        }
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self {
            count: self.count + other.count,
            sum: self.sum + other.sum,
            max: self.max.max(other.max),
        }
    }

    pub(crate) const fn words(&self) -> [u64; 3] {
        [self.count, self.sum, self.max]
    }
}

/// For the recomputation: the starts of the windows that a time is in, found among all multiples of `slide`.
fn multiples_around(time: i64, slide: i64) -> impl Iterator<Item = i64> {
    let near = (time - SIZE) / slide - 2..=time / slide + 2;
    near.map(move |window| window * slide)
        .filter(move |start| (*start..*start + SIZE).contains(&time))
}
