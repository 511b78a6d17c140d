//! More timers than the write buffer holds: a queue for each key group, of which only the head is in memory.
//!
//! The check has a form that takes the number of timers, for a test of full size.

use alluvium::state::Timers;
use alluvium::{Backend, EventTimers};

use super::Setting;
use super::job::{Job, owner};

const EVENTS: EventTimers = EventTimers::new("events");

/// Keys that timers are registered for.
const KEYS: u32 = 1_000;

/// Every so many-th timer is taken back.
const TAKEN_BACK: u64 = 10;

/// What the buffer may have beside its budget: heads are no part of it, a timer that is written is.
const SLACK_BYTES: usize = 64 << 10;

/// Timers between two looks at the buffer.
const BATCH: u64 = 1_000;

pub fn timers_far_more_than_the_budget_holds_fire_once_and_in_order_through_rescales(
    setting: &Setting<'_>,
) {
    let setting = Setting {
        memory_budget_bytes: setting.memory_budget_bytes.min(1 << 20),
        ..*setting
    };
    let number = u64::try_from(setting.memory_budget_bytes / 16).unwrap();
    a_large_queue(&setting, number);
}

/// The same, of so many timers.
pub fn a_large_queue(setting: &Setting<'_>, number: u64) {
    let job = setting.job(128).with_storage_on_disk();
    let mut backends = job.open_all::<u32>(2);
    // Every time once, in no order: most come before some that are registered already.
    for n in 0..number {
        register(setting, &mut backends, spread(n, number), true);
    }
    for n in (0..number).step_by(usize::try_from(TAKEN_BACK).unwrap()) {
        register(setting, &mut backends, n, false);
    }

    let mut backends = rescale(&job, backends, 1, 3);
    let fired = fire(setting, &mut backends, 0, number / 2);
    assert_eq!(fired, stay(number / 2));

    // What has fired is gone, and no key group's head has to be the one that was written.
    let mut backends = rescale(&job, backends, 2, 1);
    let fired = fire(setting, &mut backends, number / 2, number);
    assert_eq!(fired, stay(number) - stay(number / 2));
    let mut backends = rescale(&job, backends, 3, 2);
    assert_eq!(fire(setting, &mut backends, 0, u64::MAX >> 1), 0);
}

/// The n-th time of those below `number`: each comes once.
fn spread(n: u64, number: u64) -> u64 {
    // A large prime, which divides no number of timers.
    const STEP: u64 = 2_147_483_647;
    n * STEP % number
}

/// How many of the timers below a time are not taken back.
const fn stay(below: u64) -> u64 {
    below - below.div_ceil(TAKEN_BACK)
}

fn key_of(time: u64) -> u32 {
    u32::try_from(time % u64::from(KEYS)).unwrap()
}

fn register(setting: &Setting<'_>, backends: &mut [Backend<u32>], time: u64, register: bool) {
    let key = key_of(time);
    let backend = owner(backends, &key);
    let events = events(backend);
    let mut scope = backend.key(&key).unwrap();
    let mut timers = scope.timers(events);
    if register {
        timers.register(time.cast_signed()).unwrap();
    } else {
        timers.deregister(time.cast_signed()).unwrap();
    }
    if time.is_multiple_of(BATCH) {
        is_within_budget(setting, backend);
    }
}

fn events(backend: &mut Backend<u32>) -> Timers {
    backend.register(EVENTS).unwrap()
}

#[track_caller]
fn is_within_budget(setting: &Setting<'_>, backend: &Backend<u32>) {
    let bytes = backend.metrics().buffer_bytes;
    let most = setting.memory_budget_bytes + SLACK_BYTES;
    assert!(bytes <= most, "{bytes} bytes are buffered, of {most}");
}

fn rescale(
    job: &Job,
    mut backends: Vec<Backend<u32>>,
    checkpoint: u64,
    parallelism: u32,
) -> Vec<Backend<u32>> {
    let checkpoint = job.checkpoint(&mut backends, checkpoint);
    drop(backends);
    job.restore_all(&checkpoint, parallelism)
}

/// Takes the timers from one time on and below another, and counts them: those of a subtask come in order, each with its key.
fn fire(setting: &Setting<'_>, backends: &mut [Backend<u32>], from: u64, below: u64) -> u64 {
    let mut fired = 0;
    for backend in backends {
        let events = events(backend);
        let mut next = from.cast_signed();
        while let Some(timer) = backend.due(events, below.cast_signed() - 1).unwrap() {
            assert!(timer.time >= next, "{} comes before {next}", timer.time);
            next = timer.time + 1;
            let time = timer.time.cast_unsigned();
            assert_eq!(timer.key, key_of(time));
            assert!(!time.is_multiple_of(TAKEN_BACK), "{time} was taken back");
            fired += 1;
            if fired % BATCH == 0 {
                is_within_budget(setting, backend);
            }
        }
    }
    fired
}
