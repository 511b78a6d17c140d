//! What may be deleted: never what a kept checkpoint needs, never what is nobody's business.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use alluvium_protocol::ErrorKind;
use alluvium_protocol::catalog::{Commit, Cut, Record, names};
use alluvium_protocol::manifest::Manifest;
use alluvium_protocol::plan::log::Log;
use alluvium_protocol::plan::retention::{RetentionPlan, plan_release, plan_retention, referenced};
use proptest::prelude::*;

use crate::samples::{checkpoint_at, commit_at, cut_at, fence_at, file, id, manifest};

type Manifests = BTreeMap<String, Manifest>;

fn name(checkpoint: u64) -> String {
    names::manifest(id(checkpoint), 3, 0)
}

fn object(number: u128) -> String {
    file(number).object
}

/// The manifests of checkpoints, each with the files of these numbers.
fn with_files(checkpoints: &[(u64, &[u128])]) -> Manifests {
    checkpoints
        .iter()
        .map(|(checkpoint, files)| {
            let files = files.iter().map(|number| file(*number)).collect();
            (
                name(*checkpoint),
                Manifest {
                    checkpoint: id(*checkpoint),
                    files,
                    ..manifest()
                },
            )
        })
        .collect()
}

fn keep(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap()
}

fn records(sequences: &[u64]) -> Vec<String> {
    sequences
        .iter()
        .map(|sequence| names::record(*sequence))
        .collect()
}

fn cut(sequence: u64, attempt: u64) -> Option<Cut> {
    match cut_at(sequence, attempt) {
        Record::Cut(cut) => Some(cut),
        _ => None,
    }
}

#[test]
fn a_log_is_cut_right_below_the_oldest_record_that_stays() {
    let log = Log::read(vec![
        fence_at(1, 1),
        cut_at(2, 1),
        commit_at(3, 1, 1),
        commit_at(4, 1, 1),
        commit_at(5, 1, 1),
    ]);
    let manifests = with_files(&[(3, &[]), (4, &[]), (5, &[])]);

    let plan = plan_retention(&log, keep(2), &manifests).unwrap();
    assert_eq!((plan.cut, plan.records), (cut(3, 1), records(&[2])));

    let unchanged = plan_retention(&log, keep(3), &manifests).unwrap();
    assert_eq!(unchanged, RetentionPlan::default());
}

#[test]
fn where_the_fence_of_the_attempt_is_the_log_is_cut_below_it() {
    let log = Log::read(vec![
        fence_at(1, 1),
        commit_at(2, 1, 1),
        commit_at(3, 1, 1),
        fence_at(4, 2),
        commit_at(5, 2, 4),
    ]);
    let manifests = with_files(&[(2, &[]), (3, &[]), (5, &[])]);

    let plan = plan_retention(&log, keep(1), &manifests).unwrap();

    assert_eq!((plan.cut, plan.records), (cut(3, 2), records(&[1, 2])));
}

#[test]
fn only_what_no_kept_checkpoint_refers_to_is_deleted() {
    let log = Log::read(vec![
        fence_at(1, 1),
        commit_at(2, 1, 1),
        commit_at(3, 1, 1),
        commit_at(4, 1, 1),
    ]);
    let manifests = with_files(&[(2, &[10, 11]), (3, &[11, 12, 13]), (4, &[13, 14])]);

    let plan = plan_retention(&log, keep(1), &manifests).unwrap();

    let expected = RetentionPlan {
        cut: cut(3, 1),
        records: records(&[2]),
        manifests: vec![name(2), name(3)],
        objects: vec![object(10), object(11), object(12)],
    };
    assert_eq!(plan, expected);
}

#[test]
fn a_full_checkpoint_that_has_a_file_in_an_object_of_its_own_lets_the_earlier_object_go() {
    let log = Log::read(vec![
        fence_at(1, 1),
        commit_at(2, 1, 1),
        commit_at(3, 1, 1),
        commit_at(4, 1, 1),
    ]);
    let checkpoints: Vec<u64> = log.checkpoints().map(|it| it.checkpoint.get()).collect();
    let own = "shared/uploaded-again".to_owned();
    let mut manifests = with_files(&[
        (checkpoints[0], &[1]),
        (checkpoints[1], &[1]),
        (checkpoints[2], &[1, 2]),
    ]);
    // The second is full; the third refers to its file.
    for checkpoint in &checkpoints[1..] {
        let manifest = manifests.get_mut(&name(*checkpoint)).unwrap();
        manifest.files[0].object.clone_from(&own);
    }

    let plan = plan_retention(&log, keep(1), &manifests).unwrap();

    assert_eq!(plan.objects, [object(1)]);
    assert!(!plan.objects.contains(&own));
}

#[test]
fn fewer_checkpoints_than_are_kept_delete_nothing() {
    let log = Log::read(vec![fence_at(1, 1), commit_at(2, 1, 1)]);
    let manifests = with_files(&[(2, &[10])]);

    assert_eq!(
        plan_retention(&log, keep(1), &manifests).unwrap(),
        RetentionPlan::default()
    );
    assert_eq!(
        plan_retention(&log, keep(9), &manifests).unwrap(),
        RetentionPlan::default()
    );
}

#[test]
fn a_log_without_checkpoints_is_left_alone() {
    let log = Log::read(vec![fence_at(1, 1), fence_at(2, 2), fence_at(3, 3)]);

    let plan = plan_retention(&log, keep(1), &Manifests::new()).unwrap();

    assert_eq!(plan, RetentionPlan::default());
}

