//! How a range of key groups is rebuilt from the manifests of a checkpoint.
//!
//! Whatever the parallelism before and after: each key group of each target comes from exactly one manifest.

use alluvium_protocol::ErrorKind;
use alluvium_protocol::key_group::{KeyGroup, KeyGroupRange};
use alluvium_protocol::manifest::{Manifest, SnapshotKind};
use alluvium_protocol::plan::restore::{Adoption, Restore, plan_restore};
use proptest::prelude::*;

use crate::samples::{file, groups, manifest_of, max};

/// The manifests of a checkpoint that was taken at some parallelism.
fn taken_at(parallelism: u32) -> Vec<Manifest> {
    let range = |subtask| max(128).range_of(subtask, parallelism).unwrap();
    (0..parallelism)
        .map(|subtask| Manifest {
            files: Vec::new(),
            ..manifest_of(subtask, range(subtask))
        })
        .collect()
}

fn plan(target: KeyGroupRange, manifests: &[Manifest]) -> Restore {
    plan_restore(target, "rocksdb", manifests).unwrap()
}

/// From which parts of which manifests a plan takes the target's key groups.
fn parts(
    target: KeyGroupRange,
    plan: &Restore,
    manifests: &[Manifest],
) -> Vec<(usize, KeyGroupRange)> {
    match plan {
        Restore::Empty => Vec::new(),
        Restore::Reopen(index) => vec![(*index, target)],
        Restore::Rows(parts) => parts.clone(),
        Restore::Adopt(adoptions) => adoptions
            .iter()
            .map(|adoption| {
                assert!(manifests[adoption.manifest].range.covers(adoption.range));
                (adoption.manifest, adoption.range)
            })
            .collect(),
    }
}

fn assert_once(target: KeyGroupRange, plan: &Restore, manifests: &[Manifest]) {
    let parts = parts(target, plan, manifests);
    for (index, part) in &parts {
        assert!(manifests[*index].range.covers(*part), "{plan:?}");
    }
    let mut taken: Vec<KeyGroup> = parts.iter().flat_map(|(_, part)| part.iter()).collect();
    taken.sort_unstable();
    let wanted: Vec<KeyGroup> = target.iter().collect();
    assert_eq!(taken, wanted, "{plan:?}");
}

fn rescale(before: u32, after: u32) -> Vec<Restore> {
    let manifests = taken_at(before);
    let targets = (0..after).map(|subtask| max(128).range_of(subtask, after).unwrap());
    targets
        .map(|target| {
            let plan = plan(target, &manifests);
            assert_once(target, &plan, &manifests);
            plan
        })
        .collect()
}

#[test]
fn nothing_to_restore_from_is_empty_state() {
    assert_eq!(plan(groups(0, 127), &[]), Restore::Empty);
}

#[test]
fn the_same_parallelism_reopens() {
    assert_eq!(rescale(1, 1), [Restore::Reopen(0)]);
    assert_eq!(
        rescale(3, 3),
        [Restore::Reopen(0), Restore::Reopen(1), Restore::Reopen(2)]
    );
}

fn adopt(parts: &[(usize, KeyGroupRange)]) -> Restore {
    let adoption = |&(manifest, range)| Adoption {
        manifest,
        range,
        files: Vec::new(),
    };
    Restore::Adopt(parts.iter().map(adoption).collect())
}

#[test]
fn scale_out_takes_a_part_of_one() {
    let halves = [adopt(&[(0, groups(0, 63))]), adopt(&[(0, groups(64, 127))])];

    assert_eq!(rescale(1, 2), halves);
}

#[test]
fn scale_in_takes_all_of_several() {
    let whole = adopt(&[(0, groups(0, 63)), (1, groups(64, 127))]);

    assert_eq!(rescale(2, 1), [whole]);
}

#[test]
fn a_mixed_rescale_cuts_those_at_the_border() {
    // 3 -> 2: the middle one, 43-85, is cut by both targets.
    let first = adopt(&[(0, groups(0, 42)), (1, groups(43, 63))]);
    let second = adopt(&[(1, groups(64, 85)), (2, groups(86, 127))]);

    assert_eq!(rescale(3, 2), [first, second]);
}

#[test]
fn large_rescales_take_each_key_group_once() {
    assert_eq!(rescale(15, 77).len(), 77);
    assert_eq!(rescale(77, 15).len(), 15);
}

