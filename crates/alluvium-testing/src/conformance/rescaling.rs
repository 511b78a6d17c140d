//! Checkpoints that are restored at the same and at another parallelism.

use alluvium::{
    Backend, ErrorKind, EventTimers, ListState, MapState, ProcessingTimers, ReducingState,
    ValueState,
};

use super::Setting;
use super::job::{Job, owner};

const COUNTS: ValueState<u32> = ValueState::new("counts");
const EVENTS: EventTimers = EventTimers::new("events");
const CLOCK: ProcessingTimers = ProcessingTimers::new("clock");

/// Writes at one parallelism and reads at another.
fn rescale(setting: &Setting<'_>, from: u32, to: u32) {
    let job = setting.job(10);
    let mut before = job.open_all::<u32>(from);
    for key in 0..100 {
        set(&mut before, key, key);
    }
    let checkpoint = job.checkpoint(&mut before, 1);
    // Too late for the checkpoint.
    for key in 0..100 {
        set(&mut before, key, 1000);
    }

    let mut after = job.restore_all::<u32>(&checkpoint, to);

    for key in 0..100 {
        assert_eq!(get(&mut after, key), Some(key), "{from} to {to}");
    }
    assert_eq!(get(&mut after, 100), None);
}

fn set(backends: &mut [Backend<u32>], key: u32, count: u32) {
    let backend = owner(backends, &key);
    let counts = backend.register(COUNTS).unwrap();
    backend
        .key(&key)
        .unwrap()
        .value(counts)
        .set(&count)
        .unwrap();
}

fn get(backends: &mut [Backend<u32>], key: u32) -> Option<u32> {
    let backend = owner(backends, &key);
    let counts = backend.register(COUNTS).unwrap();
    backend.key(&key).unwrap().value(counts).get().unwrap()
}

pub fn a_job_scales_in_and_loses_nothing(setting: &Setting<'_>) {
    rescale(setting, 4, 2);
}

pub fn a_job_scales_out_and_loses_nothing(setting: &Setting<'_>) {
    rescale(setting, 2, 4);
}

pub fn a_job_that_keeps_its_parallelism_loses_nothing(setting: &Setting<'_>) {
    rescale(setting, 2, 2);
}

/// The state of a key's own key group: one of 128, each with a name of its own.
fn own_state(backend: &mut Backend<u32>, key: u32) -> ValueState<u32> {
    let group = backend.key(&key).unwrap().group();
    // Names of states are constants: these stay for the test's life.
    ValueState::new(String::leak(format!("state of key group {}", group.get())))
}

fn rescale_with_own_states(setting: &Setting<'_>, from: u32, to: u32) {
    let job = setting.job(128);
    let mut before = job.open_all::<u32>(from);
    for key in 0..300 {
        let backend = owner(&mut before, &key);
        let state = own_state(backend, key);
        let state = backend.register(state).unwrap();
        backend.key(&key).unwrap().value(state).set(&key).unwrap();
    }

    let checkpoint = job.checkpoint(&mut before, 1);
    let mut after = job.restore_all::<u32>(&checkpoint, to);

    for key in 0..300 {
        let backend = owner(&mut after, &key);
        let state = own_state(backend, key);
        let state = backend.register(state).unwrap();
        let found = backend.key(&key).unwrap().value(state).get().unwrap();
        assert_eq!(found, Some(key), "{from} to {to}");
    }
}

pub fn a_job_scales_out_unevenly_with_a_state_of_its_own_for_each_key_group(setting: &Setting<'_>) {
    rescale_with_own_states(setting, 3, 11);
}

pub fn a_job_scales_in_unevenly_with_a_state_of_its_own_for_each_key_group(setting: &Setting<'_>) {
    rescale_with_own_states(setting, 11, 3);
}

pub fn a_job_goes_from_one_to_two_to_three_and_back_in_increments(setting: &Setting<'_>) {
    let job = setting.job(10);
    let mut backends = job.open_all::<u32>(1);
    let mut expected = vec![None; 30];
    for (round, parallelism) in (1..).zip([2_u32, 3, 2, 1]) {
        for key in (0..30).filter(|key| key % 4 != round % 4) {
            set(&mut backends, key, round);
            expected[usize::try_from(key).unwrap()] = Some(round);
        }
        let gone = round;
        let backend = owner(&mut backends, &gone);
        let counts = backend.register(COUNTS).unwrap();
        backend.key(&gone).unwrap().value(counts).clear().unwrap();
        expected[usize::try_from(gone).unwrap()] = None;

        let checkpoint = job.checkpoint(&mut backends, u64::from(round));
        backends = job.restore_all(&checkpoint, parallelism);

        for key in 0..30 {
            let there = expected[usize::try_from(key).unwrap()];
            assert_eq!(get(&mut backends, key), there, "key {key} at {parallelism}");
        }
    }
}

