//! What tells that a file was not written since: its length, modification time and inode.
//!
//! Only where a file system tells all of them; elsewhere nothing is known, and files are read.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

/// Which file a path leads to: equal for the links of one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FileKey {
    /// Device and inode.
    #[cfg_attr(not(unix), expect(dead_code, reason = "only Unix tells inodes"))]
    Inode(u64, u64),
    /// Nothing better is known.
    Path(PathBuf),
}

impl FileKey {
    #[cfg(unix)]
    pub(crate) fn of(_path: &Path, metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self::Inode(metadata.dev(), metadata.ino())
    }

    #[cfg(not(unix))]
    pub(crate) fn of(path: &Path, _metadata: &Metadata) -> Self {
        Self::Path(path.to_owned())
    }
}

/// A file's state at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) bytes: u64,
    pub(super) modified_unix_nanos: i64,
    pub(super) inode: u64,
}

impl Stamp {
    #[cfg(unix)]
    pub(super) fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let seconds = metadata.mtime().checked_mul(1_000_000_000)?;
        Some(Self {
            bytes: metadata.len(),
            modified_unix_nanos: seconds.checked_add(metadata.mtime_nsec())?,
            inode: metadata.ino(),
        })
    }

    #[cfg(not(unix))]
    pub(super) fn of(_metadata: &Metadata) -> Option<Self> {
        None
    }
}
