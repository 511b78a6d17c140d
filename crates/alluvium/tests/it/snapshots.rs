//! Which files a snapshot may refer to, and what is in it: whatever order notifications come in.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;

use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::storage::Cancel;
use alluvium::{Backend, ErrorKind};

use crate::job::{Job, Subtask, contents_after, is_gone, nobody, shared};

fn id(checkpoint: u64) -> CheckpointId {
    CheckpointId::new(checkpoint)
}

/// The checkpoint that the next snapshot of `subtask` is based on, and how many files it refers to.
fn next_base(job: &Job, subtask: &mut Subtask, checkpoint: u64) -> (Option<u64>, usize) {
    let handle = job.take(subtask, checkpoint);
    subtask.backend.notify_aborted(id(checkpoint));
    (
        handle.base.map(CheckpointId::get),
        handle.report.files_referred,
    )
}

#[test]
fn files_of_a_checkpoint_that_is_not_known_to_be_complete_are_uploaded_again() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..40, 1);

    let first = job.take(&mut subtask, 1);
    let second = job.take(&mut subtask, 2);

    assert_eq!(second.base, None);
    assert_eq!(second.report.files_referred, 0);
    let (first, second) = (job.manifest(&first), job.manifest(&second));
    assert!(shared(&first).is_disjoint(&shared(&second)));
}

#[test]
fn files_of_the_last_complete_checkpoint_are_referred_to() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    let first = job.complete(&mut subtask, 1);

    let second = job.take(&mut subtask, 2);

    assert_eq!(second.base, Some(id(1)));
    assert_eq!(second.report.files_new, 0);
    assert_eq!(
        shared(&job.manifest(&first)),
        shared(&job.manifest(&second))
    );
}

#[test]
fn a_snapshot_keeps_the_base_that_it_was_prepared_with() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    job.complete(&mut subtask, 1);
    job.take(&mut subtask, 2);
    let third = subtask.prepare(3);

    subtask.backend.notify_complete(id(2));

    assert_eq!(job.upload(third).unwrap().base, Some(id(1)));
    assert_eq!(next_base(&job, &mut subtask, 4), (Some(2), 1));
}

#[test]
fn completions_that_come_late_or_twice_or_of_unknown_checkpoints_change_nothing() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    job.take(&mut subtask, 1);
    let second = job.complete(&mut subtask, 2);

    // The first, late; the second, again; a savepoint, and a checkpoint of nobody's.
    for (next, completed) in (1001..).zip([1, 2, 1, 7, 1000]) {
        subtask.backend.notify_complete(id(completed));

        assert_eq!(next_base(&job, &mut subtask, next), (Some(2), 1));
    }
    // Of two objects with the same file, only the one that the base names.
    let last = job.take(&mut subtask, 2000);
    assert_eq!(shared(&job.manifest(&last)), shared(&job.manifest(&second)));
}

#[test]
fn an_abort_leaves_the_base_and_is_final() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    job.complete(&mut subtask, 1);
    job.take(&mut subtask, 2);
    job.take(&mut subtask, 3);

    // Before it is told, of an earlier one, of the base itself, of one that was never taken.
    for aborted in [3, 2, 1, 9] {
        subtask.backend.notify_aborted(id(aborted));
        subtask.backend.notify_complete(id(aborted));

        assert_eq!(next_base(&job, &mut subtask, 10 + aborted), (Some(1), 1));
    }
}

#[test]
fn the_second_of_two_snapshots_in_flight_may_finish_first() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..20, 1);
    let first = subtask.prepare(1);
    subtask.write(10..30, 2);
    let second = subtask.prepare(2);

    let second = job.upload(second).unwrap();
    subtask.backend.notify_complete(id(2));
    let first = job.upload(first).unwrap();
    subtask.backend.notify_complete(id(1));

    let (files, _) = (next_base(&job, &mut subtask, 3), drop(subtask));
    assert_eq!(files.0, Some(2));
    let writes = [(0..20, 1), (10..30, 2)];
    assert_eq!(
        job.restore(&[first]).0.contents(),
        contents_after(&writes[..1])
    );
    assert_eq!(job.restore(&[second]).0.contents(), contents_after(&writes));
}

#[test]
fn a_full_snapshot_uploads_everything_and_the_increment_after_it_only_what_is_new() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    let first = job.complete(&mut subtask, 1);

    let full = subtask.prepare_kind(2, SnapshotKind::Full);
    let full = job.upload(full).unwrap();
    subtask.backend.notify_complete(id(2));
    subtask.write(0..1, 2);
    let next = job.take(&mut subtask, 3);

    let objects = [&first, &full, &next].map(|handle| shared(&job.manifest(handle)));
    assert_eq!((full.base, full.report.files_referred), (None, 0));
    assert!(objects[1].is_disjoint(&objects[0]));
    assert_eq!(next.base, Some(id(2)));
    assert_eq!((next.report.files_referred, next.report.files_new), (1, 1));
    assert!(objects[2].is_superset(&objects[1]));
    drop(subtask);
    let writes = [(0..40, 1), (0..1, 2)];
    assert_eq!(
        job.restore(&[full]).0.contents(),
        contents_after(&writes[..1])
    );
    assert_eq!(job.restore(&[next]).0.contents(), contents_after(&writes));
}

