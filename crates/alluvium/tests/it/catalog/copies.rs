//! A checkpoint copied to another job: whole or not at all, whatever fails on the way.

use alluvium::CopyOptions;
use alluvium::ErrorKind;
use alluvium::protocol::catalog::names;
use alluvium::storage::Cancel;
use alluvium_testing::faulty::{Fault, Operation};
use tempfile::TempDir;

use super::fixture::{Job, id};
use crate::unhurried::{without_pauses, without_retries};

/// A job with checkpoints 1 to 3, where 3 refers to a file of 2.
pub(super) fn source() -> Job {
    let job = Job::new();
    let attempt = job.start();
    for checkpoint in 1..=3 {
        let mut proposal = job.proposal(&attempt, checkpoint);
        proposal
            .attachments
            .insert("offsets".to_owned(), checkpoint.to_be_bytes().to_vec());
        let committed = job.catalog.commit(&attempt, &proposal, &job.environment);
        committed.unwrap();
    }
    job
}

/// A scratch directory that nothing may be left in.
pub(super) struct Scratch(TempDir);

impl Scratch {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn options(&self) -> CopyOptions {
        CopyOptions::new(self.0.path()).environment(without_retries())
    }

    pub(super) fn assert_empty(&self) {
        assert_eq!(std::fs::read_dir(self.0.path()).unwrap().count(), 0);
    }
}

/// All that can go wrong with a call, and which calls it can befall.
pub(super) const FAULTS: [(Operation, Fault); 13] = {
    use ErrorKind::{Indeterminate, Unavailable};
    [
        (Operation::Get, Fault::Before(Unavailable)),
        (Operation::Get, Fault::FlipBit),
        (Operation::Get, Fault::Truncate),
        (Operation::List, Fault::Before(Unavailable)),
        (Operation::Download, Fault::Before(Unavailable)),
        (Operation::Download, Fault::FlipBit),
        (Operation::Download, Fault::Truncate),
        (Operation::Upload, Fault::Before(Unavailable)),
        (Operation::Upload, Fault::After(Unavailable)),
        (Operation::Put, Fault::After(Unavailable)),
        (Operation::PutIfAbsent, Fault::Before(Unavailable)),
        (Operation::PutIfAbsent, Fault::After(Indeterminate)),
        (Operation::Delete, Fault::Before(Unavailable)),
    ]
};

#[test]
fn a_copy_is_the_new_jobs_first_checkpoint_with_all_files_and_attachments() {
    let (source, target, scratch) = (source(), Job::named("copy"), Scratch::new());

    let report = target
        .catalog
        .copy_from(&source.catalog, id(3), &scratch.options())
        .unwrap();

    assert_eq!((report.files, report.bytes), (2, 8));
    assert_eq!(target.assert_whole(), [3]);
    let (original, copy) = (source.catalog.latest(), target.catalog.latest());
    let (original, copy) = (original.unwrap().unwrap(), copy.unwrap().unwrap());
    assert_eq!(copy.attachments, original.attachments);
    let manifest = target.catalog.manifest(&copy.manifests[0]).unwrap();
    let original = source.catalog.manifest(&original.manifests[0]).unwrap();
    let ids = |files: &[alluvium::protocol::file::FileRef]| {
        files.iter().map(|file| file.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&manifest.files), ids(&original.files));
    scratch.assert_empty();
}

#[test]
fn the_new_job_goes_on_from_its_copy_and_retains_it_away() {
    let (source, target, scratch) = (source(), Job::named("copy"), Scratch::new());
    let options = scratch.options();
    let copied = target.catalog.copy_from(&source.catalog, id(2), &options);
    copied.unwrap();

    let attempt = target.start();
    target.commit(&attempt, 4).unwrap();
    target.retain(&attempt, 1);

    assert_eq!(super::fixture::ids(&target.catalog), [4]);
    assert_eq!(source.assert_whole(), [1, 2, 3]);
}

