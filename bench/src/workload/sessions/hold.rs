//! Holistic sessions: the median of each session's events, and a checksum of their payloads.
//!
//! State: the open sessions of a key, a list and a timer for each session; lists are merged when sessions grow together.

use anyhow::Result;

use super::{Open, all};
use crate::workload::case::Case;
use crate::workload::clicks::{Click, Payload};
use crate::workload::keyed::{Handles, Keyed, Scope as _};
use crate::workload::outputs::Outputs;
use crate::workload::windows::hold::Held;

/// Sessions with a gap in milliseconds.
pub(crate) enum SessionHold<const GAP: i64> {}

pub(crate) struct States<H: Handles> {
    open: Open<H>,
    held: H::List<(u64, Payload), i64>,
}

impl<const GAP: i64> Case for SessionHold<GAP> {
    type Event = Click;
    type Key = u64;
    type States<H: Handles> = States<H>;

    fn key(click: &Click) -> u64 {
        click.key
    }

    fn open<B: Keyed<u64>>(backend: &mut B) -> Result<States<B::Handles>> {
        Ok(States {
            open: Open::register(backend)?,
            held: backend.list("held")?,
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
            scope.merge_lists(states.held, &placed.namespace, &placed.absorbed)?;
        }
        let element = (click.amount, click.payload.clone());
        scope.push(states.held, &placed.namespace, &element)
    }

    fn watermark<B: Keyed<u64>>(
        states: &States<B::Handles>,
        backend: &mut B,
        watermark: i64,
        out: &mut Outputs,
    ) -> Result<()> {
        while let Some((key, namespace)) = states.open.close(backend, watermark)? {
            let mut scope = backend.key(&key)?;
            let mut held = Held::default();
            scope.elements(states.held, &namespace, |(amount, payload)| {
                held.take(amount, &payload);
            })?;
            scope.clear_list(states.held, &namespace)?;
            held.emit(key, 0, out);
        }
        Ok(())
    }

    fn expected(clicks: impl Iterator<Item = Click>, last: i64) -> Outputs {
        let mut out = Outputs::default();
        for session in all(clicks, GAP, last) {
            let mut held = Held::default();
            for click in &session {
                held.take(click.amount, &click.payload);
            }
            let key = session.first().map_or(0, |click| click.key);
            held.emit(key, 0, &mut out);
        }
        out
    }
}
