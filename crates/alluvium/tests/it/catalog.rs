//! The catalog under lost answers, rivals and zombies.
//!
//! Attempts of one job share a storage that loses answers or lets a rival act at the worst moment.
//! Whatever happens, a checkpoint that was reported as committed is in the log, and only the newest
//! attempt goes on.

#[cfg(test)]
mod claims;
#[cfg(test)]
mod copies;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod histories;
#[cfg(test)]
mod orphans;
#[cfg(test)]
mod retention;

use std::sync::Arc;

use alluvium::ErrorKind;
use alluvium::catalog::Catalog;
use alluvium::protocol::catalog::names;
use alluvium_testing::faulty::{Fault, Operation};

use self::fixture::{Job, ids};

#[test]
fn committed_checkpoints_are_listed_in_order_with_what_was_attached() {
    let job = Job::new();
    let attempt = job.start();
    let mut second = job.proposal(&attempt, 2);
    second
        .attachments
        .insert("offsets".to_owned(), b"17".to_vec());

    job.commit(&attempt, 1).unwrap();
    job.catalog
        .commit(&attempt, &second, &job.environment)
        .unwrap();

    assert_eq!(attempt.number, 1);
    assert_eq!(ids(&job.catalog), [1, 2]);
    let latest = job.catalog.latest().unwrap().unwrap();
    assert_eq!(latest.attachments, second.attachments);
    let manifest = job.catalog.manifest(&latest.manifests[0]).unwrap();
    assert_eq!(manifest.checkpoint, latest.checkpoint);
}

#[test]
fn an_empty_folder_has_no_checkpoints() {
    let job = Job::new();

    assert_eq!(job.catalog.latest().unwrap(), None);
    assert_eq!(job.catalog.read_log().unwrap().last_attempt(), 0);
}

#[test]
fn an_answer_that_was_lost_is_settled_by_reading_back() {
    use ErrorKind::{Indeterminate, Unavailable};
    for fault in [
        Fault::After(Indeterminate),
        Fault::Before(Indeterminate),
        Fault::Before(Unavailable),
        Fault::After(Unavailable),
        Fault::AnswerExists,
    ] {
        let job = Job::new();
        job.storage.fail(Operation::PutIfAbsent, 1, fault);
        let attempt = job.start();
        job.storage.fail(Operation::PutIfAbsent, 1, fault);

        job.commit(&attempt, 1).unwrap();

        assert_eq!(ids(&job.catalog), [1], "{fault:?}");
        assert_eq!(
            job.catalog.read_log().unwrap().records().count(),
            2,
            "{fault:?}"
        );
    }
}

#[test]
fn a_commit_that_storage_leaves_in_doubt_can_be_repeated() {
    let job = Job::new();
    let attempt = job.start();
    let proposal = job.proposal(&attempt, 1);
    let lost = |operation, nth, fault: fn(ErrorKind) -> Fault, kind| {
        job.storage.fail(operation, nth, fault(kind));
    };
    lost(
        Operation::PutIfAbsent,
        1,
        Fault::After,
        ErrorKind::Indeterminate,
    );
    for again in 2..=3 {
        lost(
            Operation::PutIfAbsent,
            again,
            Fault::Before,
            ErrorKind::Indeterminate,
        );
    }
    // The first read is of the fence, those after it are of the record.
    for read_back in 2..=4 {
        lost(
            Operation::Get,
            read_back,
            Fault::Before,
            ErrorKind::Unavailable,
        );
    }

    let doubtful = job
        .catalog
        .commit(&attempt, &proposal, &job.environment)
        .unwrap_err();
    let committed = job
        .catalog
        .commit(&attempt, &proposal, &job.environment)
        .unwrap();

    assert_eq!(doubtful.kind(), ErrorKind::Indeterminate, "{doubtful:?}");
    assert_eq!(job.catalog.latest().unwrap(), Some(committed));
    assert_eq!(job.catalog.read_log().unwrap().records().count(), 2);
}

#[test]
fn a_commit_that_storage_refuses_each_time_did_not_happen() {
    let job = Job::new();
    let attempt = job.start();
    job.storage.fail_always(
        Operation::PutIfAbsent,
        Fault::Before(ErrorKind::Unavailable),
    );

    let refused = job.commit(&attempt, 1).unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused:?}");
    assert_eq!(ids(&job.catalog), [0_u64; 0]);
}

#[test]
fn a_new_attempt_fences_the_old_one_even_between_its_decision_and_its_put() {
    let job = Job::new();
    let old = job.start();
    job.commit(&old, 1).unwrap();
    let rival = job.rival();
    job.storage.meanwhile(Operation::PutIfAbsent, 1, move || {
        rival.start();
    });

    let fenced = job.commit(&old, 2).unwrap_err();
    let still = job.commit(&old, 3).unwrap_err();

    assert_eq!(
        [fenced.kind(), still.kind()],
        [ErrorKind::Fenced; 2],
        "{fenced:?}"
    );
    assert_eq!(ids(&job.catalog), [1]);
}

