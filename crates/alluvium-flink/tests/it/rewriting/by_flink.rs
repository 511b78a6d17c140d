//! A real Flink restores what was rewritten.

use alluvium_flink::metadata::Version as MetadataVersion;
use alluvium_flink::write::Rewrite;

use super::{groups, rewritten, within, without_groups};
use crate::jvm::{Restore, Version, assert_same, flink};
use crate::lines;

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

#[test]
fn flink_2_restores_raw_timers_and_tables_that_were_rewritten() {
    let Some(mut flink) = flink(Version::V2_3) else {
        return;
    };
    for folder in ["more/timers-on-heap/checkpoints", "more/table-native-heap"] {
        let folder = within(folder);
        let (expected, _) = lines::expected(&lines::expected_of(&folder));
        let (_into, savepoint) = rewritten(&folder, &groups(300));

        let found = flink.restore(&Restore::new(&savepoint, 3)).unwrap();

        let found = lines::normalized(&found);
        assert_same(&without_groups(&found), &without_groups(&expected));
    }
}
