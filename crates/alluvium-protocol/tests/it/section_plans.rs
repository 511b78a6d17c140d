//! How the rows of a savepoint are divided among threads: each key group once, each file once, shares of a size
//! that is worth a thread.

use alluvium_protocol::ErrorKind;
use alluvium_protocol::file::FileRef;
use alluvium_protocol::key_group::{KeyGroup, KeyGroupRange};
use alluvium_protocol::manifest::{Manifest, SnapshotKind};
use alluvium_protocol::plan::restore::{Restore, plan_restore};
use alluvium_protocol::plan::sections::{
    BATCH_BYTES_MAX, BATCH_FILES_MAX, Batch, SECTION_BYTES_MAX, SHARE_BYTES_MIN, plan_batches,
    plan_sections,
};
use proptest::prelude::*;

use crate::samples::{file, groups, manifest_of, max};

const MIB: u64 = 1 << 20;

proptest! {
    #[test]
    fn sections_are_the_key_groups_of_the_range_once_and_in_order(
        bounds in (0..300_u16, 0..300_u16),
        bytes in prop_oneof![0..4 * MIB, 0..10_000 * MIB],
        threads in 0..40_usize,
    ) {
        let range = groups(bounds.0.min(bounds.1), bounds.0.max(bounds.1));

        let plan = plan_sections(range, bytes, threads).unwrap();

        let planned: Vec<KeyGroup> = plan.ranges.iter().flat_map(|section| section.iter()).collect();
        prop_assert_eq!(planned, range.iter().collect::<Vec<_>>());
        let lengths = plan.ranges.iter().map(|section| section.len());
        let (least, most) = (lengths.clone().min().unwrap(), lengths.max().unwrap());
        prop_assert!(most - least <= 1, "{:?}", plan);
    }
}

fn sections(groups_in_range: u16, bytes: u64, threads: usize) -> usize {
    let range = groups(0, groups_in_range - 1);
    plan_sections(range, bytes, threads).unwrap().ranges.len()
}

#[test]
fn there_is_a_section_for_each_thread_and_more_if_the_state_is_large() {
    assert_eq!(sections(128, 4 * MIB, 4), 4);
    assert_eq!(sections(128, 100 * MIB, 4), 4);
    assert_eq!(sections(128, 10 * SECTION_BYTES_MAX, 4), 10);
    assert_eq!(sections(128, 4 * MIB, 0), 1);
}

#[test]
fn a_state_that_is_not_worth_several_objects_is_one_section() {
    assert_eq!(sections(128, 0, 4), 1);
    assert_eq!(sections(128, SHARE_BYTES_MIN, 4), 1);
    assert_eq!(sections(128, 2 * SHARE_BYTES_MIN, 4), 2);
}

#[test]
fn there_are_never_more_sections_than_key_groups() {
    assert_eq!(sections(3, 100 * SECTION_BYTES_MAX, 4), 3);
    assert_eq!(sections(1, 4 * MIB, 4), 1);
}

#[test]
fn a_section_that_has_most_of_the_rows_is_written_to_several_files() {
    let file_bytes = |bytes| plan_sections(groups(0, 127), bytes, 4).unwrap().file_bytes;

    assert_eq!(file_bytes(4 * MIB), 2 * MIB);
    assert_eq!(file_bytes(100 * SECTION_BYTES_MAX), 2 * SECTION_BYTES_MAX);
}

/// A savepoint at some parallelism, whose subtasks have this many files each, one a key group or more.
fn savepoint(parallelism: u32, files: u16, bytes: u64) -> Vec<Manifest> {
    let mut number = 0;
    (0..parallelism)
        .map(|subtask| {
            let range = max(128).range_of(subtask, parallelism).unwrap();
            let bound = |n: u16| {
                let groups = u32::from(n) * range.len() / u32::from(files);
                range.first().get() + u16::try_from(groups).unwrap()
            };
            let mut file = |n: u16| {
                number += 1;
                rows_file(number, bytes, groups(bound(n), bound(n + 1) - 1))
            };
            Manifest {
                kind: SnapshotKind::Savepoint,
                files: (0..files).map(&mut file).collect(),
                ..manifest_of(subtask, range)
            }
        })
        .collect()
}

