//! Restores of subtasks that differ, and restores that are told to stop.

use std::cmp::Reverse;
use std::fs;
use std::sync::Arc;

use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::state::Value;
use alluvium::storage::Cancel;
use alluvium::{
    Backend, ErrorKind, Options, Progress, SnapshotHandle, TransferProgress, ValueState,
};
use alluvium_testing::faulty::Operation;

use crate::job::{Job, KEYS, Subtask, is_gone, nobody};

const FIRST: ValueState<u32> = ValueState::new("first");
const SECOND: ValueState<u32> = ValueState::new("second");
const OTHER_FIRST: ValueState<String> = ValueState::new("first");

fn open(job: &Job, subtask: u32) -> Backend<u32> {
    Backend::open(job.builder(subtask, 2)).unwrap()
}

/// Sets the state of every key that is this backend's.
fn set(backend: &mut Backend<u32>, state: Value<u32>, value: u32) {
    for key in KEYS {
        if let Ok(mut scope) = backend.key(&key) {
            scope.value(state).set(&value).unwrap();
        }
    }
}

fn snapshot(job: &Job, backend: &mut Backend<u32>, checkpoint: u64) -> SnapshotHandle {
    let id = CheckpointId::new(checkpoint);
    let snapshot = backend.snapshot(id, SnapshotKind::Incremental).unwrap();
    job.upload(snapshot).unwrap()
}

fn restore(job: &Job, handles: &[SnapshotHandle]) -> alluvium::Result<Backend<u32>> {
    let from = job.from(handles);
    let restored = Backend::restore(job.builder(0, 1), &from, &Cancel::new(), &nobody());
    restored.map(|(backend, _)| backend)
}

/// How many keys have which value.
fn count(backend: &mut Backend<u32>, state: Value<u32>, value: u32) -> usize {
    let mut count = 0;
    backend
        .entries(state, |_, (), found| {
            count += usize::from(found == value);
            Ok(())
        })
        .unwrap();
    count
}

#[test]
fn states_that_only_some_subtasks_have_are_all_restored() {
    let job = Job::new();
    let (mut left, mut right) = (open(&job, 0), open(&job, 1));
    let first = left.register(FIRST).unwrap();
    set(&mut left, first, 1);
    let second = right.register(SECOND).unwrap();
    set(&mut right, second, 2);
    let handles = [snapshot(&job, &mut left, 1), snapshot(&job, &mut right, 1)];
    drop((left, right));

    let mut restored = restore(&job, &handles).unwrap();

    let first = restored.register(FIRST).unwrap();
    let second = restored.register(SECOND).unwrap();
    let (first, second) = (
        count(&mut restored, first, 1),
        count(&mut restored, second, 2),
    );
    assert!(first > 0 && second > 0, "both subtasks have keys");
    assert_eq!(first + second, KEYS.len());
}

#[test]
fn states_of_some_subtasks_that_nobody_declares_are_carried_over() {
    let job = Job::new();
    let (mut left, mut right) = (open(&job, 0), open(&job, 1));
    let first = left.register(FIRST).unwrap();
    set(&mut left, first, 1);
    let handles = [snapshot(&job, &mut left, 1), snapshot(&job, &mut right, 1)];
    let keys = count(&mut left, first, 1);
    drop((left, right));

    let mut untouched = restore(&job, &handles).unwrap();
    let next = snapshot(&job, &mut untouched, 2);
    drop(untouched);

    let mut restored = restore(&job, &[next]).unwrap();
    let first = restored.register(FIRST).unwrap();
    assert_eq!(count(&mut restored, first, 1), keys);
}

#[test]
fn states_that_subtasks_declared_in_another_order_are_the_same_states() {
    let job = Job::new();
    let (mut left, mut right) = (open(&job, 0), open(&job, 1));
    let (first, second) = (
        left.register(FIRST).unwrap(),
        left.register(SECOND).unwrap(),
    );
    set(&mut left, first, 1);
    set(&mut left, second, 2);
    let (second, first) = (
        right.register(SECOND).unwrap(),
        right.register(FIRST).unwrap(),
    );
    set(&mut right, first, 1);
    set(&mut right, second, 2);
    let handles = [snapshot(&job, &mut left, 1), snapshot(&job, &mut right, 1)];
    drop((left, right));

    let mut restored = restore(&job, &handles).unwrap();

    for (state, value) in [(SECOND, 2), (FIRST, 1)] {
        let state = restored.register(state).unwrap();
        assert_eq!(count(&mut restored, state, value), KEYS.len());
    }
}

