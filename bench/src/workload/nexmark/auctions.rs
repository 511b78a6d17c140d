//! Auctions and the best bid for each, until they end: what q4 and q9 share.
//!
//! A bid counts from the auction's beginning to its end, both included; the highest wins, of equal ones the earliest. State of an
//! auction: itself with its best bid so far, bids that came before it, and a timer at its end. That it has
//! ended is kept, or later bids would wait for it forever.

use std::collections::BTreeMap;

use alluvium::protocol::key::Key;
use anyhow::Result;
use nexmark::event::{Auction, Bid, Event};
use serde::{Deserialize, Serialize};

use super::millis;
use crate::workload::keyed::{Handles, Keyed, Row, Scope};

/// What is kept of a bid.
pub(crate) trait Offer: Row + Clone {
    fn of(bid: &Bid) -> Self;
    fn price(&self) -> usize;
    fn time(&self) -> u64;
}

impl Offer for Bid {
    fn of(bid: &Bid) -> Self {
        bid.clone()
    }

    fn price(&self) -> usize {
        self.price
    }

    fn time(&self) -> u64 {
        self.date_time
    }
}

/// An auction, as far as it has come, with what is kept of it and of bids.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Lot<A, O> {
    Open {
        from: u64,
        to: u64,
        auction: A,
        best: Option<O>,
    },
    Ended,
}

/// An auction that has ended.
pub(crate) struct Ended<A, O> {
    pub(crate) time: i64,
    /// What was kept of it and of its best bid, if there was one that counted.
    pub(crate) sold: Option<(A, O)>,
}

/// The states of auctions.
pub(crate) struct Lots<H: Handles, A: Row, O: Offer> {
    lots: H::Value<Lot<A, O>, ()>,
    /// Bids that came before their auction.
    early: H::List<O, ()>,
    ends: H::Timers<()>,
}

impl<H: Handles, A: Row, O: Offer> Lots<H, A, O> {
    pub(crate) fn register<K: Key>(backend: &mut impl Keyed<K, Handles = H>) -> Result<Self> {
        Ok(Self {
            lots: backend.value("lots")?,
            early: backend.list("early")?,
            ends: backend.timers("ends")?,
        })
    }

    pub(crate) fn auction(
        &self,
        scope: &mut impl Scope<H>,
        auction: &Auction,
        kept: A,
    ) -> Result<()> {
        let (from, to) = (auction.date_time, auction.expires);
        let mut best = None;
        scope.elements(self.early, &(), |offer| {
            better(&mut best, offer, from, to);
        })?;
        scope.clear_list(self.early, &())?;
        let lot = Lot::Open {
            from,
            to,
            auction: kept,
            best,
        };
        scope.set(self.lots, &(), &lot)?;
        scope.register(self.ends, &(), millis(to))
    }

    pub(crate) fn bid(&self, scope: &mut impl Scope<H>, bid: &Bid) -> Result<()> {
        match scope.get(self.lots, &())? {
            None => scope.push(self.early, &(), &O::of(bid)),
            Some(Lot::Ended) => Ok(()),
            Some(Lot::Open {
                from,
                to,
                auction,
                mut best,
            }) => {
                if !better(&mut best, O::of(bid), from, to) {
                    return Ok(());
                }
                let lot = Lot::Open {
                    from,
                    to,
                    auction,
                    best,
                };
                scope.set(self.lots, &(), &lot)
            }
        }
    }

    /// Ends the next auction that is over.
    pub(crate) fn end<K: Key>(
        &self,
        backend: &mut impl Keyed<K, Handles = H>,
        watermark: i64,
    ) -> Result<Option<Ended<A, O>>> {
        let Some(due) = backend.due(self.ends, watermark)? else {
            return Ok(None);
        };
        let mut scope = backend.key(&due.key)?;
        let sold = match scope.get(self.lots, &())? {
            Some(Lot::Open { auction, best, .. }) => best.map(|best| (auction, best)),
            _ => None,
        };
        scope.set(self.lots, &(), &Lot::Ended)?;
        Ok(Some(Ended {
            time: due.time,
            sold,
        }))
    }
}

/// Takes an offer if it counts and is better; whether it did.
fn better<O: Offer>(best: &mut Option<O>, offer: O, from: u64, to: u64) -> bool {
    let key = |offer: &O| (offer.price(), u64::MAX - offer.time());
    let wins = (from..=to).contains(&offer.time())
        && best.as_ref().is_none_or(|best| key(best) < key(&offer));
    if wins {
        *best = Some(offer);
    }
    wins
}

/// For the recomputation: every auction that has ended at `last`, with the bid that won it, if any.
pub(crate) fn all_sold(events: impl Iterator<Item = Event>, last: i64) -> Vec<(Auction, Bid)> {
    let mut auctions = Vec::new();
    let mut bids = BTreeMap::<usize, Vec<Bid>>::new();
    for event in events {
        match event {
            Event::Auction(auction) if millis(auction.expires) <= last => auctions.push(auction),
            Event::Bid(bid) => bids.entry(bid.auction).or_default().push(bid),
            _ => {}
        }
    }
    let won = |auction: Auction| {
        let mut offers = bids.remove(&auction.id)?;
        offers.retain(|bid| bid.date_time >= auction.date_time && bid.date_time <= auction.expires);
        // The sort is stable: what came first stays first.
        offers.sort_by_key(|bid| (std::cmp::Reverse(bid.price), bid.date_time));
        Some((auction, offers.into_iter().next()?))
    };
    auctions.into_iter().filter_map(won).collect()
}
