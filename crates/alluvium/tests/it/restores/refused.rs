//! Restores that are refused or fail: the error names the thing and the remedy, and nothing changes.

use alluvium::protocol::file::FileRef;
use alluvium::protocol::key_group::MaxParallelism;
use alluvium::protocol::manifest::Manifest;
use alluvium::storage::Cancel;
use alluvium::{Backend, Builder, ErrorKind, ListState, RestoreFrom, ValueState};
use alluvium_testing::faulty::{Fault, Operation};

use super::renamed;
use crate::job::{Job, Subtask, contents_after, is_gone, nobody};

/// A job with a complete checkpoint, and nothing running.
fn completed() -> (Job, RestoreFrom) {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    let handle = job.complete(&mut subtask, 1);
    drop(subtask);
    let from = job.from(&[handle]);
    (job, from)
}

/// Restores with keys of type `K`, which is refused with an error that says all of `says`.
#[track_caller]
fn assert_refused(job: &Job, builder: Builder, from: &RestoreFrom, kind: ErrorKind, says: &[&str]) {
    let before = job.objects();

    let restored = Backend::<u32>::restore(builder, from, &Cancel::new(), &nobody());

    let error = restored.expect_err("restored what should be refused");
    let told = format!("{error:?}");
    assert_eq!(error.kind(), kind, "{told}");
    for word in says {
        assert!(told.contains(word), "{told} does not say {word}");
    }
    assert!(is_gone(&job.work()), "files are left");
    assert_eq!(job.objects(), before);
}

#[test]
fn a_checkpoint_of_another_job() {
    let (job, from) = completed();
    let builder = Builder::new("another", renamed(), job.work());

    let says = ["\"job\"", "\"another\"", "savepoint"];
    assert_refused(&job, builder, &from, ErrorKind::Incompatible, &says);
}

#[test]
fn another_maximum_parallelism() {
    let (job, from) = completed();
    let builder = job
        .builder(0, 1)
        .max_parallelism(MaxParallelism::new(16).unwrap());

    let says = ["checkpoint 1", "declares 16", "so declare 128"];
    assert_refused(&job, builder, &from, ErrorKind::Incompatible, &says);
}

#[test]
fn a_parallelism_above_the_maximum() {
    let (job, from) = completed();

    let says = ["129", "128"];
    assert_refused(&job, job.builder(0, 129), &from, ErrorKind::Invalid, &says);
    assert_refused(&job, job.builder(3, 3), &from, ErrorKind::Invalid, &["3"]);
    assert_refused(&job, job.builder(0, 0), &from, ErrorKind::Invalid, &["0"]);
}

#[test]
fn a_checkpoint_of_another_kind_of_store() {
    let (job, from) = completed();
    let builder = job.builder_on(renamed(), 0, 1);

    let says = ["memory", "renamed", "savepoint"];
    assert_refused(&job, builder, &from, ErrorKind::Incompatible, &says);
}

#[test]
fn a_checkpoint_without_one_of_its_snapshots() {
    let job = Job::new();
    let mut subtasks: Vec<_> = (0..2).map(|n| Subtask::open(job.builder(n, 2))).collect();
    let handles: Vec<_> = subtasks
        .iter_mut()
        .map(|subtask| job.take(subtask, 1))
        .collect();
    drop(subtasks);

    let (first, both) = (job.from(&handles[..1]), job.from(&handles));
    let twice = RestoreFrom {
        manifests: [first.manifests.clone(), both.manifests].concat(),
        ..first.clone()
    };

    let says = ["64-127", "all manifests"];
    assert_refused(&job, job.builder(0, 1), &first, ErrorKind::Invalid, &says);
    let says = ["both have", "0-63"];
    assert_refused(&job, job.builder(0, 1), &twice, ErrorKind::Invalid, &says);
}

#[test]
fn keys_of_another_type() {
    let (job, from) = completed();

    let restored = Backend::<String>::restore(job.builder(0, 1), &from, &Cancel::new(), &nobody());

    let error = restored.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Incompatible, "{error:?}");
    assert!(error.to_string().contains("key"), "{error}");
    assert!(is_gone(&job.work()));
}

