//! Freezing: the task goes on whatever the store does, and learns of its failures.

#![cfg(test)]

use std::sync::Arc;

use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::storage::Cancel;
use alluvium::{Error, ErrorKind};

use crate::job::{Job, Subtask, contents_after, nobody};
use crate::watched::{WatchedStores, Writes};

fn open(job: &Job, stores: &WatchedStores) -> Subtask {
    Subtask::open(job.builder_on(Arc::new(stores.clone()), 0, 1))
}

#[test]
fn a_snapshot_is_prepared_while_the_store_stands_still_and_has_no_later_writes() {
    let (job, stores) = (Job::new(), WatchedStores::new());
    let mut subtask = open(&job, &stores);
    let held = stores.hold();
    subtask.write(0..20, 1);

    let first = subtask.prepare(1);
    subtask.write(10..30, 2);
    let second = subtask.prepare(2);
    subtask.write(0..40, 3);

    assert_eq!(stores.written(), 0);
    drop(held);
    let first = job.upload(first).unwrap();
    let second = job.upload(second).unwrap();
    drop(subtask);
    let (before, after) = ((0..20, 1), (10..30, 2));
    assert_eq!(
        job.restore(&[first]).0.contents(),
        contents_after(std::slice::from_ref(&before))
    );
    assert_eq!(
        job.restore(&[second]).0.contents(),
        contents_after(&[before, after])
    );
}

#[test]
fn an_upload_that_waits_for_a_store_that_stands_still_can_be_cancelled() {
    let (job, stores) = (Job::new(), WatchedStores::new());
    let mut subtask = open(&job, &stores);
    let held = stores.hold();
    subtask.write(0..20, 1);
    let (snapshot, cancel) = (subtask.prepare(1), Cancel::new());

    let canceller = cancel.clone();
    let upload = std::thread::scope(|scope| {
        scope.spawn(move || canceller.cancel());
        snapshot.upload(&job.target(), &cancel, &nobody())
    });

    assert_eq!(upload.unwrap_err().kind(), ErrorKind::Cancelled);
    drop(held);
}

#[test]
fn freezing_makes_no_call_to_the_store() {
    let (job, stores) = (Job::new(), WatchedStores::new());
    let mut subtask = open(&job, &stores);
    subtask.write(0..40, 1);
    let before = stores.calls_by_task();

    let snapshots = [1, 2, 3].map(|checkpoint| subtask.prepare(checkpoint));

    assert_eq!(stores.calls_by_task(), before);
    drop(snapshots);
}

#[test]
fn a_failed_write_fails_the_snapshot_and_everything_that_must_be_written_after_it() {
    let (job, stores) = (Job::new(), WatchedStores::new());
    let mut subtask = open(&job, &stores);
    job.complete(&mut subtask, 1);
    let before = job.objects();
    stores.writes(Writes::Fail);
    subtask.write(0..40, 1);

    let error = job.upload(subtask.prepare(2)).unwrap_err();

    stores.writes(Writes::Succeed);
    assert_failed(&error, "the disk is full");
    subtask.write(0..40, 2);
    let error = subtask
        .backend
        .snapshot(CheckpointId::new(3), SnapshotKind::Incremental);
    assert_failed(&error.unwrap_err(), "the disk is full");
    assert_eq!(
        stores.written(),
        0,
        "the store may have half a run, so it gets no other"
    );
    assert_eq!(job.objects(), before);
}

#[test]
fn a_store_that_panics_fails_the_backend_and_holds_nobody_up() {
    let (job, stores) = (Job::new(), WatchedStores::new());
    let mut subtask = open(&job, &stores);
    stores.writes(Writes::Panic);
    subtask.write(0..40, 1);

    let error = job.upload(subtask.prepare(1)).unwrap_err();

    assert_failed(&error, "panicked");
    let error = subtask
        .backend
        .snapshot(CheckpointId::new(2), SnapshotKind::Incremental);
    assert_failed(&error.unwrap_err(), "panicked");
    assert!(job.objects().is_empty());
}

fn assert_failed(error: &Error, reason: &str) {
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(format!("{error:?}").contains(reason), "{error:?}");
}
