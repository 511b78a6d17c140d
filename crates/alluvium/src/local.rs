//! Local copies: files of completed snapshots kept on this machine, so that recovery need not download.
//!
//! ```text
//! <directory>/<job>/LOCK                                       held while copies are kept or pruned
//! <directory>/<job>/<checkpoint, 20 digits>/<subtask>/<file id>  hard links, no second write
//!                                                    /RECORD     what the files were like when they were kept
//!                                          /<subtask>.half/      not whole yet; after a crash it goes with the next keep
//! ```
//!
//! Invariants: a file is found by its identity, whatever subtask or parallelism wrote it, in whichever
//! directory; a copy is whole or not there; all copies of the job together stay within a budget; a copy
//! never replaces the remote snapshot, which is the truth; failing to keep one fails nothing; nothing is deleted that
//! is not named as above; the task thread only notes what is to go, uploads delete it.
//!
//! Whether a copy may be used without reading it is decided when it is ([`LocalVerification`]); using it is the
//! restore's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use alluvium_protocol::file::FileRef;
use alluvium_protocol::manifest::CheckpointId;

use crate::error::{Error, ErrorKind, Result};
use crate::storage::check_name;
use directory::Directory;
use keep::{Keep, Kept};
use notes::Notes;

pub(crate) mod content;
mod directory;
mod find;
mod keep;
mod notes;
mod room;
mod stamp;
#[cfg(test)]
mod tests;

pub(crate) use find::{LocalFile, LocalFiles};
pub(crate) use stamp::FileKey;

/// How local copies are checked before they are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LocalVerification {
    /// Data files are read only if their length, modification time or inode is not as noted when they were kept. The
    /// default: the cost of a restore is the number of files then, not their bytes. Bits that the medium lost
    /// without any write are not seen here, but by the checksums of the store's blocks, when they are read.
    #[default]
    Quick,
    /// Every file is read, and its checksum compared with the manifest's.
    Full,
}

/// Where a job's local copies are on this machine. Backends of one job share it; clones are one.
///
/// Copies are kept and pruned one at a time, whatever the number of backends and processes.
#[derive(Debug, Clone)]
pub struct LocalCopies {
    directories: Vec<Directory>,
    budget_bytes: u64,
    verification: LocalVerification,
    notes: Arc<Mutex<Notes>>,
    counts: Arc<Counts>,
    /// A store met damage: what it has now is not noted as good again.
    suspected: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct Counts {
    kept: AtomicU64,
    over_budget: AtomicU64,
    failed: AtomicU64,
    pruned: AtomicU64,
}

/// What became of local copies since they were opened, for metrics. A copy is one snapshot's files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LocalCounts {
    /// Copies that were kept.
    pub kept: u64,
    /// Copies that were not kept because the budget has no room for them.
    pub over_budget: u64,
    /// Copies that could not be kept: no directory took them.
    pub failed: u64,
    /// Copies that were deleted: of checkpoints that were subsumed or aborted, or to make room.
    pub pruned: u64,
}

impl LocalCopies {
    /// The budget unless another is set: 64 GiB. Copies are mostly links and cost disk only for what the
    /// store has dropped since, so this is more than enough for two checkpoints of most subtasks, and leaves a disk of
    /// usual size to the stores. A job with more state on a machine should raise it.
    pub const BUDGET_BYTES_DEFAULT: u64 = 64 << 30;

    /// Copies of job `job` under `directory`, which is made if it is missing. For hard links it must be on
    /// the file system of the backends' working directories; elsewhere files are copied.
    ///
    /// # Errors
    /// `Invalid` when the job's name cannot be a folder's; `Unavailable` when the directory cannot be made.
    pub fn in_directory(directory: &Path, job: &str) -> Result<Self> {
        Self::in_directories(&[directory.to_owned()], job)
    }

    /// Copies of job `job` under several directories, such as one for each disk. A copy is linked into the first
    /// directory that is on the file system of its files; if there is none, it is copied into the first that takes it.
    /// Restores look in all of them. A directory that cannot be made now is tried again for each copy.
    ///
    /// # Errors
    /// `Invalid` when the job's name cannot be a folder's, or no directory is given; `Unavailable` when none of
    /// the directories can be made.
    pub fn in_directories(directories: &[PathBuf], job: &str) -> Result<Self> {
        check_name(job).map_err(|error| error.context(format!("job name {job:?}")))?;
        let mut made = 0;
        let mut failure = None;
        for directory in directories {
            let folder = directory.join(job);
            match fs::create_dir_all(&folder) {
                Ok(()) => made += 1,
                Err(error) => {
                    let error = Error::io(format!("create {}", folder.display()), error);
                    tracing::warn!(?error, "a directory of local copies is not usable now");
                    failure = Some(error);
                }
            }
        }
        if made == 0 {
            return Err(failure.unwrap_or_else(|| {
                Error::invalid("local copies need at least one directory: give one")
            }));
        }
        let directories: Vec<_> = directories
            .iter()
            .map(|directory| Directory::new(directory.join(job)))
            .collect();
        let notes = Notes::of_earlier(directories.iter().flat_map(Directory::checkpoints));
        Ok(Self {
            directories,
            budget_bytes: Self::BUDGET_BYTES_DEFAULT,
            verification: LocalVerification::default(),
            notes: Arc::new(Mutex::new(notes)),
            counts: Arc::default(),
            suspected: Arc::default(),
        })
    }