#[test]
fn repeating_a_copy_that_succeeded_copies_nothing() {
    let (source, target, scratch) = (source(), Job::named("copy"), Scratch::new());
    let options = scratch.options();
    let copy = || target.catalog.copy_from(&source.catalog, id(3), &options);
    copy().unwrap();
    let before = target.content();

    let again = copy().unwrap();

    assert!(again.was_there);
    assert_eq!(target.content(), before);
}

#[test]
fn a_folder_with_other_checkpoints_is_left_alone() {
    let (source, target, scratch) = (source(), Job::named("copy"), Scratch::new());
    let attempt = target.start();
    target.commit(&attempt, 7).unwrap();
    let before = target.content();
    let copy = |to: &Job| {
        let refused = to
            .catalog
            .copy_from(&source.catalog, id(3), &scratch.options());
        refused.unwrap_err()
    };

    let (others, itself) = (copy(&target), copy(&source));

    assert_eq!([others.kind(), itself.kind()], [ErrorKind::Invalid; 2]);
    assert!(
        others.to_string().contains("copy to an empty folder"),
        "{others}"
    );
    assert_eq!(target.content(), before);
    assert_eq!(source.assert_whole(), [1, 2, 3]);
}

#[test]
fn a_folder_whose_log_is_lost_is_left_alone() {
    let (source, target, scratch) = (source(), Job::named("copy"), Scratch::new());
    let attempt = target.start();
    target.commit(&attempt, 7).unwrap();
    for record in [1, 2].map(names::record) {
        let name = format!("copy/{record}");
        target.storage_below.delete(&name).unwrap();
    }
    let before = target.content();

    let refused = target
        .catalog
        .copy_from(&source.catalog, id(3), &scratch.options())
        .unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert_eq!(target.content(), before);
}

#[test]
fn a_checkpoint_that_is_not_there_is_refused_naming_those_that_are() {
    let (source, target, scratch) = (source(), Job::named("copy"), Scratch::new());

    let refused = target
        .catalog
        .copy_from(&source.catalog, id(9), &scratch.options())
        .unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert!(refused.to_string().contains("1, 2, 3"), "{refused}");
    assert_eq!(target.objects(""), [""; 0]);
}

#[test]
fn a_missing_file_is_named_and_nothing_is_left() {
    let (source, target, scratch) = (source(), Job::named("copy"), Scratch::new());
    let missing = super::fixture::file(id(2)).object;
    let name = format!("job/{missing}");
    source.storage_below.delete(&name).unwrap();

    let error = target
        .catalog
        .copy_from(&source.catalog, id(3), &scratch.options())
        .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
    assert!(error.to_string().contains(&missing), "{error}");
    assert_eq!(target.objects(""), [names::record(1)]);
    scratch.assert_empty();
}

#[test]
fn a_checkpoint_that_the_running_job_drops_meanwhile_says_to_copy_a_newer_one() {
    let (source, target, scratch) = (source(), Job::named("copy"), Scratch::new());
    let rival = source.rival();
    source.storage.meanwhile(Operation::Download, 1, move || {
        let attempt = rival.start();
        rival.commit(&attempt, 4).unwrap();
        rival.retain(&attempt, 1);
    });

    let error = target
        .catalog
        .copy_from(&source.catalog, id(2), &scratch.options())
        .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(error.to_string().contains("copy a newer one"), "{error}");
    assert_eq!(target.objects(""), [names::record(1)]);
}

#[test]
fn whatever_fails_the_source_is_untouched_and_the_target_absent_or_complete() {
    for at_source in [true, false] {
        for (operation, fault) in FAULTS {
            for nth in 1.. {
                let (source, target, scratch) = (source(), Job::named("copy"), Scratch::new());
                let before = source.content();
                let faulty = if at_source { &source } else { &target };
                let calls = faulty.storage.calls(operation);
                faulty.storage.fail(operation, nth, fault);
                let case = format!("{operation:?} {nth} at source {at_source}: {fault:?}");
                let options = scratch.options();

                let copied = target.catalog.copy_from(&source.catalog, id(3), &options);

                if copied.is_err() && operation != Operation::Delete {
                    let objects = target.objects("");
                    let left = objects.iter().filter(|it| !it.starts_with("commits/"));
                    let complete = !target.assert_whole().is_empty();
                    assert!(complete || left.count() == 0, "{case}: {objects:?}");
                }
                let reached = faulty.storage.calls(operation) - calls >= nth;
                faulty.storage.heal();
                let again = target.catalog.copy_from(&source.catalog, id(3), &options);
                again.unwrap_or_else(|error| panic!("{case}: {error:?}"));
                assert_eq!(target.assert_whole(), [3], "{case}");
                assert_eq!(source.content(), before, "{case}");
                scratch.assert_empty();
                if !reached {
                    copied.unwrap_or_else(|error| panic!("{case}: {error:?}"));
                    break;
                }
            }
        }
    }
}

