//! Which checkpoint a snapshot may refer to: only one that is known to be complete, whatever is told when.

use std::num::NonZeroUsize;
use std::sync::Arc;

use alluvium::catalog::{Catalog, Proposal};
use alluvium::environment::Environment;
use alluvium::protocol::key_group::MaxParallelism;
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::{ErrorKind, Ownership, RestoreFrom, SnapshotHandle};
use alluvium_testing::faulty::{Fault, FaultyStorage, Operation};

use crate::job::{Job, Subtask, contents_after, shared};

fn id(checkpoint: u64) -> CheckpointId {
    CheckpointId::new(checkpoint)
}

/// A subtask with some state and a first checkpoint that is complete.
fn started(job: &Job) -> (Subtask, SnapshotHandle) {
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    let first = job.complete(&mut subtask, 1);
    (subtask, first)
}

#[test]
fn while_completions_are_lost_the_last_known_one_stays_the_base() {
    let job = Job::new();
    let (mut subtask, _) = started(&job);

    for checkpoint in 2..10 {
        let handle = job.take(&mut subtask, checkpoint);

        assert_eq!(handle.base, Some(id(1)), "{checkpoint}");
    }
    subtask.backend.notify_complete(id(7));
    assert_eq!(job.take(&mut subtask, 10).base, Some(id(7)));
}

#[test]
fn every_file_that_is_referred_to_is_in_the_manifest_of_the_base() {
    let job = Job::new();
    let (mut subtask, first) = started(&job);
    let mut manifests = vec![job.manifest(&first)];
    for checkpoint in 2..12 {
        subtask.write(0..4, u32::try_from(checkpoint).unwrap());

        let manifest = job.manifest(&job.take(&mut subtask, checkpoint));

        let base = manifest.base.expect("the first is complete");
        let of_base = manifests.iter().find(|other| other.checkpoint == base);
        let of_base = shared(of_base.unwrap());
        for file in manifest.files.iter().filter(|file| file.shared) {
            let is_new = file.uploaded_by == manifest.checkpoint;
            assert!(is_new || of_base.contains(&file.object), "{file:?}");
        }
        manifests.push(manifest);
        // Told, told of the one before, told late of an older one, and not told.
        match checkpoint % 4 {
            0 => subtask.backend.notify_complete(id(checkpoint)),
            1 => subtask.backend.notify_complete(id(checkpoint - 1)),
            2 => subtask.backend.notify_complete(id(checkpoint / 2)),
            _ => {}
        }
    }
}

#[test]
fn a_checkpoint_whose_upload_failed_is_no_base_though_it_is_called_complete() {
    let job = Job::new();
    let (mut subtask, _) = started(&job);
    for operation in [Operation::Upload, Operation::Put] {
        for fault in [Fault::Before, Fault::After] {
            subtask.write(0..40, 2);
            job.storage
                .fail(operation, 1, fault(ErrorKind::Unavailable));
            job.upload(subtask.prepare(2)).unwrap_err();

            subtask.backend.notify_complete(id(2));

            assert_eq!(job.take(&mut subtask, 3).base, Some(id(1)), "{operation:?}");
        }
    }
}

#[test]
fn a_dropped_snapshot_is_no_base_though_it_is_called_complete() {
    let job = Job::new();
    let (mut subtask, _) = started(&job);
    drop(subtask.prepare(2));

    subtask.backend.notify_complete(id(2));

    assert_eq!(job.take(&mut subtask, 3).base, Some(id(1)));
}

#[test]
fn an_abort_takes_its_own_checkpoint_only() {
    let job = Job::new();
    let (mut subtask, _) = started(&job);
    for checkpoint in 2..5 {
        job.take(&mut subtask, checkpoint);
    }

    subtask.backend.notify_aborted(id(3));

    for (completed, base) in [(2, 2), (3, 2), (4, 4)] {
        subtask.backend.notify_complete(id(completed));
        let next = job.take(&mut subtask, 100 + completed);
        assert_eq!(next.base, Some(id(base)), "after {completed}");
    }
}

#[test]
fn an_abort_that_comes_after_a_later_completion_changes_nothing() {
    let job = Job::new();
    let (mut subtask, _) = started(&job);
    job.take(&mut subtask, 2);
    let third = job.complete(&mut subtask, 3);

    subtask.backend.notify_aborted(id(2));
    subtask.backend.notify_aborted(id(1));

    let next = job.take(&mut subtask, 4);
    assert_eq!(next.base, Some(id(3)));
    assert_eq!(shared(&job.manifest(&next)), shared(&job.manifest(&third)));
}

#[test]
fn a_checkpoint_that_was_aborted_before_its_snapshot_is_not_uploaded() {
    let job = Job::new();
    let (mut subtask, _) = started(&job);
    subtask.write(0..40, 2);
    subtask.backend.notify_aborted(id(2));
    let (before, uploads) = (job.objects(), job.storage.calls(Operation::Upload));

    let error = job.upload(subtask.prepare(2)).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
    assert_eq!(job.storage.calls(Operation::Upload), uploads);
    assert_eq!(job.objects(), before);
    assert_eq!(job.take(&mut subtask, 3).base, Some(id(1)));
}

