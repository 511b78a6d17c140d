//! `alluvium flink import`: what Flink has is what the savepoint has, whatever backend and format it is from.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{flink, snapshot};
use crate::command::alluvium;

const SNAPSHOTS: [&str; 3] = [
    "flink-2.3.0/rocksdb/savepoints/native/savepoint-0e6514-24552a2dd72c",
    "flink-2.3.0/hashmap/savepoints/native/savepoint-d2dd3f-108067a5d25b",
    "flink-1.20.5/rocksdb/savepoints/canonical",
];

/// Values of one state by key.
type Values = BTreeMap<String, Value>;

fn keyed(entry: &Value) -> (String, Value) {
    let part = |name| entry.get(name).cloned().unwrap_or_default();
    (part("key").to_string(), part("value"))
}

fn of_flink(location: &std::path::Path, operator: &str, state: &str) -> Values {
    let chosen = ["--operator", operator, "--state", state];
    let scanned = flink("scan", location, &chosen).ends_with(0);
    let lines = scanned.stdout.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        keyed(&line)
    });
    lines.collect()
}

fn of_alluvium(savepoint: &str, state: &str) -> Values {
    let most = ["--output", "json", "--limit", "100000"];
    let arguments = ["state", "scan", savepoint, "--state", state];
    let scanned = alluvium(arguments.iter().chain(&most)).ends_with(0).json();
    let entries = scanned.get("entries").and_then(Value::as_array).unwrap();
    entries.iter().map(keyed).collect()
}

fn check(name: &str, key_groups: &str) {
    let mut location = snapshot(name);
    if !location.join("_metadata").exists() {
        let mut folders = std::fs::read_dir(&location).unwrap();
        location = folders
            .find_map(|entry| {
                let path = entry.unwrap().path();
                path.join("_metadata").exists().then_some(path)
            })
            .unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("savepoint");
    let to = to.to_str().unwrap();
    let how = [
        "--operator",
        "keyed-all",
        "--to",
        to,
        "--state",
        "value-long",
        "--state",
        "reducing-sum",
        "--key-groups",
        key_groups,
        "--values",
        "postcard",
    ];

    flink("import", &location, &how).ends_with(0);

    for state in ["value-long", "reducing-sum"] {
        let expected = of_flink(&location, "keyed-all", state);
        assert!(expected.len() > 100, "{name}: {}", expected.len());
        let found = of_alluvium(to, state);
        assert!(found == expected, "{name}, {state}: {found:?}");
    }
}

#[test]
fn values_are_those_that_flink_has_in_its_own_key_groups() {
    for name in SNAPSHOTS {
        check(name, "keep");
    }
}

#[test]
fn values_are_those_that_flink_has_in_recomputed_key_groups() {
    for name in SNAPSHOTS {
        check(name, "recompute");
    }
}
