//! States whose values expire, through the commands: shown, compared, imported and migrated.

use std::path::Path;
use std::time::Duration;

use alluvium::{ListState, Ttl, ValueState};
use alluvium_protocol::ttl::TimeDomain;
use serde_json::Value;
use tempfile::TempDir;

use crate::command::{Ran, alluvium};
use crate::made::{Size, owns, restored, savepoint};

const DAY: Ttl = Ttl::new(Duration::from_hours(24)).time(TimeDomain::Event);
const SEEN: ValueState<u64> = ValueState::new("seen").ttl(DAY);
const PAGES: ListState<String> = ListState::new("pages").ttl(DAY);
const NAMES: ValueState<String> = ValueState::new("names");

const TWO: Size = Size {
    groups: 16,
    parallelism: 2,
};

/// A savepoint of 20 keys, written when the stream had come to `time`.
fn made(to: &Path, time: i64) {
    savepoint::<u32>(to, TWO, |backend| {
        let seen = backend.register(SEEN)?;
        let pages = backend.register(PAGES)?;
        let names = backend.register(NAMES)?;
        backend.advance_event_time(time);
        for key in 0..20 {
            if owns(backend, &key) {
                let mut scope = backend.key(&key)?;
                scope.value(seen).set(&key.into())?;
                scope.list(pages).push(&"/a".to_owned())?;
                scope.list(pages).push(&"/b".to_owned())?;
                scope.value(names).set(&"somebody".to_owned())?;
            }
        }
        Ok(())
    });
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn diff(a: &Path, b: &Path, more: &[&str]) -> Ran {
    let arguments = ["checkpoints", "diff", text(a), text(b)];
    alluvium(arguments.iter().chain(more))
}

fn state<'a>(found: &'a Value, name: &str) -> &'a Value {
    let states = found["states"].as_array().unwrap();
    states.iter().find(|state| state["state"] == name).unwrap()
}

#[test]
fn tables_show_when_values_expire_where_some_do() {
    let directory = TempDir::new().unwrap();
    let from = directory.path().join("from");
    made(&from, 1_000);

    let all = alluvium(["state", "scan", text(&from)]).ends_with(0).stdout;
    let names = ["state", "scan", text(&from), "--state", "names"];
    let names = alluvium(names).ends_with(0).stdout;
    let one = alluvium(["state", "get", text(&from), "--key", "7"])
        .ends_with(0)
        .stdout;

    assert!(all.contains("expires"), "{all}");
    assert_eq!(all.matches("1970-01-02T00:00:01Z").count(), 40, "{all}");
    assert_eq!(one.matches("1970-01-02T00:00:01Z").count(), 2, "{one}");
    assert!(!names.contains("expires"), "{names}");
}

#[test]
fn what_expires_at_another_time_alone_is_the_same_and_counted_apart() {
    let directory = TempDir::new().unwrap();
    let (a, b) = (directory.path().join("a"), directory.path().join("b"));
    made(&a, 1_000);
    made(&b, 2_000);

    let found = diff(&a, &b, &["--output", "json"]).ends_with(0).json();
    let table = diff(&a, &b, &[]).ends_with(0).stdout;

    for name in ["seen", "pages"] {
        assert_eq!(state(&found, name)["same"], 20);
        assert_eq!(state(&found, name)["changed"], 0);
        assert_eq!(state(&found, name)["other_expiry"], 20);
    }
    assert_eq!(state(&found, "names")["other_expiry"], Value::Null);
    assert!(table.contains("other expiry"), "{table}");
}

#[test]
fn a_changed_value_is_told_with_both_times() {
    let directory = TempDir::new().unwrap();
    let (a, b) = (directory.path().join("a"), directory.path().join("b"));
    made(&a, 1_000);
    savepoint::<u32>(&b, TWO, |backend| {
        let seen = backend.register(SEEN)?;
        backend.register(PAGES)?;
        backend.register(NAMES)?;
        backend.advance_event_time(2_000);
        if owns(backend, &7) {
            backend.key(&7_u32)?.value(seen).set(&99)?;
        }
        Ok(())
    });

    let lines = diff(&a, &b, &["--state", "seen", "--output", "jsonl"])
        .ends_with(1)
        .stdout;

    let changed = lines.lines().find(|line| line.contains("changed")).unwrap();
    let changed: Value = serde_json::from_str(changed).unwrap();
    assert_eq!(changed["before"], 7);
    assert_eq!(changed["after"], 99);
    assert_eq!(changed["expires_before"], 86_401_000);
    assert_eq!(changed["expires_after"], 86_402_000);
}

