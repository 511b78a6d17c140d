//! `alluvium flink scan`, `get` and `states`.

use std::io::Read as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{flink, snapshot};

const SAVEPOINT: &str = "flink-2.3.0/hashmap/savepoints/canonical/savepoint-d2dd3f-31f0cf30d21c";
const ROCKSDB: &str = "flink-2.3.0/rocksdb/savepoints/native/savepoint-0e6514-24552a2dd72c";
const HEAP: &str = "flink-2.3.0/hashmap/savepoints/native/savepoint-d2dd3f-108067a5d25b";
const OLD: &str = "flink-1.20.5/rocksdb/savepoints/canonical/savepoint-1c834a-beee00c0b04a";

/// What Flink reads, sorted.
fn expected(file: &str) -> Vec<String> {
    let mut text = String::new();
    let file = std::fs::File::open(snapshot(file)).unwrap();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    sorted(&text)
}

/// Lines of JSON, each written one way.
fn sorted(text: &str) -> Vec<String> {
    let normal = |line: &str| serde_json::from_str::<Value>(line).unwrap().to_string();
    let mut lines: Vec<String> = text.lines().map(normal).collect();
    lines.sort();
    lines
}

#[test]
fn a_scan_prints_the_lines_that_flink_reads() {
    for (folder, file) in [
        (SAVEPOINT, "expected-200x4.jsonl.gz"),
        (HEAP, "expected-200x4.jsonl.gz"),
        (ROCKSDB, "expected-800x4.jsonl.gz"),
    ] {
        let scanned = flink("scan", &snapshot(folder), &[]).ends_with(0);

        assert_eq!(sorted(&scanned.stdout), expected(file), "{folder}");
    }
}

#[test]
fn a_uid_that_the_snapshot_does_not_hold_is_printed_as_it_was_given() {
    let more = ["--operator", "keyed-all", "--state", "map-string-long"];

    let scanned = flink("scan", &snapshot(OLD), &more).ends_with(0);

    let is_it = |line: &String| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["op"] == "keyed-all" && line["state"] == "map-string-long"
    };
    let mut expected = expected("expected-800x4.jsonl.gz");
    expected.retain(is_it);
    assert_eq!(sorted(&scanned.stdout), expected);
}

#[test]
fn key_groups_and_limits_choose_lines() {
    let more = ["--key-groups", "0-1", "--output", "jsonl"];
    let all = flink("scan", &snapshot(SAVEPOINT), &more)
        .ends_with(0)
        .stdout;
    let few = flink(
        "scan",
        &snapshot(SAVEPOINT),
        &[&more[..], &["--limit", "3"]].concat(),
    );

    let groups = |line: &String| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["kg"].as_u64().unwrap() <= 1
    };
    let mut expected = expected("expected-200x4.jsonl.gz");
    expected.retain(groups);
    assert_eq!(sorted(&all), expected);
    let first: Vec<_> = all.lines().take(3).collect();
    assert_eq!(few.ends_with(0).stdout.lines().collect::<Vec<_>>(), first);
}

#[test]
fn values_with_a_time_to_live_tell_when_they_were_accessed_if_asked() {
    let more = ["--state", "ttl-map", "--limit", "1", "--timestamps"];

    let line = flink("scan", &snapshot(ROCKSDB), &more).ends_with(0).json();

    let value = &line["value"]["m0"];
    assert!(value["value"].is_i64(), "{line}");
    assert!(value["accessed"].as_i64().unwrap() > 1_600_000_000_000);
}

#[test]
fn tables_and_documents_have_a_row_for_each_entry() {
    let more = ["--state", "list-string", "--key", "key-0054"];
    let document = [&more[..], &["--output", "json"]].concat();
    let table = [&more[..], &["--output", "table", "--limit", "2"]].concat();

    let document = flink("scan", &snapshot(HEAP), &document)
        .ends_with(0)
        .json();
    let table = flink("scan", &snapshot(HEAP), &table).ends_with(0);

    let entries = document["entries"].as_array().unwrap();
    let values: Vec<_> = entries.iter().map(|entry| &entry["value"]).collect();
    assert_eq!(values, ["e66", "e266", "e466", "e666"]);
    assert_eq!(entries[3]["index"], 3);
    assert_eq!(entries[3]["operator"], "keyed-all");
    assert_eq!(document["more"], false);
    assert!(table.stdout.contains("e266") && !table.stdout.contains("e466"));
    assert!(table.stderr.contains("raise --limit"), "{}", table.stderr);
}

