//! Going on with an interrupted demo, and what it refuses to go on from.
//!
//! Every refusal leaves the checkpoints as they are.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::command::{Ran, alluvium, copy_tree, files_below, finished_demo, small_demo};

/// A copy of the finished demo's work directory.
fn interrupted() -> (TempDir, PathBuf) {
    let directory = TempDir::new().expect("a temporary directory");
    let work = directory.path().join("work");
    copy_tree(finished_demo(), &work);
    (directory, work)
}

fn resume(work: &Path, records: u64, more: &[&str]) -> Ran {
    let work = work.to_str().expect("text");
    let resume = [
        "--resume",
        "--no-crash",
        "--work-dir",
        work,
        "--output",
        "json",
    ];
    let more = resume
        .iter()
        .chain(more)
        .map(|argument| (*argument).to_owned());
    alluvium(small_demo(60, records).into_iter().chain(more))
}

/// The files of the checkpoints, without the log, to which each attempt adds its fence.
fn without_log(work: &Path) -> Vec<PathBuf> {
    let is_log = |file: &PathBuf| file.to_str().expect("text").contains("/commits/");
    files_below(&work.join("checkpoints"))
        .into_iter()
        .filter(|file| !is_log(file))
        .collect()
}

fn newest_manifest(work: &Path) -> PathBuf {
    let manifests = work.join("checkpoints/flights/checkpoints");
    let number = |file: &PathBuf| {
        let checkpoint = file
            .strip_prefix(&manifests)
            .ok()?
            .iter()
            .next()?
            .to_str()?;
        checkpoint.parse::<u64>().ok()
    };
    let is_manifest = |file: &PathBuf| {
        file.extension()
            .is_some_and(|extension| extension == "manifest")
    };
    files_below(&manifests)
        .into_iter()
        .filter(is_manifest)
        .max_by_key(number)
        .expect("there is one")
}

#[test]
fn a_finished_demo_that_is_resumed_repeats_nothing() {
    let (_directory, work) = interrupted();

    let summary = resume(&work, 8_000, &[]).ends_with(0).json();

    assert_eq!(summary["attempts"][0]["attempt"], 2);
    assert_eq!(summary["result"]["equal"], true);
}

#[test]
fn another_number_of_key_groups_is_refused_with_both_numbers() {
    let (_directory, work) = interrupted();
    let before = without_log(&work);

    let ran = resume(&work, 8_000, &["--max-parallelism", "64"]).ends_with(4);

    assert!(
        ran.stderr.contains("64") && ran.stderr.contains("128"),
        "{}",
        ran.stderr
    );
    assert_eq!(without_log(&work), before);
}

#[test]
fn other_input_is_refused() {
    let (_directory, work) = interrupted();
    let before = without_log(&work);

    let ran = resume(&work, 8_001, &[]).ends_with(4);

    assert!(ran.stderr.contains("other input"), "{}", ran.stderr);
    assert_eq!(without_log(&work), before);
}

#[test]
fn a_damaged_manifest_is_a_problem_that_names_it() {
    let (_directory, work) = interrupted();
    let manifest = newest_manifest(&work);
    let mut bytes = std::fs::read(&manifest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&manifest, bytes).unwrap();

    let ran = resume(&work, 8_000, &[]).ends_with(1);

    let name = manifest.file_name().unwrap().to_str().unwrap();
    assert!(ran.stderr.contains(name), "{}", ran.stderr);
}

#[test]
fn a_truncated_data_file_without_a_local_copy_is_a_problem_that_names_it() {
    let (_directory, work) = interrupted();
    std::fs::remove_dir_all(work.join("local")).unwrap();
    let files = files_below(&work.join("checkpoints/flights/shared"));
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        std::fs::write(file, &bytes[..bytes.len() - 1]).unwrap();
    }

    let ran = resume(&work, 8_000, &[]).ends_with(1);

    let named = files.iter().any(|file| {
        ran.stderr
            .contains(file.file_name().unwrap().to_str().unwrap())
    });
    assert!(named, "{}", ran.stderr);
}

#[test]
fn a_truncated_commit_is_a_problem_that_names_it() {
    let (_directory, work) = interrupted();
    let log = files_below(&work.join("checkpoints/flights/commits"));
    let newest = log.last().unwrap();
    let bytes = std::fs::read(newest).unwrap();
    std::fs::write(newest, &bytes[..bytes.len() / 2]).unwrap();

    let ran = resume(&work, 8_000, &[]).ends_with(1);

    assert!(
        ran.stderr
            .contains(newest.file_name().unwrap().to_str().unwrap()),
        "{}",
        ran.stderr
    );
    assert_eq!(files_below(&work.join("checkpoints/flights/commits")), log);
}

#[test]
fn there_must_be_something_to_resume() {
    let directory = TempDir::new().unwrap();

    let ran = resume(directory.path(), 8_000, &[]).ends_with(2);

    assert!(ran.stderr.contains("nothing to --resume"), "{}", ran.stderr);
    assert_eq!(files_below(directory.path()), Vec::<PathBuf>::new());
}