#[test]
fn a_state_that_two_subtasks_have_with_different_types_is_refused_by_name() {
    let job = Job::new();
    let (mut left, mut right) = (open(&job, 0), open(&job, 1));
    left.register(FIRST).unwrap();
    right.register(OTHER_FIRST).unwrap();
    let handles = [snapshot(&job, &mut left, 1), snapshot(&job, &mut right, 1)];
    drop((left, right));
    let before = job.objects();

    let refused = restore(&job, &handles).unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Incompatible, "{refused:?}");
    assert!(refused.to_string().contains("first"), "{refused}");
    assert!(is_gone(&job.work()));
    assert_eq!(job.objects(), before);
}

#[test]
fn a_subtask_whose_neighbors_are_empty_is_restored() {
    let job = Job::new();
    let (mut left, mut right) = (open(&job, 0), open(&job, 1));
    let first = left.register(FIRST).unwrap();
    set(&mut left, first, 1);
    let keys = count(&mut left, first, 1);
    let handles = [snapshot(&job, &mut left, 1), snapshot(&job, &mut right, 1)];
    drop((left, right));

    let mut restored = restore(&job, &handles).unwrap();

    let first = restored.register(FIRST).unwrap();
    assert_eq!(count(&mut restored, first, 1), keys);
}

/// Cancels when the first file is in its place.
struct CancelAtFirst(Cancel);

impl Progress for CancelAtFirst {
    fn moved(&self, progress: &TransferProgress) {
        if progress.files_done > 0 {
            self.0.cancel();
        }
    }
}

#[test]
fn a_restore_stops_at_a_cancel_and_does_not_try_storage_for_damaged_copies() {
    let job = Job::new();
    let mut subtask = Subtask::open(job.builder(0, 1).local_copies(job.local_copies()));
    for round in 0..3 {
        subtask.write(0..40, round);
        subtask.wait_for_flusher();
    }
    let handle = job.complete(&mut subtask, 1);
    drop(subtask);
    let from = job.from(&[handle]);
    // The file that is fetched first: the largest ones are.
    let files = from.manifests[0].files.iter();
    let whole = files.max_by_key(|file| (file.bytes, Reverse(file.id)));
    let whole = whole.unwrap().id.to_string();
    let copies = job.local_directory().join(format!("job/{:020}/0", 1));
    let mut damaged = 0;
    for copy in fs::read_dir(copies).unwrap() {
        let path = copy.unwrap().path();
        let name = path.file_name().unwrap();
        if name != "RECORD" && *name != *whole {
            fs::remove_file(&path).unwrap();
            fs::write(&path, b"damaged").unwrap();
            damaged += 1;
        }
    }
    assert!(damaged > 0, "the job is to have several files");

    let cancel = Cancel::new();
    let progress: Arc<dyn Progress> = Arc::new(CancelAtFirst(cancel.clone()));
    let builder = job.builder(0, 1).local_copies(job.local_copies());
    // One thread, so that no other file is on its way when the first one arrives.
    let builder = builder.options(Options::default().transfer_threads(1));
    let restored = Backend::<u32>::restore(builder, &from, &cancel, &progress);

    assert_eq!(restored.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(job.storage.calls(Operation::Download), 0);
    assert!(is_gone(&job.work()));
}

#[test]
fn a_storage_that_fails_is_told_and_no_part_of_the_state_is_opened() {
    let job = Job::new();
    let (mut left, mut right) = (open(&job, 0), open(&job, 1));
    for backend in [&mut left, &mut right] {
        let first = backend.register(FIRST).unwrap();
        set(backend, first, 1);
    }
    let handles = [snapshot(&job, &mut left, 1), snapshot(&job, &mut right, 1)];
    drop((left, right));
    // The files of the first subtask arrive, those of the second do not.
    let fails = alluvium_testing::faulty::Fault::Before(ErrorKind::Unavailable);
    job.storage.fail(Operation::Download, 2, fails);

    let refused = restore(&job, &handles).unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused:?}");
    assert!(is_gone(&job.work()));
    let mut restored = restore(&job, &handles).unwrap();
    let first = restored.register(FIRST).unwrap();
    assert_eq!(count(&mut restored, first, 1), KEYS.len());
}
