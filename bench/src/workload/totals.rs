//! Continuous aggregation: count, sum and maximum of all of a key's events so far, put out after each.
//!
//! State: a value for each key, which every event reads, changes and writes.

use std::collections::BTreeMap;

use anyhow::Result;

use super::case::Case;
use super::clicks::Click;
use super::keyed::{Handles, Keyed, Scope as _};
use super::outputs::Outputs;
use super::windows::Tally;

pub(crate) enum Totals {}

pub(crate) struct States<H: Handles> {
    totals: H::Value<Tally, ()>,
}

impl Case for Totals {
    type Event = Click;
    type Key = u64;
    type States<H: Handles> = States<H>;

    fn key(click: &Click) -> u64 {
        click.key
    }

    fn open<B: Keyed<u64>>(backend: &mut B) -> Result<States<B::Handles>> {
        let totals = backend.value("totals")?;
        Ok(States { totals })
    }

    fn event<B: Keyed<u64>>(
        states: &States<B::Handles>,
        backend: &mut B,
        click: &Click,
        out: &mut Outputs,
    ) -> Result<()> {
        let added = Tally::of(click);
        let mut scope = backend.key(&click.key)?;
        let total = scope.update(states.totals, &(), |total: Option<Tally>| {
            total.map_or(added, |total| total.plus(&added))
        })?;
        emit(click.key, &total, out);
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

    fn expected(clicks: impl Iterator<Item = Click>, _: i64) -> Outputs {
        let mut totals = BTreeMap::<u64, Tally>::new();
        let mut out = Outputs::default();
        for click in clicks {
            let total = totals.entry(click.key).or_insert(Tally {
                count: 0,
                sum: 0,
                max: 0,
            });
            total.count += 1;
            total.sum += click.amount;
            total.max = click.number;
            emit(click.key, total, &mut out);
        }
        out
    }
}

fn emit(key: u64, total: &Tally, out: &mut Outputs) {
    let [count, sum, max] = total.words();
    out.emit(&[key, count, sum, max]);
}
