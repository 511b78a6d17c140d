//! What a running job tells people and tools.

use std::time::Duration;

use alluvium::RestoreReport;
use alluvium::protocol::manifest::CheckpointId;
use serde::{Deserialize, Serialize};

/// Is told what happens. Called on the workers' own threads: must return soon.
pub trait Observer: Send + Sync {
    /// Something happened in this process.
    fn event(&self, event: &Event);
}

/// Tells nobody.
impl Observer for () {
    fn event(&self, _event: &Event) {}
}

/// Something that happened to a job.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A worker has its state: restored, or empty if there was no checkpoint.
    Restored {
        /// The worker.
        worker: u32,
        /// What it took; `None` if there was nothing to restore.
        report: Option<RestoreReport>,
    },
    /// A source worker ended a tick.
    Progress {
        /// The worker.
        worker: u32,
        /// Records it has read in this attempt.
        records: u64,
        /// All records with event times up to this were read from its splits; `i64::MIN` if nothing is known.
        watermark: i64,
    },
    /// A worker took its snapshot; the upload begins.
    CheckpointStarted {
        /// The worker.
        worker: u32,
        /// The checkpoint.
        checkpoint: CheckpointId,
    },
    /// A checkpoint exists and its output is published. Told in the process of worker 0.
    CheckpointCompleted {
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// What it cost: sums of bytes and files, and for each duration that of the slowest worker.
        report: CheckpointReport,
        /// Records of the whole job that it covers, since the job began.
        records: u64,
    },
    /// A checkpoint was given up, and the job goes on. Told in the process of worker 0.
    CheckpointAborted {
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Why.
        reason: String,
    },
    /// A savepoint exists. Told in the process of worker 0.
    SavepointCompleted {
        /// Its folder in the job's storage.
        folder: String,
        /// What it cost.
        report: CheckpointReport,
    },
}

/// What a checkpoint cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "plain numbers")]
pub struct CheckpointReport {
    /// Bytes uploaded, manifests included.
    pub bytes_new: u64,
    /// Bytes of files of earlier checkpoints that it refers to.
    pub bytes_referred: u64,
    /// Files uploaded.
    pub files_new: usize,
    /// Files of earlier checkpoints that it refers to.
    pub files_referred: usize,
    /// How long a worker's stream stood still.
    pub freeze: Duration,
    /// From the freeze until a worker's files were pinned.
    pub flush: Duration,
    /// From then until a worker's manifest was written.
    pub upload: Duration,
}

impl CheckpointReport {
    /// Two workers' parts together.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            bytes_new: self.bytes_new + other.bytes_new,
            bytes_referred: self.bytes_referred + other.bytes_referred,
            files_new: self.files_new + other.files_new,
            files_referred: self.files_referred + other.files_referred,
            freeze: self.freeze.max(other.freeze),
            flush: self.flush.max(other.flush),
            upload: self.upload.max(other.upload),
        }
    }
}
