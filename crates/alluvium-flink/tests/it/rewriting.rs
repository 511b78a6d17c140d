//! Rewritten savepoints have the rows that Flink reads of the snapshots they are made of, and a real Flink restores them.

mod by_flink;
mod every;
mod limits;

use std::path::{Path, PathBuf};

use alluvium::storage::Cancel;
use alluvium_flink::Snapshot;
use alluvium_flink::scan::Selection;
use alluvium_flink::write::{Rewrite, rewrite};
use alluvium_protocol::key_group::MaxParallelism;

use crate::{lines, snapshots};

fn rewritten(folder: &Path, changes: &Rewrite) -> (tempfile::TempDir, PathBuf) {
    let into = tempfile::tempdir().unwrap();
    let to = into.path().join("savepoint");
    if let Err(error) = rewrite(&lines::open(folder), changes, &to, &Cancel::new()) {
        panic!("{}: {error:?}", folder.display());
    }
    (into, to)
}

/// What is refused leaves nothing.
fn refused(folder: &Path, changes: &Rewrite) -> alluvium_flink::Error {
    let into = tempfile::tempdir().unwrap();
    let to = into.path().join("savepoint");
    let error = rewrite(&lines::open(folder), changes, &to, &Cancel::new()).unwrap_err();
    assert!(!to.exists(), "{error:?}");
    error
}

/// The lines of a savepoint that was written from `folder`.
fn scanned(savepoint: &Path, folder: &Path) -> (Vec<String>, Vec<String>) {
    let (expected, uids) = lines::expected(&lines::expected_of(folder));
    let snapshot = Snapshot::open(savepoint.to_str().unwrap(), &[]).unwrap();
    let (found, report) = lines::scanned(&snapshot, &Selection::default(), &uids);
    assert!(report.is_clean(), "{:?}", report.problems);
    (found, expected)
}

fn groups(max_parallelism: u32) -> Rewrite {
    Rewrite {
        max_parallelism: Some(MaxParallelism::new(max_parallelism).unwrap()),
        ..Rewrite::default()
    }
}

/// The lines without the key groups, which are others.
fn without_groups(lines: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = lines
        .iter()
        .map(|line| {
            let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["kg"] = serde_json::Value::Null;
            line.to_string()
        })
        .collect();
    lines.sort();
    lines
}

/// The only snapshot within a folder of `data/flink`.
fn within(folder: &str) -> PathBuf {
    let folder = snapshots::data().join(folder);
    let mut found = snapshots::folders();
    found.retain(|it| it.starts_with(&folder));
    assert_eq!(found.len(), 1, "{}", folder.display());
    found.pop().unwrap()
}
