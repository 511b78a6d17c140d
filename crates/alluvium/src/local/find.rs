//! What of a snapshot is on this machine: for restores.
//!
//! Invariant: what is listed may be damaged, or gone by the time it is used; nothing is read here but records.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use alluvium_protocol::file::FileId;
use alluvium_protocol::local_copy::{self, LocalRecord};

use super::LocalVerification;
use super::directory::{self, Directory, RECORD};
use super::stamp::Stamp;

/// Files by their identity, and how they are to be checked.
#[derive(Debug, Default)]
pub(crate) struct LocalFiles {
    files: BTreeMap<FileId, Vec<LocalFile>>,
    pub(crate) verification: LocalVerification,
}

/// A file that is here, or was when it was kept.
#[derive(Debug, Clone)]
pub(crate) struct LocalFile {
    pub(crate) path: PathBuf,
    noted: Option<local_copy::LocalFile>,
}

impl LocalFiles {
    pub(super) fn list(directories: &[Directory], verification: LocalVerification) -> Self {
        let mut found = Self {
            verification,
            ..Self::default()
        };
        // The newest first: most likely to be as it was kept.
        let copies = directories.iter().flat_map(Directory::copies);
        let mut copies: Vec<_> = copies.collect();
        copies.sort_by_key(|copy| std::cmp::Reverse(copy.checkpoint));
        for copy in copies {
            let mut noted = read_record(&copy.path);
            for (id, file) in directory::files_in(&copy.path) {
                found.add(id, file.path(), noted.remove(&id));
            }
            // What should be here and is not. It is tried, so that it is noticed.
            for (id, noted) in noted {
                found.add(id, copy.path.join(id.to_string()), Some(noted));
            }
        }
        found
    }

    fn add(&mut self, id: FileId, path: PathBuf, noted: Option<local_copy::LocalFile>) {
        let file = LocalFile { path, noted };
        self.files.entry(id).or_default().push(file);
    }

    /// The copies of one file.
    pub(crate) fn of(&self, id: FileId) -> &[LocalFile] {
        self.files.get(&id).map_or(&[], Vec::as_slice)
    }
}

impl LocalFile {
    /// Whether the file was noted to have this length and checksum, and was not written since.
    pub(crate) fn is_as_noted(&self, bytes: u64, crc32c: u32) -> bool {
        let Some(noted) = self.noted else {
            return false;
        };
        (noted.bytes, noted.crc32c) == (bytes, crc32c) && is_as_noted(&noted, &self.path)
    }
}

/// Whether a file was not written since it was noted.
pub(super) fn is_as_noted(noted: &local_copy::LocalFile, path: &Path) -> bool {
    let now = fs::symlink_metadata(path).ok();
    let now = now.as_ref().filter(|now| now.is_file()).and_then(Stamp::of);
    now == Some(Stamp {
        bytes: noted.bytes,
        modified_unix_nanos: noted.modified_unix_nanos,
        inode: noted.inode,
    })
}

/// What is noted of a copy's files; nothing if there is no whole record.
pub(super) fn read_record(copy: &Path) -> BTreeMap<FileId, local_copy::LocalFile> {
    let path = copy.join(RECORD);
    let record = match fs::read(&path) {
        Err(error) => {
            tracing::debug!(%error, path = %path.display(), "a local copy is without a record");
            return BTreeMap::new();
        }
        Ok(bytes) => LocalRecord::decode(&bytes, &path.display().to_string()),
    };
    match record {
        Err(error) => {
            tracing::warn!(%error, "the files of a local copy are read, for want of its record");
            BTreeMap::new()
        }
        Ok(record) => {
            let files = record.files.into_iter();
            files.map(|file| (file.id, file)).collect()
        }
    }
}
