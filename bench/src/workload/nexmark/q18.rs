//! q18: the last bid of each bidder for each auction, whenever there is a later one.

use std::collections::BTreeMap;

use anyhow::Result;
use nexmark::event::{Bid, Event};

use super::of_bid;
use crate::workload::case::Case;
use crate::workload::keyed::{Handles, Keyed, Scope as _};
use crate::workload::outputs::Outputs;

pub(crate) enum Q18 {}

pub(crate) struct States<H: Handles> {
    last: H::Value<Bid, ()>,
}

impl Case for Q18 {
    type Event = Event;
    /// Bidder and auction.
    type Key = (u64, u64);
    type States<H: Handles> = States<H>;

    fn key(event: &Event) -> (u64, u64) {
        match event {
            Event::Bid(bid) => (bid.bidder as u64, bid.auction as u64),
            _ => (0, 0),
        }
    }

    fn open<B: Keyed<(u64, u64)>>(backend: &mut B) -> Result<States<B::Handles>> {
        let last = backend.value("last")?;
        Ok(States { last })
    }

    fn event<B: Keyed<(u64, u64)>>(
        states: &States<B::Handles>,
        backend: &mut B,
        event: &Event,
        out: &mut Outputs,
    ) -> Result<()> {
        let Event::Bid(bid) = event else {
            return Ok(());
        };
        let mut scope = backend.key(&Self::key(event))?;
        let before = scope.get(states.last, &())?;
        if before.is_none_or(|before| before.date_time <= bid.date_time) {
            scope.set(states.last, &(), bid)?;
            out.emit(&of_bid(bid));
        }
        Ok(())
    }

    fn watermark<B: Keyed<(u64, u64)>>(
        _: &States<B::Handles>,
        _: &mut B,
        _: i64,
        _: &mut Outputs,
    ) -> Result<()> {
        Ok(())
    }

    fn expected(events: impl Iterator<Item = Event>, _: i64) -> Outputs {
        let mut last = BTreeMap::<(usize, usize), u64>::new();
        let mut out = Outputs::default();
        for event in events {
            let Event::Bid(bid) = event else { continue };
            let time = last.entry((bid.bidder, bid.auction)).or_default();
            if bid.date_time >= *time {
                *time = bid.date_time;
                out.emit(&of_bid(&bid));
            }
        }
        out
    }
}
