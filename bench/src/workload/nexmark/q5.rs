//! q5: the auctions with the most bids in each sliding window of 10 seconds, every 2 seconds.
//!
//! The first stage counts the bids of each auction and window, `(false, auction)`; the second finds the
//! largest count of each window, `(true, start)`.

use std::collections::BTreeMap;

use anyhow::Result;
use nexmark::event::Event;

use super::{WINDOW, millis};
use crate::workload::case::Case;
use crate::workload::keyed::{Handles, Keyed, Scope as _};
use crate::workload::outputs::Outputs;

/// Between the starts of windows, in milliseconds.
const SLIDE: i64 = 2_000;

pub(crate) enum Q5 {}

pub(crate) struct States<H: Handles> {
    counts: H::Reducing<u64, i64>,
    ends: H::Timers<i64>,
    /// The largest count, and the auctions that have it.
    hottest: H::Value<(u64, Vec<u64>), ()>,
    done: H::Timers<()>,
}

impl Case for Q5 {
    type Event = Event;
    type Key = (bool, u64);
    type States<H: Handles> = States<H>;

    fn key(event: &Event) -> (bool, u64) {
        match event {
            Event::Bid(bid) => (false, bid.auction as u64),
            _ => (false, 0),
        }
    }

    fn open<B: Keyed<(bool, u64)>>(backend: &mut B) -> Result<States<B::Handles>> {
        Ok(States {
            counts: backend.reducing("counts", |a, b| a + b)?,
            ends: backend.timers("ends")?,
            hottest: backend.value("hottest")?,
            done: backend.timers("done")?,
        })
    }

    fn event<B: Keyed<(bool, u64)>>(
        states: &States<B::Handles>,
        backend: &mut B,
        event: &Event,
        _: &mut Outputs,
    ) -> Result<()> {
        let Event::Bid(bid) = event else {
            return Ok(());
        };
        let time = millis(bid.date_time);
        let mut scope = backend.key(&Self::key(event))?;
        let mut start = time - time % SLIDE;
        while start + WINDOW > time {
            scope.add(states.counts, &start, 1)?;
            scope.register(states.ends, &start, start + WINDOW - 1)?;
            start -= SLIDE;
        }
        Ok(())
    }

    fn watermark<B: Keyed<(bool, u64)>>(
        states: &States<B::Handles>,
        backend: &mut B,
        watermark: i64,
        out: &mut Outputs,
    ) -> Result<()> {
        while let Some(due) = backend.due(states.ends, watermark)? {
            let (_, auction) = due.key;
            let count = backend
                .key(&due.key)?
                .take_reduced(states.counts, &due.namespace)?;
            let Some(count) = count else {
                continue;
            };
            let mut scope = backend.key(&(true, due.namespace.cast_unsigned()))?;
            scope.register(states.done, &(), due.time)?;
            scope.update(states.hottest, &(), |hottest: Option<(u64, Vec<u64>)>| {
                let (most, mut auctions) = hottest.unwrap_or_default();
                if count > most {
                    return (count, vec![auction]);
                }
                if count == most {
                    auctions.push(auction);
                }
                (most, auctions)
            })?;
        }
        // All counts of a window are in by now: its first stage fired at the same time.
        while let Some(due) = backend.due(states.done, watermark)? {
            let hottest = backend.key(&due.key)?.take(states.hottest, &())?;
            let (most, auctions) = hottest.unwrap_or_default();
            for auction in auctions {
                out.emit(&[due.key.1, auction, most]);
            }
        }
        Ok(())
    }

    fn expected(events: impl Iterator<Item = Event>, last: i64) -> Outputs {
        // Counts in slices of 2 seconds; a window is five slices.
        let mut slices = BTreeMap::<i64, BTreeMap<usize, u64>>::new();
        for event in events {
            if let Event::Bid(bid) = event {
                let slice = slices.entry(millis(bid.date_time) / SLIDE).or_default();
                *slice.entry(bid.auction).or_default() += 1;
            }
        }
        let first = slices.first_key_value().map_or(0, |(slice, _)| slice - 4);
        let mut out = Outputs::default();
        for window in first..=last / SLIDE {
            let mut counts = BTreeMap::<usize, u64>::new();
            for (auction, count) in slices
                .range(window..window + 5)
                .flat_map(|(_, slice)| slice)
            {
                *counts.entry(*auction).or_default() += count;
            }
            if window * SLIDE + WINDOW > last + 1 {
                continue;
            }
            let most = counts.values().copied().max().unwrap_or(0);
            for (auction, _) in counts.into_iter().filter(|(_, count)| *count == most) {
                out.emit(&[(window * SLIDE).cast_unsigned(), auction as u64, most]);
            }
        }
        out
    }
}
