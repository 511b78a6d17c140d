//! Interval join: all pairs of a left and a right event of one key that are at most [`AROUND`] apart.
//!
//! State: a map for each side, from time and number of an event to its payload; each event is put into its side's
//! map and scans the other's. A timer for each event removes it when no partner can come any more.

use std::collections::BTreeMap;

use anyhow::Result;

use super::case::Case;
use super::clicks::{Click, Payload};
use super::keyed::{Handles, Keyed, Scope as _};
use super::outputs::{self, Outputs};

/// How far apart partners are at the most, in milliseconds.
const AROUND: i64 = 5_000;

pub(crate) enum IntervalJoin {}

/// Time and number of an event.
type At = (i64, u64);

pub(crate) struct States<H: Handles> {
    left: H::Map<At, Payload>,
    right: H::Map<At, Payload>,
    /// Side and number of an event that goes.
    ends: H::Timers<(bool, u64)>,
}

impl Case for IntervalJoin {
    type Event = Click;
    type Key = u64;
    type States<H: Handles> = States<H>;

    fn key(click: &Click) -> u64 {
        click.key
    }

    fn open<B: Keyed<u64>>(backend: &mut B) -> Result<States<B::Handles>> {
        Ok(States {
            left: backend.map("left")?,
            right: backend.map("right")?,
            ends: backend.timers("ends")?,
        })
    }

    fn event<B: Keyed<u64>>(
        states: &States<B::Handles>,
        backend: &mut B,
        click: &Click,
        out: &mut Outputs,
    ) -> Result<()> {
        let (own, other) = if click.is_right {
            (states.right, states.left)
        } else {
            (states.left, states.right)
        };
        let mut scope = backend.key(&click.key)?;
        let at = (click.time, click.number);
        scope.map_put(own, &at, &click.payload)?;
        scope.register(
            states.ends,
            &(click.is_right, click.number),
            click.time + AROUND,
        )?;
        let first = (click.time - AROUND, 0);
        let last = (click.time + AROUND, u64::MAX);
        scope.map_scan(other, first, last, |(_, number), payload| {
            emit(click, number, &payload, out);
        })
    }

    fn watermark<B: Keyed<u64>>(
        states: &States<B::Handles>,
        backend: &mut B,
        watermark: i64,
        _: &mut Outputs,
    ) -> Result<()> {
        while let Some(due) = backend.due(states.ends, watermark)? {
            let (is_right, number) = due.namespace;
            let side = if is_right { states.right } else { states.left };
            let at = (due.time - AROUND, number);
            backend.key(&due.key)?.map_remove(side, &at)?;
        }
        Ok(())
    }

    fn expected(clicks: impl Iterator<Item = Click>, _: i64) -> Outputs {
        let mut keys = BTreeMap::<u64, [Vec<Click>; 2]>::new();
        for click in clicks {
            keys.entry(click.key).or_default()[usize::from(click.is_right)].push(click);
        }
        let mut out = Outputs::default();
        for [left, mut right] in keys.into_values() {
            right.sort_by_key(|click| click.time);
            for click in left {
                let from = right.partition_point(|other| other.time + AROUND < click.time);
                let near = right[from..].iter();
                for other in near.take_while(|other| other.time <= click.time + AROUND) {
                    emit(&click, other.number, &other.payload, &mut out);
                }
            }
        }
        out
    }
}

/// Puts out a pair, equal whichever of the two came last.
fn emit(one: &Click, number: u64, payload: &Payload, out: &mut Outputs) {
    let payloads = first_word(payload) ^ first_word(&one.payload);
    let (a, b) = (one.number.min(number), one.number.max(number));
    out.emit(&[one.key, a, b, payloads]);
}

fn first_word(payload: &Payload) -> u64 {
    outputs::bytes(payload.0.get(..8).unwrap_or_default())
}