#[test]
fn the_order_of_the_manifests_does_not_matter() {
    let mut manifests = taken_at(3);
    manifests.reverse();
    let target = groups(0, 63);

    let plan = plan(target, &manifests);

    assert_eq!(plan, adopt(&[(2, groups(0, 42)), (1, groups(43, 63))]));
}

#[test]
fn a_full_checkpoint_is_reopened_too() {
    let full = Manifest {
        kind: SnapshotKind::Full,
        ..manifest_of(0, groups(0, 127))
    };

    assert_eq!(plan(groups(0, 127), &[full]), Restore::Reopen(0));
}

#[test]
fn savepoints_and_other_stores_are_restored_row_by_row() {
    let target = groups(32, 95);
    let mut savepoint = taken_at(2);
    savepoint
        .iter_mut()
        .for_each(|manifest| manifest.kind = SnapshotKind::Savepoint);

    let rows = Restore::Rows(vec![(0, groups(32, 63)), (1, groups(64, 95))]);
    assert_eq!(plan(target, &savepoint), rows);
    assert_eq!(plan_restore(target, "memory", &taken_at(2)).unwrap(), rows);
    // Even of the very range: the rows are not files of a store.
    assert_eq!(
        plan(groups(0, 63), &savepoint),
        Restore::Rows(vec![(0, groups(0, 63))])
    );
}

#[test]
fn manifests_that_do_not_meet_the_target_decide_nothing() {
    let mut manifests = taken_at(2);
    manifests[1].store = "memory".to_owned();

    assert_eq!(plan(groups(0, 63), &manifests), Restore::Reopen(0));
}

#[track_caller]
fn refused(target: KeyGroupRange, manifests: &[Manifest], kind: ErrorKind, text: &str) {
    let error = plan_restore(target, "rocksdb", manifests).unwrap_err();

    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(text), "{error}");
}

#[test]
fn key_groups_that_nobody_has_are_named() {
    let manifests = [
        manifest_of(0, groups(0, 40)),
        manifest_of(2, groups(86, 127)),
    ];

    refused(
        groups(0, 127),
        &manifests,
        ErrorKind::Invalid,
        "no manifest has key groups 41-85",
    );
    assert_eq!(plan(groups(0, 40), &manifests), Restore::Reopen(0));
}

#[test]
fn key_groups_that_two_have_are_named() {
    let manifests = [
        manifest_of(0, groups(0, 64)),
        manifest_of(1, groups(64, 127)),
    ];

    let text = "subtask 0 of checkpoint 42 (0-64) and subtask 1 of checkpoint 42 (64-127) both have \
                key groups 64-64";
    refused(groups(0, 10), &manifests, ErrorKind::Invalid, text);
}

#[test]
fn manifests_of_different_jobs_or_max_parallelisms_are_refused() {
    let mut of_two_jobs = taken_at(2);
    of_two_jobs[1].job = "other".to_owned();
    let mut of_two_sizes = taken_at(2);
    of_two_sizes[1].max_parallelism = max(256);

    refused(
        groups(0, 9),
        &of_two_jobs,
        ErrorKind::Incompatible,
        "subtask 1 of `other`",
    );
    refused(
        groups(0, 9),
        &of_two_sizes,
        ErrorKind::Incompatible,
        "subtask 1 has 256",
    );
}

#[test]
fn only_files_that_meet_the_part_are_taken() {
    let mut manifest = manifest_of(0, groups(0, 63));
    let bounds = |first: u8, last: u8| Some((vec![0, first, 0, 0], vec![0, last, 0, 0, 1]));
    manifest.files = vec![file(1), file(2), file(3), file(4)];
    manifest.files[0].bounds = bounds(0, 31);
    manifest.files[1].bounds = bounds(20, 32);
    manifest.files[2].bounds = bounds(40, 50);
    // Bookkeeping: a store that is rebuilt keeps its own.
    manifest.files[3].bounds = None;
    let taken = |target| match plan(target, std::slice::from_ref(&manifest)) {
        Restore::Adopt(adoptions) => adoptions[0].files.clone(),
        other => panic!("{other:?}"),
    };

    assert_eq!(taken(groups(0, 19)), [0]);
    assert_eq!(taken(groups(0, 20)), [0, 1]);
    assert_eq!(taken(groups(32, 40)), [1, 2]);
    assert_eq!(taken(groups(51, 63)), [0; 0]);
}

proptest! {
    #[test]
    fn each_key_group_of_each_target_is_taken_once(before in 1u32..=128, after in 1u32..=128) {
        prop_assert_eq!(rescale(before, after).len(), usize::try_from(after).unwrap());
    }
}
