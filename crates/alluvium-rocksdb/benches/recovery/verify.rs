//! Whether a restored subtask has its rows, all of them and no others, and what its first checkpoint uploads.

use std::fs;
use std::ops::ControlFlow;

use alluvium::bytes::{Address, BytesBackend, StateIndex};
use alluvium::protocol::key_group::MaxParallelism;
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::storage::Cancel;
use alluvium::{Error, Result, SnapshotReport, SnapshotTarget};

use crate::job::{Checkpoint, JOB, Job, Untidied, nobody, state};
use crate::measure::{self, Target};
use crate::options::Origin;
use crate::rows::{Rows, group_of, key, mix, number_of, value, version};

/// Keys that are read one by one, of each kind.
const KEYS: u64 = 2_000;

/// A checkpoint that is taken and never committed.
const CHECKPOINT: u64 = 1_000;

/// What was found in one subtask.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) families: usize,
    /// Data files of the restored store.
    pub(crate) files: u64,
    /// What the first checkpoint after the restore did.
    pub(crate) checkpoint: SnapshotReport,
}

/// Restores a subtask, compares its contents with what was written, and takes a checkpoint. The store is not cleaned
/// meanwhile, so that what the checkpoint finds is what the restore left.
pub(crate) fn verify(
    job: &Job,
    rows: &Rows,
    checkpoint: &Checkpoint,
    target: Target,
    origin: Origin,
) -> Result<Found> {
    let untidied = Untidied::new();
    let builder = measure::builder(job, target, origin)?.environment(untidied.environment());
    let from = job.from(checkpoint);
    let (mut backend, _) = builder.restore(&from, &Cancel::new(), &nobody())?;
    untidied.check(1)?;
    let state = backend.register(state())?;
    let (families, files) = (measure::families(&backend)?, backend.metrics().store.files);

    let id = CheckpointId::new(CHECKPOINT);
    let snapshot = backend.snapshot(id, SnapshotKind::Incremental)?;
    let to = SnapshotTarget {
        storage: from.storage,
        root: JOB.to_owned(),
        attempt: CHECKPOINT,
    };
    let taken = snapshot.upload(&to, &Cancel::new(), &nobody())?;
    let copy = job
        .directory
        .join("copies")
        .join(JOB)
        .join(format!("{CHECKPOINT:020}"));
    if copy.exists() {
        // Later restores are to find what the measured job left, and nothing else.
        fs::remove_dir_all(&copy).map_err(|e| Error::io("remove a local copy", e))?;
    }

    let found = Found {
        families,
        files,
        checkpoint: taken.report,
    };
    compare_some(&mut backend, state, job.max, rows, checkpoint.stage)?;
    compare_all(&mut backend, state, rows, checkpoint.stage)?;
    Ok(found)
}

/// Reads rows that exist, that belong to other subtasks, and that do not exist, by their keys.
fn compare_some(
    backend: &mut BytesBackend,
    state: StateIndex,
    max: MaxParallelism,
    rows: &Rows,
    stage: u64,
) -> Result<()> {
    for chance in 0..KEYS {
        let number = measure::any_row(rows, backend.range(), chance)?;
        read(backend, state, max, number, Some(version(number, stage)))?;
        let absent = rows.count() + u32::try_from(mix(chance) % 1_000_000).unwrap_or_default();
        if backend.range().contains(group_of(&key(absent), max)) {
            read(backend, state, max, absent, None)?;
        }
        let other = measure::any_row(rows, max.all(), chance)?;
        let group = group_of(&key(other), max);
        let at = Address {
            state,
            group,
            key: &key(other),
        };
        if !backend.range().contains(group) && backend.get(&at).is_ok() {
            return Err(Error::invalid(format!(
                "row {other} of another subtask can be read"
            )));
        }
    }
    Ok(())
}

fn read(
    backend: &mut BytesBackend,
    state: StateIndex,
    max: MaxParallelism,
    number: u32,
    version: Option<u64>,
) -> Result<()> {
    let key = key(number);
    let at = Address {
        state,
        group: group_of(&key, max),
        key: &key,
    };
    let expected = version.map(|version| value(number, version));
    if backend.get(&at)? == expected.as_ref().map(<[u8; _]>::as_slice) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "row {number} is not as it was written"
    )))
}

/// Scans all rows. Keys are compared with their row numbers, so that as many rows as were written are those rows.
fn compare_all(
    backend: &mut BytesBackend,
    state: StateIndex,
    rows: &Rows,
    stage: u64,
) -> Result<()> {
    let expected = rows.of(backend.range()).len();
    let mut count = 0;
    backend.for_each_row(state, &mut |_group, key, found| {
        let number = number_of(key).filter(|&number| number < rows.count());
        let number = number.ok_or_else(|| Error::invalid("a row that was never written"))?;
        if found != value(number, version(number, stage)) {
            return Err(Error::invalid(format!(
                "row {number} is not as it was written"
            )));
        }
        count += 1;
        Ok(ControlFlow::Continue(()))
    })?;
    if count == expected {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "{count} rows instead of {expected}"
    )))
}
