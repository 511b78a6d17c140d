//! Incremental sessions: count, sum and maximum of each session, folded as its events come.
//!
//! State: the open sessions of a key, a reduced value and a timer for each session; values are merged when sessions grow together.

use anyhow::Result;

use super::{Open, all};
use crate::workload::case::Case;
use crate::workload::clicks::Click;
use crate::workload::keyed::{Handles, Keyed, Scope as _};
use crate::workload::outputs::Outputs;
use crate::workload::windows::Tally;

/// Sessions with a gap in milliseconds.
pub(crate) enum SessionFold<const GAP: i64> {}

pub(crate) struct States<H: Handles> {
    open: Open<H>,
    tallies: H::Reducing<Tally, i64>,
}

impl<const GAP: i64> Case for SessionFold<GAP> {
    type Event = Click;
    type Key = u64;
    type States<H: Handles> = States<H>;

    fn key(click: &Click) -> u64 {
        click.key
    }

    fn open<B: Keyed<u64>>(backend: &mut B) -> Result<States<B::Handles>> {
        Ok(States {
            open: Open::register(backend)?,
            tallies: backend.reducing("tallies", Tally::plus)?,
        })
    }

    fn event<B: Keyed<u64>>(
        states: &States<B::Handles>,
        backend: &mut B,
        click: &Click,
        _: &mut Outputs,
    ) -> Result<()> {
        let mut scope = backend.key(&click.key)?;
        let placed = states.open.place(&mut scope, click.time, GAP)?;
        if !placed.absorbed.is_empty() {
            scope.merge_reduced(states.tallies, &placed.namespace, &placed.absorbed)?;
        }
        scope.add(states.tallies, &placed.namespace, Tally::of(click))
    }

    fn watermark<B: Keyed<u64>>(
        states: &States<B::Handles>,
        backend: &mut B,
        watermark: i64,
        out: &mut Outputs,
    ) -> Result<()> {
        while let Some((key, namespace)) = states.open.close(backend, watermark)? {
            let tally = backend
                .key(&key)?
                .take_reduced(states.tallies, &namespace)?;
            if let Some(tally) = tally {
                emit(key, &tally, out);
            }
        }
        Ok(())
    }

    fn expected(clicks: impl Iterator<Item = Click>, last: i64) -> Outputs {
        let mut out = Outputs::default();
        for session in all(clicks, GAP, last) {
            let key = session.first().map_or(0, |click| click.key);
            let tally = Tally {
                count: session.len() as u64,
                sum: session.iter().map(|click| click.amount).sum(),
                max: session.iter().map(|click| click.number).max().unwrap_or(0),
            };
            emit(key, &tally, &mut out);
        }
        out
    }
}

fn emit(key: u64, tally: &Tally, out: &mut Outputs) {
    let [count, sum, max] = tally.words();
    out.emit(&[key, count, sum, max]);
}
