//! Nexmark: an online auction's people, auctions and bids, and queries on them as keyed operators.
//!
//! The generator is the `nexmark` crate: 10,000 events a second of event time, in order, with a third of all auctions open at any time. Its
//! events are written to a file before anything is measured, and read from there.
//!
//! Queries that aggregate in two stages (q4, q5, q7) have both in one operator and address the second by keys of their
//! own: a backend that owns all key groups has both. Where SQL would put out a change, the operator puts out the new row.
//! Rows that leave a result are not put out.
//!
//! | query | what | state |
//! |---|---|---|
//! | q4 | mean of winning prices of each category | auction and best price; timer at its end |
//! | q5 | auctions with most bids of each sliding window | counts; timers |
//! | q7 | highest bids of each window | bids by price; timers |
//! | q9 | winning bid of each auction | auction and best bid; timer at its end |
//! | q11 | bids of each session of a bidder | sessions, counts, timers |
//! | q12 | bids of a bidder in each window of processing time | counts, timers |
//! | q17 | statistics of each auction and day | one value, changed by every bid |
//! | q18 | last bid of each bidder for each auction | one bid for each pair |
//! | q19 | ten highest bids of each auction | ranks and a map of bids |
//! | q20 | bids with their auctions, of one category | all bids as lists; auctions |

use std::sync::Arc;

use ::alluvium::Options;
use ::alluvium::store::StoreFactory;
use ::alluvium::store::memory::MemoryStoreFactory;
use anyhow::{Result, bail};
use nexmark::config::NexmarkConfig;
use nexmark::event::{Auction, Bid, Event};

use super::case::Case;
use super::measured::{Ran, print, run_on_subject, verify};
use super::run::Stopwatch;
use super::{Arguments, outputs};
use crate::memory;
use crate::subjects::alluvium;
use events_file::EventsFile;

mod auctions;
mod events_file;
mod job;
mod published;
mod q11;
mod q12;
mod q17;
mod q18;
mod q19;
mod q20;
mod q4;
mod q5;
mod q7;
mod q9;

/// Length of a window, or gap between sessions, in milliseconds.
const WINDOW: i64 = 10_000;

/// Measures one query: `q4` and so on.
pub(super) fn measure(arguments: &Arguments, query: &str) -> Result<()> {
    match query {
        "q4" => measure_query::<q4::Q4>(arguments),
        "q5" => measure_query::<q5::Q5>(arguments),
        "q7" => measure_query::<q7::Q7>(arguments),
        "q9" => measure_query::<q9::Q9>(arguments),
        "q11" => measure_query::<q11::Q11>(arguments),
        "q12" => measure_query::<q12::Q12>(arguments),
        "q17" => measure_query::<q17::Q17>(arguments),
        "q18" => measure_query::<q18::Q18>(arguments),
        "q19" => measure_query::<q19::Q19>(arguments),
        "q20" => measure_query::<q20::Q20>(arguments),
        query => bail!("there is no query {query:?} among the workloads"),
    }
}

fn measure_query<C: Case<Event = Event>>(arguments: &Arguments) -> Result<()> {
    let file = EventsFile::generate(&arguments.directory, arguments.events)?;
    let ran = match arguments.subject.as_str() {
        "alluvium-timely" => {
            let (store, options) = alluvium::within(arguments.budget_bytes)?;
            run_in_job::<C>(arguments, store, options, &file)?
        }
        "alluvium-timely-memory" => {
            let store = Arc::new(MemoryStoreFactory::new());
            run_in_job::<C>(arguments, store, alluvium::unbounded(), &file)?
        }
        _ => run_on_subject::<C, _>(arguments, file.open()?)?,
    };
    verify::<C, _>(&ran.out, file.open()?)?;
    print(arguments, ran)
}

fn run_in_job<C: Case<Event = Event>>(
    arguments: &Arguments,
    store: Arc<dyn StoreFactory>,
    options: Options,
    file: &EventsFile,
) -> Result<Ran> {
    memory::forget_peak();
    let stopwatch = Stopwatch::new(arguments.events, arguments.rounds);
    let (out, stopwatch) = job::run::<C>(arguments, store, options, file, stopwatch)?;
    Ok(Ran::new(out, stopwatch, None))
}

/// How a run of so many events is generated, the same every time.
fn config(events: u64) -> NexmarkConfig {
    NexmarkConfig {
        base_time: 1_700_000_000_000,
        // Of 50 events 3 are auctions.
        in_flight_auctions: usize::try_from(events / 50).unwrap_or(usize::MAX).max(100),
        ..NexmarkConfig::default()
    }
}

/// A time of Nexmark's.
fn millis(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}

/// A bid as words of an output.
fn of_bid(bid: &Bid) -> [u64; 6] {
    [
        bid.auction as u64,
        bid.bidder as u64,
        bid.price as u64,
        bid.date_time,
        outputs::bytes(bid.url.as_bytes()),
        outputs::bytes(bid.extra.as_bytes()),
    ]
}

/// An auction as words of an output.
fn of_auction(auction: &Auction) -> [u64; 6] {
    [
        auction.id as u64,
        auction.seller as u64,
        auction.category as u64,
        auction.expires,
        outputs::bytes(auction.description.as_bytes()),
        outputs::bytes(auction.extra.as_bytes()),
    ]
}
