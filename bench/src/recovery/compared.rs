//! Whether a restored subtask has its rows, all of them and no others, and what its first checkpoint uploads.

use std::fs;
use std::ops::ControlFlow;

use alluvium::bytes::{Address, StateIndex};
use alluvium::protocol::key_group::MaxParallelism;
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::storage::Cancel;
use alluvium::{BytesBackend, Error, SnapshotReport, SnapshotTarget};
use anyhow::{Result, ensure};

use super::grown::{Checkpoint, Grown, Untidied, state};
use super::options::Origin;
use super::restored::{self, Target};
use super::rows::{Rows, group_of, key, number_of, value, version};
use crate::data::mix;
use crate::job::nobody;
use crate::subjects::alluvium::NAME;

/// Keys that are read one by one, of each kind.
const KEYS: u64 = 2_000;

/// A checkpoint that is taken and never committed.
const CHECKPOINT: u64 = 1_000;

/// Restores a subtask, compares its contents with what was written, and takes a checkpoint, which it tells of. The store is
/// not cleaned meanwhile, so that what the checkpoint finds is what the restore left.
pub(crate) fn compare(
    grown: &Grown,
    rows: &Rows,
    checkpoint: &Checkpoint,
    target: Target,
    origin: Origin,
) -> Result<SnapshotReport> {
    let untidied = Untidied::new();
    let builder = restored::builder(grown, target, origin)?.environment(untidied.environment());
    let (mut backend, _) = builder.restore(&checkpoint.from, &Cancel::new(), &nobody())?;
    untidied.check(1)?;
    let state = backend.register(state())?;

    let id = CheckpointId::new(CHECKPOINT);
    let snapshot = backend.snapshot(id, SnapshotKind::Incremental)?;
    let to = SnapshotTarget {
        attempt: CHECKPOINT,
        ..grown.job.target()
    };
    let taken = snapshot.upload(&to, &Cancel::new(), &nobody())?;
    let copies = grown.job.directory.join("copies").join(NAME);
    let copy = copies.join(format!("{CHECKPOINT:020}"));
    if copy.exists() {
        // Later restores are to find what the measured job left, and nothing else.
        fs::remove_dir_all(&copy)?;
    }
    compare_some(&mut backend, state, grown.job.max, rows, checkpoint.stage)?;
    compare_all(&mut backend, state, rows, checkpoint.stage)?;
    Ok(taken.report)
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
        let number = rows.any_of(backend.range(), chance)?;
        read(backend, state, max, number, Some(version(number, stage)))?;
        let absent = rows.count() + (mix(chance) % 1_000_000) as u32;
        if backend.range().contains(group_of(&key(absent), max)) {
            read(backend, state, max, absent, None)?;
        }
        let other = rows.any_of(max.all(), chance)?;
        let group = group_of(&key(other), max);
        let at = Address {
            state,
            group,
            key: &key(other),
        };
        ensure!(
            backend.range().contains(group) || backend.get(&at).is_err(),
            "row {other} of another subtask can be read"
        );
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
    ensure!(
        backend.get(&at)? == expected.as_ref().map(<[u8; _]>::as_slice),
        "row {number} is not as it was written"
    );
    Ok(())
}

/// Scans all rows. Keys are compared with their row numbers, so that as many rows as were written are those rows.
pub(crate) fn compare_all(
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
            let message = format!("row {number} is not as it was written");
            return Err(Error::invalid(message));
        }
        count += 1;
        Ok(ControlFlow::Continue(()))
    })?;
    ensure!(count == expected, "{count} rows instead of {expected}");
    Ok(())
}
