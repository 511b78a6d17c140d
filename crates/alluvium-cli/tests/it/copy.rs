//! Copying and moving checkpoints and savepoints: what arrives is whole, or nothing is there.

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::command::{alluvium, copied_checkpoints, files_below, finished_checkpoints};

/// Runs `copy` with JSON output.
fn copy(from: &str, to: &Path, more: &[&str]) -> crate::command::Ran {
    let to = to.to_str().unwrap();
    let arguments = ["checkpoints", "copy", from, to, "--output", "json"];
    alluvium(arguments.iter().chain(more))
}

fn verified(location: &Path) {
    let location = location.to_str().unwrap();
    alluvium(["checkpoints", "verify", location]).ends_with(0);
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// All rows of the newest checkpoint.
fn rows(location: &str) -> String {
    let arguments = ["state", "scan", location, "--limit", "100000"];
    alluvium(arguments).ends_with(0).stdout
}

#[test]
fn a_copy_of_the_newest_checkpoint_is_another_jobs_first_and_holds_the_same_state() {
    let directory = TempDir::new().unwrap();
    let to = directory.path().join("new/elsewhere");

    let copied = copy(&finished_checkpoints(), &to, &[]).ends_with(0).json();

    assert_eq!(copied["job"], "elsewhere");
    assert_eq!(copied["was_there"], false);
    assert!(copied["files"].as_u64() > Some(0), "{copied}");
    verified(&to);
    let listed = alluvium(["checkpoints", "list", text(&to), "--output", "json"]);
    let listed = listed.ends_with(0).json();
    assert_eq!(listed["checkpoints"].as_array().unwrap().len(), 1);
    assert_eq!(listed["checkpoints"][0]["checkpoint"], copied["checkpoint"]);
    assert_eq!(listed["checkpoints"][0]["job"], "elsewhere");
    assert_eq!(rows(text(&to)), rows(&finished_checkpoints()));
}

#[test]
fn repeating_a_copy_says_that_it_is_there_and_another_checkpoint_is_refused() {
    let directory = TempDir::new().unwrap();
    let to = directory.path().join("elsewhere");
    let first = copy(&finished_checkpoints(), &to, &[]).ends_with(0).json();
    let before = files_below(&to);

    let again = copy(&finished_checkpoints(), &to, &[]).ends_with(0).json();

    assert_eq!(again["was_there"], true);
    assert_eq!(files_below(&to), before);
    let listed = alluvium([
        "checkpoints",
        "list",
        &finished_checkpoints(),
        "--output",
        "json",
    ]);
    let oldest = listed.json()["checkpoints"][0]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_ne!(first["checkpoint"].to_string(), oldest);
    let refused = copy(&finished_checkpoints(), &to, &["--checkpoint", &oldest]).ends_with(2);
    assert!(
        refused.stderr.contains("copy to an empty folder"),
        "{}",
        refused.stderr
    );
    assert_eq!(files_below(&to), before);
}

#[test]
fn a_savepoint_is_copied_by_name_and_by_its_own_folder() {
    let directory = TempDir::new().unwrap();
    let (by_name, by_folder) = (directory.path().join("a"), directory.path().join("b"));
    let folder = format!("{}/flights/savepoints/end-1", finished_checkpoints());

    let copied = copy(
        &finished_checkpoints(),
        &by_name,
        &["--checkpoint", "end-1"],
    );
    copy(&folder, &by_folder, &[]).ends_with(0);

    assert_eq!(copied.ends_with(0).json()["kind"], "savepoint");
    for to in [&by_name, &by_folder] {
        verified(to);
        assert_eq!(rows(text(to)), rows(&folder));
    }
}

#[test]
fn what_moves_is_there_and_no_longer_here() {
    let copied = copied_checkpoints();
    let directory = TempDir::new().unwrap();
    let (checkpoint, savepoint) = (directory.path().join("heir"), directory.path().join("kept"));
    let from = text(copied.path());

    copy(from, &savepoint, &["--checkpoint", "end-1", "--move"]).ends_with(0);
    let moved = copy(from, &checkpoint, &["--move"]).ends_with(0).json();

    assert_eq!(moved["left"].as_array().map(Vec::len), Some(0));
    for to in [&checkpoint, &savepoint] {
        verified(to);
    }
    let files = files_below(copied.path());
    assert_eq!(files.len(), 2, "the fence and a cut alone: {files:?}");
}

#[test]
fn a_damaged_checkpoint_is_not_copied_and_nothing_is_left() {
    let copied = copied_checkpoints();
    for file in files_below(&copied.path().join("flights/shared")) {
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&file, bytes).unwrap();
    }
    let directory = TempDir::new().unwrap();
    let to = directory.path().join("elsewhere");

    let ran = copy(text(copied.path()), &to, &["--move"]).ends_with(1);

    assert!(ran.stderr.contains("flights/shared/"), "{}", ran.stderr);
    let left = files_below(&to);
    assert!(
        left.iter().all(|it| text(it).contains("/commits/")),
        "{left:?}"
    );
}

#[test]
fn a_target_without_a_name_is_a_wrong_command_line() {
    let ran = copy(&finished_checkpoints(), Path::new("/"), &[]).ends_with(2);

    assert!(ran.stderr.contains("no name of its own"), "{}", ran.stderr);
}

#[test]
#[cfg(unix)]
fn ctrl_c_takes_back_what_was_copied() {
    let copied = copied_checkpoints();
    // So long that the copy is still busy with it when it is interrupted.
    for file in files_below(&copied.path().join("flights/shared")) {
        let file = std::fs::File::options().write(true).open(file).unwrap();
        file.set_len(8 << 30).unwrap();
    }
    let directory = TempDir::new().unwrap();
    let (to, scratch) = (
        directory.path().join("to/elsewhere"),
        directory.path().join("tmp"),
    );
    std::fs::create_dir(&scratch).unwrap();
    let mut running = Command::new(env!("CARGO_BIN_EXE_alluvium"))
        .args(["checkpoints", "copy", text(copied.path()), text(&to)])
        .env("TMPDIR", &scratch)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while files_below(&scratch).is_empty() {
        assert!(running.try_wait().unwrap().is_none(), "it ended too early");
        std::thread::yield_now();
    }

    let pid = running.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();

    assert!(sent.success());
    let ended = running.wait_with_output().unwrap();
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(130), "{stderr}");
    assert!(files_below(&scratch).is_empty());
    let left = files_below(&to);
    assert!(
        left.iter().all(|it| text(it).contains("/commits/")),
        "{left:?}"
    );
}
