//! The stream of the windowed workloads: keyed events of two sides, some of them late.
//!
//! Event `i` of `n` arrives at `i * SPAN / n`. Nine of ten have that time as event time, the others are up to
//! [`LATE`] older. The watermark follows the arrivals at that distance, so nothing comes after it.

use serde::{Deserialize, Serialize};

use super::input::Input;
use crate::data::{self, Random, mix};

/// Event time from the first to the last arrival, in milliseconds, however many events there are.
pub(crate) const SPAN: i64 = 600_000;

/// How late an event is at the most, in milliseconds.
pub(crate) const LATE: i64 = 5_000;

/// The time before any event's: later ones are not negative.
const START: i64 = LATE;

/// One event.
#[derive(Debug, Clone, Default)]
pub(crate) struct Click {
    pub(crate) key: u64,
    pub(crate) time: i64,
    /// Different for all events.
    pub(crate) number: u64,
    pub(crate) amount: u64,
    pub(crate) is_right: bool,
    pub(crate) payload: Payload,
}

/// Bytes that an event carries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Payload(#[serde(with = "serde_bytes")] pub(crate) Vec<u8>);

/// How keys are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Draw {
    /// Each as often as any other.
    Uniform,
    /// By Zipf's law with exponent 0.99.
    Zipf,
}

/// All events of a run, again from the beginning for each that is made.
#[derive(Debug)]
pub(crate) struct Clicks {
    events: u64,
    keys: u64,
    value_bytes: usize,
    /// Keys by Zipf's law, used round and round.
    drawn: Option<Vec<u32>>,
    random: Random,
    next: u64,
}

impl Clicks {
    pub(crate) fn new(events: u64, keys: u64, draw: Draw, value_bytes: usize) -> Self {
        Self {
            events,
            keys,
            value_bytes,
            drawn: (draw == Draw::Zipf).then(|| data::zipf(keys)),
            random: Random::seeded(44),
            next: 0,
        }
    }

    /// When an event arrives.
    fn arrival(&self, event: u64) -> i64 {
        let millis = u128::from(event) * u128::from(SPAN.unsigned_abs()) / u128::from(self.events);
        START + i64::try_from(millis).unwrap_or(i64::MAX - START)
    }

    fn write(&mut self, click: &mut Click) {
        let number = self.next;
        let drawn = self.random.next();
        let late = match drawn % 10 {
            0 => i64::try_from((drawn >> 8) % LATE.unsigned_abs()).unwrap_or(0),
            _ => 0,
        };
        click.key = match &self.drawn {
            Some(keys) => u64::from(keys[number as usize % keys.len()]),
            None => self.random.below(self.keys),
        };
        click.time = self.arrival(number) - late;
        click.number = number;
        click.amount = mix(number) % 1_000;
        click.is_right = mix(number) & 1 << 20 != 0;
        click.payload.0.resize(self.value_bytes, 0);
        data::write_value(click.key, number, &mut click.payload.0);
        self.next += 1;
    }
}

impl Input for Clicks {
    type Event = Click;

    fn read(&mut self, events: &mut Vec<Click>, most: usize) -> anyhow::Result<()> {
        let left = usize::try_from(self.events - self.next).unwrap_or(usize::MAX);
        // Events are used again, with what their payloads have allocated.
        events.resize_with(left.min(most), Click::default);
        for click in events {
            self.write(click);
        }
        Ok(())
    }

    fn watermark(&self) -> i64 {
        if self.next == self.events {
            return self.last();
        }
        self.arrival(self.next) - LATE - 1
    }

    fn last(&self) -> i64 {
        START + SPAN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_event_comes_after_the_watermark_and_some_are_out_of_order() {
        let mut clicks = Clicks::new(10_000, 100, Draw::Zipf, 16);
        let (mut chunk, mut late, mut last) = (Vec::new(), 0, i64::MIN);
        loop {
            let watermark = clicks.watermark();
            clicks.read(&mut chunk, 64).unwrap();
            if chunk.is_empty() {
                break;
            }
            for click in &chunk {
                assert!(click.time > watermark);
                late += u32::from(click.time < last);
                last = click.time;
            }
        }

        assert!((500..2_000).contains(&late), "{late}");
    }
}