    /// Bytes that all copies of the job on this machine may have, in all directories together. Hard: a copy for
    /// which older ones cannot make room is not kept. A file counts in full although the store may have it, too, and
    /// once however many copies have it; the notes beside the files (about 60 bytes for each) come on top. Every
    /// process of the job is to set the same.
    ///
    /// Default [`BUDGET_BYTES_DEFAULT`](Self::BUDGET_BYTES_DEFAULT).
    #[must_use]
    pub const fn budget_bytes(mut self, bytes: u64) -> Self {
        self.budget_bytes = bytes;
        self
    }

    /// How copies are checked before a restore uses them. Default [`LocalVerification::Quick`].
    #[must_use]
    pub const fn verification(mut self, verification: LocalVerification) -> Self {
        self.verification = verification;
        self
    }

    /// What became of copies so far, by way of this value and its clones.
    #[must_use]
    pub fn counts(&self) -> LocalCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        LocalCounts {
            kept: read(&self.counts.kept),
            over_budget: read(&self.counts.over_budget),
            failed: read(&self.counts.failed),
            pruned: read(&self.counts.pruned),
        }
    }

    /// Deletes what was noted, then keeps files as this subtask's copy of a checkpoint in place of one that is
    /// there. What goes wrong is logged and counted. Blocks: not for the task thread.
    pub(crate) fn keep<'a>(
        &self,
        checkpoint: CheckpointId,
        subtask: u32,
        files: impl IntoIterator<Item = (&'a FileRef, &'a Path)>,
    ) {
        let _locked = directory::lock(&self.directories);
        let (subsumed, earlier) = self.take_notes(checkpoint);
        self.prune(|kept| subsumed.contains(kept));
        // A file that has two names in the snapshot is one file.
        let files: BTreeMap<_, _> = files
            .into_iter()
            .map(|(file, path)| (file.id, (file, path)))
            .collect();
        if files.is_empty() {
            return;
        }
        let keep = Keep {
            directories: &self.directories,
            budget_bytes: self.budget_bytes,
            checkpoint,
            subtask,
            files: files.into_values().collect(),
            earlier,
            noted: !self.suspected.load(Ordering::Acquire),
        };
        match keep.run() {
            Ok(Kept::Whole { evicted }) => {
                self.counts.kept.fetch_add(1, Ordering::Relaxed);
                self.counts.pruned.fetch_add(evicted, Ordering::Relaxed);
            }
            Ok(Kept::OverBudget { bytes }) => {
                self.counts.over_budget.fetch_add(1, Ordering::Relaxed);
                let budget_bytes = self.budget_bytes;
                tracing::warn!(
                    %checkpoint, subtask, bytes, budget_bytes,
                    "no local copy is kept: the budget of local copies has no room for it"
                );
            }
            Err(error) => {
                self.counts.failed.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(?error, %checkpoint, subtask, "no local copy is kept");
            }
        }
    }

    /// Notes that `id` is the newest complete checkpoint: the next upload deletes this machine's copies of all
    /// before it. No I/O.
    pub(crate) fn note_complete(&self, id: CheckpointId) {
        self.with_notes(|notes| notes.complete(id));
    }

    /// Notes that checkpoint `id` will not exist: the next upload deletes this machine's copies of it. No I/O.
    pub(crate) fn note_aborted(&self, id: CheckpointId) {
        self.with_notes(|notes| notes.abort(id));
    }

    /// From now on no copy that is here is used without being read: its record goes, and those that are kept by way of
    /// this value and its clones get none, as they may be links of what is damaged. Blocks.
    pub(crate) fn distrust(&self) {
        self.suspected.store(true, Ordering::Release);
        let _locked = directory::lock(&self.directories);
        for copy in self.directories.iter().flat_map(Directory::copies) {
            copy.forget_record();
        }
    }

    /// Every file that is here, or should be, by its identity.
    pub(crate) fn find(&self) -> LocalFiles {
        LocalFiles::list(&self.directories, self.verification)
    }

    fn with_notes<R>(&self, act: impl FnOnce(&mut Notes) -> R) -> R {
        // Notes are whole whatever panicked: the worst they can do is to prune too little.
        act(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The checkpoints on this machine whose copies are to go, and those of an earlier life of the job.
    fn take_notes(
        &self,
        keeping: CheckpointId,
    ) -> (BTreeSet<CheckpointId>, BTreeSet<CheckpointId>) {
        let here = self.directories.iter().flat_map(Directory::checkpoints);
        let here: BTreeSet<_> = here.collect();
        self.with_notes(|notes| {
            notes.keep(keeping);
            (notes.take_subsumed(&here), notes.earlier().clone())
        })
    }

    /// Deletes all copies of some checkpoints, and what crashed while it was being kept.
    fn prune(&self, gone: impl Fn(&CheckpointId) -> bool) {
        for directory in &self.directories {
            for folder in directory.halves() {
                directory::discard(&folder);
            }
            for copy in directory.copies() {
                if gone(&copy.checkpoint) && directory::discard(&copy.path) {
                    self.counts.pruned.fetch_add(1, Ordering::Relaxed);
                }
            }
            directory.remove_empty();
        }
    }
}

impl LocalVerification {
    /// Whether files are used unread if they are as noted.
    pub(crate) fn trusts_notes(self) -> bool {
        self == Self::Quick
    }
}

/// Where nothing could be tried.
fn no_directory() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "no directory of local copies takes files",
    )
}
