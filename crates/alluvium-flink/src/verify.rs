//! Whether a snapshot is whole: what can be told without the job that wrote it.
//!
//! | checked | how |
//! |---|---|
//! | every file is there, and as long as its handle says | opened (`streams`) |
//! | key groups belong to one subtask, offsets ascend and are within the file | from the metadata (`offsets`) |
//! | blocks of RocksDB's tables, chunks of Snappy | against their checksums |
//! | every key is in the key group that it hashes to, in its subtask's range | where the key's class has a hash that is known |
//! | every key and value can be decoded, and nothing is behind the end of a key group | by a scan |
//!
//! A flipped bit in what has no checksum (an uncompressed canonical savepoint, the metadata) may make another value that is as
//! good as the one that was written: that cannot be told.

mod offsets;
mod streams;

use std::ops::ControlFlow;

use alluvium_protocol::key_group::KeyGroupRange;

use crate::error::{Error, Result};
use crate::metadata::{Incremental, KeyedHandle, Operator, Subtask};
use crate::scan::{Place, Problem, Report, Row, Selection, Tables, Visit, run_strict, whose};
use crate::snapshot::Snapshot;

/// What a verification met.
#[derive(Debug)]
#[non_exhaustive]
pub struct Verified {
    /// Streams of bytes that were opened; those that several handles share count as often.
    pub streams: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The rows of each state, and what is wrong.
    pub report: Report,
}

/// Reads all of a snapshot, and tells what is wrong with it.
///
/// # Errors
/// `Cancelled` when downloads of the snapshot's files were stopped. What is wrong with the snapshot is no error, but in
/// the report.
pub fn verify(snapshot: &Snapshot) -> Result<Verified> {
    let mut ignored = |_: &Place<'_>, _: &Row| Ok(ControlFlow::Continue(()));
    verify_selected(snapshot, &Selection::default(), &mut ignored)
}

/// Reads a part of a snapshot, and tells what is wrong with it: files of the chosen operators, those of subtasks with keyed state only where
/// it has chosen key groups; rows of the chosen states. `visit` is given each row, and can stop the verification.
///
/// # Errors
/// `Invalid` when the selection names an operator or a state that is not there; what `visit` returns; otherwise as [`verify`].
pub fn verify_selected(
    snapshot: &Snapshot,
    selection: &Selection,
    visit: &mut dyn Visit,
) -> Result<Verified> {
    let mut verified = Verified {
        streams: 0,
        bytes: 0,
        report: Report::default(),
    };
    for operator in selection.operators(snapshot)? {
        let is_chosen = |subtask: &&Subtask| {
            let range = managed(subtask).and_then(KeyedHandle::key_groups);
            range.is_none_or(|range: KeyGroupRange| selection.of_range(Some(range)).is_some())
        };
        streams::verify(operator, &is_chosen, snapshot.files(), &mut verified)?;
        offsets::verify(operator, &mut verified.report);
        for subtask in operator.subtasks().iter().filter(is_chosen) {
            visit.look()?;
            for handle in managed(subtask).into_iter().flat_map(tables) {
                let whose = whose(operator, subtask.index);
                let opened = Tables::open(handle, snapshot.files(), &whose);
                let checked = opened.and_then(|tables| {
                    let checked = tables.database.verify().map_err(Error::from);
                    checked.map_err(|error| error.context(format!("tables of {whose}")))
                });
                if let Err(error) = checked {
                    add(&mut verified.report, operator, subtask.index, error);
                }
            }
        }
    }
    let scanned = run_strict(snapshot, selection, visit)?;
    verified.report.append(scanned);
    Ok(verified)
}

fn managed(subtask: &Subtask) -> Option<&KeyedHandle> {
    subtask.state.as_ref()?.keyed_managed.as_ref()
}

/// The handles of RocksDB's files in a handle.
fn tables(handle: &KeyedHandle) -> Vec<&Incremental> {
    match handle {
        KeyedHandle::Incremental(handle) => vec![handle],
        KeyedHandle::Changelog(changelog) => {
            changelog.materialized.iter().flat_map(tables).collect()
        }
        _ => Vec::new(),
    }
}

/// Tells of something that is wrong with what a subtask stored.
fn add(report: &mut Report, operator: &Operator, subtask: u32, error: Error) {
    report.add(Problem {
        operator: operator.label(),
        subtask,
        state: None,
        key_group: None,
        error,
    });
}
