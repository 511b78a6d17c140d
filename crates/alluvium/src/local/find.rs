//! What of a snapshot is on this machine: for restores.
//!
//! Invariant: what is listed may be damaged, or gone by the time it is used; nothing is read here but records.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use alluvium_protocol::file::FileId;
use alluvium_protocol::local_copy::{LocalFile, LocalRecord};

use super::directory::{self, Directory, RECORD};
use super::stamp::Stamp;

/// Every file that is here, by its identity.
pub(super) fn find(directories: &[Directory]) -> BTreeMap<FileId, PathBuf> {
    let mut found = BTreeMap::new();
    for copy in directories.iter().flat_map(Directory::copies) {
        for (id, file) in directory::files_in(&copy.path) {
            found.insert(id, file.path());
        }
    }
    found
}

/// Whether a file was not written since it was noted.
pub(super) fn is_as_noted(noted: &LocalFile, path: &Path) -> bool {
    let now = fs::symlink_metadata(path).ok();
    let now = now.as_ref().filter(|now| now.is_file()).and_then(Stamp::of);
    now == Some(Stamp {
        bytes: noted.bytes,
        modified_unix_nanos: noted.modified_unix_nanos,
        inode: noted.inode,
    })
}

/// What is noted of a copy's files; nothing if there is no whole record.
pub(super) fn read_record(copy: &Path) -> BTreeMap<FileId, LocalFile> {
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
