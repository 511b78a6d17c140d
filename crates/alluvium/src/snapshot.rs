//! Snapshots: prepared on the task thread in O(1), uploaded anywhere else while the stream goes on.
//!
//! ```text
//!  task thread    prepare: freeze the buffer, queue "flush, then pin"      no I/O
//!  flusher        flush the frozen generation, pin the store's files
//!  any thread     upload: new files, then the manifest, then a local copy
//! ```
//!
//! Invariants: the manifest is written after all its files, so what an aborted upload leaves behind is
//! garbage and never a snapshot; a failed or cancelled upload deletes what it uploaded; a local
//! copy is kept only of a snapshot that is uploaded, and failing to keep it fails nothing.
//! Does not decide whether the checkpoint as a whole exists: that is the catalog's commit, or the engine's.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use alluvium_protocol::catalog::ManifestRef;
use alluvium_protocol::file::FileRef;
use alluvium_protocol::manifest::{CheckpointId, Manifest, SnapshotKind};

use crate::buffer::flusher::{PinReply, PinnedStore};
use crate::bytes::BytesBackend;
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::lifetimes::Hold;
use crate::local::LocalCopies;
use crate::storage::{Cancel, Storage};
use crate::transfer::Progress;
use crate::transfer::retry::Retry;
use crate::working_directory::WorkingDirectory;
use history::{Base, Permit, Uploads};

pub(crate) mod history;
mod rows;
mod upload;

pub use upload::SnapshotReport;

/// Where a snapshot goes.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "engines say where snapshots go")]
pub struct SnapshotTarget {
    /// The storage.
    pub storage: Arc<dyn Storage>,
    /// The folder in it: the job's for checkpoints, the savepoint's own for a savepoint. No trailing slash.
    pub root: String,
    /// The attempt of the job that writes it, so that an older one's files are never overwritten.
    pub attempt: u64,
}

/// A snapshot that is in storage, and not part of a committed checkpoint yet.
#[derive(Debug, Clone)]
#[expect(
    clippy::exhaustive_structs,
    reason = "engines take it apart to commit it"
)]
pub struct SnapshotHandle {
    /// Where its manifest is: what a commit lists.
    pub manifest: ManifestRef,
    /// The checkpoint whose files it refers to; the commit checks that it is still there.
    pub base: Option<CheckpointId>,
    /// What it cost.
    pub report: SnapshotReport,
}

impl BytesBackend {
    /// Prepares a snapshot of all state as it is now. Later writes are not part of it. O(1) in the number
    /// of rows, and no I/O: flushing and uploading happen elsewhere.
    ///
    /// # Errors
    /// `Unavailable` when too many snapshots are in flight (see
    /// [`Options::snapshots_in_flight_max`](crate::Options)) or an earlier flush failed.
    pub fn snapshot(&mut self, id: CheckpointId, kind: SnapshotKind) -> Result<PreparedSnapshot> {
        self.check_whole()?;
        let clock = Arc::clone(&self.environment.clock);
        let began = clock.monotonic();
        let permit = self.history.permit(self.options.snapshots_in_flight_max)?;
        let (reply, pinned) = channel();
        let pins = self.directory.fresh("pin");
        let hold = self.lifetimes.hold();
        self.buffer.pin(pins, reply)?;
        self.sweep.wake();
        // References to files of an earlier checkpoint are what makes a snapshot incremental.
        let base = match kind {
            SnapshotKind::Incremental => self.history.base(),
            SnapshotKind::Full | SnapshotKind::Savepoint => Arc::default(),
        };
        Ok(PreparedSnapshot {
            manifest: Manifest {
                job: self.job.clone(),
                checkpoint: id,
                attempt: 0,
                subtask: self.subtask,
                kind,
                store: self.store_kind.to_owned(),
                range: self.range,
                max_parallelism: self.max_parallelism,
                base: base.id,
                next_generation: self.buffer.generation(),
                schema: self.registry.schema(),
                files: Vec::new(),
                created_unix_millis: clock.unix_millis(),
                event_time: hold.event_time(),
            },
            pinned,
            base,
            uploads: self.history.uploads(),
            local: self.local.clone(),
            scratch: self.directory.fresh("upload"),
            transfer_threads: self.options.transfer_threads,
            retry: Retry::new(&self.options, &self.environment),
            environment: self.environment.clone(),
            freeze: clock.monotonic() - began,
            hold,
            _permit: permit,
            _directory: Arc::clone(&self.directory),
        })
    }

