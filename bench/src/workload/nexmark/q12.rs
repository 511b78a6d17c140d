//! q12: how many bids each bidder made in each 10 seconds of processing time.
//!
//! The clock is that of the generator: a bid's time is when it arrives. So the result can be recomputed, while timers are asked for
//! before every bid, as a clock that runs on its own makes an engine do.

use std::collections::BTreeMap;

use anyhow::Result;
use nexmark::event::Event;

use super::{WINDOW, millis};
use crate::workload::case::Case;
use crate::workload::keyed::{Handles, Keyed, Scope as _};
use crate::workload::outputs::{self, Outputs};

pub(crate) enum Q12 {}

pub(crate) struct States<H: Handles> {
    counts: H::Reducing<u64, i64>,
    ends: H::Timers<i64>,
}

impl Case for Q12 {
    type Event = Event;
    type Key = u64;
    type States<H: Handles> = States<H>;

    fn key(event: &Event) -> u64 {
        match event {
            Event::Bid(bid) => bid.bidder as u64,
            _ => 0,
        }
    }

    fn open<B: Keyed<u64>>(backend: &mut B) -> Result<States<B::Handles>> {
        Ok(States {
            counts: backend.reducing("counts", |a, b| a + b)?,
            ends: backend.timers("ends")?,
        })
    }

    fn event<B: Keyed<u64>>(
        states: &States<B::Handles>,
        backend: &mut B,
        event: &Event,
        out: &mut Outputs,
    ) -> Result<()> {
        let Event::Bid(bid) = event else {
            return Ok(());
        };
        let now = millis(bid.date_time);
        Self::watermark(states, backend, now - 1, out)?;
        let start = now - now % WINDOW;
        let mut scope = backend.key(&Self::key(event))?;
        scope.add(states.counts, &start, 1)?;
        scope.register(states.ends, &start, start + WINDOW - 1)
    }

    fn watermark<B: Keyed<u64>>(
        states: &States<B::Handles>,
        backend: &mut B,
        watermark: i64,
        out: &mut Outputs,
    ) -> Result<()> {
        while let Some(due) = backend.due(states.ends, watermark)? {
            let mut scope = backend.key(&due.key)?;
            let count = scope.take_reduced(states.counts, &due.namespace)?;
            out.emit(&[due.key, outputs::time(due.namespace), count.unwrap_or(0)]);
        }
        Ok(())
    }

    fn expected(events: impl Iterator<Item = Event>, last: i64) -> Outputs {
        let mut counts = BTreeMap::<(i64, usize), u64>::new();
        for event in events {
            if let Event::Bid(bid) = event {
                let window = millis(bid.date_time) / WINDOW;
                *counts.entry((window, bid.bidder)).or_default() += 1;
            }
        }
        let mut out = Outputs::default();
        for ((window, bidder), count) in counts {
            if (window + 1) * WINDOW <= last + 1 {
                out.emit(&[bidder as u64, outputs::time(window * WINDOW), count]);
            }
        }
        out
    }
}
