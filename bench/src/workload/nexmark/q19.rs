//! q19: the ten highest bids of each auction: every bid that is among them when it comes, and its rank.
//!
//! Of equal prices the earlier bid is higher. State: the ranks of the ten, and the bids themselves in a map by rank.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use nexmark::event::{Bid, Event};

use super::of_bid;
use crate::workload::case::Case;
use crate::workload::keyed::{Handles, Keyed, Scope as _};
use crate::workload::outputs::Outputs;

const TOP: usize = 10;

pub(crate) enum Q19 {}

/// Price, time counted down, bidder: greater is better.
type Rank = (u64, u64, u64);

pub(crate) struct States<H: Handles> {
    /// In ascending order.
    ranks: H::Value<Vec<Rank>, ()>,
    bids: H::Map<Rank, Bid>,
}

impl Case for Q19 {
    type Event = Event;
    type Key = u64;
    type States<H: Handles> = States<H>;

    fn key(event: &Event) -> u64 {
        match event {
            Event::Bid(bid) => bid.auction as u64,
            _ => 0,
        }
    }

    fn open<B: Keyed<u64>>(backend: &mut B) -> Result<States<B::Handles>> {
        Ok(States {
            ranks: backend.value("ranks")?,
            bids: backend.map("bids")?,
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
        let mut scope = backend.key(&Self::key(event))?;
        let mut ranks = scope.get(states.ranks, &())?.unwrap_or_default();
        let rank = rank_of(bid);
        let above = ranks.partition_point(|other| *other < rank);
        if ranks.get(above) == Some(&rank) || above == 0 && ranks.len() == TOP {
            return Ok(());
        }
        ranks.insert(above, rank);
        scope.map_put(states.bids, &rank, bid)?;
        emit(bid, ranks.len() - above, out);
        if ranks.len() > TOP {
            let lowest = ranks.remove(0);
            scope.map_remove(states.bids, &lowest)?;
        }
        scope.set(states.ranks, &(), &ranks)
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
        let mut auctions = BTreeMap::<usize, BTreeSet<Rank>>::new();
        let mut out = Outputs::default();
        for event in events {
            let Event::Bid(bid) = event else { continue };
            let best = auctions.entry(bid.auction).or_default();
            let is_new = best.insert(rank_of(&bid));
            let place = best.range(rank_of(&bid)..).count();
            if is_new && place <= TOP {
                emit(&bid, place, &mut out);
            }
            if best.len() > TOP {
                best.pop_first();
            }
        }
        out
    }
}

const fn rank_of(bid: &Bid) -> Rank {
    (
        bid.price as u64,
        u64::MAX - bid.date_time,
        bid.bidder as u64,
    )
}

fn emit(bid: &Bid, place: usize, out: &mut Outputs) {
    let [auction, bidder, price, time, url, extra] = of_bid(bid);
    out.emit(&[auction, bidder, price, time, url, extra, place as u64]);
}
