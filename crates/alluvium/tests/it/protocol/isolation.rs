//! What a snapshot holds, who ends it, and what it leaves behind: whatever happens to it meanwhile.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::storage::Cancel;
use alluvium::{Backend, ErrorKind, EventTimers};
use alluvium_testing::faulty::{Fault, Operation};

use crate::job::{Job, Subtask, contents_after, nobody};
use crate::watched::{WatchedStores, Writes};

fn id(checkpoint: u64) -> CheckpointId {
    CheckpointId::new(checkpoint)
}

/// A subtask whose store has several files, and how many.
fn with_files(job: &Job) -> (Subtask, u64) {
    let mut subtask = job.open();
    for round in 0..3 {
        subtask.write(0..40, round);
        subtask.wait_for_flusher();
    }
    let before = job.storage.calls(Operation::Upload);
    job.take(&mut subtask, 1);
    let files = job.storage.calls(Operation::Upload) - before;
    assert!(files > 1, "the job is to have several files");
    (subtask, files)
}

#[test]
fn what_is_cleared_after_the_freeze_is_in_the_snapshot() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    let snapshot = subtask.prepare(1);

    subtask.clear(0..40);
    let handle = job.upload(snapshot).unwrap();

    assert!(subtask.contents().is_empty());
    drop(subtask);
    let restored = job.restore(&[handle]).0.contents();
    assert_eq!(restored, contents_after(&[(0..40, 1)]));
}

#[test]
fn timers_that_fire_after_the_freeze_are_in_the_snapshot_and_later_ones_are_not() {
    const TIMERS: EventTimers = EventTimers::new("timers");
    let job = Job::new();
    let mut backend = Backend::<u32>::open(job.builder(0, 1)).unwrap();
    let timers = backend.register(TIMERS).unwrap();
    let register = |backend: &mut Backend<u32>, time| {
        let mut key = backend.key(&7u32).unwrap();
        key.timers(timers).register(time).unwrap();
    };
    register(&mut backend, 10);
    let snapshot = backend.snapshot(id(1), SnapshotKind::Incremental).unwrap();

    assert!(backend.due(timers, 10).unwrap().is_some());
    register(&mut backend, 20);
    let handle = job.upload(snapshot).unwrap();
    drop(backend);

    let from = job.from(&[handle]);
    let restored = Backend::<u32>::restore(job.builder(0, 1), &from, &Cancel::new(), &nobody());
    let mut restored = restored.unwrap().0;
    let timers = restored.register(TIMERS).unwrap();
    let due = std::iter::from_fn(|| restored.due(timers, 100).unwrap());
    assert_eq!(due.map(|timer| timer.time).collect::<Vec<_>>(), [10]);
}

#[test]
fn an_abort_ends_a_running_upload_which_takes_back_what_it_uploaded() {
    let job = Job::new();
    let (subtask, _) = with_files(&job);
    let before = job.objects();
    let subtask = Arc::new(Mutex::new(subtask));
    let told = Arc::clone(&subtask);
    job.storage.meanwhile(Operation::Upload, 2, move || {
        told.lock().unwrap().backend.notify_aborted(id(2));
    });
    let snapshot = subtask.lock().unwrap().prepare(2);

    let error = job.upload(snapshot).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
    assert_eq!(job.objects(), before);
    job.take(&mut subtask.lock().unwrap(), 3);
}

#[test]
fn an_abort_does_not_end_the_upload_of_another_checkpoint() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    let (first, second) = (subtask.prepare(1), subtask.prepare(2));

    subtask.backend.notify_aborted(id(1));

    assert_eq!(job.upload(first).unwrap_err().kind(), ErrorKind::Cancelled);
    job.upload(second).unwrap();
}

#[test]
fn a_cancel_that_comes_when_the_manifest_is_being_written_is_too_late_and_the_snapshot_whole() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    let cancel = Cancel::new();
    let flag = cancel.clone();
    job.storage
        .meanwhile(Operation::Put, 1, move || flag.cancel());

    let handle = subtask
        .prepare(1)
        .upload(&job.target(), &cancel, &nobody())
        .unwrap();

    drop(subtask);
    let restored = job.restore(&[handle]).0.contents();
    assert_eq!(restored, contents_after(&[(0..40, 1)]));
}

#[test]
fn whichever_file_fails_all_that_were_uploaded_before_it_are_deleted() {
    let job = Job::new();
    let (mut subtask, files) = with_files(&job);
    let before = job.objects();
    for nth in 1..=files {
        let fails = Fault::Before(ErrorKind::Unavailable);
        job.storage.fail(Operation::Upload, nth, fails);

        let error = job.upload(subtask.prepare(1 + nth)).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        assert_eq!(job.objects(), before, "file {nth} of {files}");
        // Not all files were tried, so the fault may still be ahead.
        job.storage.heal();
    }
}

#[test]
fn uploads_that_could_not_be_deleted_do_not_keep_others_from_being_deleted() {
    let job = Job::new();
    let (mut subtask, files) = with_files(&job);
    let before = job.objects().len();
    let fails = Fault::Before(ErrorKind::Unavailable);
    job.storage.fail(Operation::Put, 1, fails);
    job.storage.fail(Operation::Delete, 1, fails);

    let deletes = job.storage.calls(Operation::Delete);
    job.upload(subtask.prepare(2)).unwrap_err();

    let tried = job.storage.calls(Operation::Delete) - deletes;
    assert_eq!(tried, files + 1, "the manifest's place, too");
    assert!(job.objects().len() <= before + 1);
    job.take(&mut subtask, 3);
}

#[test]
fn a_freeze_that_fails_takes_no_place_among_the_snapshots_in_flight() {
    let (job, stores) = (Job::new(), WatchedStores::new());
    let mut subtask = Subtask::open(job.builder_on(Arc::new(stores.clone()), 0, 1));
    stores.writes(Writes::Fail);
    subtask.write(0..40, 1);
    job.upload(subtask.prepare(1)).unwrap_err();

    for checkpoint in 2..20 {
        let refused = subtask
            .backend
            .snapshot(id(checkpoint), SnapshotKind::Incremental);

        let told = format!("{:?}", refused.unwrap_err());
        assert!(told.contains("the disk is full"), "{told}");
    }
}

#[test]
fn a_snapshot_leaves_no_files_on_this_machine_however_it_ends() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    subtask.wait_for_flusher();
    let folder = subtask.backend.bytes().directory();
    let before = names(&folder);
    for kind in [
        SnapshotKind::Incremental,
        SnapshotKind::Full,
        SnapshotKind::Savepoint,
    ] {
        let (failed, cancelled) = (subtask.prepare_kind(1, kind), subtask.prepare_kind(2, kind));
        let uploaded = subtask.prepare_kind(3, kind);
        subtask.wait_for_flusher();

        job.storage
            .fail(Operation::Put, 1, Fault::Before(ErrorKind::Unavailable));
        job.upload(failed).unwrap_err();
        let cancel = Cancel::new();
        cancel.cancel();
        cancelled
            .upload(&job.target(), &cancel, &nobody())
            .unwrap_err();
        job.upload(uploaded).unwrap();

        assert_eq!(names(&folder), before, "{kind}");
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}
