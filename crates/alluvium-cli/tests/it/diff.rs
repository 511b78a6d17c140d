//! Comparing checkpoints: what differs is told and counted, and nothing else is.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::command::{Ran, alluvium, finished_checkpoints};
use crate::made::{Size, VISITS, hundred, owns, savepoint, visitors};

const ONE: Size = Size {
    groups: 16,
    parallelism: 1,
};
const THREE: Size = Size {
    groups: 16,
    parallelism: 3,
};

fn diff(a: &Path, b: &Path, more: &[&str]) -> Ran {
    let (a, b) = (a.to_str().unwrap(), b.to_str().unwrap());
    let json = ["--output", "json"];
    let format = if more.contains(&"--output") {
        &[][..]
    } else {
        &json
    };
    let arguments = ["checkpoints", "diff", a, b];
    alluvium(arguments.iter().chain(more).chain(format))
}

fn state<'a>(found: &'a Value, name: &str) -> &'a Value {
    let states = found["states"].as_array().unwrap();
    states.iter().find(|state| state["state"] == name).unwrap()
}

fn counts(state: &Value) -> [u64; 4] {
    ["added", "changed", "removed", "same"].map(|count| state[count].as_u64().unwrap())
}

#[test]
fn the_same_state_at_another_parallelism_and_in_other_chunks_is_equal() {
    let directory = TempDir::new().unwrap();
    let (a, b) = (directory.path().join("a"), directory.path().join("b"));
    visitors(&a, ONE, &hundred(), true);
    visitors(&b, THREE, &hundred(), false);

    let found = diff(&a, &b, &[]).ends_with(0).json();

    assert_eq!(found["equal"], true);
    assert_eq!(counts(state(&found, "visits")), [0, 0, 0, 100]);
    assert_eq!(counts(state(&found, "pages")), [0, 0, 0, 80]);
    assert_eq!(state(&found, "pages")["bytes_different"], 0);
}

#[test]
fn entries_that_came_went_and_changed_are_counted_in_each_kind_of_state() {
    let directory = TempDir::new().unwrap();
    let (a, b) = (directory.path().join("a"), directory.path().join("b"));
    let mut later = hundred();
    visitors(&a, ONE, &later, false);
    later.remove("user-4").unwrap();
    later.entry("user-999".into()).or_default().visits = Some(1);
    let changed = later.get_mut("user-14").unwrap();
    changed.visits = Some(15);
    changed.pages[2] = "/elsewhere".into();
    changed.tally.insert("p0".into(), 3);
    changed.alarms = vec![5];
    visitors(&b, THREE, &later, true);

    let found = diff(&a, &b, &[]).ends_with(1).json();

    assert_eq!(found["equal"], false);
    assert_eq!(counts(state(&found, "visits")), [1, 1, 1, 98]);
    assert_eq!(counts(state(&found, "pages")), [0, 1, 1, 78]);
    assert_eq!(counts(state(&found, "tally")), [0, 1, 1, 97]);
    assert_eq!(counts(state(&found, "windows")), [0, 0, 1, 99]);
    assert_eq!(counts(state(&found, "alarms")), [1, 0, 2, 98]);
}

#[test]
fn the_entries_of_one_state_are_listed_with_what_they_were_and_are() {
    let directory = TempDir::new().unwrap();
    let (a, b) = (directory.path().join("a"), directory.path().join("b"));
    let mut later = hundred();
    visitors(&a, ONE, &later, false);
    later.get_mut("user-14").unwrap().pages[2] = "/elsewhere".into();
    visitors(&b, ONE, &later, false);

    let found = diff(&a, &b, &["--state", "pages"]).ends_with(1).json();

    let entries = found["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "{entries:?}");
    let entry = &entries[0];
    assert_eq!(entry["change"], "changed");
    assert_eq!(entry["key"], "user-14");
    assert_eq!(entry["index"], 2);
    assert_eq!(entry["before"], serde_json::json!(["/2", "/3"]));
    assert_eq!(entry["after"], serde_json::json!(["/elsewhere", "/3"]));
    assert_eq!(entry["elements"], serde_json::json!([4, 4]));
}

#[test]
fn lines_have_no_limit_and_tables_say_that_there_is_more() {
    let directory = TempDir::new().unwrap();
    let (a, b) = (directory.path().join("a"), directory.path().join("b"));
    visitors(&a, ONE, &hundred(), false);
    visitors(&b, ONE, &std::collections::BTreeMap::new(), false);

    let lines = diff(&a, &b, &["--state", "visits", "--output", "jsonl"]);
    let few = diff(&a, &b, &["--state", "visits", "--limit", "3"]);

    let lines = lines.ends_with(1).stdout;
    assert_eq!(lines.lines().count(), 100);
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(first["change"], "removed");
    assert!(first["before"].is_u64(), "{first}");
    let few = few.ends_with(1);
    assert_eq!(few.json()["entries"].as_array().unwrap().len(), 3);
    assert!(few.stderr.contains("raise --limit"), "{}", few.stderr);
}

#[test]
fn a_state_that_one_side_alone_has_is_told() {
    let directory = TempDir::new().unwrap();
    let (a, b) = (directory.path().join("a"), directory.path().join("b"));
    visitors(&a, ONE, &hundred(), false);
    savepoint::<String>(&b, ONE, |backend| {
        let visits = backend.register(VISITS)?;
        for n in 0..100_u64 {
            let name = format!("user-{n}");
            assert!(owns(backend, &name));
            backend.key(&name)?.value(visits).set(&n)?;
        }
        Ok(())
    });

    let found = diff(&a, &b, &[]).ends_with(1).json();

    assert_eq!(state(&found, "visits")["only_in"], "both");
    assert_eq!(counts(state(&found, "visits")), [0, 0, 0, 100]);
    assert_eq!(state(&found, "alarms")["only_in"], "A");
    assert_eq!(counts(state(&found, "alarms")), [0, 0, 100, 0]);
}

#[test]
fn other_numbers_of_key_groups_are_refused_with_the_remedy() {
    let directory = TempDir::new().unwrap();
    let (a, b) = (directory.path().join("a"), directory.path().join("b"));
    let other = Size { groups: 32, ..ONE };
    visitors(&a, ONE, &hundred(), false);
    visitors(&b, other, &hundred(), false);

    let refused = diff(&a, &b, &[]).ends_with(4);

    assert!(
        refused.stderr.contains("migrate-keys"),
        "{}",
        refused.stderr
    );
}

#[test]
fn checkpoints_of_one_job_are_named_by_number_and_savepoints_by_name() {
    let location = finished_checkpoints();
    let listed = alluvium(["checkpoints", "list", &location, "--output", "json"]).json();
    let numbers: Vec<_> = listed["checkpoints"].as_array().unwrap().iter().collect();
    let (first, last) = (&numbers[0]["name"], &numbers[numbers.len() - 2]["name"]);
    let (first, last) = (first.as_str().unwrap(), last.as_str().unwrap());

    let within = ["checkpoints", "diff", "--in", &location, first, last];
    let differ = alluvium(within).ends_with(1);
    let same = format!("{location}@end-1");
    alluvium(["checkpoints", "diff", &location, &same]).ends_with(0);

    assert!(differ.stdout.contains("different"), "{}", differ.stdout);
    alluvium(["checkpoints", "diff", &location, "/nowhere"]).ends_with(3);
    alluvium(["checkpoints", "diff", &location, &format!("{location}@77")]).ends_with(2);
}
