//! Reading state out of checkpoints and savepoints, typed as it was recorded.

use serde_json::Value;

use crate::command::{alluvium, finished_checkpoints, finished_demo};

fn scan(more: &[&str]) -> Value {
    let location = finished_checkpoints();
    let arguments = ["state", "scan", &location, "--output", "json"];
    alluvium(arguments.iter().chain(more)).ends_with(0).json()
}

fn entries(scanned: &Value) -> &Vec<Value> {
    scanned["entries"].as_array().unwrap()
}

#[test]
fn a_scan_of_one_state_has_an_entry_for_each_aircraft() {
    let scanned = scan(&["--state", "position", "--limit", "1000"]);

    assert_eq!(entries(&scanned).len(), 60);
    let first = &entries(&scanned)[0];
    assert!(first["key"].as_str().unwrap().starts_with('G'), "{first}");
    assert!(first["value"]["seen"].is_i64(), "{first}");
}

#[test]
fn a_checkpoint_and_the_savepoint_of_the_end_hold_the_same_entries() {
    let checkpoint = scan(&["--limit", "100000"]);
    let savepoint = scan(&["--limit", "100000", "--checkpoint", "end-1"]);

    assert!(!entries(&checkpoint).is_empty());
    assert_eq!(entries(&checkpoint), entries(&savepoint));
}

#[test]
fn what_a_scan_shows_of_an_aircraft_is_what_the_job_published() {
    let output = finished_demo().join("output");
    let mut published = String::new();
    for file in std::fs::read_dir(output).unwrap() {
        published += &std::fs::read_to_string(file.unwrap().path()).unwrap();
    }
    let known = published
        .lines()
        .filter_map(|line| {
            serde_json::from_str::<Value>(line)
                .unwrap()
                .get("aircraft")
                .cloned()
        })
        .next()
        .unwrap();
    let tailnum = known["tailnum"].as_str().unwrap();
    let location = finished_checkpoints();
    let got = alluvium([
        "state", "get", &location, "--key", tailnum, "--output", "json",
    ])
    .ends_with(0)
    .json();

    let of = |state: &str| {
        entries(&got)
            .iter()
            .filter(|entry| entry["state"] == state)
            .collect::<Vec<_>>()
    };
    assert_eq!(of("position")[0]["value"]["airport"], known["airport"]);
    assert_eq!(of("air_minutes")[0]["value"], known["air_minutes"]);
    assert_eq!(of("delay")[0]["value"]["worst"], known["delay"]["worst"]);
    assert_eq!(
        of("destinations").len(),
        known["destinations"].as_object().unwrap().len()
    );
    for entry in of("destinations") {
        assert_eq!(
            entry["value"],
            known["destinations"][entry["map_key"].as_str().unwrap()]
        );
    }
    let delays = of("last_delays")[0]["value"].as_array().unwrap();
    let last = known["last_delays"].as_array().unwrap();
    assert_eq!(&delays[delays.len() - last.len()..], last.as_slice());
}

#[test]
fn a_limit_says_that_there_is_more() {
    let scanned = scan(&["--limit", "3"]);

    assert_eq!(entries(&scanned).len(), 3);
    assert_eq!(scanned["more"], true);
}

#[test]
fn key_groups_limit_a_scan() {
    let scanned = scan(&["--key-group", "0-63", "--limit", "100000"]);

    assert!(!entries(&scanned).is_empty());
    assert!(
        entries(&scanned)
            .iter()
            .all(|entry| entry["key_group"].as_u64() <= Some(63))
    );
    let location = finished_checkpoints();
    alluvium(["state", "scan", &location, "--key-group", "100-200"]).ends_with(2);
    alluvium(["state", "scan", &location, "--key-group", "x"]).ends_with(2);
}

#[test]
fn a_key_or_state_that_is_not_there_is_told() {
    let location = finished_checkpoints();
    let key = alluvium(["state", "get", &location, "--key", "NOBODY"]).ends_with(1);
    let state = alluvium(["state", "scan", &location, "--state", "nothing"]).ends_with(2);

    assert!(key.stderr.contains("NOBODY"), "{}", key.stderr);
    assert!(state.stderr.contains("there are: "), "{}", state.stderr);
}
