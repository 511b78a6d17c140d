//! Runs a case on a backend in a loop of its own: events in chunks, a watermark after each.
//!
//! Only the second half of the events is measured, when state has grown, in rounds of equal numbers of events. The clock stands still while
//! events are made.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::case::Case;
use super::input::Input;
use super::keyed::Keyed;
use super::outputs::Outputs;

/// Events between watermarks.
const CHUNK: usize = 1_024;

/// Counts events, and times those of the second half.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    /// Events of a round.
    round: u64,
    seen: u64,
    /// Events and time of the round that goes on.
    events: u64,
    time: Duration,
    rates: Vec<f64>,
}

impl Stopwatch {
    /// For `events` events, of which the second half is cut into `rounds` rounds.
    pub(crate) fn new(events: u64, rounds: u64) -> Self {
        Self {
            round: (events / 2 / rounds.max(1)).max(1),
            seen: events / 2,
            events: 0,
            time: Duration::ZERO,
            rates: Vec::new(),
        }
    }

    /// So many events took so long.
    pub(crate) fn count(&mut self, events: u64, time: Duration) {
        if self.seen > 0 {
            self.seen = self.seen.saturating_sub(events);
            return;
        }
        self.events += events;
        self.time += time;
        if self.events >= self.round {
            self.rates
                .push(self.events as f64 / self.time.as_secs_f64());
            self.events = 0;
            self.time = Duration::ZERO;
        }
    }

    /// The rate of each round, in events a second.
    pub(crate) fn rates(mut self) -> Vec<f64> {
        // Chunks do not divide rounds, so the last one may be a little short.
        if self.events > self.round / 2 {
            self.rates
                .push(self.events as f64 / self.time.as_secs_f64());
        }
        self.rates
    }
}

/// Runs a case over all events; returns what it put out.
pub(crate) fn run<C: Case, B: Keyed<C::Key>>(
    backend: &mut B,
    mut input: impl Input<Event = C::Event>,
    stopwatch: &mut Stopwatch,
) -> Result<Outputs> {
    let states = C::open(backend)?;
    let mut out = Outputs::default();
    let mut events = Vec::with_capacity(CHUNK);
    loop {
        input.read(&mut events, CHUNK)?;
        if events.is_empty() {
            return Ok(out);
        }
        let start = Instant::now();
        for event in &events {
            C::event(&states, backend, event, &mut out)?;
        }
        C::watermark(&states, backend, input.watermark(), &mut out)?;
        stopwatch.count(events.len() as u64, start.elapsed());
    }
}
