//! The job's operator: what is kept for each aircraft, and the alert for one that stays away.
//!
//! | state | kind | what |
//! |---|---|---|
//! | `position` | value | where and when the aircraft was seen last, and whether its 7 days are over |
//! | `last_delays` | list | its last delays |
//! | `destinations` | map | flights and delay for each destination |
//! | `air_minutes` | reducing | minutes in the air |
//! | `delay` | aggregating | mean and worst delay |
//! | `grounded` | event-time timers | one for each aircraft: 7 days after it was seen last |
//!
//! Flights of one aircraft arrive in order, but may run ahead of the watermark, which waits for the
//! slowest split. So a flight may arrive before the timer it is too late for has fired: the alert
//! is raised then, by the flight, with the timer's time. Either way it is raised exactly once, and
//! what is raised does not depend on how far the splits are apart.

use alluvium::state::{Aggregate, Aggregating, List, Map, Reducing, Timers, Value};
use alluvium::{
    AggregatingState, Backend, EventTimers, ListState, MapState, ReducingState, Result, ValueState,
};
use alluvium_protocol::key::EncodeKey;
use alluvium_timely::Operator;
use serde::{Deserialize, Serialize};

use super::flight::Flight;
use super::outcome::{
    Aircraft, Alert, Delay, Destination, GROUNDED_AFTER_MILLIS, LAST_DELAYS, Outcome,
};

const POSITION: ValueState<Position> = ValueState::new("position");
const LAST_DELAYS_STATE: ListState<i32> = ListState::new("last_delays");
const DESTINATIONS: MapState<String, Destination> = MapState::new("destinations");
const AIR_MINUTES: ReducingState<u64> = ReducingState::new("air_minutes", |a, b| a + b);
const DELAY: AggregatingState<MeanAndWorst> = AggregatingState::new("delay");
const GROUNDED: EventTimers = EventTimers::new("grounded");

/// Where an aircraft was seen last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    airport: String,
    seen: i64,
    grounded: bool,
    /// Delays pushed since the list was cut to length.
    delays_pushed: u16,
}

/// Mean and worst of delays in minutes.
enum MeanAndWorst {}

/// What [`MeanAndWorst`] stores.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Delays {
    arrivals: u64,
    minutes: i64,
    worst: i32,
}

impl Aggregate for MeanAndWorst {
    type Input = i32;
    type Accumulator = Delays;
    type Output = Delay;

    fn create() -> Delays {
        Delays {
            arrivals: 0,
            minutes: 0,
            worst: i32::MIN,
        }
    }

    fn add(delays: &mut Delays, delay: &i32) {
        delays.arrivals += 1;
        delays.minutes += i64::from(*delay);
        delays.worst = delays.worst.max(*delay);
    }

    fn merge(delays: &mut Delays, other: Delays) {
        delays.arrivals += other.arrivals;
        delays.minutes += other.minutes;
        delays.worst = delays.worst.max(other.worst);
    }

    fn result(delays: &Delays) -> Delay {
        let arrivals = i64::try_from(delays.arrivals).unwrap_or(i64::MAX).max(1);
        Delay {
            arrivals: delays.arrivals,
            mean_millis: delays.minutes * 1000 / arrivals,
            worst: delays.worst,
        }
    }
}

/// Keeps the state of aircraft.
#[derive(Debug, Default)]
pub(crate) struct Fleet(Option<States>);

#[derive(Debug, Clone, Copy)]
struct States {
    position: Value<Position>,
    last_delays: List<i32>,
    destinations: Map<String, Destination>,
    air_minutes: Reducing<u64>,
    delay: Aggregating<MeanAndWorst>,
    grounded: Timers,
}

impl Fleet {
    fn states(&self) -> Result<States> {
        self.0
            .ok_or_else(|| alluvium::Error::invalid("the operator was not opened"))
    }
}

impl Operator for Fleet {
    type Record = Flight;
    type Key = String;
    type Output = String;

    fn key(flight: &Flight) -> impl EncodeKey<Key = String> {
        &flight.tailnum
    }

    fn open(&mut self, backend: &mut Backend<String>) -> Result<()> {
        self.0 = Some(States {
            position: backend.register(POSITION)?,
            last_delays: backend.register(LAST_DELAYS_STATE)?,
            destinations: backend.register(DESTINATIONS)?,
            air_minutes: backend.register(AIR_MINUTES)?,
            delay: backend.register(DELAY)?,
            grounded: backend.register(GROUNDED)?,
        });
        Ok(())
    }

