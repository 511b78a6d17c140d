//! q11: how many bids each bidder made in each session, with 10 seconds between sessions.

use std::collections::BTreeMap;

use anyhow::Result;
use nexmark::event::Event;

use super::{WINDOW, millis};
use crate::workload::case::Case;
use crate::workload::keyed::{Handles, Keyed, Scope as _};
use crate::workload::outputs::Outputs;
use crate::workload::sessions::Open;

pub(crate) enum Q11 {}

pub(crate) struct States<H: Handles> {
    open: Open<H>,
    counts: H::Reducing<u64, i64>,
}

impl Case for Q11 {
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
            open: Open::register(backend)?,
            counts: backend.reducing("counts", |a, b| a + b)?,
        })
    }

    fn event<B: Keyed<u64>>(
        states: &States<B::Handles>,
        backend: &mut B,
        event: &Event,
        _: &mut Outputs,
    ) -> Result<()> {
        let Event::Bid(bid) = event else {
            return Ok(());
        };
        let mut scope = backend.key(&Self::key(event))?;
        let placed = states
            .open
            .place(&mut scope, millis(bid.date_time), WINDOW)?;
        if !placed.absorbed.is_empty() {
            scope.merge_reduced(states.counts, &placed.namespace, &placed.absorbed)?;
        }
        scope.add(states.counts, &placed.namespace, 1)
    }

    fn watermark<B: Keyed<u64>>(
        states: &States<B::Handles>,
        backend: &mut B,
        watermark: i64,
        out: &mut Outputs,
    ) -> Result<()> {
        while let Some((bidder, namespace)) = states.open.close(backend, watermark)? {
            let count = backend
                .key(&bidder)?
                .take_reduced(states.counts, &namespace)?;
            out.emit(&[bidder, count.unwrap_or(0)]);
        }
        Ok(())
    }

    fn expected(events: impl Iterator<Item = Event>, last: i64) -> Outputs {
        let mut bidders = BTreeMap::<usize, Vec<i64>>::new();
        for event in events {
            if let Event::Bid(bid) = event {
                let times = bidders.entry(bid.bidder).or_default();
                times.push(millis(bid.date_time));
            }
        }
        let mut out = Outputs::default();
        for (bidder, mut times) in bidders {
            times.sort_unstable();
            for session in times.chunk_by(|a, b| a + WINDOW >= *b) {
                if session.last().is_some_and(|time| time + WINDOW <= last + 1) {
                    out.emit(&[bidder as u64, session.len() as u64]);
                }
            }
        }
        out
    }
}
