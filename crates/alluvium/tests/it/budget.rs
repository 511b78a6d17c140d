//! The write buffer's memory: within its budget whatever happens, and given back.

#![cfg(test)]

use std::sync::Arc;

use alluvium::environment::{Environment, Spawn};
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::store::memory::MemoryStoreFactory;
use alluvium::{
    Backend, Builder, Error, ErrorKind, ListState, MapState, Options, Result, ValueState,
};
use proptest::prelude::*;

use crate::job::{Job, Subtask};
use crate::watched::WatchedStores;

const BUDGET_BYTES: usize = 64 << 10;

/// The longest value, with what its cell and an amortized buffer of its list take beside it.
const ENTRY_BYTES: usize = 3 << 10;

const VALUES: ValueState<Vec<u8>> = ValueState::new("values");
const LISTS: ListState<Vec<u8>> = ListState::new("lists");
const MAPS: MapState<u16, Vec<u8>> = MapState::new("maps");

#[derive(Debug, Clone)]
enum Step {
    Set(u16, usize),
    Get(u16),
    Push(u16, usize),
    Read(u16),
    ClearList(u16),
    Insert(u16, u16, usize),
    Lookup(u16, u16),
    ClearMap(u16),
    Snapshot,
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0..2000_u16;
    let length = || prop_oneof![9 => 0..40_usize, 1 => 0..1000_usize];
    prop_oneof![
        20 => (key(), length()).prop_map(|(key, length)| Step::Set(key, length)),
        10 => key().prop_map(Step::Get),
        10 => (0..50_u16, length()).prop_map(|(key, length)| Step::Push(key, length)),
        5 => (0..50_u16).prop_map(Step::Read),
        2 => (0..50_u16).prop_map(Step::ClearList),
        10 => (0..20_u16, key(), length()).prop_map(|(key, entry, length)| Step::Insert(key, entry, length)),
        10 => (0..20_u16, key()).prop_map(|(key, entry)| Step::Lookup(key, entry)),
        1 => (0..20_u16).prop_map(Step::ClearMap),
        1 => Just(Step::Snapshot),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn any_operations_keep_the_buffer_within_its_budget(steps in proptest::collection::vec(step(), 1..3000)) {
        let directory = tempfile::tempdir().unwrap();
        let options = Options::default().memory_budget_bytes(BUDGET_BYTES);
        let store = Arc::new(MemoryStoreFactory::new());
        let builder = Builder::new("budget", store, directory.path().join("work")).options(options);
        let mut backend = Backend::<u16>::open(builder).unwrap();
        let (values, lists, maps) = (
            backend.register(VALUES).unwrap(),
            backend.register(LISTS).unwrap(),
            backend.register(MAPS).unwrap(),
        );

        for (number, step) in steps.into_iter().enumerate() {
            match &step {
                Step::Set(key, length) => backend.key(key).unwrap().value(values).set(&vec![1; *length]).unwrap(),
                Step::Get(key) => drop(backend.key(key).unwrap().value(values).get().unwrap()),
                Step::Push(key, length) => backend.key(key).unwrap().list(lists).push(&vec![2; *length]).unwrap(),
                Step::Read(key) => drop(backend.key(key).unwrap().list(lists).get().unwrap()),
                Step::ClearList(key) => backend.key(key).unwrap().list(lists).clear().unwrap(),
                Step::Insert(key, entry, length) => {
                    backend.key(key).unwrap().map(maps).insert(entry, &vec![3; *length]).unwrap();
                }
                Step::Lookup(key, entry) => drop(backend.key(key).unwrap().map(maps).get(entry).unwrap()),
                Step::ClearMap(key) => backend.key(key).unwrap().map(maps).clear().unwrap(),
                Step::Snapshot => {
                    let id = CheckpointId::new(number.try_into().unwrap());
                    drop(backend.snapshot(id, SnapshotKind::Incremental));
                }
            }

            let bytes = backend.metrics().buffer_bytes;
            // A list is one entry, however long it has become.
            let entry = if matches!(step, Step::Push(..) | Step::Read(_)) { 64 << 10 } else { ENTRY_BYTES };
            prop_assert!(bytes <= BUDGET_BYTES + entry, "{bytes} bytes after {step:?}");
        }
    }
}

#[test]
fn snapshots_that_freeze_often_do_not_add_to_the_budget() {
    let job = Job::new();
    let options = Options::default()
        .memory_budget_bytes(BUDGET_BYTES)
        .snapshots_in_flight_max(1000);
    let mut subtask = Subtask::open(job.builder(0, 1).options(options));

    for checkpoint in 1..200 {
        // Less than what makes the buffer freeze by itself.
        let round = u32::try_from(checkpoint).unwrap();
        subtask.write(0..8, round);
        drop(subtask.prepare(checkpoint));

        let bytes = subtask.backend.metrics().buffer_bytes;
        assert!(
            bytes <= BUDGET_BYTES + ENTRY_BYTES,
            "{bytes} bytes at {checkpoint}"
        );
    }
}

#[test]
fn checkpoints_of_little_state_do_not_pile_up_generations() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..1, 0);
    subtask.wait_for_flusher();
    let once = subtask.backend.metrics().buffer_bytes;

    for checkpoint in 1..100 {
        subtask.write(0..1, 1);
        job.take(&mut subtask, checkpoint);
    }

    subtask.wait_for_flusher();
    let bytes = subtask.backend.metrics().buffer_bytes;
    assert!(
        bytes <= 20 * once,
        "{bytes} bytes, where one generation has {once}"
    );
}

