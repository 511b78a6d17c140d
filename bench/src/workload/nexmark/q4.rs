//! q4: the mean of the winning prices of each category, after each moment in which auctions of it ended.
//!
//! The second stage is a value for each category: count and sum of its winning prices. Its keys are in the second half of the
//! key space, `(true, category)`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use nexmark::event::{Bid, Event};
use serde::{Deserialize, Serialize};

use super::auctions::{Lots, Offer, all_sold};
use crate::workload::case::Case;
use crate::workload::keyed::{Handles, Keyed, Scope as _};
use crate::workload::outputs::Outputs;

pub(crate) enum Q4 {}

/// Price and time of a bid.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Price {
    price: usize,
    time: u64,
}

impl Offer for Price {
    fn of(bid: &Bid) -> Self {
        Self {
            price: bid.price,
            time: bid.date_time,
        }
    }

    fn price(&self) -> usize {
        self.price
    }

    fn time(&self) -> u64 {
        self.time
    }
}

pub(crate) struct States<H: Handles> {
    /// Of an auction only its category is kept.
    lots: Lots<H, u64, Price>,
    means: H::Value<(u64, u64), ()>,
}

impl Case for Q4 {
    type Event = Event;
    type Key = (bool, u64);
    type States<H: Handles> = States<H>;

    fn key(event: &Event) -> (bool, u64) {
        match event {
            Event::Auction(auction) => (false, auction.id as u64),
            Event::Bid(bid) => (false, bid.auction as u64),
            Event::Person(_) => (false, 0),
        }
    }

    fn open<B: Keyed<(bool, u64)>>(backend: &mut B) -> Result<States<B::Handles>> {
        Ok(States {
            lots: Lots::register(backend)?,
            means: backend.value("means")?,
        })
    }

    fn event<B: Keyed<(bool, u64)>>(
        states: &States<B::Handles>,
        backend: &mut B,
        event: &Event,
        _: &mut Outputs,
    ) -> Result<()> {
        let mut scope = backend.key(&Self::key(event))?;
        match event {
            Event::Auction(auction) => {
                let category = auction.category as u64;
                states.lots.auction(&mut scope, auction, category)
            }
            Event::Bid(bid) => states.lots.bid(&mut scope, bid),
            Event::Person(_) => Ok(()),
        }
    }

    fn watermark<B: Keyed<(bool, u64)>>(
        states: &States<B::Handles>,
        backend: &mut B,
        watermark: i64,
        out: &mut Outputs,
    ) -> Result<()> {
        // Auctions that end at one time come in any order, so a mean is put out when all of them are in.
        let mut changed = BTreeMap::<u64, (u64, u64)>::new();
        let mut at = i64::MIN;
        while let Some(ended) = states.lots.end(backend, watermark)? {
            if ended.time > at {
                emit_all(&mut changed, out);
                at = ended.time;
            }
            let Some((category, offer)) = ended.sold else {
                continue;
            };
            let mut scope = backend.key(&(true, category))?;
            let mean = scope.update(states.means, &(), |mean: Option<(u64, u64)>| {
                let (count, sum) = mean.unwrap_or_default();
                (count + 1, sum + offer.price as u64)
            })?;
            changed.insert(category, mean);
        }
        emit_all(&mut changed, out);
        Ok(())
    }

    fn expected(events: impl Iterator<Item = Event>, last: i64) -> Outputs {
        let mut ended = BTreeMap::<u64, Vec<(u64, u64)>>::new();
        for (auction, bid) in all_sold(events, last) {
            let sold = (auction.category as u64, bid.price as u64);
            ended.entry(auction.expires).or_default().push(sold);
        }
        let mut prices = BTreeMap::<u64, Vec<u64>>::new();
        let mut out = Outputs::default();
        for sold in ended.into_values() {
            let categories: BTreeSet<u64> = sold.iter().map(|(category, _)| *category).collect();
            for (category, price) in sold {
                let all = prices.entry(category).or_insert_with(|| vec![0, 0]);
                all[0] += 1;
                all[1] += price;
            }
            for category in categories {
                out.emit(&[category, prices[&category][1] / prices[&category][0]]);
            }
        }
        out
    }
}

fn emit_all(changed: &mut BTreeMap<u64, (u64, u64)>, out: &mut Outputs) {
    while let Some((category, (count, sum))) = changed.pop_first() {
        out.emit(&[category, sum / count]);
    }
}
