//! Listing, showing and verifying checkpoints that are whole.

use crate::command::{alluvium, finished_checkpoints, finished_demo};

#[test]
fn a_list_has_the_retained_checkpoints_and_the_savepoint() {
    let listed = alluvium([
        "checkpoints",
        "list",
        &finished_checkpoints(),
        "--output",
        "json",
    ])
    .ends_with(0)
    .json();

    let kinds: Vec<_> = listed["checkpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["kind"].as_str().unwrap())
        .collect();
    assert!(
        kinds.iter().filter(|kind| **kind == "checkpoint").count() >= 2,
        "{kinds:?}"
    );
    assert_eq!(kinds.last(), Some(&"savepoint"));
}

#[test]
fn a_job_is_found_from_the_root_from_its_folder_and_by_name() {
    let root = finished_checkpoints();
    let folder = finished_demo().join("checkpoints/flights");
    let folder = folder.to_str().unwrap();
    let by_root = alluvium(["checkpoints", "list", &root]).ends_with(0);
    let by_folder = alluvium(["checkpoints", "list", folder]).ends_with(0);
    let by_name = alluvium(["checkpoints", "list", &root, "--job", "flights"]).ends_with(0);

    let rows = |stdout: &str| {
        stdout
            .lines()
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(rows(&by_root.stdout), rows(&by_folder.stdout));
    assert_eq!(rows(&by_root.stdout), rows(&by_name.stdout));
    let ran = alluvium(["checkpoints", "list", &root, "--job", "other"]).ends_with(2);
    assert!(ran.stderr.contains("there are: flights"), "{}", ran.stderr);
}

#[test]
fn the_newest_checkpoint_is_shown_with_its_states_and_files() {
    let shown = alluvium([
        "checkpoints",
        "show",
        &finished_checkpoints(),
        "--output",
        "json",
    ])
    .ends_with(0)
    .json();

    let states = shown["snapshots"][0]["states"].as_array().unwrap();
    let mut names: Vec<_> = states
        .iter()
        .map(|state| state["name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    let declared = [
        "air_minutes",
        "delay",
        "destinations",
        "grounded",
        "last_delays",
        "position",
    ];
    assert_eq!(names, declared);
    assert_eq!(shown["snapshots"].as_array().unwrap().len(), 2);
    alluvium(["checkpoints", "show", &finished_checkpoints()]).ends_with(0);
}

#[test]
fn a_savepoint_is_shown_by_name_and_by_its_own_folder() {
    let by_name = alluvium([
        "checkpoints",
        "show",
        &finished_checkpoints(),
        "--checkpoint",
        "end-1",
        "--output",
        "json",
    ]);
    let folder = finished_demo().join("checkpoints/flights/savepoints/end-1");
    let by_folder = alluvium([
        "checkpoints",
        "show",
        folder.to_str().unwrap(),
        "--output",
        "json",
    ]);

    let by_name = by_name.ends_with(0).json();
    assert_eq!(by_name["snapshots"][0]["kind"], "savepoint");
    assert_eq!(
        by_folder.ends_with(0).json()["snapshots"][0]["files"],
        by_name["snapshots"][0]["files"]
    );
}

#[test]
fn a_checkpoint_that_is_not_there_is_a_wrong_command_line_that_tells_which_are() {
    let ran = alluvium([
        "checkpoints",
        "show",
        &finished_checkpoints(),
        "--checkpoint",
        "99999",
    ])
    .ends_with(2);

    assert!(
        ran.stderr.contains("there are:") && ran.stderr.contains("end"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_is_whole_has_no_problems() {
    let verified = alluvium([
        "checkpoints",
        "verify",
        &finished_checkpoints(),
        "--output",
        "json",
    ])
    .ends_with(0)
    .json();

    assert_eq!(verified["problems"].as_array().map(Vec::len), Some(0));
    assert!(verified["objects"].as_u64() > Some(5), "{verified}");
}
