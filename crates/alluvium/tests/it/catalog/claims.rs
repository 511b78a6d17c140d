//! A checkpoint that moves to another job: at any moment one of them has it whole.

use std::sync::Arc;

use alluvium::ErrorKind;
use alluvium::catalog::Catalog;
use alluvium_testing::faulty::{Fault, Operation};

use super::copies::{FAULTS, Scratch, source};
use super::fixture::{Job, id, ids};

#[test]
fn a_claimed_checkpoint_is_here_and_gone_there() {
    let (source, target, scratch) = (source(), Job::named("heir"), Scratch::new());

    let (copied, swept) = target
        .catalog
        .claim(&source.catalog, id(3), &scratch.options())
        .unwrap();

    assert_eq!(copied.files, 2);
    assert_eq!(swept.left, [""; 0]);
    assert_eq!(target.assert_whole(), [3]);
    assert_eq!(ids(&source.catalog), [0_u64; 0]);
    // The new fence, and the cut below it.
    assert_eq!(source.objects("").len(), 2);
}

#[test]
fn checkpoints_newer_than_the_claimed_one_stay_with_their_files() {
    let (source, target, scratch) = (source(), Job::named("heir"), Scratch::new());

    let claimed = target
        .catalog
        .claim(&source.catalog, id(2), &scratch.options());

    claimed.unwrap();
    assert_eq!(target.assert_whole(), [2]);
    assert_eq!(source.assert_whole(), [3]);
}

#[test]
fn the_job_that_lost_its_checkpoint_is_fenced() {
    let source = Job::new();
    let running = source.start();
    source.commit(&running, 1).unwrap();
    let (target, scratch) = (Job::named("heir"), Scratch::new());

    let claimed = target
        .catalog
        .claim(&source.catalog, id(1), &scratch.options());

    claimed.unwrap();
    let fenced = source.commit(&running, 2).unwrap_err();
    assert_eq!(fenced.kind(), ErrorKind::Fenced);
}

/// A job in the storage of another, and seeing the same faults.
fn neighbor(source: &Job) -> Job {
    let mut neighbor = Job::over(Arc::clone(&source.storage_below), "heir");
    neighbor.catalog = Catalog::open(Arc::clone(source.catalog.storage()), "heir").unwrap();
    neighbor
}

#[test]
fn within_one_storage_no_bytes_come_here() {
    let (source, scratch) = (source(), Scratch::new());
    let target = neighbor(&source);

    let claimed = target
        .catalog
        .claim(&source.catalog, id(3), &scratch.options());

    claimed.unwrap();
    assert_eq!(source.storage.calls(Operation::Copy), 2);
    assert_eq!(source.storage.calls(Operation::Download), 0);
    assert_eq!(target.assert_whole(), [3]);
    assert_eq!(ids(&source.catalog), [0_u64; 0]);
}

#[test]
fn a_truncated_file_is_not_claimed_within_one_storage() {
    let (source, scratch) = (source(), Scratch::new());
    let target = neighbor(&source);
    let name = format!("job/{}", super::fixture::file(id(2)).object);
    source.storage_below.put(&name, b"ro").unwrap();
    let before = source.content();

    let refused = target
        .catalog
        .claim(&source.catalog, id(3), &scratch.options())
        .unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Corrupt, "{refused:?}");
    assert!(refused.to_string().contains(&name), "{refused}");
    assert_eq!(source.content(), before);
    assert_eq!(target.objects("").len(), 1, "the fence alone");
}

#[test]
fn whatever_fails_within_one_storage_one_of_the_jobs_has_the_whole_checkpoint() {
    let unavailable = ErrorKind::Unavailable;
    let copying = [Fault::Before(unavailable), Fault::After(unavailable)];
    let copying = copying.map(|fault| (Operation::Copy, fault));
    for (operation, fault) in FAULTS.into_iter().chain(copying) {
        for nth in 1.. {
            let (source, scratch) = (source(), Scratch::new());
            let target = neighbor(&source);
            let calls = source.storage.calls(operation);
            source.storage.fail(operation, nth, fault);
            let case = format!("{operation:?} {nth}: {fault:?}");
            let options = scratch.options();

            let claimed = target.catalog.claim(&source.catalog, id(3), &options);

            let reached = source.storage.calls(operation) - calls >= nth;
            source.storage.heal();
            let (here, there) = (target.assert_whole(), source.assert_whole());
            assert!(here.contains(&3) || there == [1, 2, 3], "{case}");
            if there.contains(&3) {
                let again = target.catalog.claim(&source.catalog, id(3), &options);
                again.unwrap_or_else(|error| panic!("{case}: {error:?}"));
            }
            assert_eq!(target.assert_whole(), [3], "{case}");
            assert_eq!(ids(&source.catalog), [0_u64; 0], "{case}");
            if !reached {
                claimed.unwrap_or_else(|error| panic!("{case}: {error:?}"));
                break;
            }
        }
    }
}

#[test]
fn whatever_fails_one_of_the_jobs_has_the_whole_checkpoint_and_claiming_again_succeeds() {
    for at_source in [true, false] {
        for (operation, fault) in FAULTS {
            for nth in 1.. {
                let (source, target, scratch) = (source(), Job::named("heir"), Scratch::new());
                let faulty = if at_source { &source } else { &target };
                let calls = faulty.storage.calls(operation);
                faulty.storage.fail(operation, nth, fault);
                let case = format!("{operation:?} {nth} at source {at_source}: {fault:?}");
                let options = scratch.options();

                let claimed = target.catalog.claim(&source.catalog, id(3), &options);

                let reached = faulty.storage.calls(operation) - calls >= nth;
                faulty.storage.heal();
                let (here, there) = (target.assert_whole(), source.assert_whole());
                assert!(here.contains(&3) || there == [1, 2, 3], "{case}");
                if there.contains(&3) {
                    let again = target.catalog.claim(&source.catalog, id(3), &options);
                    again.unwrap_or_else(|error| panic!("{case}: {error:?}"));
                }
                assert_eq!(target.assert_whole(), [3], "{case}");
                assert_eq!(ids(&source.catalog), [0_u64; 0], "{case}");
                scratch.assert_empty();
                if !reached {
                    claimed.unwrap_or_else(|error| panic!("{case}: {error:?}"));
                    break;
                }
            }
        }
    }
}

#[test]
fn a_log_that_cannot_be_cut_keeps_the_other_jobs_checkpoints_whole() {
    let (source, target, scratch) = (source(), Job::named("heir"), Scratch::new());
    source
        .storage
        .fail(Operation::Put, 1, Fault::Before(ErrorKind::Unavailable));

    let (_, swept) = target
        .catalog
        .claim(&source.catalog, id(3), &scratch.options())
        .unwrap();

    assert_eq!(swept.deleted, 0);
    assert_eq!(source.assert_whole(), [1, 2, 3]);
    assert_eq!(target.assert_whole(), [3]);
}
