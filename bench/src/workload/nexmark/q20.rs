//! q20: every bid with its auction, for the auctions of one category.
//!
//! A join without windows, so nothing leaves the state: a list of all bids of each auction, and the auctions of the category.

use std::collections::BTreeMap;

use anyhow::Result;
use nexmark::event::{Auction, Bid, Event};

use super::{of_auction, of_bid};
use crate::workload::case::Case;
use crate::workload::keyed::{Handles, Keyed, Scope as _};
use crate::workload::outputs::Outputs;

/// The first of the generator's five.
const CATEGORY: usize = 10;

pub(crate) enum Q20 {}

pub(crate) struct States<H: Handles> {
    auctions: H::Value<Auction, ()>,
    bids: H::List<Bid, ()>,
}

impl Case for Q20 {
    type Event = Event;
    type Key = u64;
    type States<H: Handles> = States<H>;

    fn key(event: &Event) -> u64 {
        match event {
            Event::Auction(auction) => auction.id as u64,
            Event::Bid(bid) => bid.auction as u64,
            Event::Person(_) => 0,
        }
    }

    fn open<B: Keyed<u64>>(backend: &mut B) -> Result<States<B::Handles>> {
        Ok(States {
            auctions: backend.value("auctions")?,
            bids: backend.list("bids")?,
        })
    }

    fn event<B: Keyed<u64>>(
        states: &States<B::Handles>,
        backend: &mut B,
        event: &Event,
        out: &mut Outputs,
    ) -> Result<()> {
        let mut scope = backend.key(&Self::key(event))?;
        match event {
            Event::Auction(auction) if auction.category == CATEGORY => {
                scope.set(states.auctions, &(), auction)?;
                scope.elements(states.bids, &(), |bid| emit(auction, &bid, out))
            }
            Event::Bid(bid) => {
                scope.push(states.bids, &(), bid)?;
                if let Some(auction) = scope.get(states.auctions, &())? {
                    emit(&auction, bid, out);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn watermark<B: Keyed<u64>>(
        _: &States<B::Handles>,
        _: &mut B,
        _: i64,
        _: &mut Outputs,
    ) -> Result<()> {
        Ok(())
    }

    fn expected(events: impl Iterator<Item = Event>, _: i64) -> Outputs {
        let mut auctions = BTreeMap::new();
        let mut bids = Vec::new();
        for event in events {
            match event {
                Event::Auction(auction) if auction.category == CATEGORY => {
                    auctions.insert(auction.id, auction);
                }
                Event::Bid(bid) => bids.push(bid),
                _ => {}
            }
        }
        let mut out = Outputs::default();
        for bid in bids {
            if let Some(auction) = auctions.get(&bid.auction) {
                emit(auction, &bid, &mut out);
            }
        }
        out
    }
}

fn emit(auction: &Auction, bid: &Bid, out: &mut Outputs) {
    let mut words = of_auction(auction).to_vec();
    words.extend(of_bid(bid));
    out.emit(&words);
}