#[test]
fn the_increment_after_a_restored_full_checkpoint_uploads_only_what_is_new() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    let full = subtask.prepare_kind(1, SnapshotKind::Full);
    let full = job.upload(full).unwrap();
    drop(subtask);

    let (mut restored, _) = job.restore(std::slice::from_ref(&full));
    let next = job.take(&mut restored, 2);

    assert_eq!((next.report.files_referred, next.report.files_new), (1, 0));
    assert_eq!(shared(&job.manifest(&next)), shared(&job.manifest(&full)));
}

#[test]
fn nothing_refers_to_a_full_snapshot_that_is_not_known_to_be_complete() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    let first = job.complete(&mut subtask, 1);
    let full = subtask.prepare_kind(2, SnapshotKind::Full);
    job.upload(full).unwrap();

    let next = job.take(&mut subtask, 3);

    assert_eq!(next.base, Some(id(1)));
    assert_eq!(shared(&job.manifest(&next)), shared(&job.manifest(&first)));
}

#[test]
fn a_backend_with_nothing_in_it_is_snapshotted_and_restored() {
    let job = Job::new();
    let mut subtask = job.open();
    let empty = job.complete(&mut subtask, 1);
    drop(subtask);

    let (mut restored, _) = job.restore(&[empty]);

    assert!(restored.contents().is_empty());
    restored.write(0..40, 1);
    let next = job.take(&mut restored, 2);
    drop(restored);
    assert_eq!(
        job.restore(&[next]).0.contents(),
        contents_after(&[(0..40, 1)])
    );
}

#[test]
fn states_that_were_restored_and_never_declared_are_carried_over() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    let first = job.complete(&mut subtask, 1);
    drop(subtask);

    let from = job.from(&[first]);
    let restored = Backend::<u32>::restore(job.builder(0, 1), &from, &Cancel::new(), &nobody());
    let mut untouched = restored.unwrap().0;
    let snapshot = untouched.snapshot(id(2), SnapshotKind::Full).unwrap();
    let second = job.upload(snapshot).unwrap();
    drop(untouched);

    assert_eq!(
        job.restore(&[second]).0.contents(),
        contents_after(&[(0..40, 1)])
    );
}

#[test]
fn one_snapshot_too_many_is_refused_and_a_dropped_one_makes_room() {
    let job = Job::new();
    let mut subtask = job.open();
    let mut in_flight: Vec<_> = (1..=4)
        .map(|checkpoint| subtask.prepare(checkpoint))
        .collect();

    let refused = subtask.backend.snapshot(id(5), SnapshotKind::Incremental);

    let error = refused.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error.to_string().contains("snapshots_in_flight_max"),
        "{error}"
    );
    drop(in_flight.pop());
    drop(subtask.prepare(6));
    job.upload(subtask.prepare(7)).unwrap();
    drop(subtask.prepare(8));
}

#[test]
fn a_dropped_snapshot_leaves_no_files_whether_they_were_pinned_or_not() {
    let job = Job::new();
    let mut subtask = job.open();
    let folder = subtask.backend.bytes().directory();
    let names = || {
        let entries = fs::read_dir(&folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name());
        names.collect::<BTreeSet<_>>()
    };
    let before = names();
    subtask.write(0..40, 1);
    let pinned = subtask.prepare(1);
    subtask.wait_for_flusher();
    assert!(names().len() > before.len());

    drop(pinned);
    assert_eq!(names(), before);

    subtask.write(0..40, 2);
    drop(subtask.prepare(2));
    subtask.wait_for_flusher();
    assert_eq!(names(), before);
}

#[test]
fn a_snapshot_that_was_pinned_outlives_its_backend() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    let snapshot = subtask.prepare(1);
    let savepoint = subtask.prepare_kind(2, SnapshotKind::Savepoint);
    subtask.wait_for_flusher();

    drop(subtask);

    let first = job.upload(snapshot).unwrap();
    job.upload(savepoint).unwrap();
    assert!(is_gone(&job.work()));
    assert_eq!(
        job.restore(&[first]).0.contents(),
        contents_after(&[(0..40, 1)])
    );
}

#[test]
fn a_snapshot_of_a_closed_backend_does_not_touch_the_next_one_in_its_directory() {
    let job = Job::new();
    let mut old = job.open();
    old.write(0..40, 1);
    let outlived = old.prepare(1);
    old.wait_for_flusher();
    drop(old);
    let mut new = job.open();
    new.write(0..40, 2);
    let snapshot = new.prepare(2);
    new.wait_for_flusher();

    // Its files went when the directory was opened again.
    let error = job.upload(outlived).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    let handle = job.upload(snapshot).unwrap();
    drop(new);
    assert_eq!(
        job.restore(&[handle]).0.contents(),
        contents_after(&[(0..40, 2)])
    );
}
