//! Timers: add, and remove the first.
//!
//! The timer of key `i` is due at `mix(i) >>> 34`. Timers of one time come in an order that is the subject's; that
//! each comes once, at its time and after all earlier ones is verified.

use anyhow::{Context, Result, ensure};

use super::Arguments;
use super::order::{Order, Passes, sum_over};
use super::stage::{Case, Course, Open, Stage, as_it_is};
use crate::data;
use crate::subjects::Timers;

const ADD: Case = Case::endless("timers/add");
const POLL: Case = Case::endless("timers/poll");

/// When a key's timer is due, from what the key is mixed to.
const fn due(mixed: u64) -> u64 {
    mixed >> 34
}

pub(crate) fn measure<S: Timers>(arguments: &Arguments, open: Open<'_, S>) -> Result<()> {
    add(arguments, open)?;
    poll(arguments, open)
}

fn add<S: Timers>(arguments: &Arguments, open: Open<'_, S>) -> Result<()> {
    if !arguments.wants(ADD.name) {
        return Ok(());
    }
    let rows = arguments.rows;
    let mut stage = Stage::open(arguments, open)?;
    let added = stage.measure(
        ADD.going(Course::Fresh(rows)),
        &mut Passes::over(rows),
        as_it_is,
        |subject, step| {
            subject.add(step.key, due(data::mix(step.key)))?;
            Ok(0)
        },
    )?;
    stage.finish(|subject| {
        let mut polled = Polled::default();
        while polled.poll(subject)?.is_some() {}
        polled.check(rows, added.operations)
    })
}

fn poll<S: Timers>(arguments: &Arguments, open: Open<'_, S>) -> Result<()> {
    if !arguments.wants(POLL.name) {
        return Ok(());
    }
    let rows = arguments.rows;
    let polled = std::cell::Cell::new(Polled::default());
    let mut stage = Stage::open(arguments, open)?;
    stage.measure(
        POLL.going(Course::Bounded(rows)),
        &mut Passes::over(rows),
        |subject| {
            polled.set(Polled::default());
            let mut order = Passes::over(rows);
            for _ in 0..rows {
                let key = order.next().key;
                subject.add(key, due(data::mix(key)))?;
            }
            Ok(())
        },
        |subject, _| {
            let mut now = polled.get();
            let sum = now.poll(subject)?.context("timers are missing")?;
            polled.set(now);
            Ok(sum)
        },
    )?;
    stage.finish(|subject| {
        let mut polled = polled.get();
        while polled.poll(subject)?.is_some() {}
        polled.check(rows, rows)
    })
}

/// Timers that have come.
#[derive(Debug, Default, Clone, Copy)]
struct Polled {
    number: u64,
    last: u64,
    /// Of what their keys are mixed to, wrapping: equal when each timer has come once.
    sum: u64,
}

impl Polled {
    /// Removes the first timer, which is due at its key's time and not before the one that came last.
    #[inline]
    fn poll<S: Timers>(&mut self, subject: &mut S) -> Result<Option<u64>> {
        let Some((time, key)) = subject.poll()? else {
            return Ok(None);
        };
        let mixed = data::mix(key);
        ensure!(
            time == due(mixed) && time >= self.last,
            "the timer of key {key} came at {time}, after one of {}",
            self.last
        );
        self.number += 1;
        self.last = time;
        self.sum = self.sum.wrapping_add(mixed);
        Ok(Some(mixed))
    }

    /// They are those of the first `timers` keys.
    fn check(&self, rows: u64, timers: u64) -> Result<()> {
        let sum = sum_over(
            rows,
            |index, key| {
                if index < timers { data::mix(key) } else { 0 }
            },
        );
        ensure!(
            self.number == timers && self.sum == sum,
            "{} timers came and not each of the {timers} once",
            self.number
        );
        Ok(())
    }
}
