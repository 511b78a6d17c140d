//! Keeps one snapshot's files: put together beside its place, renamed into it when whole.
//!
//! Invariants: the budget is not exceeded at any moment, by bytes that are not the store's, too; a copy that fails
//! leaves nothing; its caller holds the directories' lock.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use alluvium_protocol::file::{FileId, FileRef};
use alluvium_protocol::local_copy::{LocalFile, LocalRecord};
use alluvium_protocol::manifest::CheckpointId;

use super::directory::{self, CopyAt, Directory, RECORD};
use super::find::{is_as_noted, read_record};
use super::room::{Occupied, Room, plan_room};
use super::stamp::{FileKey, Stamp};
use super::{content, no_directory};
use crate::error::{Error, Result};
use crate::storage::Cancel;

/// One copy to be kept.
pub(super) struct Keep<'a> {
    pub(super) directories: &'a [Directory],
    pub(super) budget_bytes: u64,
    pub(super) checkpoint: CheckpointId,
    pub(super) subtask: u32,
    /// Each identity once.
    pub(super) files: Vec<(&'a FileRef, &'a Path)>,
    /// Checkpoints of an earlier life of the job.
    pub(super) earlier: BTreeSet<CheckpointId>,
    /// Whether files are noted to be what their manifest says.
    pub(super) noted: bool,
}

/// What became of it.
#[derive(Debug)]
pub(super) enum Kept {
    Whole { evicted: u64 },
    OverBudget { bytes: u64 },
}

/// Where the bytes of a copy come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// All files are links of the store's.
    Link,
    /// Files are copied, but for those that an earlier copy in the same directory has.
    Copy,
}

