//! Departures files that are not as they should be.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::command::{Ran, alluvium};

const HEADER: &str =
    "sched,carrier,flight,tailnum,origin,dest,dep_delay,arr_delay,air_time,distance";

fn file(lines: &[&str]) -> (TempDir, PathBuf) {
    let directory = TempDir::new().expect("a temporary directory");
    let path = directory.path().join("departures.csv");
    std::fs::write(&path, format!("{HEADER}\n{}\n", lines.join("\n"))).expect("writable");
    (directory, path)
}

fn demo_of(path: &Path, more: &[&str]) -> Ran {
    let path = path.to_str().expect("text");
    let arguments = [
        "demo",
        "--data",
        path,
        "--no-crash",
        "--output",
        "json",
        "--store",
        "memory",
    ];
    alluvium(arguments.iter().chain(more))
}

const GOOD: &str = "2013-01-01T10:15:00Z,UA,1545,N14228,EWR,IAH,2,11,227,1400";
const LATER: &str = "2013-01-12T10:15:00Z,UA,1545,N24211,EWR,IAH,2,11,227,1400";

#[test]
fn malformed_lines_are_counted_told_and_left_out() {
    let (_directory, path) = file(&[
        GOOD,
        "nonsense",
        "2013-01-01T10:15:00Z,UA,x,N1,EWR,IAH,,,,1",
        LATER,
    ]);

    let ran = demo_of(&path, &[]).ends_with(0);

    let summary = ran.json();
    assert_eq!(summary["input"]["malformed"], 2);
    assert_eq!(summary["input"]["rows"], 2);
    assert_eq!(summary["input"]["first_malformed"][0]["line"], 3);
    assert!(
        ran.stderr.contains("line 3: 1 columns where 10"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        summary["result"]["alerts"], 1,
        "the aircraft of the first line stays away"
    );
}

#[test]
fn the_first_malformed_line_is_fatal_if_strict() {
    let (_directory, path) = file(&[GOOD, "nonsense", LATER]);

    let ran = demo_of(&path, &["--strict"]).ends_with(1);

    assert!(ran.stderr.contains("line 3"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_file_that_is_missing_is_unreachable() {
    let ran = demo_of(Path::new("/no/such/file.csv"), &[]).ends_with(3);

    assert!(
        ran.stderr.contains("/no/such/file.csv") && ran.stderr.contains("--data"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_file_with_other_columns_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("other.csv");
    std::fs::write(&path, "a,b\n1,2\n").unwrap();

    let ran = demo_of(&path, &[]).ends_with(2);

    assert!(
        ran.stderr.contains("not a departures file"),
        "{}",
        ran.stderr
    );
}

#[test]
fn seven_days_to_the_minute_are_in_time_and_a_minute_more_is_not() {
    let flight = |time: &str, tailnum: &str| format!("{time},UA,1,{tailnum},EWR,IAH,0,0,10,1");
    let (_directory, path) = file(&[
        &flight("2013-01-01T00:00:00Z", "N1"),
        // In time: no alert.
        &flight("2013-01-08T00:00:00Z", "N1"),
        // A minute late: the first alert.
        &flight("2013-01-15T00:01:00Z", "N1"),
        // The end of the input, when the aircraft's 7 days are just over: the second.
        &flight("2013-01-22T00:01:00Z", "N2"),
    ]);

    let summary = demo_of(&path, &[]).ends_with(0).json();

    assert_eq!(summary["result"]["alerts"], 2);
    assert_eq!(summary["result"]["published"], 4);
    assert_eq!(summary["grounded"][0]["tailnum"], "N1");
    assert_eq!(summary["grounded_total"], 1);
}
