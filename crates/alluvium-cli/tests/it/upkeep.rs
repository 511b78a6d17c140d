//! Clearing up: what goes is told first, and only what nobody needs goes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::command::{alluvium, copied_checkpoints, files_below};

const SHARED: &str =
    "flights/shared/0000000000000000000000000000000a-0000000000000000000000000000000b";

fn run(command: &str, root: &Path, more: &[&str]) -> crate::command::Ran {
    let root = root.to_str().unwrap();
    let arguments = ["checkpoints", command, root, "--output", "json"];
    alluvium(arguments.iter().chain(more))
}

fn verified(root: &Path) {
    run("verify", root, &[]).ends_with(0);
}

/// Numbers of the checkpoints, savepoints left out.
fn checkpoints(root: &Path) -> Vec<Value> {
    let listed = run("list", root, &[]).ends_with(0).json();
    let rows = listed.get("checkpoints").and_then(Value::as_array);
    rows.unwrap()
        .iter()
        .filter(|row| row["kind"] == "checkpoint")
        .map(|row| row["checkpoint"].clone())
        .collect()
}

/// An object that nobody needs, as old as this.
fn leftover(root: &Path, age: Duration) -> PathBuf {
    let path = root.join(SHARED);
    std::fs::write(&path, b"left by an upload").unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    let written = file.metadata().unwrap().modified().unwrap() - age;
    file.set_modified(written).unwrap();
    path
}

/// All that was listed of a sweep's or a retention's answer under this name.
fn names(answer: &Value, field: &str) -> Vec<String> {
    let rows = answer[field].as_array().unwrap().iter();
    rows.map(|row| row["object"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn retention_tells_what_would_go_and_changes_nothing() {
    let copy = copied_checkpoints();
    let before = files_below(copy.path());
    let all = checkpoints(copy.path());

    let told = run("retain", copy.path(), &["--keep", "1"])
        .ends_with(0)
        .json();

    assert_eq!(told["dry_run"], true);
    assert_eq!(told["kept"].as_array().unwrap()[..], all[all.len() - 1..]);
    let dropped = told["dropped"].as_array().unwrap();
    assert_eq!(dropped.len(), all.len() - 1);
    assert_eq!(dropped[0]["why"], "older than the newest 1");
    assert!(dropped[0]["bytes"].as_u64() > Some(0), "{told}");
    assert_eq!(files_below(copy.path()), before);
}

#[test]
fn retention_with_yes_leaves_the_newest_whole_and_savepoints_alone() {
    let copy = copied_checkpoints();
    let all = checkpoints(copy.path());

    let told = run("retain", copy.path(), &["--keep", "1", "--yes"])
        .ends_with(0)
        .json();

    assert!(told["deleted"].as_u64() > Some(0), "{told}");
    assert_eq!(told["left"].as_array().map(Vec::len), Some(0));
    assert_eq!(checkpoints(copy.path())[..], all[all.len() - 1..]);
    verified(copy.path());
    run("show", copy.path(), &["--checkpoint", "end-1"]).ends_with(0);
    // Nothing is taken over when there is nothing to do.
    let before = files_below(copy.path());
    run("retain", copy.path(), &["--keep", "9", "--yes"]).ends_with(0);
    assert_eq!(files_below(copy.path()), before);
}

#[test]
fn a_sweep_tells_old_leftovers_with_the_reason_and_deletes_them_with_yes() {
    let copy = copied_checkpoints();
    let old = leftover(copy.path(), Duration::from_hours(48));

    let told = run("sweep", copy.path(), &["--dry-run"])
        .ends_with(0)
        .json();
    assert!(old.exists());
    let swept = run("sweep", copy.path(), &["--yes"]).ends_with(0).json();

    let object = SHARED.strip_prefix("flights/").unwrap();
    assert_eq!(names(&told, "orphans"), [object]);
    assert_eq!(
        told["orphans"][0]["reason"],
        "shared file that no manifest refers to"
    );
    assert_eq!(told["orphans"][0]["bytes"], 17);
    assert_eq!(swept["deleted"], 1);
    assert!(!old.exists());
    verified(copy.path());
    let nothing = run("sweep", copy.path(), &["--yes"]).ends_with(0).json();
    assert_eq!(names(&nothing, "orphans"), [""; 0]);
}

#[test]
fn young_leftovers_stay_unless_the_job_is_taken_over() {
    let copy = copied_checkpoints();
    let young = leftover(copy.path(), Duration::from_mins(90));

    run("sweep", copy.path(), &["--yes"]).ends_with(0);
    assert!(young.exists());
    run("sweep", copy.path(), &["--yes", "--take-over"]).ends_with(0);

    assert!(!young.exists());
    verified(copy.path());
}

#[test]
fn a_minimum_age_that_endangers_a_running_job_is_refused() {
    let copy = copied_checkpoints();
    let young = leftover(copy.path(), Duration::ZERO);

    let refused = run("sweep", copy.path(), &["--yes", "--min-age", "59m"]).ends_with(2);

    assert!(refused.stderr.contains("--take-over"), "{}", refused.stderr);
    assert!(young.exists());
    let wrong = run("sweep", copy.path(), &["--min-age", "soon"]).ends_with(2);
    assert!(wrong.stderr.contains("45s, 90m"), "{}", wrong.stderr);
}

#[test]
fn damage_stops_a_sweep() {
    let copy = copied_checkpoints();
    let old = leftover(copy.path(), Duration::from_hours(48));
    let manifest = files_below(&copy.path().join("flights/checkpoints"))
        .into_iter()
        .find(|file| file.extension().is_some_and(|it| it == "manifest"));
    std::fs::write(manifest.unwrap(), b"damaged").unwrap();

    run("sweep", copy.path(), &["--yes"]).ends_with(1);

    assert!(old.exists());
}

#[test]
fn a_savepoint_is_neither_swept_nor_retained() {
    let copy = copied_checkpoints();
    let savepoint = copy.path().join("flights/savepoints/end-1");
    for (command, more) in [
        ("sweep", &["--yes"][..]),
        ("retain", &["--keep", "1", "--yes"]),
    ] {
        let refused = run(command, &savepoint, more).ends_with(2);

        assert!(
            refused.stderr.contains("is a savepoint"),
            "{}",
            refused.stderr
        );
    }
}