#[test]
fn a_writer_that_waits_for_the_flusher_waits_once_for_each_run() {
    let (job, stores) = (Job::new(), WatchedStores::new());
    let options = Options::default().memory_budget_bytes(8 << 10);
    let builder = job.builder_on(Arc::new(stores.clone()), 0, 1);
    let mut subtask = Subtask::open(builder.options(options));

    for round in 0..200 {
        subtask.write(0..40, round);
    }

    let (waits, runs) = (subtask.backend.metrics().buffer_waits, stores.written());
    assert!(waits > 0, "the budget is too large for this test");
    // Each wait ends with a run that was written or a generation that was freed.
    assert!(
        waits <= 2 * u64::try_from(runs).unwrap() + 2,
        "{waits} waits for {runs} runs"
    );
}

#[test]
fn rows_that_were_read_and_are_then_written_in_place_are_frozen_at_their_share() {
    let (directory, stores) = (tempfile::tempdir().unwrap(), WatchedStores::new());
    let options = Options::default().memory_budget_bytes(BUDGET_BYTES);
    let builder = Builder::new("job", Arc::new(stores.clone()), directory.path().join("w"));
    let mut backend = Backend::<u32>::open(builder.options(options)).unwrap();
    let values = backend.register(VALUES).unwrap();
    // As many as fit are in memory after the second round of reads, clean ones of one generation.
    for key in 0..2_000_u32 {
        let mut scope = backend.key(&key).unwrap();
        scope.value(values).set(&vec![1; 32]).unwrap();
    }
    // A visit waits until the store has all.
    backend.entries(values, |_, (), _| Ok(())).unwrap();
    for key in (0..2_000_u32).chain(1_000..1_600) {
        drop(backend.key(&key).unwrap().value(values).get().unwrap());
    }
    let runs = stores.written();

    for key in 1_000..1_600_u32 {
        let mut scope = backend.key(&key).unwrap();
        scope.value(values).set(&vec![2; 32]).unwrap();
    }

    backend.entries(values, |_, (), _| Ok(())).unwrap();
    assert!(stores.written() >= runs + 2, "all of it was one run");
}

/// The system's threads, of which there is none left to free memory.
#[derive(Debug)]
struct NoneToFree(Arc<dyn Spawn>);

impl Spawn for NoneToFree {
    fn spawn(&self, name: &str, task: Box<dyn FnOnce() + Send>) -> Result<()> {
        if name == "alluvium-freeing" {
            return Err(Error::new(ErrorKind::Unavailable, "no thread is left"));
        }
        self.0.spawn(name, task)
    }
}

#[test]
fn a_writer_goes_on_when_there_is_no_thread_to_free_memory() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(MemoryStoreFactory::new());
    let mut environment = Environment::system();
    environment.spawn = Arc::new(NoneToFree(environment.spawn));
    let options = Options::default().memory_budget_bytes(BUDGET_BYTES);
    let builder = Builder::new("job", store, directory.path().join("w"));
    let builder = builder.options(options).environment(environment);
    let mut backend = Backend::<u32>::open(builder).unwrap();
    let values = backend.register(VALUES).unwrap();

    // Many times the budget.
    for key in 0..20_000_u32 {
        backend
            .key(&key)
            .unwrap()
            .value(values)
            .set(&vec![7; 32])
            .unwrap();
    }

    assert!(backend.metrics().buffer_bytes <= BUDGET_BYTES);
    let found = backend.key(&19_u32).unwrap().value(values).get().unwrap();
    assert_eq!(found, Some(vec![7; 32]));
}
