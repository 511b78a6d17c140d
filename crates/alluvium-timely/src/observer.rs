//! What a running job tells people and tools.

use std::sync::Arc;
use std::time::Duration;

use alluvium::protocol::manifest::CheckpointId;
use alluvium::{Progress, RestoreReport, TransferProgress};
use serde::{Deserialize, Serialize};

/// Is told what happens. Called on threads of the workers: must return soon.
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
    /// Files of a worker are on their way. Told for each part that moves, by threads that move them.
    Moved {
        /// The worker.
        worker: u32,
        /// What for.
        transfer: Transfer,
        /// How far it has come.
        progress: TransferProgress,
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

/// What files are moved for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transfer {
    /// To get a worker's state back.
    Restore,
    /// To take a worker's part of a checkpoint.
    Checkpoint,
    /// To take a worker's part of a savepoint.
    Savepoint,
}

/// Tells an observer of the transfers of one worker.
pub(crate) struct Moves {
    worker: u32,
    transfer: Transfer,
    observer: Arc<dyn Observer>,
}

impl Moves {
    pub(crate) fn told_to(
        observer: &Arc<dyn Observer>,
        worker: u32,
        transfer: Transfer,
    ) -> Arc<dyn Progress> {
        Arc::new(Self {
            worker,
            transfer,
            observer: Arc::clone(observer),
        })
    }
}

impl Progress for Moves {
    fn moved(&self, progress: &TransferProgress) {
        self.observer.event(&Event::Moved {
            worker: self.worker,
            transfer: self.transfer,
            progress: *progress,
        });
    }
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
