//! Files and manifests are tried again while storage is unavailable, and their owner is told what moved.

#![cfg(test)]

use std::sync::{Arc, Mutex};

use alluvium::protocol::manifest::SnapshotKind;
use alluvium::storage::{Cancel, Storage};
use alluvium::{Backend, ErrorKind, Options, Progress, Result, TransferProgress};
use alluvium_testing::faulty::{Fault, Operation};

use crate::job::{Job, Subtask, contents_after, is_gone, nobody};

const UNAVAILABLE: Fault = Fault::Before(ErrorKind::Unavailable);

fn written(job: &Job) -> Subtask {
    let mut subtask = Subtask::open(job.patient());
    subtask.write(0..40, 1);
    subtask
}

/// Remembers all it is told.
#[derive(Default)]
struct Told(Mutex<Vec<TransferProgress>>);

impl Progress for Told {
    fn moved(&self, progress: &TransferProgress) {
        self.0.lock().unwrap().push(*progress);
    }
}

impl Told {
    /// Checks that totals never shrink, and that in the end all has moved.
    fn assert_whole(&self) {
        let told = self.0.lock().unwrap();
        let last = told.last().expect("something moved");
        assert!(last.files > 0 && last.bytes > 0, "{last:?}");
        assert_eq!(
            (last.files_done, last.bytes_done),
            (last.files, last.bytes),
            "{told:?}"
        );
        let totals = |it: &TransferProgress| (it.files, it.bytes);
        // A savepoint's files are known when they are written.
        assert!(told.is_sorted_by_key(totals), "{told:?}");
        assert!(told.is_sorted_by_key(|it| it.files_done), "{told:?}");
    }
}

#[test]
fn a_snapshot_outlasts_a_storage_that_fails_for_a_while() {
    for kind in [SnapshotKind::Incremental, SnapshotKind::Savepoint] {
        for fault in [Fault::Before, Fault::After] {
            let job = Job::new();
            let mut subtask = written(&job);
            for nth in 1..=3 {
                for operation in [Operation::Upload, Operation::Put] {
                    job.storage
                        .fail(operation, nth, fault(ErrorKind::Unavailable));
                }
            }

            let handle = job.upload(subtask.prepare_kind(1, kind)).unwrap();

            let manifest = job.manifest(&handle);
            let objects = job.objects().len();
            assert_eq!(
                objects,
                manifest.files.len() + 1,
                "nothing but what it lists"
            );
            drop(subtask);
            let (mut restored, _) = job.restore(&[handle]);
            assert_eq!(restored.contents(), contents_after(&[(0..40, 1)]));
        }
    }
}

#[test]
fn a_storage_that_stays_away_fails_a_snapshot_after_as_many_attempts_as_the_options_say() {
    let job = Job::new();
    let mut subtask = written(&job);
    job.storage.fail_always(Operation::Put, UNAVAILABLE);

    let error = job.upload(subtask.prepare(1)).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let attempts = u64::from(Options::default().transfer_attempts);
    assert_eq!(job.storage.calls(Operation::Put), attempts);
    assert_eq!(job.objects(), [].into());
}

#[test]
fn a_restore_outlasts_a_storage_that_fails_for_a_while_and_one_damaged_download() {
    let job = Job::new();
    let mut subtask = written(&job);
    let handle = job.complete(&mut subtask, 1);
    drop(subtask);
    for fault in [UNAVAILABLE, Fault::Truncate, Fault::FlipBit] {
        job.storage.fail(Operation::Download, 1, fault);

        let (mut restored, _) =
            Subtask::restore(job.patient(), &job.from(std::slice::from_ref(&handle))).unwrap();

        assert_eq!(
            restored.contents(),
            contents_after(&[(0..40, 1)]),
            "{fault:?}"
        );
    }
}

