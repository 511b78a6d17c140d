//! Orphans: found with their reasons, deleted in an order that may break off anywhere, never what is needed.

use std::sync::Arc;
use std::time::Duration;

use alluvium::ErrorKind;
use alluvium::catalog::Swept;
use alluvium::protocol::catalog::names;
use alluvium::protocol::plan::orphans::{Orphan, OrphanReason};
use alluvium::storage::Cancel;
use alluvium_testing::faulty::{Fault, Operation};

use super::fixture::{Job, file, id, ids};

const DAY: Duration = Duration::from_hours(24);

/// A job with checkpoint 1, and one that was uploaded and never committed.
fn job_with_leftovers() -> Job {
    let job = Job::new();
    let attempt = job.start();
    job.commit(&attempt, 1).unwrap();
    job.proposal(&attempt, 2);
    job
}

fn found(job: &Job, age_min: Duration) -> Vec<Orphan> {
    let cancel = Cancel::new();
    let found = job.catalog.orphans(age_min, &job.environment, &cancel);
    found.unwrap()
}

fn sweep(job: &Job, orphans: &[Orphan]) -> Swept {
    let cancel = Cancel::new();
    let swept = job.catalog.sweep(orphans, &job.environment, &cancel);
    swept.unwrap()
}

fn told(orphans: &[Orphan]) -> Vec<(String, OrphanReason)> {
    let told = |orphan: &Orphan| (orphan.listed.object.clone(), orphan.reason);
    orphans.iter().map(told).collect()
}

/// What [`job_with_leftovers`] left.
fn leftovers() -> Vec<(String, OrphanReason)> {
    vec![
        (
            names::manifest(id(2), 1, 0),
            OrphanReason::UncommittedManifest,
        ),
        (file(id(2)).object, OrphanReason::UncommittedFile),
    ]
}

#[test]
fn what_a_checkpoint_that_was_never_committed_left_is_found_and_swept() {
    let job = job_with_leftovers();

    let orphans = found(&job, Duration::ZERO);
    let swept = sweep(&job, &orphans);

    assert_eq!(told(&orphans), leftovers());
    assert_eq!((swept.deleted, swept.left.len()), (2, 0));
    assert_eq!(job.assert_whole(), [1]);
    assert_eq!(found(&job, Duration::ZERO), []);
}

#[test]
fn what_may_still_be_committed_is_left_alone_and_commits_whole() {
    let job = Job::new();
    let attempt = job.start();
    job.commit(&attempt, 1).unwrap();
    let uploading = job.proposal(&attempt, 2);

    assert_eq!(found(&job, DAY), []);

    let committed = job.catalog.commit(&attempt, &uploading, &job.environment);
    committed.unwrap();
    assert_eq!(job.assert_whole(), [1, 2]);
}

#[test]
fn behind_a_fence_even_the_youngest_leftovers_are_orphans() {
    let job = job_with_leftovers();
    let attempt = job.start();
    let cancel = Cancel::new();

    let orphans = job
        .catalog
        .orphans_behind(&attempt, &job.environment, &cancel)
        .unwrap();

    assert_eq!(told(&orphans), leftovers());
    job.start();
    let fenced = job
        .catalog
        .orphans_behind(&attempt, &job.environment, &cancel)
        .unwrap_err();
    assert_eq!(fenced.kind(), ErrorKind::Fenced);
}

#[test]
fn an_orphan_that_was_committed_since_it_was_found_is_kept() {
    let job = Job::new();
    let attempt = job.start();
    job.commit(&attempt, 1).unwrap();
    let late = job.proposal(&attempt, 2);
    let orphans = found(&job, Duration::ZERO);
    assert_eq!(orphans.len(), 2);
    let committed = job.catalog.commit(&attempt, &late, &job.environment);
    committed.unwrap();

    let swept = sweep(&job, &orphans);

    assert_eq!(swept, Swept::default());
    assert_eq!(job.assert_whole(), [1, 2]);
}

#[test]
fn a_commit_between_the_listing_and_the_log_makes_no_orphans() {
    let job = Job::new();
    let attempt = job.start();
    job.commit(&attempt, 1).unwrap();
    let late = job.proposal(&attempt, 2);
    let rival = job.rival();
    job.storage.meanwhile(Operation::List, 2, move || {
        let committed = rival.catalog.commit(&attempt, &late, &rival.environment);
        committed.unwrap();
    });

    assert_eq!(found(&job, Duration::ZERO), []);
    assert_eq!(ids(&job.catalog), [1, 2]);
}

