//! Uploads that fail or are cancelled: storage is as it was before, and the next upload succeeds.

#![cfg(test)]

use std::sync::{Arc, Mutex};

use alluvium::ErrorKind;
use alluvium::protocol::manifest::{Manifest, SnapshotKind};
use alluvium::storage::{Cancel, Storage};
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
