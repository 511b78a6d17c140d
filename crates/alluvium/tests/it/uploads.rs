//! Uploads that fail or are cancelled: storage is as it was before, and the next upload succeeds.

#![cfg(test)]

use std::fs;
use std::sync::{Arc, Mutex};

use alluvium::protocol::manifest::{Manifest, SnapshotKind};
use alluvium::storage::{Cancel, Storage};
use alluvium::{ErrorKind, LocalCopies};
use alluvium_testing::faulty::{Fault, FaultyStorage, Operation};

use crate::job::{Job, Subtask, contents_after, nobody};
use crate::watched::WatchedStores;

const KINDS: [SnapshotKind; 3] = [
    SnapshotKind::Incremental,
    SnapshotKind::Full,
    SnapshotKind::Savepoint,
];

/// A job with a complete checkpoint, and more state than that.
fn started(job: &Job) -> Subtask {
    let mut subtask = job.open();
    subtask.write(0..20, 1);
    job.complete(&mut subtask, 1);
    subtask.write(10..40, 2);
    subtask
}

#[test]
fn a_failed_upload_deletes_what_it_uploaded_and_nothing_else() {
    for kind in KINDS {
        for operation in [Operation::Upload, Operation::Put] {
            for fault in [Fault::Before, Fault::After] {
                let job = Job::new();
                let mut subtask = started(&job);
                let before = job.objects();
                job.storage
                    .fail(operation, 1, fault(ErrorKind::Unavailable));

                let error = job.upload(subtask.prepare_kind(2, kind)).unwrap_err();

                assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
                assert!(error.to_string().contains("as planned"), "{error:?}");
                assert_eq!(job.objects(), before, "{kind} {operation:?}");
                let next = job.take(&mut subtask, 3);
                drop(subtask);
                let expected = contents_after(&[(0..20, 1), (10..40, 2)]);
                assert_eq!(job.restore(&[next]).0.contents(), expected);
            }
        }
    }
}

#[test]
fn a_cancelled_upload_deletes_what_it_uploaded_and_nothing_else() {
    for kind in KINDS {
        let job = Job::new();
        let mut subtask = started(&job);
        let before = job.objects();
        let cancel = Cancel::new();
        let flag = cancel.clone();
        job.storage
            .meanwhile(Operation::Upload, 1, move || flag.cancel());
        let snapshot = subtask.prepare_kind(2, kind);

        let error = snapshot
            .upload(&job.target(), &cancel, &nobody())
            .unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
        assert_eq!(job.objects(), before, "{kind}");
        job.take(&mut subtask, 3);
    }
}

#[test]
fn an_upload_that_is_cancelled_before_it_begins_writes_nothing() {
    let job = Job::new();
    let mut subtask = started(&job);
    let cancel = Cancel::new();
    cancel.cancel();
    let uploads = job.storage.calls(Operation::Upload);

    let error = subtask
        .prepare(2)
        .upload(&job.target(), &cancel, &nobody())
        .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(job.storage.calls(Operation::Upload), uploads);
}

#[test]
fn closing_a_backend_ends_every_upload_that_waits_for_its_store() {
    let (job, stores) = (Job::new(), WatchedStores::new());
    let mut subtask = Subtask::open(job.builder_on(Arc::new(stores.clone()), 0, 1));
    let held = stores.hold();
    subtask.write(0..40, 1);
    let first = subtask.prepare(1);
    let second = subtask.prepare(2);
    std::thread::scope(|scope| {
        // Waits for the write that is held up.
        scope.spawn(move || drop(subtask));
        drop(held);
    });

    let uploads = [job.upload(first), job.upload(second)];

    // Each was pinned in time, or is cancelled.
    for upload in uploads {
        match upload {
            Ok(handle) => drop(job.manifest(&handle)),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}"),
        }
    }
}

#[test]
fn an_upload_that_cannot_be_taken_back_tells_why_it_failed() {
    let job = Job::new();
    let mut subtask = started(&job);
    job.storage
        .fail(Operation::Put, 1, Fault::After(ErrorKind::Unavailable));
    job.storage
        .fail_always(Operation::Delete, Fault::Before(ErrorKind::Unavailable));

    let error = job.upload(subtask.prepare(2)).unwrap_err();

    assert!(error.to_string().contains("Put"), "{error:?}");
}

#[test]
fn every_file_is_in_storage_before_the_manifest_is() {
    for kind in KINDS {
        let job = Job::new();
        let mut subtask = started(&job);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (storage, told) = (Arc::<FaultyStorage>::clone(&job.storage), Arc::clone(&seen));
        job.storage.meanwhile(Operation::Put, 1, move || {
            let listed = storage.list("job/").unwrap();
            told.lock()
                .unwrap()
                .extend(listed.into_iter().map(|object| object.name));
        });

        let handle = job.upload(subtask.prepare_kind(2, kind)).unwrap();

        let seen = seen.lock().unwrap();
        let manifest: Manifest = job.manifest(&handle);
        for file in &manifest.files {
            assert!(
                seen.contains(&format!("job/{}", file.object)),
                "{kind}: {}",
                file.object
            );
        }
        assert!(!seen.contains(&format!("job/{}", handle.manifest.object)));
    }
}

#[test]
fn a_local_copy_that_cannot_be_kept_fails_nothing() {
    let job = Job::new();
    let local = job.local_copies();
    let mut subtask = Subtask::open(job.builder(0, 1).local_copies(local));
    subtask.write(0..40, 1);
    // A file where the copies' folder should be.
    fs::remove_dir_all(job.local_directory()).unwrap();
    fs::write(job.local_directory(), b"in the way").unwrap();

    let handle = job.complete(&mut subtask, 1);

    drop(subtask);
    assert_eq!(
        job.restore(&[handle]).0.contents(),
        contents_after(&[(0..40, 1)])
    );
}

#[test]
fn no_local_copy_is_kept_of_a_failed_upload_and_only_the_last_of_complete_ones() {
    let job = Job::new();
    let mut subtask = Subtask::open(job.builder(0, 1).local_copies(job.local_copies()));
    let copies = || {
        let entries = fs::read_dir(job.local_directory().join("job")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut ids: Vec<u64> = names.map(|name| name.parse().unwrap()).collect();
        ids.sort_unstable();
        ids
    };
    subtask.write(0..40, 1);
    job.storage
        .fail(Operation::Put, 1, Fault::Before(ErrorKind::Unavailable));
    job.upload(subtask.prepare(1)).unwrap_err();
    assert_eq!(copies(), Vec::<u64>::new());

    job.complete(&mut subtask, 2);
    job.take(&mut subtask, 3);
    assert_eq!(copies(), [2, 3]);
    subtask
        .backend
        .notify_aborted(alluvium::protocol::manifest::CheckpointId::new(3));
    assert_eq!(copies(), [2]);
    job.complete(&mut subtask, 4);

    assert_eq!(copies(), [4]);
}

#[test]
fn the_copies_of_a_job_stay_in_their_directory() {
    let job = Job::new();

    for name in ["..", "../elsewhere", "/elsewhere", ""] {
        let error = LocalCopies::in_directory(&job.local_directory(), name).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Invalid, "{name:?}");
    }
}