#[test]
fn a_key_has_its_lines_of_all_states_whatever_backend_wrote_them() {
    let mut expected = expected("expected-800x4.jsonl.gz");
    expected.retain(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["op"] == "keyed-all" && line["key"] == "key-0136"
    });
    let more = ["--operator", "keyed-all", "--key", "key-0136"];

    for folder in [ROCKSDB, OLD] {
        let found = flink("get", &snapshot(folder), &more).ends_with(0);
        assert_eq!(sorted(&found.stdout), expected, "{folder}");
    }

    let nobody = ["--operator", "keyed-all", "--key", "nobody"];
    let nobody = flink("get", &snapshot(ROCKSDB), &nobody).ends_with(1);
    assert!(nobody.stderr.contains("no state for key nobody"));
}

#[test]
fn a_key_is_looked_for_in_one_window() {
    let line = expected("expected-200x4.jsonl.gz")
        .into_iter()
        .find(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["op"] == "tumbling-agg" && line["kind"] == "aggregating-acc"
        });
    let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
    let window = line["ns"].to_string();
    let key = line["key"].as_str().unwrap();
    let more = [
        "--operator",
        "tumbling-agg",
        "--state",
        "window-contents",
        "--key",
        key,
        "--namespace",
        &window,
    ];

    let found = flink("get", &snapshot(HEAP), &more).ends_with(0).json();
    let none = flink("get", &snapshot(HEAP), &[&more[..7], &["[1,2]"]].concat());

    assert_eq!(found, line);
    none.ends_with(1);
}

#[test]
fn states_have_kinds_types_and_counts() {
    let more = ["--operator", "keyed-all", "--output", "json"];
    let described = flink("states", &snapshot(ROCKSDB), &more)
        .ends_with(0)
        .json();
    let counted = flink(
        "states",
        &snapshot(HEAP),
        &[&more[..], &["--count"]].concat(),
    );

    let state = |document: &Value, name: &str| {
        let states = document["operators"][0]["states"].as_array().unwrap();
        states
            .iter()
            .find(|state| state["state"] == name)
            .unwrap()
            .clone()
    };
    let map = state(&described, "ttl-map");
    assert_eq!(map["kind"], "ttl-map");
    assert_eq!(map["value"], "Map<String, TTL<Long>>");
    assert_eq!(map["key"], "String");
    assert!(map["rows"].is_null());
    let account = state(&described, "pojo-account");
    let fields = account["value"].as_str().unwrap();
    assert!(fields.contains("nullable: Long"), "{fields}");
    let counted = counted.ends_with(0).json();
    let timers = expected("expected-200x4.jsonl.gz");
    let timers = timers
        .iter()
        .filter(|line| line.contains("_timer_state/event_user-timers"));
    let name = "_timer_state/event_user-timers";
    assert_eq!(state(&counted, name)["rows"], timers.count());
    assert!(state(&counted, name)["bytes"].as_u64().unwrap() > 0);
}

#[test]
fn a_table_of_states_has_a_line_for_each() {
    let told = flink("states", &snapshot(SAVEPOINT), &[])
        .ends_with(0)
        .stdout;

    for part in [
        "merging-window-set",
        "TimeWindow",
        "ttl-list",
        "List<TTL<String>>",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    crate::command::copy_tree(&snapshot(HEAP), folder.path());
    let mut files = crate::command::files_below(folder.path());
    files.retain(|file| !file.ends_with("_metadata"));
    std::fs::remove_file(&files[0]).unwrap();

    let scanned = flink("scan", folder.path(), &[]).ends_with(1);

    assert!(
        scanned.stderr.contains("problem: operator"),
        "{}",
        scanned.stderr
    );
    let lines = sorted(&scanned.stdout).len();
    assert!(lines > 0 && lines < expected("expected-200x4.jsonl.gz").len());
}

#[test]
fn whoever_closes_the_pipe_has_read_enough() {
    let mut scan = Command::new(env!("CARGO_BIN_EXE_alluvium"))
        .args(["flink", "scan", snapshot(ROCKSDB).to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(scan.stdout.take());

    let ended = scan.wait_with_output().unwrap();

    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
}

#[test]
fn wrong_names_are_refused_with_those_that_there_are() {
    let state = flink("scan", &snapshot(HEAP), &["--state", "lists"]).ends_with(2);
    let groups = flink("scan", &snapshot(HEAP), &["--key-groups", "7-3"]).ends_with(2);

    assert!(state.stderr.contains("list-string"), "{}", state.stderr);
    assert!(groups.stderr.contains("key-groups"), "{}", groups.stderr);
}
