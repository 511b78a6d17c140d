//! Generated departures: any number of aircraft and of flights, computed from their numbers.
//!
//! Nothing is stored: row `r` is a function of `(aircraft, rows, r)`, so that a run larger than
//! memory has a source that can be read again from any position.
//! An aircraft flies every two days on average, so some stay on the ground for more than a week.

use super::flight::Flight;

/// When generated time begins: 2020-01-01T00:00:00Z.
const BEGIN_MILLIS: i64 = 1_577_836_800_000;
/// Event time between two flights of an aircraft, on average.
const BETWEEN_FLIGHTS_MILLIS: u64 = 2 * 24 * 60 * 60 * 1000;
/// Number of airports.
const AIRPORTS: u64 = 100;

/// A stream of generated departures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generated {
    aircraft: u64,
    rows: u64,
    /// Splits that have aircraft at all: fewer than there are splits when there are few aircraft.
    used_splits: u64,
}

impl Generated {
    /// `rows` departures of `aircraft` aircraft, both at least one, over `splits` splits.
    pub(crate) fn new(aircraft: u64, rows: u64, splits: u32) -> Self {
        Self {
            aircraft,
            rows,
            used_splits: u64::from(splits).min(aircraft),
        }
    }

    /// Number of departures.
    pub(crate) const fn rows(self) -> u64 {
        self.rows
    }

    /// Tells this stream from others.
    pub(crate) const fn fingerprint(self) -> u64 {
        mix(mix(self.aircraft) ^ self.rows)
    }

    /// Number of departures of one split.
    pub(crate) fn split_rows(self, split: u64) -> u64 {
        if split >= self.used_splits {
            0
        } else {
            (self.rows + self.used_splits - 1 - split) / self.used_splits
        }
    }

    /// The number, among all departures, of a split's departure.
    pub(crate) const fn row_number(self, split: u64, index: u64) -> u64 {
        index * self.used_splits + split
    }

    /// The event time of a departure.
    pub(crate) fn at(self, row: u64) -> i64 {
        let since =
            u128::from(row) * u128::from(BETWEEN_FLIGHTS_MILLIS) / u128::from(self.aircraft);
        BEGIN_MILLIS.saturating_add(i64::try_from(since).unwrap_or(i64::MAX))
    }

    /// A departure.
    pub(crate) fn flight(self, row: u64) -> Flight {
        let random = mix(row);
        let split = row % self.used_splits;
        let aircraft_of_split = (self.aircraft + self.used_splits - 1 - split) / self.used_splits;
        let aircraft = split + self.used_splits * (random % aircraft_of_split);
        let details = mix(random);
        let departed = !details.is_multiple_of(50);
        let arrived = departed && !details.is_multiple_of(97);
        let late = i32::try_from(details >> 40 & 0x7f).unwrap_or(0) - 40;
        let minutes = u32::try_from(details >> 20 & 0xff).unwrap_or(0) + 30;
        Flight {
            at: self.at(row),
            tailnum: format!("G{aircraft:07}"),
            origin: airport(details),
            dest: airport(details >> 8),
            departed,
            arr_delay: arrived.then_some(late),
            air_minutes: arrived.then_some(minutes),
        }
    }
}

fn airport(random: u64) -> String {
    format!("X{:02}", random % AIRPORTS)
}

/// Spreads the bits of a number: the finalizer of SplitMix64.
const fn mix(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn the_splits_hold_every_row_once() {
        for (aircraft, rows) in [(1, 100), (7, 100), (16, 3), (1000, 12_345)] {
            let generated = Generated::new(aircraft, rows, 16);
            let mut seen = BTreeSet::new();
            for split in 0..16 {
                for index in 0..generated.split_rows(split) {
                    assert!(
                        seen.insert(generated.row_number(split, index)),
                        "a row twice"
                    );
                }
            }

            assert_eq!(seen.len() as u64, rows);
            assert_eq!(seen.last(), Some(&(rows - 1)));
        }
    }

    #[test]
    fn an_aircraft_belongs_to_one_split_and_none_is_invented() {
        let generated = Generated::new(50, 5_000, 16);
        let mut split_of = BTreeMap::new();
        for split in 0..16 {
            for index in 0..generated.split_rows(split) {
                let tailnum = generated.flight(generated.row_number(split, index)).tailnum;
                assert_eq!(*split_of.entry(tailnum).or_insert(split), split);
            }
        }

        assert_eq!(split_of.len(), 50);
    }

    #[test]
    fn event_time_never_goes_back() {
        let generated = Generated::new(10, 1_000, 16);

        assert!((1..1_000).all(|row| generated.at(row - 1) <= generated.at(row)));
    }
}
