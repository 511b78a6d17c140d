//! State of Flink jobs is imported, and Rust jobs go on with it.

use std::collections::BTreeSet;

use alluvium::savepoint::SavepointFolder;
use alluvium::storage::{Cancel, in_memory};

use alluvium_flink::Snapshot;
use alluvium_flink::files::Remap;
use alluvium_flink::import::{Import, Imported, import};

use crate::job::{Subtask, expected};
use crate::snapshots::{data, folders};

/// The only snapshot below a folder of `data/flink`.
pub(crate) fn snapshot(folder: &str) -> Snapshot {
    let below = data().join(folder);
    let mut found = folders();
    found.retain(|it| it.starts_with(&below));
    assert_eq!(found.len(), 1, "{found:?}");
    let moved: Remap = format!("file:/data/flink/checkpoints={}", data().display())
        .parse()
        .unwrap();
    Snapshot::open(&found[0].display().to_string(), &[moved]).unwrap()
}

pub(crate) fn folder() -> SavepointFolder {
    SavepointFolder::new(in_memory(), "imported")
}

pub(crate) fn imported(from: &str, what: &Import) -> (SavepointFolder, Imported) {
    let to = folder();
    let done = import(&snapshot(from), what, &to, &Cancel::new(), &mut |_| {}).unwrap();
    (to, done)
}

fn keyed_all() -> Import {
    Import {
        operator: "keyed-all".to_owned(),
        ..Import::default()
    }
}

/// A Rust job has what the file says, at any parallelism.
fn goes_on(from: &str, file: &str) {
    let (savepoint, _) = imported(from, &keyed_all());
    let expected = expected(file, "keyed-all");

    for parallelism in [1, 3] {
        let mut found = BTreeSet::new();
        for subtask in 0..parallelism {
            let mut subtask = Subtask::restore(&savepoint, subtask, parallelism);
            found.append(&mut subtask.contents());
        }
        let differ = found.symmetric_difference(&expected).next();
        assert_eq!(differ, None, "at parallelism {parallelism}");
    }
}

#[test]
fn a_rust_job_goes_on_with_a_checkpoint_of_rocksdb() {
    goes_on("flink-2.3.0/rocksdb/checkpoints", "expected-800x4.jsonl.gz");
}

#[test]
fn a_rust_job_goes_on_with_a_savepoint_of_the_heap() {
    let folder = "flink-2.3.0/hashmap/savepoints/canonical";
    goes_on(folder, "expected-200x4.jsonl.gz");
}

#[test]
fn a_rust_job_goes_on_with_a_savepoint_of_flink_1() {
    let folder = "flink-1.20.5/rocksdb/savepoints/canonical";
    goes_on(folder, "expected-800x4.jsonl.gz");
}
