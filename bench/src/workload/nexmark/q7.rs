//! q7: the bids with the highest price of each window of 10 seconds.
//!
//! As the query's join has it: one stage finds the highest price of each window, `(false, 0)`; the other
//! keeps all bids of a window by their price, `(true, price)`, and puts out those whose price is the highest.

use std::collections::BTreeMap;

use anyhow::Result;
use nexmark::event::{Bid, Event};

use super::{WINDOW, millis, of_bid};
use crate::workload::case::Case;
use crate::workload::keyed::{Handles, Keyed, Scope as _};
use crate::workload::outputs::{self, Outputs};

/// The key of all windows' highest prices.
const HIGHEST: (bool, u64) = (false, 0);

pub(crate) enum Q7 {}

pub(crate) struct States<H: Handles> {
    highest: H::Value<u64, i64>,
    highest_ends: H::Timers<i64>,
    bids: H::List<Bid, i64>,
    bids_end: H::Timers<i64>,
}

impl Case for Q7 {
    type Event = Event;
    type Key = (bool, u64);
    type States<H: Handles> = States<H>;

    fn key(event: &Event) -> (bool, u64) {
        match event {
            Event::Bid(bid) => (true, bid.price as u64),
            _ => HIGHEST,
        }
    }

    fn open<B: Keyed<(bool, u64)>>(backend: &mut B) -> Result<States<B::Handles>> {
        Ok(States {
            highest: backend.value("highest")?,
            highest_ends: backend.timers("highest ends")?,
            bids: backend.list("bids")?,
            bids_end: backend.timers("bids end")?,
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
        let start = time - time % WINDOW;
        let price = bid.price as u64;
        let mut scope = backend.key(&HIGHEST)?;
        let known = scope.get(states.highest, &start)?;
        if known.is_none_or(|known| known < price) {
            scope.set(states.highest, &start, &price)?;
            scope.register(states.highest_ends, &start, start + WINDOW - 1)?;
        }
        drop(scope);
        let mut scope = backend.key(&(true, price))?;
        scope.push(states.bids, &start, bid)?;
        scope.register(states.bids_end, &start, start + WINDOW - 1)
    }

    fn watermark<B: Keyed<(bool, u64)>>(
        states: &States<B::Handles>,
        backend: &mut B,
        watermark: i64,
        out: &mut Outputs,
    ) -> Result<()> {
        while let Some(due) = backend.due(states.bids_end, watermark)? {
            let highest = backend.key(&HIGHEST)?.get(states.highest, &due.namespace)?;
            let mut scope = backend.key(&due.key)?;
            if highest == Some(due.key.1) {
                scope.elements(states.bids, &due.namespace, |bid| {
                    emit(due.namespace, &bid, out);
                })?;
            }
            scope.clear_list(states.bids, &due.namespace)?;
        }
        while let Some(due) = backend.due(states.highest_ends, watermark)? {
            backend
                .key(&due.key)?
                .take(states.highest, &due.namespace)?;
        }
        Ok(())
    }

    fn expected(events: impl Iterator<Item = Event>, last: i64) -> Outputs {
        let mut best = BTreeMap::<i64, Vec<Bid>>::new();
        for event in events {
            let Event::Bid(bid) = event else { continue };
            let bids = best.entry(millis(bid.date_time) / WINDOW).or_default();
            let highest = bids.first().map_or(0, |best| best.price);
            if bid.price > highest {
                bids.clear();
            }
            if bid.price >= highest {
                bids.push(bid);
            }
        }
        let mut out = Outputs::default();
        for (window, bids) in best {
            if (window + 1) * WINDOW <= last + 1 {
                for bid in bids {
                    emit(window * WINDOW, &bid, &mut out);
                }
            }
        }
        out
    }
}

fn emit(start: i64, bid: &Bid, out: &mut Outputs) {
    let [auction, bidder, price, time, url, extra] = of_bid(bid);
    out.emit(&[
        outputs::time(start),
        auction,
        bidder,
        price,
        time,
        url,
        extra,
    ]);
}