#[test]
fn a_zombies_record_goes_with_what_it_names() {
    let job = Job::new();
    let zombie = job.start();
    let theirs = job.proposal(&zombie, 9);
    let rival = Arc::new(job.rival());
    let sleeping = Arc::clone(&rival);
    job.storage.meanwhile(Operation::PutIfAbsent, 1, move || {
        let attempt = sleeping.start();
        for checkpoint in 1..=5 {
            sleeping.commit(&attempt, checkpoint).unwrap();
        }
        sleeping.retain(&attempt, 2);
        let hole = format!("job/{}", names::record(2));
        sleeping.storage_below.delete(&hole).unwrap();
    });
    let fenced = job.catalog.commit(&zombie, &theirs, &job.environment);
    assert_eq!(fenced.unwrap_err().kind(), ErrorKind::Fenced);

    let orphans = found(&rival, Duration::ZERO);
    sweep(&rival, &orphans);

    let expected = [
        (names::record(2), OrphanReason::VoidRecord),
        (names::manifest(id(9), 1, 0), OrphanReason::VoidManifest),
    ];
    assert_eq!(told(&orphans)[..2], expected);
    assert_eq!(rival.assert_whole(), [4, 5]);
    assert_eq!(rival.catalog.read_log().unwrap().void().count(), 0);
}

#[test]
fn savepoints_and_foreign_objects_are_never_swept() {
    let job = job_with_leftovers();
    for object in [
        "savepoints/mine/COMMIT",
        "savepoints/unfinished/1-0-0.rows",
        "notes.txt",
    ] {
        let name = format!("job/{object}");
        job.storage_below.put(&name, b"kept").unwrap();
    }

    sweep(&job, &found(&job, Duration::ZERO));

    assert_eq!(job.objects("savepoints/").len(), 2);
    assert!(job.objects("").contains(&"notes.txt".to_owned()));
    assert_eq!(job.assert_whole(), [1]);
}

#[test]
fn a_folder_without_a_log_is_not_swept() {
    let job = job_with_leftovers();
    for record in job.objects("commits/") {
        let name = format!("job/{record}");
        job.storage_below.delete(&name).unwrap();
    }

    let refused = job
        .catalog
        .orphans(Duration::ZERO, &job.environment, &Cancel::new())
        .unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert!(refused.to_string().contains("no log"), "{refused}");
}

#[test]
fn a_damaged_manifest_of_a_checkpoint_stops_the_sweep() {
    let job = job_with_leftovers();
    let name = format!("job/{}", names::manifest(id(1), 1, 0));
    job.storage_below.put(&name, b"damaged").unwrap();

    let refused = job
        .catalog
        .orphans(Duration::ZERO, &job.environment, &Cancel::new())
        .unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Corrupt, "{refused:?}");
}

#[test]
fn a_damaged_manifest_that_was_never_committed_is_an_orphan_like_any_other() {
    let job = job_with_leftovers();
    let name = format!("job/{}", names::manifest(id(2), 1, 0));
    job.storage_below.put(&name, b"damaged").unwrap();

    let orphans = found(&job, Duration::ZERO);

    let expected = [
        leftovers().remove(0),
        (file(id(2)).object, OrphanReason::UnreferencedShared),
    ];
    assert_eq!(told(&orphans), expected);
}

#[test]
fn a_manifest_that_cannot_be_deleted_keeps_its_files_and_both_go_the_next_time() {
    let job = job_with_leftovers();
    let orphans = found(&job, Duration::ZERO);
    job.storage
        .fail(Operation::Delete, 1, Fault::Before(ErrorKind::Unavailable));

    let swept = sweep(&job, &orphans);

    let names: Vec<String> = leftovers().into_iter().map(|(object, _)| object).collect();
    assert_eq!((swept.deleted, swept.left), (0, names));
    assert_eq!(sweep(&job, &orphans).deleted, 2);
}

#[test]
fn a_cancelled_sweep_deletes_nothing_more() {
    let job = job_with_leftovers();
    let orphans = found(&job, Duration::ZERO);
    let cancel = Cancel::new();
    cancel.cancel();

    let cancelled = job.catalog.sweep(&orphans, &job.environment, &cancel);

    assert_eq!(cancelled.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(found(&job, Duration::ZERO), orphans);
}
