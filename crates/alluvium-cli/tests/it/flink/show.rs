//! `alluvium flink show`.

use serde_json::Value;

use super::{flink, snapshot};

const CHECKPOINT: &str = "flink-2.3.0/rocksdb/checkpoints/0e65142edda784814974acbe27be240c/chk-51";

fn operator<'a>(shown: &'a Value, uid: &str) -> &'a Value {
    let operators = shown["operators"].as_array().unwrap();
    let found = operators.iter().find(|operator| operator["uid"] == uid);
    found.unwrap_or_else(|| panic!("{operators:?}"))
}

#[test]
fn the_document_has_operators_subtasks_handles_and_sizes() {
    let shown = flink("show", &snapshot(CHECKPOINT), &["--output", "json"])
        .ends_with(0)
        .json();

    assert_eq!(shown["version"], 6);
    assert_eq!(shown["checkpoint"], 51);
    assert_eq!(shown["kind"], "checkpoint");
    assert_eq!(shown["retention"]["discard_subsumed"], true);
    assert_eq!(shown["operators"].as_array().unwrap().len(), 11);
    let keyed = operator(&shown, "keyed-all");
    assert_eq!(keyed["id"], "1bb0d0690859a544a9c1566e3b830a44");
    assert_eq!(keyed["max_parallelism"], 128);
    let handle = &keyed["subtasks"][0]["keyed"];
    assert_eq!(handle["class"], "IncrementalRemoteKeyedStateHandle");
    assert_eq!(handle["key_groups"], "0-63");
    // As Flink counts it.
    assert_eq!(handle["sizes"]["total_bytes"], 144_468);
    assert_eq!(handle["streams"][0]["role"], "meta");
    assert_eq!(handle["streams"][0]["bytes"], 5_639);
    let source = operator(&shown, "source");
    assert_eq!(source["coordinator_bytes"], 16);
    let states = &source["subtasks"][0]["operator_states"][0]["states"];
    assert_eq!(states[0]["name"], "SourceReaderState");
}

#[test]
fn one_operator_is_shown_with_its_files_as_they_are_remapped() {
    let remap = "file:/data/flink/checkpoints=/mnt/copy";
    let more = ["--operator", "keyed-all", "--remap", remap];

    let told = flink("show", &snapshot(CHECKPOINT), &more)
        .ends_with(0)
        .stdout;

    assert!(told.contains("1bb0d0690859a544a9c1566e3b830a44"), "{told}");
    assert!(!told.contains("tumbling-agg"), "{told}");
    assert!(told.contains("/mnt/copy/flink-2.3.0/rocksdb"), "{told}");
    assert!(!told.contains("file:/data"), "{told}");
    assert!(told.contains("000062.sst"), "{told}");
}

#[test]
fn a_table_has_a_line_for_each_operator_of_old_and_new_snapshots() {
    let old = snapshot("flink-1.20.5/rocksdb/savepoints/canonical/savepoint-1c834a-beee00c0b04a");
    let new = snapshot("flink-2.3.0/hashmap/savepoints/canonical/savepoint-d2dd3f-31f0cf30d21c");

    let old = flink("show", &old, &[]).ends_with(0).stdout;
    let new = flink("show", &new, &[]).ends_with(0).stdout;

    for told in [&old, &new] {
        assert!(told.contains("1bb0d0690859a544a9c1566e3b830a44"), "{told}");
        assert!(told.contains("canonical savepoint"), "{told}");
    }
    assert!(
        new.contains("keyed-all") && !old.contains("keyed-all"),
        "{old}{new}"
    );
}

#[test]
fn what_is_wrong_with_a_location_or_name_decides_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(snapshot(CHECKPOINT).join("_metadata")).unwrap();
    let damaged = folder.path().join("damaged");
    std::fs::write(&damaged, &whole[..1000]).unwrap();
    let newer = folder.path().join("newer");
    std::fs::write(&newer, [&whole[..7], &[9], &whole[8..]].concat()).unwrap();

    let cases = [
        (folder.path().join("missing"), 3, "missing"),
        (folder.path().to_owned(), 2, "neither a _metadata nor"),
        (damaged, 1, "byte 480"),
        (newer, 4, "version 9"),
    ];
    for (location, code, told) in cases {
        let ran = flink("show", &location, &[]).ends_with(code);
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
    let operator = flink("show", &snapshot(CHECKPOINT), &["--operator", "keyed"]).ends_with(2);
    assert!(
        operator.stderr.contains("keyed-all, "),
        "{}",
        operator.stderr
    );
    let remap = flink("show", &snapshot(CHECKPOINT), &["--remap", "/a"]).ends_with(2);
    assert!(remap.stderr.contains("FROM=TO"), "{}", remap.stderr);
}
