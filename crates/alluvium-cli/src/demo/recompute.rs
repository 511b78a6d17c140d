//! The same result without any state backend: one thread, one pass, an ordered map in memory.
//!
//! Shares with the job the types of its outcomes and nothing else, so that the two can be wrong
//! only independently of each other.

use std::collections::{BTreeMap, VecDeque};

use super::flight::Flight;
use super::input::Input;
use super::outcome::{
    Aircraft, Alert, Delay, Destination, GROUNDED_AFTER_MILLIS, LAST_DELAYS, Outcome,
};

/// All outcomes of an input, alerts first, in no promised order.
pub(crate) fn recompute(input: &Input) -> Vec<Outcome> {
    let mut alerts = Vec::new();
    let mut fleet = BTreeMap::<String, Seen>::new();
    for flight in input.in_order() {
        match fleet.get_mut(&flight.tailnum) {
            Some(seen) => {
                // Seen again exactly 7 days later is seen in time.
                if flight.at > seen.at + GROUNDED_AFTER_MILLIS {
                    alerts.push(Outcome::Alert(seen.alert(&flight.tailnum)));
                }
                seen.add(&flight);
            }
            None => {
                let mut seen = Seen::default();
                seen.add(&flight);
                fleet.insert(flight.tailnum, seen);
            }
        }
    }
    let end = input.last_event_time();
    let mut outcomes = alerts;
    for (tailnum, seen) in &fleet {
        if end >= seen.at + GROUNDED_AFTER_MILLIS {
            outcomes.push(Outcome::Alert(seen.alert(tailnum)));
        }
    }
    outcomes.extend(
        fleet
            .into_iter()
            .map(|(tailnum, seen)| Outcome::Aircraft(seen.aircraft(tailnum, end))),
    );
    outcomes
}

#[derive(Debug, Default)]
struct Seen {
    at: i64,
    airport: String,
    last_delays: VecDeque<i32>,
    destinations: BTreeMap<String, Destination>,
    air_minutes: u64,
    arrivals: u64,
    delay_minutes: i64,
    worst: Option<i32>,
}

impl Seen {
    fn add(&mut self, flight: &Flight) {
        self.at = flight.at;
        flight.seen_at().clone_into(&mut self.airport);
        self.air_minutes += u64::from(flight.air_minutes.unwrap_or(0));
        if let Some(delay) = flight.arr_delay {
            self.last_delays.push_back(delay);
            if self.last_delays.len() > LAST_DELAYS {
                self.last_delays.pop_front();
            }
            self.arrivals += 1;
            self.delay_minutes += i64::from(delay);
            self.worst = self.worst.max(Some(delay));
        }
        if flight.departed {
            let destination = self.destinations.entry(flight.dest.clone()).or_default();
            destination.flights += 1;
            destination.delay_minutes += i64::from(flight.arr_delay.unwrap_or(0));
        }
    }

    fn alert(&self, tailnum: &str) -> Alert {
        Alert {
            at: self.at + GROUNDED_AFTER_MILLIS,
            tailnum: tailnum.to_owned(),
            airport: self.airport.clone(),
        }
    }

    fn aircraft(self, tailnum: String, end: i64) -> Aircraft {
        let mean_millis = |arrivals: u64| {
            let arrivals = i64::try_from(arrivals).unwrap_or(i64::MAX);
            self.delay_minutes * 1000 / arrivals
        };
        Aircraft {
            tailnum,
            grounded: end >= self.at + GROUNDED_AFTER_MILLIS,
            delay: self.worst.map(|worst| Delay {
                arrivals: self.arrivals,
                mean_millis: mean_millis(self.arrivals),
                worst,
            }),
            airport: self.airport,
            seen: self.at,
            last_delays: self.last_delays.into(),
            destinations: self.destinations,
            air_minutes: self.air_minutes,
        }
    }
}
