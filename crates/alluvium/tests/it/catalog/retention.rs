//! What is deleted, in which order, and by whom.

use alluvium::ErrorKind;
use alluvium::protocol::catalog::names;
use alluvium::protocol::file::FileId;
use alluvium::storage::Storage as _;
use alluvium_testing::faulty::{Fault, Operation};

use super::fixture::{Job, id, ids};

fn shared(checkpoints: impl IntoIterator<Item = u64>) -> Vec<String> {
    let name = |checkpoint: u64| names::shared(FileId::new(checkpoint.into()), 0);
    checkpoints.into_iter().map(name).collect()
}

#[test]
fn retention_keeps_the_newest_and_every_file_they_refer_to() {
    let job = Job::new();
    let attempt = job.start();
    for checkpoint in 1..=6 {
        job.commit(&attempt, checkpoint).unwrap();
        job.retain(&attempt, 2);
    }

    assert_eq!(ids(&job.catalog), [5, 6]);
    // The fence stays with them, and the cut is below.
    assert_eq!(job.objects("commits/"), [1, 5, 6, 7].map(names::record));
    assert_eq!(
        job.objects("checkpoints/"),
        [5, 6].map(|it| names::manifest(id(it), 1, 0))
    );
    assert_eq!(job.objects("shared/"), shared(4..=6));
}

#[test]
fn fences_of_attempts_that_came_to_nothing_are_deleted() {
    let job = Job::new();
    for _ in 0..4 {
        job.start();
    }
    let attempt = job.start();
    job.commit(&attempt, 1).unwrap();

    let swept = job.retain(&attempt, 3);

    assert_eq!(swept.deleted, 3);
    assert_eq!(job.objects("commits/"), [4, 5, 6].map(names::record));
    assert_eq!(ids(&job.catalog), [1]);
}

#[test]
fn manifests_that_stay_are_read_once() {
    let job = Job::new();
    let attempt = job.start();
    for checkpoint in 1..=3 {
        job.commit(&attempt, checkpoint).unwrap();
    }
    job.retain(&attempt, 2);
    let before = job.storage.calls(Operation::Get);

    job.commit(&attempt, 4).unwrap();
    let commit = job.storage.calls(Operation::Get) - before;
    job.retain(&attempt, 2);

    // Fence, cut and two commits before the commit, one more after it; then all five and the new manifest.
    assert_eq!(commit, 4 + 5);
    assert_eq!(job.storage.calls(Operation::Get) - before - commit, 5 + 1);
}

#[test]
fn an_attempt_that_was_taken_over_deletes_nothing() {
    let job = Job::new();
    let old = job.start();
    for checkpoint in 1..=3 {
        job.commit(&old, checkpoint).unwrap();
    }
    let before = job.objects("");
    job.rival().start();

    let retained = job
        .catalog
        .retain(&old, std::num::NonZeroUsize::MIN)
        .unwrap_err();
    let aborted = job
        .catalog
        .abort(&old, &job.proposal(&old, 4).manifests)
        .unwrap_err();

    assert_eq!([retained.kind(), aborted.kind()], [ErrorKind::Fenced; 2]);
    assert!(before.iter().all(|object| job.objects("").contains(object)));
}

#[test]
fn a_log_that_cannot_be_cut_keeps_its_checkpoints_whole() {
    let job = Job::new();
    let attempt = job.start();
    for checkpoint in 1..=3 {
        job.commit(&attempt, checkpoint).unwrap();
    }
    let before = job.objects("");
    job.storage
        .fail(Operation::Put, 1, Fault::Before(ErrorKind::Unavailable));

    let swept = job.retain(&attempt, 1);

    assert_eq!(swept.deleted, 0);
    assert_eq!(
        swept.left.len(),
        5,
        "two records, two manifests, one file: {swept:?}"
    );
    assert_eq!(job.objects(""), before);
    let again = job.retain(&attempt, 1);
    assert_eq!(
        (again.deleted, again.left.len()),
        (4, 0),
        "and one is the cut"
    );
}

#[test]
fn a_dropped_checkpoint_does_not_come_back_when_a_put_of_it_arrives_once_more() {
    let job = Job::new();
    let attempt = job.start();
    job.commit(&attempt, 1).unwrap();
    let puts = [1, 2].map(|sequence| {
        let object = format!("{}/{}", job.catalog.job(), names::record(sequence));
        let bytes = job.storage.get(&object).unwrap().unwrap();
        (object, bytes)
    });
    for checkpoint in 2..=4 {
        job.commit(&attempt, checkpoint).unwrap();
        job.retain(&attempt, 1);

        for (object, bytes) in &puts {
            job.storage.put_if_absent(object, bytes).unwrap();
        }

        assert_eq!(ids(&job.catalog), [checkpoint]);
        job.assert_whole();
    }
    let swept = job.retain(&attempt, 1);
    assert!(swept.left.is_empty());
    assert_eq!(job.objects("commits/"), [1, 4, 5].map(names::record));
}

#[test]
fn a_record_that_cannot_be_deleted_is_void() {
    let job = Job::new();
    let attempt = job.start();
    for checkpoint in 1..=3 {
        job.commit(&attempt, checkpoint).unwrap();
    }
    job.storage
        .fail(Operation::Delete, 1, Fault::Before(ErrorKind::Unavailable));

    let swept = job.retain(&attempt, 1);

    assert_eq!(swept.left, [names::record(2)]);
    assert_eq!(ids(&job.catalog), [3]);
    assert_eq!(job.catalog.read_log().unwrap().void().count(), 1);
    let again = job.retain(&attempt, 1);
    assert_eq!((again.deleted, again.left.len()), (1, 0));
}

#[test]
fn a_file_that_cannot_be_deleted_is_reported_and_the_rest_goes() {
    let job = Job::new();
    let attempt = job.start();
    for checkpoint in 1..=3 {
        job.commit(&attempt, checkpoint).unwrap();
    }
    job.storage
        .fail(Operation::Delete, 4, Fault::Before(ErrorKind::Unavailable));

    let swept = job.retain(&attempt, 1);

    assert_eq!(swept.deleted, 3);
    assert_eq!(swept.left, shared([1]));
    assert_eq!(ids(&job.catalog), [3]);
}

#[test]
fn a_checkpoint_that_was_given_up_goes_with_its_own_files_alone() {
    let job = Job::new();
    let attempt = job.start();
    job.commit(&attempt, 1).unwrap();
    let given_up = job.proposal(&attempt, 2);

    let swept = job.catalog.abort(&attempt, &given_up.manifests).unwrap();

    assert_eq!((swept.deleted, swept.left.len()), (2, 0));
    assert_eq!(job.objects("shared/"), shared([1]));
    assert_eq!(job.objects("checkpoints/"), [names::manifest(id(1), 1, 0)]);
}

#[test]
fn a_checkpoint_that_was_committed_cannot_be_given_up() {
    let job = Job::new();
    let attempt = job.start();
    let commit = job.commit(&attempt, 1).unwrap();
    let before = job.objects("");

    let refused = job.catalog.abort(&attempt, &commit.manifests).unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert_eq!(job.objects(""), before);
}
