//! What cannot be done is said so that it can be mended, and nothing is written.

use std::fs;
use std::path::Path;

use super::{flink, snapshot};
use crate::command::files_below;

const CANONICAL: &str = "flink-2.3.0/rocksdb/savepoints/canonical/savepoint-0e6514-0ea1a2407061";

/// The command ends with the code and tells what is named.
fn says(command: &str, location: &Path, more: &[&str], code: i32, named: &[&str]) {
    let ran = flink(command, location, more).ends_with(code);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    for named in named {
        assert!(ran.stderr.contains(named), "{named:?}: {}", ran.stderr);
    }
}

#[test]
fn what_is_no_snapshot_is_refused_by_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let (empty, other) = (folder.path().join("empty"), folder.path().join("other"));
    fs::create_dir(&empty).unwrap();
    fs::create_dir(&other).unwrap();
    fs::write(other.join("_metadata"), b"this is no metadata").unwrap();

    for command in ["show", "states", "scan", "timers", "verify"] {
        says(command, &empty, &[], 2, &["_metadata"]);
        says(
            command,
            &other,
            &[],
            1,
            &["byte 0", "metadata of a Flink checkpoint"],
        );
        let nowhere = folder.path().join("nowhere");
        says(command, &nowhere, &[], 3, &["nowhere"]);
    }
}

#[test]
fn metadata_that_ends_early_is_told_with_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = fs::read(snapshot(CANONICAL).join("_metadata")).unwrap();
    fs::write(folder.path().join("_metadata"), &bytes[..bytes.len() / 2]).unwrap();

    says("show", folder.path(), &[], 1, &["_metadata, byte"]);
}

#[test]
fn a_wrong_command_line_is_refused_before_anything_is_read() {
    let location = snapshot(CANONICAL);
    let refused = |more: &[&str], named: &[&str]| says("scan", &location, more, 2, named);

    refused(&["--key-groups", "5-2"], &["5-2"]);
    refused(&["--key-groups", "x"], &["x"]);
    refused(
        &["--operator", "nobody"],
        &["nobody", "keyed-all", "session-agg"],
    );
    refused(&["--state", "nothing"], &["nothing"]);
}

#[test]
fn files_that_are_there_are_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let there = folder.path().join("there");
    fs::create_dir(&there).unwrap();
    fs::write(there.join("file"), b"mine").unwrap();
    let file = there.join("file");
    let (there, file) = (there.to_str().unwrap(), file.to_str().unwrap());
    let location = snapshot(CANONICAL);

    says("rewrite", &location, &["--to", there], 2, &[there]);
    let export = ["--state", "value-long", "--to", file, "--format", "csv"];
    says("export", &location, &export, 2, &[file]);

    assert_eq!(fs::read(file).unwrap(), b"mine");
    assert_eq!(fs::read_dir(there).unwrap().count(), 1);
}

#[test]
fn a_savepoint_that_is_there_is_not_imported_over() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("savepoint");
    let (location, to) = (snapshot(CANONICAL), to.to_str().unwrap());
    let import = ["--operator", "keyed-all", "--to", to];
    flink("import", &location, &import).ends_with(0);
    let before = files_below(to.as_ref());

    says("import", &location, &import, 2, &["there is a savepoint"]);

    assert_eq!(files_below(to.as_ref()), before);
}
