//! Window join: all pairs of a left and a right event of one key in one tumbling window.
//!
//! State: a list for each side, key and window, and a timer for each key and window. The pairs of a window are put out as one output,
//! their number and a checksum of their product, so that what is measured is the state.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{SIZE, last_of, multiples_around, starts};
use crate::workload::case::Case;
use crate::workload::clicks::{Click, Payload};
use crate::workload::keyed::{Handles, Keyed, Scope as _};
use crate::workload::outputs::{self, Outputs};

pub(crate) enum WindowJoin {}

pub(crate) struct States<H: Handles> {
    left: H::List<(u64, Payload), i64>,
    right: H::List<(u64, Payload), i64>,
    ends: H::Timers<i64>,
}

impl Case for WindowJoin {
    type Event = Click;
    type Key = u64;
    type States<H: Handles> = States<H>;

    fn key(click: &Click) -> u64 {
        click.key
    }

    fn open<B: Keyed<u64>>(backend: &mut B) -> Result<States<B::Handles>> {
        Ok(States {
            left: backend.list("left")?,
            right: backend.list("right")?,
            ends: backend.timers("ends")?,
        })
    }

    fn event<B: Keyed<u64>>(
        states: &States<B::Handles>,
        backend: &mut B,
        click: &Click,
        _: &mut Outputs,
    ) -> Result<()> {
        let side = if click.is_right {
            states.right
        } else {
            states.left
        };
        let element = (click.number, click.payload.clone());
        let mut scope = backend.key(&click.key)?;
        for start in starts(click.time, SIZE) {
            scope.push(side, &start, &element)?;
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
            let mut sides = [Side::default(), Side::default()];
            for (state, side) in [states.left, states.right].into_iter().zip(&mut sides) {
                scope.elements(state, &due.namespace, |(number, payload)| {
                    side.take(number, &payload);
                })?;
                scope.clear_list(state, &due.namespace)?;
            }
            emit(due.key, due.namespace, &sides, out);
        }
        Ok(())
    }

    fn expected(clicks: impl Iterator<Item = Click>, last: i64) -> Outputs {
        let mut windows = BTreeMap::<(i64, u64), [Side; 2]>::new();
        for click in clicks {
            for start in multiples_around(click.time, SIZE) {
                let sides = windows.entry((start, click.key)).or_default();
                sides[usize::from(click.is_right)].take(click.number, &click.payload);
            }
        }
        let mut out = Outputs::default();
        for ((start, key), sides) in windows {
            if last_of(start) <= last {
                emit(key, start, &sides, &mut out);
            }
        }
        out
    }
}

/// One side of a window: how many events, and the sum of what they are.
#[derive(Debug, Default)]
struct Side {
    count: u64,
    sum: u64,
}

impl Side {
    fn take(&mut self, number: u64, payload: &Payload) {
        self.count += 1;
        let event = number.wrapping_add(outputs::bytes(&payload.0));
        self.sum = self.sum.wrapping_add(event);
    }
}

fn emit(key: u64, start: i64, [left, right]: &[Side; 2], out: &mut Outputs) {
    let pairs = left.count * right.count;
    if pairs > 0 {
        let product = left.sum.wrapping_mul(right.sum);
        out.emit(&[key, outputs::time(start), pairs, product]);
    }
}