pub fn timers_of_both_kinds_survive_increments_and_rescales(setting: &Setting<'_>) {
    let job = setting.job(10);
    let mut backends = job.open_all::<u32>(1);
    let mut events: Vec<(i64, u32)> = Vec::new();
    let mut clock: Vec<(i64, u32)> = Vec::new();
    for (round, parallelism) in (1..).zip([3_u32, 2, 4, 1]) {
        for key in 0..200_u32 {
            let backend = owner(&mut backends, &key);
            let (event, wall) = (
                backend.register(EVENTS).unwrap(),
                backend.register(CLOCK).unwrap(),
            );
            let mut scope = backend.key(&key).unwrap();
            let time = i64::from((key * 37) % 200) + round * 100;
            scope.timers(event).register(time).unwrap();
            scope.timers(wall).register(-time).unwrap();
            events.push((time, key));
            clock.push((-time, key));
        }
        let checkpoint = job.checkpoint(&mut backends, u64::try_from(round).unwrap());
        backends = job.restore_all(&checkpoint, parallelism);

        fire(&mut backends, round * 100, &mut events, true);
        fire(&mut backends, -round * 100 - 100, &mut clock, false);
    }
    fire(&mut backends, i64::MAX, &mut events, true);
    fire(&mut backends, i64::MAX, &mut clock, false);
    assert!(events.is_empty() && clock.is_empty());
}

/// Takes what is due, and compares it with what should be.
fn fire(backends: &mut [Backend<u32>], up_to: i64, timers: &mut Vec<(i64, u32)>, event: bool) {
    let mut fired = Vec::new();
    for backend in backends {
        let handle = if event {
            backend.register(EVENTS).unwrap()
        } else {
            backend.register(CLOCK).unwrap()
        };
        while let Some(timer) = backend.due(handle, up_to).unwrap() {
            fired.push((timer.time, timer.key));
        }
    }
    fired.sort_unstable();
    let mut due: Vec<_> = timers
        .iter()
        .copied()
        .filter(|(time, _)| *time <= up_to)
        .collect();
    due.sort_unstable();
    due.dedup();
    timers.retain(|(time, _)| *time > up_to);
    assert_eq!(fired, due, "due at {up_to}");
}

pub fn a_key_of_another_type_is_refused_at_restore(setting: &Setting<'_>) {
    let job = setting.job(10);
    let mut before = job.open_all::<u32>(1);
    set(&mut before, 1, 1);
    let checkpoint = job.checkpoint(&mut before, 1);

    let refused = job.restore::<String>(&checkpoint, 0, 1).unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Incompatible);
}

pub fn values_of_another_type_are_refused_by_name_after_a_restore(setting: &Setting<'_>) {
    let job: Job = setting.job(10);
    let mut before = job.open_all::<u32>(1);
    let backend = &mut before[0];
    set(std::slice::from_mut(backend), 1, 1);
    let list = backend.register(ListState::<u32>::new("list")).unwrap();
    let map = backend.register(MapState::<u32, u32>::new("map")).unwrap();
    let sum = backend
        .register(ReducingState::<u32>::new("sum", |a, b| a + b))
        .unwrap();
    let mut scope = backend.key(&1_u32).unwrap();
    scope.list(list).push(&1).unwrap();
    scope.map(map).insert(&1_u32, &1).unwrap();
    scope.reducing(sum).add(1).unwrap();
    let checkpoint = job.checkpoint(&mut before, 1);

    let mut after = job.restore::<u32>(&checkpoint, 0, 1).unwrap();

    let refusals = [
        after
            .register(ValueState::<String>::new("counts"))
            .unwrap_err(),
        after
            .register(ListState::<String>::new("list"))
            .unwrap_err(),
        after
            .register(MapState::<u32, String>::new("map"))
            .unwrap_err(),
        after
            .register(MapState::<String, u32>::new("map"))
            .unwrap_err(),
        after.register(ListState::<u32>::new("map")).unwrap_err(),
        after
            .register(ReducingState::<String>::new("sum", |_, b| b.clone()))
            .unwrap_err(),
        after
            .register(ValueState::<u32>::new("counts").namespaced::<u8>())
            .unwrap_err(),
    ];
    for (refused, name) in refusals
        .iter()
        .zip(["counts", "list", "map", "map", "map", "sum", "counts"])
    {
        assert_eq!(refused.kind(), ErrorKind::Incompatible);
        assert!(refused.to_string().contains(name), "{refused}");
    }
    assert_eq!(get(std::slice::from_mut(&mut after), 1), Some(1));
}