#[test]
fn a_transfer_that_fails_for_a_moment_is_tried_again() {
    let (source, target, scratch) = (source(), Job::named("copy"), Scratch::new());
    let unavailable = Fault::Before(ErrorKind::Unavailable);
    source.storage.fail(Operation::Download, 1, unavailable);
    source.storage.fail(Operation::Download, 3, Fault::FlipBit);
    target.storage.fail(Operation::Upload, 1, unavailable);
    target.storage.fail(Operation::Put, 1, unavailable);
    let options = scratch.options().environment(without_pauses());

    let copied = target.catalog.copy_from(&source.catalog, id(3), &options);

    copied.unwrap();
    assert_eq!(target.assert_whole(), [3]);
    scratch.assert_empty();
}

#[test]
fn a_copy_cancelled_at_any_call_leaves_nothing_and_can_be_repeated() {
    let calls = [
        Operation::Get,
        Operation::List,
        Operation::Upload,
        Operation::Put,
        Operation::PutIfAbsent,
    ];
    for operation in calls {
        for nth in 1..6 {
            let (source, target, scratch) = (source(), Job::named("copy"), Scratch::new());
            let cancel = Cancel::new();
            let options = scratch.options().cancel(cancel.clone());
            let calls = target.storage.calls(operation);
            let meanwhile = move || cancel.cancel();
            target.storage.meanwhile(operation, nth, meanwhile);

            let copied = target.catalog.copy_from(&source.catalog, id(3), &options);

            let case = format!("{operation:?} {nth}");
            let reached = target.storage.calls(operation) - calls >= nth;
            assert!(reached || copied.is_ok(), "{case}");
            match copied {
                // What is asked after the last look at the flag comes too late.
                Ok(_) => assert_eq!(target.assert_whole(), [3], "{case}"),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Cancelled, "{case}: {error:?}");
                    let objects = target.objects("");
                    let only_fence = objects.iter().all(|it| it.starts_with("commits/"));
                    assert!(only_fence, "{case}: {objects:?}");
                }
            }
            let options = scratch.options();
            let again = target.catalog.copy_from(&source.catalog, id(3), &options);
            again.unwrap();
            assert_eq!(target.assert_whole(), [3], "{case}");
            scratch.assert_empty();
        }
    }
}

#[test]
fn what_cannot_be_taken_back_is_told_and_goes_with_the_next_copy() {
    let (source, target, scratch) = (source(), Job::named("copy"), Scratch::new());
    let unavailable = ErrorKind::Unavailable;
    target
        .storage
        .fail(Operation::PutIfAbsent, 2, Fault::Before(unavailable));
    for again in 3..=4 {
        target
            .storage
            .fail(Operation::PutIfAbsent, again, Fault::Before(unavailable));
    }
    target
        .storage
        .fail_always(Operation::Delete, Fault::Before(unavailable));
    let copy = || {
        target
            .catalog
            .copy_from(&source.catalog, id(3), &scratch.options())
    };

    let error = copy().unwrap_err();
    target.storage.heal();
    copy().unwrap();

    assert!(
        error
            .to_string()
            .contains("3 objects of the copy may be left"),
        "{error}"
    );
    assert_eq!(target.assert_whole(), [3]);
    assert_eq!(target.objects("shared/").len(), 2);
    assert_eq!(target.objects("checkpoints/").len(), 1);
}