#[test]
fn what_is_damaged_twice_is_corrupt_and_leaves_nothing() {
    let job = Job::new();
    let mut subtask = written(&job);
    let handle = job.complete(&mut subtask, 1);
    drop(subtask);
    let from = job.from(&[handle]);
    for fault in [Fault::Truncate, Fault::FlipBit] {
        let before = job.storage.calls(Operation::Download);
        job.storage.fail_always(Operation::Download, fault);

        let error = restore_with(&job, &from, &Cancel::new(), &nobody()).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
        assert!(is_gone(&job.work()));
        let downloads = job.storage.calls(Operation::Download) - before;
        assert!(downloads >= 2, "{downloads}");
        job.storage.heal();
    }
}

#[test]
fn a_missing_object_is_not_asked_for_again() {
    let job = Job::new();
    let mut subtask = written(&job);
    let handle = job.complete(&mut subtask, 1);
    drop(subtask);
    let from = job.from(&[handle]);
    let file = &from.manifests[0].files[0];
    job.storage.delete(&format!("job/{}", file.object)).unwrap();
    let before = job.storage.calls(Operation::Download);

    let error = restore_with(&job, &from, &Cancel::new(), &nobody()).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    let downloads = job.storage.calls(Operation::Download) - before;
    let files = u64::try_from(from.manifests[0].files.len()).unwrap();
    assert!(downloads <= files, "{downloads} downloads of {files} files");
}

#[test]
fn a_cancel_ends_the_wait_for_the_next_attempt() {
    let job = Job::new();
    let mut subtask = written(&job);
    let cancel = Cancel::new();
    let flag = cancel.clone();
    job.storage.fail_always(Operation::Upload, UNAVAILABLE);
    job.storage
        .meanwhile(Operation::Upload, 1, move || flag.cancel());

    let uploaded = subtask.prepare(1).upload(&job.target(), &cancel, &nobody());

    assert_eq!(uploaded.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(job.objects(), [].into());
}

#[test]
fn a_manifest_whose_write_hangs_does_not_hold_a_cancelled_upload() {
    let job = Job::new();
    let mut subtask = written(&job);
    let cancel = Cancel::new();
    let flag = cancel.clone();
    let (release, held) = std::sync::mpsc::channel::<()>();
    job.storage.meanwhile(Operation::Put, 1, move || {
        flag.cancel();
        // Until the upload has returned; an upload that waits for it never does.
        held.recv().unwrap_err();
    });

    let uploaded = subtask.prepare(1).upload(&job.target(), &cancel, &nobody());

    assert_eq!(uploaded.unwrap_err().kind(), ErrorKind::Cancelled);
    let (deleted, last) = std::sync::mpsc::channel();
    let before = job.storage.calls(Operation::Delete);
    job.storage.meanwhile(Operation::Delete, 1, move || {
        deleted.send(()).unwrap();
    });
    drop(release);
    // The write that was left behind takes its object back.
    last.recv().unwrap();
    assert_eq!(job.storage.calls(Operation::Delete), before + 1);
}

#[test]
fn the_owner_is_told_of_every_file_and_byte_of_snapshots_savepoints_and_restores() {
    let job = Job::new();
    let mut subtask = written(&job);
    let mut handles = Vec::new();
    for (checkpoint, kind) in [(1, SnapshotKind::Incremental), (2, SnapshotKind::Savepoint)] {
        let told = Arc::new(Told::default());
        let progress: Arc<dyn Progress> = Arc::<Told>::clone(&told);
        // The second attempt moves the same bytes once more, and they count once.
        job.storage
            .fail(Operation::Upload, 1, Fault::After(ErrorKind::Unavailable));

        let snapshot = subtask.prepare_kind(checkpoint, kind);
        handles.push(
            snapshot
                .upload(&job.target(), &Cancel::new(), &progress)
                .unwrap(),
        );

        told.assert_whole();
    }
    drop(subtask);
    for handle in handles {
        let told = Arc::new(Told::default());
        let progress: Arc<dyn Progress> = Arc::<Told>::clone(&told);

        restore_with(&job, &job.from(&[handle]), &Cancel::new(), &progress).unwrap();

        told.assert_whole();
    }
}

fn restore_with(
    job: &Job,
    from: &alluvium::RestoreFrom,
    cancel: &Cancel,
    progress: &Arc<dyn Progress>,
) -> Result<()> {
    let restored = Backend::<u32>::restore(job.patient(), from, cancel, progress);
    restored.map(drop)
}
