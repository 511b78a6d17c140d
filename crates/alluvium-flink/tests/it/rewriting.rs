//! Rewritten savepoints have the rows that Flink reads of the snapshots they are made of, and a real Flink restores them.

use std::path::{Path, PathBuf};

use alluvium::storage::Cancel;
use alluvium_flink::Snapshot;
use alluvium_flink::metadata::Version as MetadataVersion;
use alluvium_flink::scan::Selection;
use alluvium_flink::write::{Rewrite, rewrite};
use alluvium_protocol::key_group::MaxParallelism;

use crate::jvm::{Restore, Version, assert_same, flink};
use crate::{lines, snapshots};

fn rewritten(folder: &Path, changes: &Rewrite) -> (tempfile::TempDir, PathBuf) {
    let into = tempfile::tempdir().unwrap();
    let to = into.path().join("savepoint");
    rewrite(&lines::open(folder), changes, &to, &Cancel::new()).unwrap();
    (into, to)
}

/// The lines of a savepoint that was written from `folder`.
fn scanned(savepoint: &Path, folder: &Path) -> (Vec<String>, Vec<String>) {
    let (expected, uids) = lines::expected(&lines::expected_of(folder));
    let snapshot = Snapshot::open(savepoint.to_str().unwrap(), &[]).unwrap();
    let (found, report) = lines::scanned(&snapshot, &Selection::default(), &uids);
    assert!(report.is_clean(), "{:?}", report.problems);
    (found, expected)
}

fn groups(max_parallelism: u32) -> Rewrite {
    Rewrite {
        max_parallelism: Some(MaxParallelism::new(max_parallelism).unwrap()),
        ..Rewrite::default()
    }
}

/// The snapshots that `data/flink/README.md` lists.
fn folders() -> Vec<PathBuf> {
    let mut folders = snapshots::folders();
    folders.retain(|folder| !folder.components().any(|part| part.as_os_str() == "more"));
    folders
}

#[test]
fn a_rewritten_snapshot_of_any_kind_has_the_rows_that_flink_reads() {
    for folder in folders() {
        let (_into, savepoint) = rewritten(&folder, &Rewrite::default());

        let (found, expected) = scanned(&savepoint, &folder);

        assert!(found == expected, "{}", folder.display());
    }
}

/// The lines without the key groups, which are others.
fn without_groups(lines: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = lines
        .iter()
        .map(|line| {
            let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["kg"] = serde_json::Value::Null;
            line.to_string()
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn keys_that_are_dealt_to_other_key_groups_have_their_rows() {
    for folder in folders() {
        let (_into, savepoint) = rewritten(&folder, &groups(1000));

        let (found, expected) = scanned(&savepoint, &folder);

        let name = folder.display();
        assert!(
            without_groups(&found) == without_groups(&expected),
            "{name}"
        );
        assert!(found != expected, "{name}");
    }
}

/// The only snapshot within a folder of `data/flink`.
fn within(folder: &str) -> PathBuf {
    let folder = snapshots::data().join(folder);
    let mut found = folders();
    found.retain(|it| it.starts_with(&folder));
    assert_eq!(found.len(), 1);
    found.pop().unwrap()
}

#[test]
fn flink_2_restores_a_checkpoint_of_rocksdb_that_was_rewritten() {
    let Some(mut flink) = flink(Version::V2_3) else {
        return;
    };
    let folder = within("flink-2.3.0/rocksdb/checkpoints");
    let (expected, _) = lines::expected(&lines::expected_of(&folder));
    let (_into, savepoint) = rewritten(&folder, &Rewrite::default());

    let by_heap = flink.restore(&Restore::new(&savepoint, 3)).unwrap();
    let by_rocksdb = flink
        .restore(&Restore::new(&savepoint, 4).by_rocksdb())
        .unwrap();

    assert_same(&lines::normalized(&by_heap), &expected);
    assert_same(&lines::normalized(&by_rocksdb), &expected);
}

#[test]
fn flink_2_restores_a_savepoint_of_the_heap_with_more_key_groups() {
    let Some(mut flink) = flink(Version::V2_3) else {
        return;
    };
    let folder = within("flink-2.3.0/hashmap/savepoints/native");
    let (expected, _) = lines::expected(&lines::expected_of(&folder));
    let (_into, savepoint) = rewritten(&folder, &groups(1000));

    let by_heap = flink.restore(&Restore::new(&savepoint, 3)).unwrap();
    let by_rocksdb = flink
        .restore(&Restore::new(&savepoint, 1).by_rocksdb())
        .unwrap();

    assert_same(&without_groups(&by_heap), &without_groups(&expected));
    assert_same(&without_groups(&by_rocksdb), &without_groups(&expected));
}

#[test]
fn flink_1_restores_a_checkpoint_of_flink_2_that_was_rewritten_for_it() {
    let Some(mut flink) = flink(Version::V1_20) else {
        return;
    };
    let folder = within("flink-2.3.0/rocksdb/checkpoints");
    let (expected, _) = lines::expected(&lines::expected_of(&folder));
    let changes = Rewrite {
        version: Some(MetadataVersion::V4),
        parallelism: Some(5),
        ..Rewrite::default()
    };
    let (_into, savepoint) = rewritten(&folder, &changes);

    let found = flink.restore(&Restore::new(&savepoint, 4)).unwrap();

    assert_same(&lines::normalized(&found), &expected);
}

#[test]
fn flink_1_restores_its_own_checkpoint_that_was_rewritten() {
    let Some(mut flink) = flink(Version::V1_20) else {
        return;
    };
    let folder = within("flink-1.20.5/rocksdb/checkpoints");
    let (expected, _) = lines::expected(&lines::expected_of(&folder));
    let (_into, savepoint) = rewritten(&folder, &Rewrite::default());

    let found = flink
        .restore(&Restore::new(&savepoint, 1).by_rocksdb())
        .unwrap();

    assert_same(&lines::normalized(&found), &expected);
}
