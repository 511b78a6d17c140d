//! What a process of the demo job is told, and what it tells: JSON, one line each.
//!
//! Both ends are always the same binary, so the format promises nothing to anybody else. Events share
//! stdout with what the engine prints there, hence the mark before each.

use std::path::PathBuf;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::input::InputChoice;
use crate::args::StoreChoice;

/// What one process of an attempt runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WorkerPlan {
    /// What to read.
    pub(crate) input: InputChoice,
    /// Rows a second that this process reads at most; 0 is no limit.
    pub(crate) rate: u64,
    /// Whether this attempt is to be killed before it ends.
    pub(crate) to_be_killed: bool,
    /// The job's name.
    pub(crate) job: String,
    /// Where checkpoints go.
    pub(crate) location: String,
    /// Where live state, local copies and output are.
    pub(crate) work_dir: PathBuf,
    /// Whether to remove the work directory when the parent vanishes.
    pub(crate) work_dir_is_temporary: bool,
    /// The store below the write buffer.
    pub(crate) store: StoreChoice,
    /// Number of key groups.
    pub(crate) max_parallelism: u32,
    /// Rows between two checkpoints, over all workers.
    pub(crate) checkpoint_every: u64,
    /// The name of the savepoint to take at the end.
    pub(crate) savepoint: String,
    /// What the engine is told: `-w`, `-n`, `-p`, `-h`.
    pub(crate) engine: Vec<String>,
    /// What the attempt goes on from, as the supervisor recovered it.
    pub(crate) recovered: String,
}

/// What a process tells its parent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WorkerEvent {
    /// Rows of this process's splits read so far, in this attempt and before it.
    Progress {
        /// That number.
        rows: u64,
    },
    /// A worker has its state back; not told by a worker that begins with none.
    Restored(RestoreEvent),
    /// A checkpoint is complete and committed.
    Checkpoint(CheckpointEvent),
    /// A checkpoint was given up; the job goes on.
    Aborted {
        /// Its number.
        id: u64,
        /// Why.
        reason: String,
    },
    /// A savepoint is complete.
    Savepoint {
        /// Its folder, below the checkpoints' location.
        folder: String,
        /// Its bytes.
        bytes: u64,
    },
    /// The process is done with its part.
    Finished,
    /// The process gives up; it exits with this code.
    Failed {
        /// The exit code.
        code: u8,
        /// The error with its causes.
        message: String,
    },
}

/// What lines with events begin with.
const MARK: &str = "alluvium-demo: ";

impl WorkerEvent {
    /// The event as a line, without its end.
    ///
    /// # Errors
    /// When `serde_json` refuses, which it does not for these types.
    pub(crate) fn to_line(&self) -> Result<String> {
        Ok(format!("{MARK}{}", serde_json::to_string(self)?))
    }

    /// The event of a line; `None` if the line is somebody else's.
    pub(crate) fn from_line(line: &str) -> Option<Result<Self>> {
        let event = line.strip_prefix(MARK)?;
        Some(serde_json::from_str(event).map_err(|error| anyhow::anyhow!("{error}: {event}")))
    }
}

/// A worker's restore.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct RestoreEvent {
    /// The worker.
    pub(crate) worker: u32,
    /// The checkpoint it restored.
    pub(crate) checkpoint: Option<u64>,
    /// How: `reopen`, `adopt` or `rows`.
    pub(crate) plan: String,
    /// Files linked from this machine's local copies.
    pub(crate) files_linked: u64,
    /// Their bytes.
    pub(crate) bytes_linked: u64,
    /// Files downloaded.
    pub(crate) files_downloaded: u64,
    /// Their bytes.
    pub(crate) bytes_downloaded: u64,
    /// Rows copied one by one.
    pub(crate) rows_copied: u64,
    /// Microseconds it took.
    pub(crate) micros: u64,
}

/// A committed checkpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CheckpointEvent {
    /// Its number.
    pub(crate) id: u64,
    /// Rows that it covers, since the job began.
    pub(crate) rows: u64,
    /// Bytes uploaded for it.
    pub(crate) bytes_new: u64,
    /// Bytes of earlier checkpoints that it refers to.
    pub(crate) bytes_referred: u64,
    /// Longest time that a worker's stream stood still for it, in microseconds.
    pub(crate) freeze_micros: u64,
    /// Longest time that a worker's flush took, in microseconds.
    pub(crate) flush_micros: u64,
    /// Longest time that a worker's upload took, in microseconds.
    pub(crate) upload_micros: u64,
}