#[test]
fn older_fences_and_void_records_go_and_the_fence_of_the_running_attempt_stays() {
    let log = Log::read(vec![
        fence_at(1, 1),
        commit_at(2, 1, 1),
        fence_at(3, 2),
        commit_at(5, 1, 1),
        commit_at(6, 2, 3),
        commit_at(7, 2, 3),
    ]);
    let manifests = with_files(&[(6, &[]), (7, &[])]);

    let plan = plan_retention(&log, keep(1), &manifests).unwrap();

    assert_eq!(plan.cut.map(|cut| cut.sequence), Some(6));
    assert_eq!(plan.records, records(&[1, 2, 5]));
}

#[test]
fn void_checkpoints_are_not_kept_and_their_files_are_left_to_the_sweep() {
    let log = Log::read(vec![commit_at(2, 1, 1), fence_at(3, 3), commit_at(4, 3, 3)]);
    let manifests = with_files(&[(2, &[10]), (4, &[11])]);

    let plan = plan_retention(&log, keep(1), &manifests).unwrap();

    let expected = RetentionPlan {
        cut: cut(2, 3),
        ..RetentionPlan::default()
    };
    assert_eq!(plan, expected);
}

#[test]
fn without_all_kept_manifests_nothing_is_planned() {
    let log = Log::read(vec![commit_at(2, 1, 1), commit_at(3, 1, 1)]);

    let error = plan_retention(&log, keep(1), &with_files(&[(2, &[10])])).unwrap_err();

    assert!(
        error.to_string().contains("nothing can be deleted safely"),
        "{error}"
    );
}

#[test]
fn a_dropped_manifest_that_is_already_gone_leaves_its_files_to_the_sweep() {
    let log = Log::read(vec![commit_at(2, 1, 1), commit_at(3, 1, 1)]);

    let plan = plan_retention(&log, keep(1), &with_files(&[(3, &[10])])).unwrap();

    assert_eq!((plan.manifests, plan.objects), (vec![name(2)], Vec::new()));
}

#[test]
fn a_manifest_that_a_kept_checkpoint_names_again_stays() {
    let older = checkpoint_at(2, 1, 1);
    let again = Commit {
        manifests: older.manifests.clone(),
        ..checkpoint_at(3, 1, 1)
    };
    let log = Log::read(vec![Record::Commit(older), Record::Commit(again)]);

    let plan = plan_retention(&log, keep(1), &with_files(&[(2, &[10])])).unwrap();

    let expected = RetentionPlan {
        cut: cut(2, 1),
        ..RetentionPlan::default()
    };
    assert_eq!(plan, expected);
}

#[test]
fn a_checkpoint_that_another_job_has_goes_with_all_older_ones() {
    let records = |sequences: &[u64]| sequences.iter().map(|it| commit_at(*it, 1, 1)).collect();
    let with_fence = |mut records: Vec<Record>| {
        records.extend([fence_at(1, 1), fence_at(5, 2)]);
        Log::read(records)
    };
    let log = with_fence(records(&[2, 3, 4]));
    let manifests = with_files(&[(2, &[10]), (3, &[10, 11, 12]), (4, &[12, 13])]);

    let middle = plan_release(&log, id(3), &manifests).unwrap();
    let newest = plan_release(&log, id(4), &manifests).unwrap();

    let expected = RetentionPlan {
        cut: cut(3, 2),
        records: [1, 2].map(names::record).to_vec(),
        manifests: vec![name(2), name(3)],
        objects: vec![object(10), object(11)],
    };
    assert_eq!(middle, expected);
    let expected = RetentionPlan {
        cut: cut(4, 2),
        records: [1, 2, 3].map(names::record).to_vec(),
        manifests: vec![name(2), name(3), name(4)],
        objects: [10, 11, 12, 13].map(object).to_vec(),
    };
    assert_eq!(newest, expected);
}

#[test]
fn a_log_never_loses_its_newest_record() {
    let log = Log::read(vec![fence_at(1, 1), commit_at(2, 1, 1)]);

    let error = plan_release(&log, id(2), &with_files(&[(2, &[10])])).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Invalid);
}

proptest! {
    #[test]
    fn nothing_that_is_kept_is_deleted_and_everything_else_is(
        files in prop::collection::vec(prop::collection::btree_set(0u128..12, 0..6), 1..8),
        kept in 1usize..4,
    ) {
        let checkpoints: Vec<Vec<u128>> = files.iter().map(|set| set.iter().copied().collect()).collect();
        let numbered: Vec<(u64, &[u128])> =
            (2..).zip(checkpoints.iter().map(Vec::as_slice)).collect();
        let manifests = with_files(&numbered);
        let commits = numbered.iter().map(|(number, _)| commit_at(*number, 1, 1));
        let log = Log::read([fence_at(1, 1)].into_iter().chain(commits).collect());

        let plan = plan_retention(&log, keep(kept), &manifests).unwrap();

        let newest: Vec<&Commit> = log.checkpoints().rev().take(kept).collect();
        let needed = referenced(&newest, &manifests).unwrap();
        let all: Vec<&Commit> = log.checkpoints().collect();
        let mut left = referenced(&all, &manifests).unwrap();
        for object in plan.objects.iter().chain(&plan.manifests) {
            left.remove(object);
        }
        prop_assert_eq!(left, needed);
    }
}
