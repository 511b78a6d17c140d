//! Ctrl-C: the command ends with its code, and nothing half-written is left.
//!
//! A command is held where it prints to a pipe that nobody reads, or reads keys from a pipe that nobody writes to; so it is certain that
//! it had begun, and was not done.

use std::fs::OpenOptions;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};

use super::snapshot;
use crate::interrupt::interrupt;

const CANONICAL: &str = "flink-2.3.0/rocksdb/savepoints/canonical/savepoint-0e6514-0ea1a2407061";

fn start(command: &str, more: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_alluvium"))
        .args(["flink", command, snapshot(CANONICAL).to_str().unwrap()])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn check_ended(running: Child) {
    let ended = running.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{stderr}");
}

#[test]
fn a_scan_that_nobody_reads_is_interrupted() {
    let mut running = start("scan", &[]);
    let mut first = [0];
    let stdout = running.stdout.as_mut().unwrap();
    stdout.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"{");

    interrupt(&mut running);

    check_ended(running);
}

#[test]
fn a_rewrite_that_is_interrupted_leaves_no_savepoint() {
    let folder = tempfile::tempdir().unwrap();
    let (keys, to) = (folder.path().join("keys"), folder.path().join("to"));
    let made = Command::new("mkfifo").arg(&keys).status().unwrap();
    assert!(made.success());
    let changes = [
        "--to",
        to.to_str().unwrap(),
        "--drop-keys",
        keys.to_str().unwrap(),
    ];
    let mut running = start("rewrite", &changes);
    // Opening waits until the command reads.
    let held = OpenOptions::new().write(true).open(&keys).unwrap();

    interrupt(&mut running);
    drop(held);

    check_ended(running);
    assert!(!to.exists());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
