//! Local copies: files of completed snapshots kept on this machine, so that recovery need not download.
//!
//! ```text
//! <root>/<job>/<checkpoint, 20 digits>/<subtask>/<file id>     hard links, no second write
//! ```
//!
//! Invariants: a file is found by its identity, whatever subtask or parallelism wrote it; a copy never
//! replaces the remote snapshot, which is the truth; failing to keep a copy fails nothing; copies of
//! a checkpoint go when a later one completes, or when it is aborted.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use alluvium_protocol::file::FileId;
use alluvium_protocol::manifest::CheckpointId;

use crate::error::{Error, Result};
use crate::storage::check_name;

/// Where a job's local copies are on this machine. Backends of one job share it.
#[derive(Debug, Clone)]
pub struct LocalCopies {
    root: PathBuf,
}

impl LocalCopies {
    /// Copies of job `job` under `directory`, which is made if it is missing. For hard links it must be on
    /// the file system of the backends' working directories; elsewhere files are copied.
    ///
    /// # Errors
    /// `Invalid` when the job's name cannot be a folder's; `Unavailable` when the directory cannot be made.
    pub fn in_directory(directory: &Path, job: &str) -> Result<Self> {
        check_name(job).map_err(|error| error.context(format!("job name {job:?}")))?;
        let root = directory.join(job);
        fs::create_dir_all(&root)
            .map_err(|error| Error::io(format!("create {}", root.display()), error))?;
        Ok(Self { root })
    }

    fn checkpoint(&self, id: CheckpointId) -> PathBuf {
        self.root.join(format!("{:020}", id.get()))
    }

    /// Keeps files as this subtask's copy of a checkpoint; replaces one that is there.
    pub(crate) fn keep(
        &self,
        id: CheckpointId,
        subtask: u32,
        files: &[(FileId, PathBuf)],
    ) -> Result<()> {
        let directory = self.checkpoint(id).join(subtask.to_string());
        let kept = remove_directory(&directory).and_then(|()| {
            fs::create_dir_all(&directory)?;
            files
                .iter()
                .try_for_each(|(id, path)| link(path, &directory.join(id.to_string())))
        });
        kept.map_err(|error| {
            let failed = Error::io(
                format!("keep a local copy in {}", directory.display()),
                error,
            );
            match remove_directory(&directory) {
                Ok(()) => failed,
                Err(error) => failed.context(format!("and clean up after it: {error}")),
            }
        })
    }

    /// Deletes this machine's copies of one checkpoint.
    pub(crate) fn discard(&self, id: CheckpointId) {
        discard(&self.checkpoint(id));
    }

    /// Deletes this machine's copies of all checkpoints before `id`.
    pub(crate) fn discard_before(&self, id: CheckpointId) {
        let Ok(entries) = fs::read_dir(&self.root) else {
            return;
        };
        for entry in entries.flatten() {
            let number = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse::<u64>().ok());
            if number.is_some_and(|number| number < id.get()) {
                discard(&entry.path());
            }
        }
    }

    /// Every file that is here, by its identity.
    pub(crate) fn find(&self) -> BTreeMap<FileId, PathBuf> {
        let mut found = BTreeMap::new();
        for checkpoint in directories(&self.root) {
            for subtask in directories(&checkpoint) {
                let Ok(files) = fs::read_dir(&subtask) else {
                    continue;
                };
                for file in files.flatten() {
                    if let Some(id) = file.file_name().to_str().and_then(|name| name.parse().ok()) {
                        found.insert(id, file.path());
                    }
                }
            }
        }
        found
    }
}

fn directories(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

fn discard(path: &Path) {
    if let Err(error) = remove_directory(path) {
        tracing::warn!(%error, path = %path.display(), "a local copy is left behind");
    }
}

fn remove_directory(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes `to`, which does not exist, the same file as `from`, or a copy of it where it cannot be linked.
pub(crate) fn link(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        // A copy would be written into whatever file `to` is a link to.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_linking) => fs::copy(from, to).map(drop),
        Ok(()) => Ok(()),
    }
}
