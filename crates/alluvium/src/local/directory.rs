//! One directory of a job's local copies: what is in it, what it is called, and how it goes.
//!
//! Invariant: only what is named as the copies' layout says is ever seen or deleted, file by file; a
//! directory in which somebody else has left something stays.

use std::fs::{self, DirEntry, File};
use std::io;
use std::path::{Path, PathBuf};

use alluvium_protocol::file::FileId;
use alluvium_protocol::manifest::CheckpointId;

use super::stamp::FileKey;

/// What a copy's record is called. On disk.
pub(super) const RECORD: &str = "RECORD";

/// Held by who changes anything. On disk.
const LOCK: &str = "LOCK";

/// How a copy is called that is not whole yet. On disk.
const HALF: &str = ".half";

/// A job's folder in one of its directories.
#[derive(Debug, Clone)]
pub(super) struct Directory(PathBuf);

/// One subtask's copy of a checkpoint.
#[derive(Debug)]
pub(super) struct CopyAt {
    pub(super) checkpoint: CheckpointId,
    pub(super) subtask: u32,
    pub(super) path: PathBuf,
}

impl CopyAt {
    /// Deletes what is noted of the files.
    pub(super) fn forget_record(&self) {
        let path = self.path.join(RECORD);
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, path = %path.display(), "a record of suspected files is left");
        }
    }
}

impl Directory {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    fn checkpoint(&self, id: CheckpointId) -> PathBuf {
        self.0.join(format!("{:020}", id.get()))
    }

    pub(super) fn copy(&self, id: CheckpointId, subtask: u32) -> PathBuf {
        self.checkpoint(id).join(subtask.to_string())
    }

    /// Where a copy is put together.
    pub(super) fn half(&self, id: CheckpointId, subtask: u32) -> PathBuf {
        self.checkpoint(id).join(format!("{subtask}{HALF}"))
    }

    /// The checkpoints that have a folder here.
    pub(super) fn checkpoints(&self) -> Vec<CheckpointId> {
        let folders = entries(&self.0).into_iter();
        folders
            .filter_map(|folder| checkpoint_of(&folder))
            .collect()
    }

    /// The copies that are whole.
    pub(super) fn copies(&self) -> Vec<CopyAt> {
        let mut copies = Vec::new();
        for (checkpoint, folder) in self.folders() {
            let subtask = name_of(&folder).and_then(|name| number(&name));
            if let Some(subtask) = subtask {
                copies.push(CopyAt {
                    checkpoint,
                    subtask,
                    path: folder.path(),
                });
            }
        }
        copies
    }

    /// What crashed while it was being kept, as nobody else is keeping anything.
    pub(super) fn halves(&self) -> Vec<PathBuf> {
        let halves = self.folders().filter(|(_, folder)| {
            let name = name_of(folder);
            let subtask = name.as_deref().and_then(|name| name.strip_suffix(HALF));
            subtask.and_then(number::<u32>).is_some()
        });
        halves.map(|(_, folder)| folder.path()).collect()
    }

    /// Removes the folders of checkpoints that have nothing in them.
    pub(super) fn remove_empty(&self) {
        for id in self.checkpoints() {
            match fs::remove_dir(self.checkpoint(id)) {
                // Not empty, mostly. A folder that is left costs nothing.
                Ok(()) | Err(_) => {}
            }
        }
    }

    /// The folders in all checkpoints' folders.
    fn folders(&self) -> impl Iterator<Item = (CheckpointId, DirEntry)> {
        let checkpoints = self.checkpoints().into_iter();
        checkpoints.flat_map(|id| {
            let folders = entries(&self.checkpoint(id)).into_iter().filter(is_folder);
            folders.map(move |folder| (id, folder))
        })
    }
}

/// The files of a copy, by identity.
pub(super) fn files_in(copy: &Path) -> Vec<(FileId, DirEntry)> {
    let files = entries(copy).into_iter();
    let files = files.filter_map(|file| Some((name_of(&file)?.parse().ok()?, file)));
    files.collect()
}

/// Deletes a copy, whole or half.
pub(super) fn remove(copy: &Path) -> io::Result<()> {
    for (_, file) in files_in(copy) {
        gone(fs::remove_file(file.path()))?;
    }
    gone(fs::remove_file(copy.join(RECORD)))?;
    gone(fs::remove_dir(copy))
}

/// As [`remove`]; returns whether it is gone, and says why not.
pub(super) fn discard(copy: &Path) -> bool {
    let removed = remove(copy);
    if let Err(error) = &removed {
        tracing::warn!(%error, path = %copy.display(), "a local copy is left behind");
    }
    removed.is_ok()
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes this the only one on this machine that changes these directories, until it is dropped.
pub(super) fn lock(directories: &[Directory]) -> Vec<File> {
    let mut files: Vec<(FileKey, File)> = Vec::new();
    for directory in directories {
        let path = directory.0.join(LOCK);
        let opened = fs::create_dir_all(&directory.0).and_then(|()| {
            let file = File::options().create(true).append(true).open(&path)?;
            Ok((FileKey::of(&path, &file.metadata()?), file))
        });
        match opened {
            Ok(opened) => files.push(opened),
            // Nothing can be kept there either, which is what will be said.
            Err(error) => tracing::debug!(%error, path = %path.display(), "cannot be locked"),
        }
    }
    // In one order for all, so that nobody waits for one who waits for him; and one directory that has two
    // names is locked once.
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    files.dedup_by(|(one, _), (other, _)| one == other);
    let files: Vec<_> = files.into_iter().map(|(_, file)| file).collect();
    for file in &files {
        if let Err(error) = file.lock() {
            // A file system without locks: at worst two processes spoil each other's copy, which is not the truth.
            tracing::debug!(%error, "local copies are not locked");
        }
    }
    files
}

fn entries(directory: &Path) -> Vec<DirEntry> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.collect()
}

fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| kind.is_dir())
}

fn name_of(entry: &DirEntry) -> Option<String> {
    entry.file_name().into_string().ok()
}

fn checkpoint_of(folder: &DirEntry) -> Option<CheckpointId> {
    let name = name_of(folder).filter(|name| name.len() == 20 && is_folder(folder))?;
    let id = name.parse().ok()?;
    (format!("{id:020}") == name).then(|| CheckpointId::new(id))
}

/// A number as it is spelled in names: no sign, no zeros before it.
fn number<N: std::str::FromStr + ToString>(name: &str) -> Option<N> {
    name.parse()
        .ok()
        .filter(|number: &N| number.to_string() == name)
}