    /// Tells the backend that checkpoint `id` of the job exists. From now on snapshots refer to its files, and
    /// local copies of earlier ones go with the next upload. May come late, twice, out of order or never.
    pub fn notify_complete(&mut self, id: CheckpointId) {
        if let Some(tidying) = &self.tidying {
            tidying.again();
        }
        if self.history.complete(id)
            && let Some(local) = &self.local
        {
            local.note_complete(id);
        }
    }

    /// Tells the backend that checkpoint `id` will not exist. Snapshots never refer to its files, its
    /// local copy goes with the next upload, and uploads of it that are running or still to begin end `Cancelled`.
    /// Final: no later checkpoint may have the same id. May come before the snapshot, late, twice, out of order
    /// or never.
    pub fn notify_aborted(&mut self, id: CheckpointId) {
        self.history.abort(id);
        if let Some(local) = &self.local {
            local.note_aborted(id);
        }
    }
}

/// How often an upload that waits for its files looks whether it was cancelled: often enough that nobody
/// notices the wait.
const CANCEL_LOOK: Duration = Duration::from_millis(50);

/// The state of one backend at one moment, not in storage yet.
///
/// Dropping it unpins the files. It may outlive the backend, but a backend that is dropped before
/// the files were pinned cancels it, and one that is opened in the same directory takes its files away.
///
/// It is uploaded once: an upload that failed or was cancelled cannot run again.
///
/// ```compile_fail,E0382
/// use std::sync::Arc;
/// use alluvium::{PreparedSnapshot, Progress, SnapshotTarget, storage::Cancel};
///
/// fn upload_twice(snapshot: PreparedSnapshot, to: &SnapshotTarget, nobody: &Arc<dyn Progress>) {
///     let first = snapshot.upload(to, &Cancel::new(), nobody);
///     let second = snapshot.upload(to, &Cancel::new(), nobody);
/// }
/// ```
#[must_use = "dropping a prepared snapshot discards it"]
#[derive(Debug)]
pub struct PreparedSnapshot {
    manifest: Manifest,
    pinned: Receiver<PinReply>,
    base: Arc<Base>,
    uploads: Uploads,
    local: Option<LocalCopies>,
    scratch: PathBuf,
    transfer_threads: usize,
    retry: Retry,
    environment: Environment,
    freeze: Duration,
    /// What is alive at its event time stays in the store until it was pinned.
    hold: Hold,
    _permit: Permit,
    /// After what lies in it: fields drop in this order.
    _directory: Arc<WorkingDirectory>,
}

impl PreparedSnapshot {
    /// The checkpoint that it is part of.
    #[must_use]
    pub const fn checkpoint(&self) -> CheckpointId {
        self.manifest.checkpoint
    }

    /// How long the task thread was held up.
    #[must_use]
    pub const fn freeze(&self) -> Duration {
        self.freeze
    }

    /// Waits for the files, uploads those that storage does not have, and writes the manifest. Blocks;
    /// call it on a thread that may.
    ///
    /// # Errors
    /// `Cancelled` when `cancel` was set, the checkpoint is aborted or the backend is gone; else that of the store or
    /// of storage.
    /// What was uploaded is deleted again; what could not be deleted is logged and left for the sweep.
    pub fn upload(
        self,
        target: &SnapshotTarget,
        cancel: &Cancel,
        progress: &Arc<dyn Progress>,
    ) -> Result<SnapshotHandle> {
        let checkpoint = self.manifest.checkpoint;
        let running = self.uploads.begin(checkpoint, cancel)?;
        let cancel = running.cancel();
        let pinned = loop {
            cancel.check(format_args!("snapshot {checkpoint}"))?;
            match self.pinned.recv_timeout(CANCEL_LOOK) {
                Ok(pinned) => break pinned?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let what = format!("snapshot {checkpoint} of a closed backend");
                    return Err(Error::cancelled(what));
                }
            }
        };
        upload::Upload::new(self, target, cancel, progress).run(pinned)
    }
}

/// Files of a snapshot that are in storage, and where they are on this machine.
#[derive(Debug)]
struct Stored {
    files: Vec<FileRef>,
    paths: Vec<PathBuf>,
    /// The files that this snapshot uploaded, by position.
    uploaded: Vec<bool>,
    /// Holds the files on this machine until a local copy of them was kept.
    _pinned: PinnedStore,
}