impl Keep<'_> {
    pub(super) fn run(&self) -> Result<Kept> {
        let mut failure = None;
        let mut broken = BTreeSet::new();
        for mode in [Mode::Link, Mode::Copy] {
            for (number, directory) in self.directories.iter().enumerate() {
                if broken.contains(&number) {
                    continue;
                }
                match self.keep_in(directory, mode) {
                    Ok(Some(kept)) => return Ok(kept),
                    Ok(None) => {}
                    Err(error) => {
                        tracing::debug!(?error, "a directory takes no local copy");
                        broken.insert(number);
                        failure = Some(error);
                    }
                }
            }
        }
        Err(failure.unwrap_or_else(no_directory))
    }

    /// Keeps all files in one directory; `None` if they cannot be linked into it.
    fn keep_in(&self, directory: &Directory, mode: Mode) -> Result<Option<Kept>> {
        let half = directory.half(self.checkpoint, self.subtask);
        let failed = |error| {
            let operation = format!("keep a local copy in {}", directory.path().display());
            Error::io(operation, error)
        };
        directory::remove(&half).map_err(failed)?;
        fs::create_dir_all(&half).map_err(failed)?;
        let kept = self.fill(directory, &half, mode);
        if !matches!(kept, Ok(Some(Kept::Whole { .. }))) {
            directory::discard(&half);
        }
        for directory in self.directories {
            directory.remove_empty();
        }
        kept
    }

    fn fill(&self, directory: &Directory, half: &Path, mode: Mode) -> Result<Option<Kept>> {
        // Links come first. They take no room, and what is to be deleted may be what is linked.
        let linked = match mode {
            Mode::Link => self.link_store_files(half)?,
            Mode::Copy => Some(self.link_kept_files(directory, half)),
        };
        let Some(linked) = linked else {
            return Ok(None);
        };
        let copies: Vec<_> = self
            .directories
            .iter()
            .flat_map(Directory::copies)
            .collect();
        let kept: Vec<_> = copies.iter().map(|copy| self.occupied(copy)).collect();
        let gone = match plan_room(&kept, &self.wanted(half, &linked), self.budget_bytes) {
            Room::None { bytes } => return Ok(Some(Kept::OverBudget { bytes })),
            Room::After(gone) => gone,
        };
        let mut evicted = 0;
        for copy in gone.into_iter().filter_map(|position| copies.get(position)) {
            let path = &copy.path;
            let removed = directory::remove(path);
            removed
                .map_err(|e| Error::io(format!("make room by deleting {}", path.display()), e))?;
            let replaced = (copy.checkpoint, copy.subtask) == (self.checkpoint, self.subtask);
            evicted += u64::from(!replaced);
        }
        for (file, path) in &self.files {
            if !linked.contains(&file.id) {
                let to = half.join(file.id.to_string());
                let copied = content::copy_synced(path, &to, &Cancel::new())?;
                content::check(file, copied)
                    .map_err(|found| Error::corrupt(format!("{} {found}", path.display())))?;
            }
        }
        self.seal(half, &directory.copy(self.checkpoint, self.subtask))?;
        Ok(Some(Kept::Whole { evicted }))
    }

    /// Links all files; `None` if that cannot be done here.
    fn link_store_files(&self, half: &Path) -> Result<Option<BTreeSet<FileId>>> {
        for (file, path) in &self.files {
            let metadata = fs::metadata(path)
                .map_err(|error| Error::io(format!("look at {}", path.display()), error))?;
            if metadata.len() != file.bytes {
                return Err(Error::corrupt(format!(
                    "{} has {} bytes where its manifest says {}",
                    path.display(),
                    metadata.len(),
                    file.bytes
                )));
            }
            if let Err(error) = fs::hard_link(path, half.join(file.id.to_string())) {
                tracing::debug!(%error, to = %half.display(), "files are not linked");
                return Ok(None);
            }
        }
        Ok(Some(self.files.iter().map(|(file, _)| file.id).collect()))
    }

    /// Links what earlier copies in the same directory have and nobody wrote to since.
    fn link_kept_files(&self, directory: &Directory, half: &Path) -> BTreeSet<FileId> {
        let mut kept: BTreeMap<FileId, (LocalFile, PathBuf)> = BTreeMap::new();
        for copy in directory.copies() {
            for (id, noted) in read_record(&copy.path) {
                kept.insert(id, (noted, copy.path.join(id.to_string())));
            }
        }
        let mut linked = BTreeSet::new();
        for (file, _) in &self.files {
            let usable = kept.get(&file.id).filter(|(noted, path)| {
                (noted.bytes, noted.crc32c) == (file.bytes, file.crc32c) && is_as_noted(noted, path)
            });
            if let Some((_, path)) = usable
                && fs::hard_link(path, half.join(file.id.to_string())).is_ok()
            {
                linked.insert(file.id);
            }
        }
        linked
    }

    /// What a copy that is there takes.
    fn occupied(&self, copy: &CopyAt) -> Occupied {
        let files = directory::files_in(&copy.path).into_iter();
        let files = files.filter_map(|(_, file)| {
            let metadata = file.metadata().ok()?;
            Some((FileKey::of(&file.path(), &metadata), metadata.len()))
        });
        let abandoned =
            copy.checkpoint > self.checkpoint && self.earlier.contains(&copy.checkpoint);
        Occupied {
            checkpoint: copy.checkpoint,
            subtask: copy.subtask,
            abandoned,
            files: files.collect(),
        }
    }

    /// What this copy will take: what is linked already, and what is to be copied.
    fn wanted(&self, half: &Path, linked: &BTreeSet<FileId>) -> Occupied {
        let files = self.files.iter().map(|(file, _)| {
            let to = half.join(file.id.to_string());
            let there = fs::metadata(&to).ok().filter(|_| linked.contains(&file.id));
            let key = there.map(|metadata| FileKey::of(&to, &metadata));
            (key.unwrap_or(FileKey::Path(to)), file.bytes)
        });
        Occupied {
            checkpoint: self.checkpoint,
            subtask: self.subtask,
            abandoned: false,
            files: files.collect(),
        }
    }

    /// Puts the copy into its place, in which there is none now, with a record if files are as they should be.
    fn seal(&self, half: &Path, place: &Path) -> Result<()> {
        if self.noted {
            self.write_record(half)?;
        }
        fs::rename(half, place)
            .map_err(|error| Error::io(format!("rename to {}", place.display()), error))
    }

    /// Notes what the files are like now.
    fn write_record(&self, half: &Path) -> Result<()> {
        let mut files = Vec::with_capacity(self.files.len());
        for (file, _) in &self.files {
            let path = half.join(file.id.to_string());
            let metadata = fs::metadata(&path)
                .map_err(|error| Error::io(format!("look at {}", path.display()), error))?;
            // Where nothing is known of a file's writes, the note says only that it was here.
            let stamp = Stamp::of(&metadata);
            files.push(LocalFile {
                id: file.id,
                bytes: file.bytes,
                crc32c: file.crc32c,
                modified_unix_nanos: stamp.map_or(0, |stamp| stamp.modified_unix_nanos),
                inode: stamp.map_or(0, |stamp| stamp.inode),
            });
        }
        let record = half.join(RECORD);
        fs::write(&record, LocalRecord { files }.encode())
            .map_err(|error| Error::io(format!("write {}", record.display()), error))
    }
}
