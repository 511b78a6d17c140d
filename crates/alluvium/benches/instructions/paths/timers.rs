//! Timers: 10,000 at times without order, over 128 key groups.

use alluvium::state::Timers;
use alluvium::{EventTimers, Result};

use crate::fixture::{KEYS, Subject, keys};
use crate::region::{ensure, measured};

const IDLE: EventTimers = EventTimers::new("idle");

/// A backend that has been asked for due timers before, as every backend has soon after it was opened.
fn asked() -> Result<(Subject, Timers)> {
    let subject = Subject::new()?;
    let idle = subject.backend.register(IDLE)?;
    let none = subject.backend.due(idle, i64::MIN)?.is_none();
    ensure(none, "no timer is due")?;
    Ok((subject, idle))
}

fn register_all(subject: &mut Subject, idle: Timers) -> Result<()> {
    for (key, index) in keys(0, KEYS).zip(0_i64..) {
        // The prime divides no number of keys in use: every time comes once, in no order.
        let time = index * 7_919 % i64::from(KEYS);
        subject.backend.key(&key)?.timers(idle).register(time)?;
    }
    Ok(())
}

fn poll_all(subject: &mut Subject, idle: Timers) -> Result<u32> {
    let mut fired = 0;
    while subject.backend.due(idle, i64::MAX)?.is_some() {
        fired += 1;
    }
    Ok(fired)
}

pub(super) fn register() -> Result<()> {
    let (mut subject, idle) = asked()?;
    measured(&mut || register_all(&mut subject, idle))?;
    ensure(poll_all(&mut subject, idle)? == KEYS, "every timer fires")
}

pub(super) fn poll() -> Result<()> {
    let (mut subject, idle) = asked()?;
    register_all(&mut subject, idle)?;
    let mut fired = 0;
    measured(&mut || {
        fired = poll_all(&mut subject, idle)?;
        Ok(())
    })?;
    ensure(fired == KEYS, "every timer fires")
}