fn rows_file(number: u128, bytes: u64, range: KeyGroupRange) -> FileRef {
    let rows = range.rows();
    let last = [range.last().get().to_be_bytes().as_slice(), &[0xff; 4]].concat();
    FileRef {
        bytes,
        bounds: Some((rows.from().to_vec(), last)),
        ..file(number)
    }
}

fn batches(target: KeyGroupRange, manifests: &[Manifest], threads: usize) -> Vec<Batch> {
    let Restore::Rows(parts) = plan_restore(target, "rocksdb", manifests).unwrap() else {
        panic!("a savepoint is restored by its rows");
    };
    plan_batches(&parts, manifests, threads).unwrap()
}

fn bytes_of(batch: &Batch, manifests: &[Manifest]) -> u64 {
    let of = |piece: &alluvium_protocol::plan::sections::Piece| {
        manifests[piece.manifest].files[piece.file].bytes
    };
    batch.files.iter().map(of).sum()
}

proptest! {
    #[test]
    fn every_file_with_rows_of_the_target_is_in_one_batch_and_in_order(
        before in 1..8_u32,
        (after, subtask) in (1..8_u32).prop_flat_map(|after| (Just(after), 0..after)),
        files in 1..12_u16,
        bytes in prop_oneof![1..MIB, 1..200 * MIB],
        threads in 0..9_usize,
    ) {
        let manifests = savepoint(before, files, bytes);
        let target = max(128).range_of(subtask, after).unwrap();

        let batches = batches(target, &manifests, threads);

        let mut pieces = Vec::new();
        for (position, manifest) in manifests.iter().enumerate() {
            let Some(range) = manifest.range.intersection(target) else { continue };
            for (file, reference) in manifest.files.iter().enumerate() {
                let (first, last) = reference.bounds.as_ref().unwrap();
                if range.rows().meets(first, last) {
                    pieces.push((position, file, range));
                }
            }
        }
        let planned: Vec<_> = batches.iter().flat_map(|batch| &batch.files).collect();
        let planned: Vec<_> = planned.iter().map(|it| (it.manifest, it.file, it.range)).collect();
        prop_assert_eq!(planned, pieces);
        for batch in &batches {
            let large = bytes_of(batch, &manifests) > BATCH_BYTES_MAX;
            prop_assert!(!large || batch.files.len() == 1, "{:?}", batch);
            prop_assert!((1..=BATCH_FILES_MAX).contains(&batch.files.len()));
        }
    }
}

#[test]
fn many_small_files_are_loaded_together() {
    let manifests = savepoint(100, 1, 1000);

    let batches = batches(groups(0, 127), &manifests, 4);

    let files: Vec<_> = batches.iter().map(|batch| batch.files.len()).collect();
    assert_eq!(files, [64, 36]);
}

#[test]
fn each_thread_has_files_to_load_if_there_are_enough() {
    let manifests = savepoint(2, 4, MIB);

    assert_eq!(batches(groups(0, 127), &manifests, 4).len(), 4);
    assert_eq!(batches(groups(0, 127), &manifests, 1).len(), 1);
    // A quarter of the key groups has two of the files.
    assert_eq!(batches(groups(0, 31), &manifests, 4).len(), 2);
}

#[test]
fn files_are_taken_in_the_order_of_their_rows_and_those_without_rows_not_at_all() {
    let mut manifests = savepoint(1, 3, MIB);
    manifests[0].files.reverse();
    manifests[0].files[1].bounds = None;

    let batches = batches(groups(0, 127), &manifests, 1);

    let files: Vec<_> = batches[0].files.iter().map(|piece| piece.file).collect();
    assert_eq!(files, [2, 0]);
}

#[test]
fn files_that_overlap_are_no_savepoint() {
    let mut manifests = savepoint(1, 2, MIB);
    let first = manifests[0].files[0].bounds.clone().unwrap();
    let second = manifests[0].files[1].bounds.as_mut().unwrap();
    second.0 = first.1;

    let error = plan_batches(&[(0, groups(0, 127))], &manifests, 4).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(
        error.to_string().contains(&manifests[0].files[1].object),
        "{error}"
    );
}