#[test]
fn of_two_attempts_that_start_at_the_same_time_exactly_one_goes_on() {
    let job = Job::new();
    let rival = job.rival();
    let rivals = Arc::new(std::sync::Mutex::new(None));
    let theirs = Arc::clone(&rivals);
    job.storage.meanwhile(Operation::PutIfAbsent, 1, move || {
        *theirs.lock().unwrap() = Some(rival.start());
    });

    let mine = job.start();
    let theirs = rivals.lock().unwrap().take().unwrap();

    assert_eq!([theirs.number, mine.number], [1, 2]);
    assert_eq!(
        job.commit(&theirs, 1).unwrap_err().kind(),
        ErrorKind::Fenced
    );
    job.commit(&mine, 1).unwrap();
    assert_eq!(ids(&job.catalog), [1]);
}

#[test]
fn a_zombie_that_writes_into_a_pruned_hole_is_void_and_fenced() {
    let job = Job::new();
    let zombie = job.start();
    let rival = job.rival();
    job.storage.meanwhile(Operation::PutIfAbsent, 1, move || {
        // While the zombie sleeps with the place behind its fence in hand, that place is used and pruned.
        let attempt = rival.start();
        for id in 1..=5 {
            rival.commit(&attempt, id).unwrap();
        }
        rival.retain(&attempt, 2);
        rival
            .catalog
            .storage()
            .delete(&format!("job/{}", names::record(2)))
            .unwrap();
    });

    let fenced = job.commit(&zombie, 9).unwrap_err();

    assert_eq!(fenced.kind(), ErrorKind::Fenced, "{fenced:?}");
    assert_eq!(ids(&job.catalog), [4, 5]);
    assert_eq!(job.catalog.read_log().unwrap().void().count(), 1);
}

#[test]
fn a_commit_that_lost_its_base_costs_the_checkpoint_and_not_the_attempt() {
    let job = Job::new();
    let attempt = job.start();
    job.commit(&attempt, 1).unwrap();
    let mut based = job.proposal(&attempt, 2);
    based.bases.insert(fixture::id(7));

    let given_up = job
        .catalog
        .commit(&attempt, &based, &job.environment)
        .unwrap_err();
    job.commit(&attempt, 3).unwrap();

    assert_eq!(given_up.kind(), ErrorKind::Unavailable, "{given_up:?}");
    assert!(given_up.to_string().contains("checkpoint 7"), "{given_up}");
    assert_eq!(ids(&job.catalog), [1, 3]);
}

#[test]
fn damaged_missing_and_replaced_manifests_are_named() {
    let job = Job::new();
    let attempt = job.start();
    let commit = job.commit(&attempt, 1).unwrap();
    let part = &commit.manifests[0];
    let object = format!("job/{}", part.object);
    let read = || job.catalog.manifest(part).unwrap_err();

    let bytes = job.storage_below.get(&object).unwrap().unwrap();
    job.storage.fail(Operation::Get, 1, Fault::FlipBit);
    job.storage.fail(Operation::Get, 2, Fault::Truncate);
    let mut errors = vec![read(), read()];
    job.storage_below.put(&object, &bytes[1..]).unwrap();
    errors.push(read());
    job.storage_below.delete(&object).unwrap();
    errors.push(read());

    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
        assert!(error.to_string().contains(&part.object), "{error}");
    }
}

#[test]
fn a_damaged_record_is_named_and_a_foreign_object_is_not_read() {
    let job = Job::new();
    job.start();
    job.storage_below
        .put("job/commits/README", b"not a record")
        .unwrap();
    job.catalog.read_log().unwrap();
    job.storage.fail(Operation::Get, 1, Fault::FlipBit);

    let damaged = job.catalog.read_log().unwrap_err();

    assert_eq!(damaged.kind(), ErrorKind::Corrupt);
    assert!(damaged.to_string().contains(&names::record(1)), "{damaged}");
}

#[test]
fn a_log_that_is_pruned_while_it_is_read_is_read_again() {
    let job = Job::new();
    let attempt = job.start();
    job.commit(&attempt, 1).unwrap();
    let rival = job.rival();
    job.storage.meanwhile(Operation::Get, 2, move || {
        for id in 2..=4 {
            rival.commit(&attempt, id).unwrap();
        }
        rival.retain(&attempt, 1);
    });

    assert_eq!(ids(&job.catalog), [4]);
}

#[test]
fn a_job_name_that_is_no_folder_is_refused() {
    let job = Job::new();

    for name in ["", "..", "a//b", "a#1", "/a"] {
        let refused = Catalog::open(Arc::clone(&job.storage_below), name).unwrap_err();

        assert_eq!(refused.kind(), ErrorKind::Invalid, "{name:?}");
    }
}

#[test]
fn whatever_storage_loses_reported_commits_are_in_the_log() {
    for seed in 0..200 {
        let job = Job::new();
        let attempt = job.start();
        job.storage.fail_by_seed(seed, 30);
        let reported: Vec<u64> = (1..=6)
            .filter(|checkpoint| job.commit(&attempt, *checkpoint).is_ok())
            .collect();
        job.storage.heal();

        let found = ids(&job.catalog);

        assert!(
            reported.iter().all(|id| found.contains(id)),
            "seed {seed}: {reported:?} {found:?}"
        );
        assert!(found.is_sorted(), "seed {seed}: {found:?}");
    }
}
