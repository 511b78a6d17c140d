//! `alluvium flink diff` and `timers`.

use serde_json::Value;

use super::{flink, snapshot};

const CANONICAL: &str = "flink-2.3.0/rocksdb/savepoints/canonical/savepoint-0e6514-0ea1a2407061";
const NATIVE: &str = "flink-2.3.0/rocksdb/savepoints/native/savepoint-0e6514-24552a2dd72c";
const OLD: &str = "flink-1.20.5/rocksdb/savepoints/canonical/savepoint-1c834a-beee00c0b04a";
const HEAP: &str = "flink-2.3.0/hashmap/savepoints/native/savepoint-d2dd3f-108067a5d25b";

fn diff(a: &str, b: &str, more: &[&str]) -> crate::command::Ran {
    let b = snapshot(b);
    let more = [&[b.to_str().unwrap()], more].concat();
    flink("diff", &snapshot(a), &more)
}

fn state<'d>(document: &'d Value, name: &str) -> &'d Value {
    let states = document["states"].as_array().unwrap();
    let found = states.iter().find(|state| state["state"] == name);
    found.unwrap_or_else(|| panic!("{document}"))
}

#[test]
fn the_same_state_in_other_formats_is_equal() {
    let told = diff(CANONICAL, NATIVE, &["--output", "json"])
        .ends_with(0)
        .json();

    assert_eq!(told["equal"], true);
    assert!(state(&told, "list-string")["same"].as_u64().unwrap() > 100);
}

#[test]
fn values_that_were_accessed_at_another_time_alone_are_the_same() {
    let more = ["--operator", "keyed-all", "--output", "json"];

    let told = diff(OLD, NATIVE, &more).json();

    let value = state(&told, "ttl-value");
    assert_eq!(value["changed"], 0, "{value}");
    assert_eq!(value["same"], value["other_access"], "{value}");
}

#[test]
fn entries_that_differ_are_listed_with_what_was_there() {
    let more = [
        "--operator",
        "keyed-all",
        "--state",
        "list-string",
        "--entries",
    ];
    let lines = diff(HEAP, NATIVE, &[&more[..], &["--output", "jsonl"]].concat()).ends_with(1);
    let table = diff(HEAP, NATIVE, &more).ends_with(1);

    let lines: Vec<Value> = lines
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let added = lines.iter().find(|line| line["change"] == "added").unwrap();
    assert!(
        added["after"].is_array() && added["before"].is_null(),
        "{added}"
    );
    assert_eq!(added["operator"], "keyed-all");
    let changed = lines.iter().find(|line| line["change"] == "changed");
    let changed = changed.unwrap();
    assert!(
        changed["index"].is_u64() && changed["elements"].is_array(),
        "{changed}"
    );
    assert!(table.stdout.ends_with("different\n"), "{}", table.stdout);
    assert!(table.stderr.contains("raise --limit"), "{}", table.stderr);
}

#[test]
fn timers_are_counted_and_those_due_first_are_listed() {
    let more = [
        "--operator",
        "keyed-all",
        "--limit",
        "3",
        "--output",
        "json",
    ];

    let told = flink("timers", &snapshot(NATIVE), &more)
        .ends_with(0)
        .json();

    let event = state(&told, "_timer_state/event_user-timers");
    assert_eq!(event["kind"], "event-time timers");
    let buckets = event["buckets"].as_array().unwrap();
    let counted: u64 = buckets
        .iter()
        .map(|bucket| bucket["timers"].as_u64().unwrap())
        .sum();
    assert_eq!(event["timers"], counted);
    let times: Vec<i64> = told["timers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|timer| timer["time"].as_i64().unwrap())
        .collect();
    assert!(times.len() == 3 && times.is_sorted(), "{times:?}");
    assert_eq!(event["first"], times[0]);
    assert_eq!(told["more"], true);
}

#[test]
fn timers_before_a_time_and_of_a_key_are_chosen_and_other_states_refused() {
    let key = [
        "--operator",
        "keyed-all",
        "--key",
        "key-0054",
        "--output",
        "json",
    ];
    let one = flink("timers", &snapshot(HEAP), &key).ends_with(0).json();
    let none = ["--before", "0", "--output", "json"];
    let none = flink("timers", &snapshot(HEAP), &none).ends_with(0).json();
    let table = flink("timers", &snapshot(HEAP), &["--operator", "keyed-all"]).ends_with(0);
    let list = flink("timers", &snapshot(HEAP), &["--state", "list-string"]).ends_with(2);

    assert_eq!(
        state(&one, "_timer_state/event_user-timers")["first"],
        10_054_000
    );
    assert_eq!(none["timers"].as_array().unwrap().len(), 0);
    assert!(table.stdout.contains("1970-01-01T"), "{}", table.stdout);
    assert!(list.stderr.contains("no timers"), "{}", list.stderr);
}
