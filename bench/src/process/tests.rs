//! Processes that go well, fail, lie, hang and are interrupted.

use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Result;

use super::records;
use crate::record::Record;

const LONG: Duration = Duration::from_secs(600);
const LINE: &str = r#"{"suite":"s","case":"c","subject":"a","setting":"t","measure":"rate","unit":"1/s","rounds":[1.0],"verified":true}"#;

fn shell(script: &str, limit: Duration, interrupted: bool) -> Result<Vec<Record>> {
    let directory = tempfile::tempdir()?;
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    let interrupted = AtomicBool::new(interrupted);
    records(
        &mut command,
        &directory.path().join("stderr"),
        limit,
        &interrupted,
    )
}

fn error(script: &str) -> String {
    format!("{:#}", shell(script, LONG, false).unwrap_err())
}

#[test]
fn records_are_read_and_lines_for_people_are_not() {
    let script = format!("echo hello; echo '{LINE}'; echo noise >&2; echo '{LINE}'");

    let found = shell(&script, LONG, false).unwrap();

    assert_eq!(found.len(), 2);
    assert_eq!(found[0].case, "c");
}

#[test]
fn a_failure_has_what_the_process_said_last() {
    let found = error(&format!("echo '{LINE}'; echo 'key 7 is lost' >&2; exit 3"));

    assert!(found.starts_with("ended with exit status: 3\n"), "{found}");
    assert!(found.ends_with("key 7 is lost"), "{found}");
}

#[test]
fn what_was_not_verified_is_an_error() {
    let script = format!("echo '{}'", LINE.replace("true", "false"));

    assert_eq!(error(&script), "c rate, t: the contents were not verified");
}

#[test]
fn nothing_measured_is_an_error() {
    assert_eq!(error("true"), "measured nothing");
    let empty = LINE.replace("[1.0]", "[]");
    assert_eq!(
        error(&format!("echo '{empty}'")),
        "c rate, t: no round was measured"
    );
}

#[test]
fn a_record_that_cannot_be_read_is_shown() {
    let found = error("echo '{\"suite\": 1}'");

    assert!(
        found.starts_with("not a record: {\"suite\": 1}: invalid type"),
        "{found}"
    );
}

#[test]
fn a_process_that_does_not_end_is_ended() {
    let found = shell("exec sleep 1000", Duration::ZERO, false).unwrap_err();

    assert_eq!(found.to_string(), "took longer than 0 s");
}

#[test]
fn an_interrupt_ends_the_process() {
    let found = shell("exec sleep 1000", LONG, true).unwrap_err();

    assert_eq!(found.to_string(), "interrupted");
}
