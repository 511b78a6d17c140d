//! What travels through the dataflow, between threads, processes and hosts.
//!
//! Serialized by field order: all processes of an attempt run the same binary.

use alluvium::protocol::catalog::ManifestRef;
use alluvium::protocol::key_group::KeyGroupRange;
use alluvium::protocol::manifest::CheckpointId;
use alluvium::{Result, SnapshotHandle};
use serde::{Deserialize, Serialize};

use crate::observer::CheckpointReport;

/// From a source worker to a keyed worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Message<R> {
    /// Goes to the worker that owns its key group.
    Record(R),
    /// Goes to worker `to`. Messages between two workers keep their order, so all records that
    /// the watermark speaks of came before it.
    Watermark {
        source: u32,
        to: u32,
        progress: SourceProgress,
    },
}

/// How far a source worker is in event time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SourceProgress {
    /// It has returned all records with event times up to this.
    Reading(i64),
    /// It has returned all its records. `last` is the greatest of its splits' last watermarks.
    Ended { last: i64, read_any: bool },
}

/// From any operator to the coordinator: a part of an epoch that is done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Ack {
    /// Where a source worker's splits are at the end of the epoch.
    Positions {
        worker: u32,
        positions: Vec<(u32, Vec<u8>)>,
        /// Records read since the worker's last acknowledgement.
        records: u64,
        ended: bool,
    },
    /// A worker's snapshot is uploaded.
    Snapshot(Uploaded),
    /// A worker's part of a savepoint is uploaded.
    Savepoint(Uploaded),
    /// A worker's snapshot could not be uploaded.
    Failed { worker: u32, reason: String },
    /// A worker's output is prepared.
    Output(Vec<u8>),
}

/// From the coordinator to every worker: an epoch's checkpoint has come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Announcement {
    pub(crate) epoch: u64,
    /// Whether the checkpoint exists; it was aborted otherwise.
    pub(crate) complete: bool,
}

/// An uploaded snapshot, in a form that crosses between processes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Uploaded {
    object: String,
    bytes: u64,
    crc32c: u32,
    subtask: u32,
    first_group: u16,
    last_group: u16,
    base: Option<u64>,
    pub(crate) report: CheckpointReport,
}

impl Uploaded {
    pub(crate) fn new(handle: SnapshotHandle) -> Self {
        let (manifest, report) = (handle.manifest, handle.report);
        Self {
            object: manifest.object,
            bytes: manifest.bytes,
            crc32c: manifest.crc32c,
            subtask: manifest.subtask,
            first_group: manifest.range.first().get(),
            last_group: manifest.range.last().get(),
            base: handle.base.map(CheckpointId::get),
            report: CheckpointReport {
                bytes_new: report.bytes_new,
                bytes_referred: report.bytes_referred,
                files_new: report.files_new,
                files_referred: report.files_referred,
                freeze: report.freeze,
                flush: report.flush,
                upload: report.upload,
            },
        }
    }

    pub(crate) fn manifest(&self) -> Result<ManifestRef> {
        Ok(ManifestRef {
            object: self.object.clone(),
            bytes: self.bytes,
            crc32c: self.crc32c,
            subtask: self.subtask,
            range: KeyGroupRange::new(self.first_group, self.last_group)?,
        })
    }

    pub(crate) fn base(&self) -> Option<CheckpointId> {
        self.base.map(CheckpointId::new)
    }
}
