//! What completions and aborts do to local copies and to the task that is told: late, lost, repeated, out of order.

use std::fs;
use std::sync::Arc;

use alluvium::ErrorKind;
use alluvium::protocol::manifest::CheckpointId;
use alluvium_testing::faulty::{Fault, Operation};

use crate::job::{Job, Subtask, contents_after};
use crate::watched::WatchedStores;

fn id(checkpoint: u64) -> CheckpointId {
    CheckpointId::new(checkpoint)
}

/// A subtask that keeps local copies, with some state.
fn keeping(job: &Job) -> Subtask {
    let mut subtask = Subtask::open(job.builder(0, 1).local_copies(job.local_copies()));
    subtask.write(0..40, 1);
    subtask
}

/// The checkpoints that have local copies.
fn copies(job: &Job) -> Vec<u64> {
    let entries = fs::read_dir(job.local_directory().join("job")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut copies: Vec<_> = names.filter_map(|name| name.parse().ok()).collect();
    copies.sort_unstable();
    copies
}

#[test]
fn a_completion_prunes_all_earlier_copies_though_their_own_was_lost() {
    let job = Job::new();
    let mut subtask = keeping(&job);
    for checkpoint in 1..5 {
        job.take(&mut subtask, checkpoint);
    }
    assert_eq!(copies(&job), [1, 2, 3, 4]);

    subtask.backend.notify_complete(id(3));
    job.take(&mut subtask, 5);

    assert_eq!(copies(&job), [3, 4, 5]);
}

#[test]
fn a_completion_that_comes_late_or_twice_or_of_an_unknown_checkpoint_prunes_nothing_more() {
    let job = Job::new();
    let mut subtask = keeping(&job);
    job.take(&mut subtask, 1);
    job.complete(&mut subtask, 2);
    job.take(&mut subtask, 3);
    assert_eq!(copies(&job), [2, 3]);

    for (next, told) in (4..).zip([1, 2, 1000]) {
        subtask.backend.notify_complete(id(told));
        job.take(&mut subtask, next);

        let expected: Vec<_> = (2..=next).collect();
        assert_eq!(copies(&job), expected, "after {told}");
    }
}

#[test]
fn an_abort_prunes_its_own_copy_only_and_may_be_of_one_that_has_none() {
    let job = Job::new();
    let mut subtask = keeping(&job);
    job.complete(&mut subtask, 1);
    for checkpoint in 2..5 {
        job.take(&mut subtask, checkpoint);
    }

    for (next, aborted, expected) in [
        (5, 3, [1, 2, 4, 5].as_slice()),
        (6, 3, &[1, 2, 4, 5, 6]),
        (7, 900, &[1, 2, 4, 5, 6, 7]),
    ] {
        subtask.backend.notify_aborted(id(aborted));
        job.take(&mut subtask, next);

        assert_eq!(copies(&job), expected, "after {aborted}");
    }
}

#[test]
fn no_copy_is_kept_of_a_checkpoint_that_is_aborted_before_or_during_its_upload() {
    let job = Job::new();
    let mut subtask = keeping(&job);
    subtask.backend.notify_aborted(id(1));
    job.upload(subtask.prepare(1)).unwrap_err();
    let subtask = Arc::new(std::sync::Mutex::new(subtask));
    let told = Arc::clone(&subtask);
    job.storage.meanwhile(Operation::Upload, 1, move || {
        told.lock().unwrap().backend.notify_aborted(id(2));
    });
    let snapshot = subtask.lock().unwrap().prepare(2);

    let error = job.upload(snapshot).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
    assert_eq!(copies(&job), Vec::<u64>::new());
}

#[test]
fn notifications_call_neither_the_store_nor_storage() {
    let (job, stores) = (Job::new(), WatchedStores::new());
    let builder = job.builder_on(Arc::new(stores.clone()), 0, 1);
    let mut subtask = Subtask::open(builder.local_copies(job.local_copies()));
    subtask.write(0..40, 1);
    for checkpoint in 1..4 {
        job.take(&mut subtask, checkpoint);
    }
    let calls = stores.calls_by_task();
    for operation in [Operation::Delete, Operation::Put, Operation::Get] {
        let refuse = Fault::Before(ErrorKind::Unavailable);
        job.storage.fail_always(operation, refuse);
    }
    let before = (job.objects(), copies(&job));

    subtask.backend.notify_complete(id(2));
    subtask.backend.notify_aborted(id(3));

    assert_eq!(stores.calls_by_task(), calls);
    assert_eq!((job.objects(), copies(&job)), before);
}

#[test]
fn notifications_after_the_last_upload_and_to_an_empty_backend_are_taken() {
    let job = Job::new();
    let mut subtask = job.open();

    for told in [0, 1, u64::MAX] {
        subtask.backend.notify_aborted(id(told));
        subtask.backend.notify_complete(id(told));
    }

    subtask.write(0..40, 1);
    assert_eq!(job.take(&mut subtask, 2).base, None);
}

#[test]
fn a_damaged_record_of_a_local_copy_costs_downloads_at_most() {
    for damaged in [&b""[..], b"no record"] {
        let job = Job::new();
        let mut subtask = keeping(&job);
        let handle = job.complete(&mut subtask, 1);
        drop(subtask);
        let copy = job.local_directory().join(format!("job/{:020}/0", 1));
        fs::write(copy.join("RECORD"), damaged).unwrap();

        let builder = job.builder(0, 1).local_copies(job.local_copies());
        let (mut restored, _) = Subtask::restore(builder, &job.from(&[handle])).unwrap();

        assert_eq!(restored.contents(), contents_after(&[(0..40, 1)]));
        job.complete(&mut restored, 2);
        job.complete(&mut restored, 3);
        assert_eq!(copies(&job), [2, 3], "it is pruned like any other");
    }
}