    fn record(
        &mut self,
        backend: &mut Backend<String>,
        flight: Flight,
        out: &mut dyn FnMut(String),
    ) -> Result<()> {
        let states = self.states()?;
        let mut aircraft = backend.key(flight.tailnum.as_str())?;

        let before = aircraft.value(states.position).get()?;
        let mut delays_pushed = 0;
        if let Some(before) = before {
            delays_pushed = before.delays_pushed;
            let due = before.seen + GROUNDED_AFTER_MILLIS;
            aircraft.timers(states.grounded).deregister(due)?;
            if !before.grounded && flight.at > due {
                out(alert(&flight.tailnum, &before)?);
            }
        }
        aircraft
            .timers(states.grounded)
            .register(flight.at + GROUNDED_AFTER_MILLIS)?;

        if let Some(delay) = flight.arr_delay {
            aircraft.delay_arrived(states, delay, &mut delays_pushed)?;
        }
        if flight.departed {
            let late = i64::from(flight.arr_delay.unwrap_or(0));
            aircraft
                .map(states.destinations)
                .update(flight.dest.as_str(), |sofar| {
                    let sofar = sofar.unwrap_or_default();
                    Destination {
                        flights: sofar.flights + 1,
                        delay_minutes: sofar.delay_minutes + late,
                    }
                })?;
        }
        if let Some(minutes) = flight.air_minutes {
            aircraft
                .reducing(states.air_minutes)
                .add(u64::from(minutes))?;
        }
        let airport = flight.seen_at().to_owned();
        aircraft.value(states.position).set(&Position {
            airport,
            seen: flight.at,
            grounded: false,
            delays_pushed,
        })
    }

    fn watermark(
        &mut self,
        backend: &mut Backend<String>,
        watermark: i64,
        out: &mut dyn FnMut(String),
    ) -> Result<()> {
        let states = self.states()?;
        while let Some(timer) = backend.due(states.grounded, watermark)? {
            let mut aircraft = backend.key(timer.key.as_str())?;
            let mut position = aircraft.value(states.position);
            if let Some(seen) = position.get()? {
                out(alert(&timer.key, &seen)?);
                position.set(&Position {
                    grounded: true,
                    ..seen
                })?;
            }
        }
        Ok(())
    }

    fn end(&mut self, backend: &mut Backend<String>, out: &mut dyn FnMut(String)) -> Result<()> {
        let states = self.states()?;
        let mut tailnums = Vec::new();
        backend.entries(states.position, |tailnum: String, (), _| {
            tailnums.push(tailnum);
            Ok(())
        })?;
        for tailnum in tailnums {
            let mut aircraft = backend.key(tailnum.as_str())?;
            let Some(position) = aircraft.value(states.position).get()? else {
                continue;
            };
            let mut last_delays = aircraft.list(states.last_delays).get()?;
            last_delays.drain(..last_delays.len().saturating_sub(LAST_DELAYS));
            let known = Aircraft {
                airport: position.airport,
                seen: position.seen,
                grounded: position.grounded,
                last_delays,
                destinations: aircraft
                    .map(states.destinations)
                    .entries()?
                    .into_iter()
                    .collect(),
                air_minutes: aircraft.reducing(states.air_minutes).get()?.unwrap_or(0),
                delay: aircraft.aggregating(states.delay).get()?,
                tailnum,
            };
            out(line(&Outcome::Aircraft(known))?);
        }
        Ok(())
    }
}

/// What a delay changes.
trait DelayArrived {
    fn delay_arrived(&mut self, states: States, delay: i32, pushed: &mut u16) -> Result<()>;
}

impl DelayArrived for alluvium::KeyScope<'_, String> {
    fn delay_arrived(&mut self, states: States, delay: i32, pushed: &mut u16) -> Result<()> {
        self.aggregating(states.delay).add(&delay)?;
        let mut list = self.list(states.last_delays);
        list.push(&delay)?;
        *pushed += 1;
        // Appending is cheap and reading is not: the list grows to a multiple of its length before
        // it is cut, and the end takes the last ones only.
        if usize::from(*pushed) >= 4 * LAST_DELAYS {
            let all = list.get()?;
            let kept = all
                .get(all.len().saturating_sub(LAST_DELAYS)..)
                .unwrap_or(&all);
            list.set(kept)?;
            *pushed = 0;
        }
        Ok(())
    }
}

fn alert(tailnum: &str, position: &Position) -> Result<String> {
    line(&Outcome::Alert(Alert {
        at: position.seen + GROUNDED_AFTER_MILLIS,
        tailnum: tailnum.to_owned(),
        airport: position.airport.clone(),
    }))
}

fn line(outcome: &Outcome) -> Result<String> {
    outcome
        .to_line()
        .map_err(|error| alluvium::Error::invalid(error.to_string()))
}
