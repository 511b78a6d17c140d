//! Timers of checkpoints: counted, and listed in the order in which they are due.

use serde_json::Value;
use tempfile::TempDir;

use crate::command::{Ran, alluvium};
use crate::made::{Size, hundred, visitors};

fn timers(more: &[&str]) -> Ran {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("savepoint");
    let size = Size {
        groups: 16,
        parallelism: 3,
    };
    visitors(&path, size, &hundred(), false);
    let arguments = ["timers", path.to_str().unwrap()];
    alluvium(arguments.iter().chain(more))
}

fn due(found: &Value) -> Vec<i64> {
    let timers = found["timers"].as_array().unwrap().iter();
    timers
        .map(|timer| timer["time"].as_i64().unwrap())
        .collect()
}

#[test]
fn the_timers_due_first_are_listed_across_all_key_groups() {
    let found = timers(&["--limit", "5", "--output", "json"])
        .ends_with(0)
        .json();

    assert_eq!(due(&found), [0, 60_000, 120_000, 180_000, 240_000]);
    assert_eq!(found["more"], true);
    assert_eq!(found["timers"][1]["key"], "user-1");
    assert_eq!(found["states"][0]["timers"], 100);
    assert_eq!(found["states"][0]["last"], 99 * 60_000);
}

#[test]
fn buckets_count_every_timer_once() {
    let found = timers(&["--output", "json"]).ends_with(0).json();

    let buckets = found["states"][0]["buckets"].as_array().unwrap();
    let counts: Vec<_> = buckets
        .iter()
        .map(|bucket| bucket["timers"].as_u64().unwrap())
        .collect();
    assert_eq!(counts, [10; 10]);
    assert_eq!(buckets[1]["from"], 600_000);
}

#[test]
fn a_time_and_a_key_limit_what_is_counted_and_listed() {
    let early = timers(&["--before", "1970-01-01T00:03:00Z", "--output", "json"]);
    let one = timers(&["--key", "user-7", "--output", "json"]);

    let early = early.ends_with(0).json();
    assert_eq!(due(&early), [0, 60_000, 120_000]);
    assert_eq!(early["more"], false);
    assert_eq!(early["states"][0]["timers"], 3);
    let one = one.ends_with(0).json();
    assert_eq!(due(&one), [420_000]);
}

#[test]
fn a_table_has_times_as_people_read_them() {
    let told = timers(&["--limit", "2"]).ends_with(0);

    assert!(
        told.stdout.contains("1970-01-01T00:01:00Z"),
        "{}",
        told.stdout
    );
    assert!(told.stderr.contains("raise --limit"), "{}", told.stderr);
}

#[test]
fn a_state_without_timers_and_a_time_that_is_none_are_wrong_command_lines() {
    let other = timers(&["--state", "visits"]).ends_with(2);
    let time = timers(&["--before", "tomorrow"]).ends_with(2);

    assert!(other.stderr.contains("holds no timers"), "{}", other.stderr);
    assert!(time.stderr.contains("RFC 3339"), "{}", time.stderr);
}