#[test]
fn another_ttl_is_a_difference_though_all_values_are_the_same() {
    let directory = TempDir::new().unwrap();
    let (a, b) = (directory.path().join("a"), directory.path().join("b"));
    let with = |to: &Path, state: ValueState<u64>| {
        savepoint::<u32>(to, TWO, |backend| {
            let state = backend.register(state)?;
            if owns(backend, &7) {
                backend.key(&7_u32)?.value(state).set(&1)?;
            }
            Ok(())
        });
    };
    with(&a, ValueState::new("seen"));
    with(&b, SEEN);

    let found = diff(&a, &b, &["--output", "json"]).ends_with(1).json();

    let seen = state(&found, "seen");
    assert_eq!((&seen["same"], &seen["changed"]), (&1.into(), &0.into()));
    let told = seen["schema"][0].as_str().unwrap();
    assert!(told.contains("TTL none in A"), "{told}");
}

#[test]
fn a_migration_keeps_the_time_at_which_each_value_expires() {
    let directory = TempDir::new().unwrap();
    let (from, to) = (directory.path().join("from"), directory.path().join("to"));
    made(&from, 1_000);

    let arguments = ["savepoint", "migrate-keys", text(&from), text(&to)];
    let more = ["--max-parallelism", "64", "--key", "u64"];
    alluvium(arguments.iter().chain(&more)).ends_with(0);

    let lines = |from: &Path| {
        let exported = alluvium(["export", text(from)]).ends_with(0).stdout;
        let line = |line: &str| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            line.as_object_mut().unwrap().remove("key_group").unwrap();
            line.to_string()
        };
        let mut lines: Vec<_> = exported.lines().map(line).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(&to), lines(&from));
    let size = Size {
        groups: 64,
        parallelism: 1,
    };
    let mut backends = restored::<u64>(&to, &directory.path().join("work"), size);
    let backend = &mut backends[0];
    let seen = backend.register(SEEN).unwrap();
    assert_eq!(
        backend.key(&7_u64).unwrap().value(seen).get().unwrap(),
        Some(7)
    );
    backend.advance_event_time(86_401_000);
    assert_eq!(
        backend.key(&7_u64).unwrap().value(seen).get().unwrap(),
        None
    );
}

#[test]
fn imported_values_live_anew() {
    let directory = TempDir::new().unwrap();
    let (from, to) = (directory.path().join("from"), directory.path().join("to"));
    let lines = directory.path().join("lines");
    made(&from, 1_000);
    let exported = alluvium(["export", text(&from)]).ends_with(0).stdout;
    std::fs::write(&lines, &exported).unwrap();

    let arguments = ["state", "import", text(&lines), "--like", text(&from)];
    alluvium(arguments.iter().chain(&["--to", text(&to)])).ends_with(0);

    assert!(exported.contains("\"expires\":86401000"), "{exported}");
    let found = diff(&from, &to, &["--output", "json"]).ends_with(0).json();
    assert_eq!(state(&found, "seen")["same"], 20);
    let size = Size {
        groups: 16,
        parallelism: 1,
    };
    let mut backends = restored::<u32>(&to, &directory.path().join("work"), size);
    let backend = &mut backends[0];
    let seen = backend.register(SEEN).unwrap();
    // The life of a value begins with the first time that the job is told.
    backend.advance_event_time(500_000_000);
    assert_eq!(
        backend.key(&7_u32).unwrap().value(seen).get().unwrap(),
        Some(7)
    );
    backend.advance_event_time(500_000_000 + 86_400_000);
    assert_eq!(
        backend.key(&7_u32).unwrap().value(seen).get().unwrap(),
        None
    );
}
