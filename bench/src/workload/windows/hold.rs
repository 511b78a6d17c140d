//! Holistic windows: the median of each key's events in each window, and a checksum of their payloads.
//!
//! A median cannot be folded, so each window keeps all of its events. State: a list for each key and window,
//! a timer for each. `SLIDE` is the distance between windows: tumbling ones are a length apart.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{last_of, multiples_around, starts};
use crate::workload::case::Case;
use crate::workload::clicks::{Click, Payload};
use crate::workload::keyed::{Handles, Keyed, Scope as _};
use crate::workload::outputs::{self, Outputs};

pub(crate) enum Hold<const SLIDE: i64> {}

pub(crate) struct States<H: Handles> {
    held: H::List<(u64, Payload), i64>,
    ends: H::Timers<i64>,
}

impl<const SLIDE: i64> Case for Hold<SLIDE> {
    type Event = Click;
    type Key = u64;
    type States<H: Handles> = States<H>;

    fn key(click: &Click) -> u64 {
        click.key
    }

    fn open<B: Keyed<u64>>(backend: &mut B) -> Result<States<B::Handles>> {
        Ok(States {
            held: backend.list("held")?,
            ends: backend.timers("ends")?,
        })
    }

    fn event<B: Keyed<u64>>(
        states: &States<B::Handles>,
        backend: &mut B,
        click: &Click,
        _: &mut Outputs,
    ) -> Result<()> {
        let element = (click.amount, click.payload.clone());
        let mut scope = backend.key(&click.key)?;
        for start in starts(click.time, SLIDE) {
            scope.push(states.held, &start, &element)?;
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
            let mut held = Held::default();
            scope.elements(states.held, &due.namespace, |(amount, payload)| {
                held.take(amount, &payload);
            })?;
            scope.clear_list(states.held, &due.namespace)?;
            held.emit(due.key, due.namespace, out);
        }
        Ok(())
    }

    fn expected(clicks: impl Iterator<Item = Click>, last: i64) -> Outputs {
        let mut windows = BTreeMap::<(i64, u64), Held>::new();
        for click in clicks {
            for start in multiples_around(click.time, SLIDE) {
                let held = windows.entry((start, click.key)).or_default();
                held.take(click.amount, &click.payload);
            }
        }
        let mut out = Outputs::default();
        for ((start, key), held) in windows {
            if last_of(start) <= last {
                held.emit(key, start, &mut out);
            }
        }
        out
    }
}

/// What a window is found to hold.
#[derive(Debug, Default)]
pub(crate) struct Held {
    amounts: Vec<u64>,
    payloads: u64,
}

impl Held {
    pub(crate) fn take(&mut self, amount: u64, payload: &Payload) {
        self.amounts.push(amount);
        self.payloads = self.payloads.wrapping_add(outputs::bytes(&payload.0));
    }

    pub(crate) fn emit(mut self, key: u64, start: i64, out: &mut Outputs) {
        let count = self.amounts.len();
        if count > 0 {
            let (_, &mut median, _) = self.amounts.select_nth_unstable(count / 2);
            let start = outputs::time(start);
            out.emit(&[key, start, count as u64, median, self.payloads]);
        }
    }
}
