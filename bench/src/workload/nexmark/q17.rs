//! q17: statistics of each auction and day, after each bid: how many bids, in three ranges of prices, and the lowest, highest
//! and mean price.

use std::collections::BTreeMap;

use anyhow::Result;
use nexmark::event::{Bid, Event};
use serde::{Deserialize, Serialize};

use super::millis;
use crate::workload::case::Case;
use crate::workload::keyed::{Handles, Keyed, Scope as _};
use crate::workload::outputs::{self, Outputs};

const DAY: i64 = 86_400_000;

pub(crate) enum Q17 {}

pub(crate) struct States<H: Handles> {
    statistics: H::Value<Statistics, i64>,
}

/// Of an auction's bids of a day.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Statistics {
    /// Bids below 10,000, below a million, and others.
    ranges: [u64; 3],
    lowest: u64,
    highest: u64,
    sum: u64,
}

impl Statistics {
    fn with(old: Option<Self>, price: u64) -> Self {
        let mut new = old.unwrap_or(Self {
            ranges: [0; 3],
            lowest: u64::MAX,
            highest: 0,
            sum: 0,
        });
        let range = match price {
            ..10_000 => 0,
            10_000..1_000_000 => 1,
            _ => 2,
        };
        new.ranges[range] += 1;
        new.lowest = new.lowest.min(price);
        new.highest = new.highest.max(price);
        new.sum += price;
        new
    }
}

impl Case for Q17 {
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
        let statistics = backend.value("statistics")?;
        Ok(States { statistics })
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
        let price = bid.price as u64;
        let mut scope = backend.key(&Self::key(event))?;
        let day = millis(bid.date_time) / DAY;
        let all = scope.update(states.statistics, &day, |old| Statistics::with(old, price))?;
        let [low, middle, high] = all.ranges;
        let count = low + middle + high;
        let mean = all.sum / count;
        emit(
            bid,
            [count, low, middle, high, all.lowest, all.highest, mean],
            out,
        );
        Ok(())
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
        // Count, low ones, high ones, lowest, highest and sum of prices.
        let mut known = BTreeMap::<(usize, i64), (u64, u64, u64, u64, u64, u64)>::new();
        let mut out = Outputs::default();
        for event in events {
            let Event::Bid(bid) = event else { continue };
            let price = bid.price as u64;
            let of_bid = (bid.auction, millis(bid.date_time) / DAY);
            let all = known.entry(of_bid).or_insert((0, 0, 0, price, price, 0));
            all.0 += 1;
            all.1 += u64::from(price < 10_000);
            all.2 += u64::from(price >= 1_000_000);
            all.3 = price.min(all.3);
            all.4 = price.max(all.4);
            all.5 += price;
            let (count, low, high, lowest, highest, sum) = *all;
            let middle = count - low - high;
            emit(
                &bid,
                [count, low, middle, high, lowest, highest, sum / count],
                &mut out,
            );
        }
        out
    }
}

fn emit(bid: &Bid, statistics: [u64; 7], out: &mut Outputs) {
    let mut words = vec![
        bid.auction as u64,
        outputs::time(millis(bid.date_time) / DAY),
    ];
    words.extend(statistics);
    out.emit(&words);
}