#[test]
fn a_state_that_is_declared_anew_with_another_type_leaves_the_stored_one() {
    let (job, from) = completed();
    let restored = Backend::<u32>::restore(job.builder(0, 1), &from, &Cancel::new(), &nobody());
    let mut backend = restored.unwrap().0;

    let other_value = backend
        .register(ValueState::<String>::new("counts"))
        .unwrap_err();
    let other_kind = backend
        .register(ListState::<u32>::new("counts"))
        .unwrap_err();

    for error in [other_value, other_kind] {
        assert_eq!(error.kind(), ErrorKind::Incompatible);
        assert!(error.to_string().contains("counts"), "{error}");
        assert!(error.to_string().contains("another name"), "{error}");
    }
    drop(backend);
    let (mut subtask, _) = Subtask::restore(job.builder(0, 1), &from).unwrap();
    assert_eq!(subtask.contents(), contents_after(&[(0..40, 1)]));
}

#[test]
fn an_object_that_is_missing_or_cannot_be_read() {
    let (job, from) = completed();
    let object = &from.manifests[0].files[0].object;
    let fails = Fault::Before(ErrorKind::Unavailable);
    job.storage.fail(Operation::Download, 1, fails);
    assert_refused(
        &job,
        job.builder(0, 1),
        &from,
        ErrorKind::Unavailable,
        &[object],
    );

    for damage in [Fault::Truncate, Fault::FlipBit] {
        job.storage.fail(Operation::Download, 1, damage);
        assert_refused(
            &job,
            job.builder(0, 1),
            &from,
            ErrorKind::Corrupt,
            &[object],
        );
    }

    let (mut subtask, _) = Subtask::restore(job.builder(0, 1), &from).unwrap();
    assert_eq!(subtask.contents(), contents_after(&[(0..40, 1)]));
}

#[test]
fn a_restore_that_is_cancelled_leaves_nothing_and_can_be_repeated() {
    let (job, from) = completed();
    let cancel = Cancel::new();
    let flag = cancel.clone();
    job.storage
        .meanwhile(Operation::Download, 1, move || flag.cancel());

    let restored = Backend::<u32>::restore(job.builder(0, 1), &from, &cancel, &nobody());

    assert_eq!(restored.unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(is_gone(&job.work()));
    let (mut subtask, _) = Subtask::restore(job.builder(0, 1), &from).unwrap();
    assert_eq!(subtask.contents(), contents_after(&[(0..40, 1)]));
}

/// The same snapshot, as somebody with bad intentions would describe it.
fn forged(from: &RestoreFrom, forge: impl FnOnce(&mut Manifest)) -> RestoreFrom {
    let mut forged = from.clone();
    forge(&mut forged.manifests[0]);
    forged
}

fn forge_file(from: &RestoreFrom, forge: impl FnOnce(&mut FileRef)) -> RestoreFrom {
    forged(from, |manifest| forge(&mut manifest.files[0]))
}

#[test]
fn names_that_lead_out_of_the_working_directory() {
    let (job, from) = completed();
    for name in ["../out", "/out", "a/b", "..", ".", "", "a\\b"] {
        let forged = forge_file(&from, |file| file.name = name.to_owned());

        let says = ["no file name"];
        assert_refused(&job, job.builder(0, 1), &forged, ErrorKind::Corrupt, &says);
    }
}

#[test]
fn objects_outside_the_job() {
    let (job, from) = completed();
    for object in ["../job/elsewhere", "..", ""] {
        let forged = forge_file(&from, |file| file.object = object.to_owned());

        assert_refused(
            &job,
            job.builder(0, 1),
            &forged,
            ErrorKind::Invalid,
            &["object name"],
        );
    }
}

#[test]
fn lengths_notes_and_generations_that_no_store_has() {
    let (job, from) = completed();
    let object = &from.manifests[0].files[0].object;

    let long = forge_file(&from, |file| file.bytes = u64::MAX);
    assert_refused(
        &job,
        job.builder(0, 1),
        &long,
        ErrorKind::Corrupt,
        &[object],
    );
    let noted = forge_file(&from, |file| file.note = vec![0xff; 3]);
    assert_refused(
        &job,
        job.builder(0, 1),
        &noted,
        ErrorKind::Corrupt,
        &["subtask 0"],
    );
    let endless = forged(&from, |manifest| manifest.next_generation = u64::MAX);
    let says = ["subtask 0", "checkpoint 1", "another checkpoint"];
    assert_refused(&job, job.builder(0, 1), &endless, ErrorKind::Corrupt, &says);
}

#[test]
fn one_file_under_two_names() {
    let (job, from) = completed();
    let twice = forged(&from, |manifest| {
        let again = FileRef {
            name: "00000000000000000077.rows".to_owned(),
            ..manifest.files[0].clone()
        };
        manifest.files.push(again);
    });

    // The same rows at the same age, which no store writes.
    assert_refused(
        &job,
        job.builder(0, 1),
        &twice,
        ErrorKind::Corrupt,
        &["subtask 0"],
    );
}
