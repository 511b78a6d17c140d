//! q9: the winning bid of each auction, when the auction ends.

use anyhow::Result;
use nexmark::event::{Auction, Bid, Event};

use super::auctions::{Lots, all_sold};
use super::{of_auction, of_bid};
use crate::workload::case::Case;
use crate::workload::keyed::{Handles, Keyed};
use crate::workload::outputs::Outputs;

pub(crate) enum Q9 {}

impl Case for Q9 {
    type Event = Event;
    type Key = u64;
    type States<H: Handles> = Lots<H, Auction, Bid>;

    fn key(event: &Event) -> u64 {
        match event {
            Event::Auction(auction) => auction.id as u64,
            Event::Bid(bid) => bid.auction as u64,
            Event::Person(_) => 0,
        }
    }

    fn open<B: Keyed<u64>>(backend: &mut B) -> Result<Self::States<B::Handles>> {
        Lots::register(backend)
    }

    fn event<B: Keyed<u64>>(
        lots: &Self::States<B::Handles>,
        backend: &mut B,
        event: &Event,
        _: &mut Outputs,
    ) -> Result<()> {
        let mut scope = backend.key(&Self::key(event))?;
        match event {
            Event::Auction(auction) => lots.auction(&mut scope, auction, auction.clone()),
            Event::Bid(bid) => lots.bid(&mut scope, bid),
            Event::Person(_) => Ok(()),
        }
    }

    fn watermark<B: Keyed<u64>>(
        lots: &Self::States<B::Handles>,
        backend: &mut B,
        watermark: i64,
        out: &mut Outputs,
    ) -> Result<()> {
        while let Some(ended) = lots.end(backend, watermark)? {
            if let Some((auction, bid)) = ended.sold {
                emit(&auction, &bid, out);
            }
        }
        Ok(())
    }

    fn expected(events: impl Iterator<Item = Event>, last: i64) -> Outputs {
        let mut out = Outputs::default();
        for (auction, bid) in all_sold(events, last) {
            emit(&auction, &bid, &mut out);
        }
        out
    }
}

fn emit(auction: &Auction, bid: &Bid, out: &mut Outputs) {
    let mut words = of_auction(auction).to_vec();
    words.extend(of_bid(bid));
    out.emit(&words);
}
