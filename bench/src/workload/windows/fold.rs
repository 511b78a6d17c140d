//! Incremental windows: count, sum and maximum of each key's events in each window, folded as they come.
//!
//! State: a reduced value for each key and window, a timer for each. `SLIDE` is the distance between windows: tumbling
//! ones are a length apart.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{Tally, last_of, multiples_around, starts};
use crate::workload::case::Case;
use crate::workload::clicks::Click;
use crate::workload::keyed::{Handles, Keyed, Scope as _};
use crate::workload::outputs::{self, Outputs};

pub(crate) enum Fold<const SLIDE: i64> {}

pub(crate) struct States<H: Handles> {
    tallies: H::Reducing<Tally, i64>,
    ends: H::Timers<i64>,
}

impl<const SLIDE: i64> Case for Fold<SLIDE> {
    type Event = Click;
    type Key = u64;
    type States<H: Handles> = States<H>;

    fn key(click: &Click) -> u64 {
        click.key
    }

    fn open<B: Keyed<u64>>(backend: &mut B) -> Result<States<B::Handles>> {
        Ok(States {
            tallies: backend.reducing("tallies", Tally::plus)?,
            ends: backend.timers("ends")?,
        })
    }

    fn event<B: Keyed<u64>>(
        states: &States<B::Handles>,
        backend: &mut B,
        click: &Click,
        _: &mut Outputs,
    ) -> Result<()> {
        let mut scope = backend.key(&click.key)?;
        for start in starts(click.time, SLIDE) {
            scope.add(states.tallies, &start, Tally::of(click))?;
            scope.register(states.ends, &start, last_of(start))?;
        }
        Ok(())
    }

    fn watermark<B: Keyed<u64>>(
        states: &States<B::Handles>,
        backend: &mut B,
        watermark: i64,
        out: &mut Outputs,
    ) -> Result<()> {
        while let Some(due) = backend.due(states.ends, watermark)? {
            let mut scope = backend.key(&due.key)?;
            if let Some(tally) = scope.take_reduced(states.tallies, &due.namespace)? {
                emit(due.key, due.namespace, &tally, out);
            }
        }
        Ok(())
    }

    fn expected(clicks: impl Iterator<Item = Click>, last: i64) -> Outputs {
        let mut windows = BTreeMap::<(i64, u64), Tally>::new();
        for click in clicks {
            for start in multiples_around(click.time, SLIDE) {
                let tally = windows.entry((start, click.key)).or_insert(Tally {
                    count: 0,
                    sum: 0,
                    max: 0,
                });
                tally.count += 1;
                tally.sum += click.amount;
                tally.max = tally.max.max(click.number);
            }
        }
        let mut out = Outputs::default();
        for ((start, key), tally) in windows {
            if last_of(start) <= last {
                emit(key, start, &tally, &mut out);
            }
        }
        out
    }
}

fn emit(key: u64, start: i64, tally: &Tally, out: &mut Outputs) {
    let [count, sum, max] = tally.words();
    out.emit(&[key, outputs::time(start), count, sum, max]);
}
