//! Exports: each row once, typed, and no file that is not whole.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::command::{Ran, alluvium, files_below, finished_checkpoints};
use crate::made::{Size, hundred, visitors};

const THREE: Size = Size {
    groups: 16,
    parallelism: 3,
};

fn made(directory: &TempDir) -> PathBuf {
    let path = directory.path().join("savepoint");
    visitors(&path, THREE, &hundred(), true);
    path
}

fn export(from: &Path, more: &[&str]) -> Ran {
    let arguments = ["export", from.to_str().unwrap()];
    alluvium(arguments.iter().chain(more))
}

fn lines(text: &str) -> Vec<Value> {
    let parse = |line| serde_json::from_str(line).unwrap();
    text.lines().map(parse).collect()
}

#[test]
fn every_value_entry_element_and_timer_is_one_line() {
    let directory = TempDir::new().unwrap();
    let from = made(&directory);

    let exported = lines(&export(&from, &[]).ends_with(0).stdout);

    let of = |state: &str| {
        exported
            .iter()
            .filter(|line| line["state"] == state)
            .count()
    };
    assert_eq!(of("visits"), 100);
    assert_eq!(of("pages"), 200);
    assert_eq!(of("tally"), 99);
    assert_eq!(of("windows"), 100);
    assert_eq!(of("alarms"), 100);
    let line = exported.iter().find(|line| line["state"] == "windows");
    assert_eq!(line.unwrap()["namespace"], serde_json::json!([0, 60]));
}

#[test]
fn elements_of_a_list_come_with_their_positions_whatever_their_chunks() {
    let directory = TempDir::new().unwrap();
    let from = made(&directory);

    let exported = lines(&export(&from, &["--state", "pages"]).ends_with(0).stdout);

    let of_one: Vec<_> = exported
        .iter()
        .filter(|line| line["key"] == "user-14")
        .map(|line| {
            (
                line["index"].as_u64().unwrap(),
                line["value"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(of_one, [(0, "/0"), (1, "/1"), (2, "/2"), (3, "/3")]);
}

#[test]
fn a_file_is_written_whole_and_told() {
    let directory = TempDir::new().unwrap();
    let from = made(&directory);
    let to = directory.path().join("out/visits.csv");
    std::fs::create_dir(to.parent().unwrap()).unwrap();
    let arguments = [
        "--state",
        "visits",
        "--to",
        to.to_str().unwrap(),
        "--output",
        "json",
    ];

    let told = export(&from, &arguments).ends_with(0).json();

    let written = std::fs::read_to_string(&to).unwrap();
    assert_eq!(told["rows"], 100);
    assert_eq!(told["bytes"].as_u64(), Some(written.len() as u64));
    assert_eq!(files_below(to.parent().unwrap()), [to.as_path()]);
    let mut read = csv::Reader::from_reader(written.as_bytes());
    assert_eq!(
        read.headers().unwrap(),
        &["state", "key_group", "key", "value"][..]
    );
    let mut visits: Vec<u64> = read
        .records()
        .map(|record| record.unwrap()[3].parse().unwrap())
        .collect();
    visits.sort_unstable();
    assert_eq!(visits, (0..100).collect::<Vec<_>>());
}

#[test]
fn a_file_that_exists_is_not_written_over() {
    let directory = TempDir::new().unwrap();
    let from = made(&directory);
    let to = directory.path().join("precious.csv");
    std::fs::write(&to, "precious").unwrap();

    let refused = export(&from, &["--to", to.to_str().unwrap()]).ends_with(2);

    assert!(
        refused.stderr.contains("exists already"),
        "{}",
        refused.stderr
    );
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "precious");
}

#[test]
fn a_damaged_savepoint_leaves_no_file() {
    let directory = TempDir::new().unwrap();
    let from = made(&directory);
    for file in files_below(&from) {
        if file
            .extension()
            .is_some_and(|extension| extension == "rows")
        {
            let mut bytes = std::fs::read(&file).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            std::fs::write(&file, bytes).unwrap();
        }
    }
    let to = directory.path().join("out/all.jsonl");
    std::fs::create_dir(to.parent().unwrap()).unwrap();

    let ran = export(&from, &["--to", to.to_str().unwrap()]).ends_with(1);

    assert!(ran.stderr.contains("damaged"), "{}", ran.stderr);
    assert_eq!(files_below(to.parent().unwrap()), Vec::<PathBuf>::new());
}

#[test]
fn structs_of_plain_fields_are_columns_where_one_state_is_exported() {
    let location = finished_checkpoints();
    let position = ["--state", "position", "--format", "csv"];

    let one = export(Path::new(&location), &position).ends_with(0).stdout;
    let all = export(Path::new(&location), &["--format", "csv"])
        .ends_with(0)
        .stdout;

    let heading = "state,key_group,key,value.airport,value.seen,value.grounded,value.delays_pushed";
    assert_eq!(one.lines().next().unwrap(), heading);
    assert_eq!(one.lines().count(), 61);
    let heading = "state,key_group,key,map_key,index,time,value";
    assert_eq!(all.lines().next().unwrap(), heading);
}

#[test]
fn key_groups_and_states_that_are_not_there_are_wrong_command_lines() {
    let directory = TempDir::new().unwrap();
    let from = made(&directory);

    let some = export(&from, &["--key-groups", "0-7"]).ends_with(0).stdout;

    assert!(
        lines(&some)
            .iter()
            .all(|line| line["key_group"].as_u64() <= Some(7))
    );
    export(&from, &["--key-groups", "0-16"]).ends_with(2);
    export(&from, &["--state", "nothing"]).ends_with(2);
}