#[test]
fn the_completion_of_a_savepoint_leaves_the_history() {
    let job = Job::new();
    let (mut subtask, _) = started(&job);
    let savepoint = subtask.prepare_kind(2, SnapshotKind::Savepoint);
    job.upload(savepoint).unwrap();

    subtask.backend.notify_complete(id(2));

    let next = job.take(&mut subtask, 3);
    assert_eq!((next.base, next.report.files_new), (Some(id(1)), 0));
}

#[test]
fn a_savepoint_under_the_number_of_a_checkpoint_does_not_stand_in_for_it() {
    let job = Job::new();
    let (mut subtask, _) = started(&job);
    let checkpoint = job.take(&mut subtask, 2);
    let savepoint = subtask.prepare_kind(2, SnapshotKind::Savepoint);
    job.upload(savepoint).unwrap();

    subtask.backend.notify_complete(id(2));

    let next = job.take(&mut subtask, 3);
    assert_eq!(next.base, Some(id(2)));
    assert_eq!(
        shared(&job.manifest(&next)),
        shared(&job.manifest(&checkpoint))
    );
}

#[test]
fn the_base_that_was_restored_stays_until_a_later_checkpoint_is_complete() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    let fifth = job.complete(&mut subtask, 5);
    drop(subtask);
    let mut restored = job.restore(&[fifth]).0;

    for told in [5, 3, 9] {
        restored.backend.notify_complete(id(told));
        restored.backend.notify_aborted(id(told));
        assert_eq!(job.take(&mut restored, 10 + told).base, Some(id(5)));
    }
    restored.backend.notify_complete(id(15));

    assert_eq!(job.take(&mut restored, 20).base, Some(id(15)));
}

#[test]
fn what_was_restored_of_somebody_elses_checkpoint_is_uploaded_and_not_referred_to() {
    let job = Job::new();
    let (subtask, first) = started(&job);
    drop(subtask);
    let from = RestoreFrom {
        ownership: Ownership::Borrowed,
        ..job.from(&[first])
    };
    let (mut restored, _) = Subtask::restore(job.builder(0, 1), &from).unwrap();

    let next = job.take(&mut restored, 2);

    assert_eq!((next.base, next.report.files_referred), (None, 0));
}

/// The catalog that a job's checkpoints are committed to.
struct Commits {
    catalog: Catalog,
    attempt: alluvium::catalog::Attempt,
}

impl Commits {
    fn start(job: &Job) -> Self {
        let catalog = Catalog::open(Arc::<FaultyStorage>::clone(&job.storage), "job").unwrap();
        let attempt = catalog.start_attempt(&Environment::system()).unwrap();
        Self { catalog, attempt }
    }

    fn commit(&self, checkpoint: u64, handle: &SnapshotHandle) -> alluvium::Result<()> {
        let proposal = Proposal {
            checkpoint: id(checkpoint),
            kind: SnapshotKind::Incremental,
            max_parallelism: MaxParallelism::DEFAULT,
            manifests: vec![handle.manifest.clone()],
            bases: handle.base.into_iter().collect(),
            attachments: std::collections::BTreeMap::new(),
        };
        let committed = self
            .catalog
            .commit(&self.attempt, &proposal, &Environment::system());
        committed.map(drop)
    }

    fn keep_newest(&self) {
        let swept = self.catalog.retain(&self.attempt, NonZeroUsize::MIN);
        assert!(swept.unwrap().left.is_empty());
    }
}

#[test]
fn of_a_file_that_was_uploaded_twice_the_copy_of_a_dropped_checkpoint_gets_into_no_checkpoint() {
    let job = Job::new();
    let commits = Commits::start(&job);
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    let first = job.take(&mut subtask, 1);
    commits.commit(1, &first).unwrap();
    let second = job.take(&mut subtask, 2);
    assert!(shared(&job.manifest(&first)).is_disjoint(&shared(&job.manifest(&second))));
    commits.commit(2, &second).unwrap();
    // Late: the second one has subsumed it already.
    subtask.backend.notify_complete(id(1));
    let third = job.take(&mut subtask, 3);
    commits.keep_newest();

    let refused = commits.commit(3, &third).unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused:?}");
    assert!(refused.to_string().contains("checkpoint 1"), "{refused}");
    let given_up = commits.catalog.abort(&commits.attempt, &[third.manifest]);
    assert!(given_up.unwrap().left.is_empty());
    subtask.backend.notify_aborted(id(3));
    subtask.backend.notify_complete(id(2));
    let fourth = job.take(&mut subtask, 4);
    assert_eq!(
        shared(&job.manifest(&fourth)),
        shared(&job.manifest(&second))
    );
    commits.commit(4, &fourth).unwrap();
    commits.keep_newest();
    drop(subtask);
    let restored = job.restore(&[fourth]).0.contents();
    assert_eq!(restored, contents_after(&[(0..40, 1)]));
}

#[test]
fn completions_that_always_come_one_snapshot_late_leave_snapshots_incremental() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    job.take(&mut subtask, 1);
    job.take(&mut subtask, 2);

    for checkpoint in 3..10 {
        subtask.backend.notify_complete(id(checkpoint - 2));
        let handle = job.take(&mut subtask, checkpoint);

        assert_eq!(handle.base, Some(id(checkpoint - 2)));
        assert_eq!(handle.report.files_new, 0, "{checkpoint}");
    }
}
