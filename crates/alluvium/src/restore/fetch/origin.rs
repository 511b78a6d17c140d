//! Where one file comes from: the first local copy that will do, else storage.
//!
//! A file that later snapshots may share is linked, as stores do not write to it; it is used unread if its
//! note may be trusted and says that nobody wrote to it. A store's bookkeeping is copied, as a store may write to its own,
//! and so it is always checked.
//!
//! What is downloaded is not flushed to the device: a restore is repeated after a crash of the machine. Only a local copy
//! has to survive one, as it is used unread: snapshots flush such files before they keep one.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use alluvium_protocol::file::FileRef;

use crate::error::{Error, ErrorKind, Result};
use crate::local::{FileKey, LocalFile, content};
use crate::storage::{Cancel, Storage, Watch};
use crate::transfer::object;
use crate::transfer::progress::FileWatch;
use crate::transfer::retry::Retry;

/// All that may have one file.
pub(super) struct Origins {
    pub(super) storage: Arc<dyn Storage>,
    /// The folder that object names are relative to.
    pub(super) root: String,
    pub(super) local: Vec<LocalFile>,
    /// Whether a copy that is as noted is used unread.
    pub(super) trusts_notes: bool,
    /// For what storage has.
    pub(super) retry: Retry,
}

/// Where a file came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Local { read: bool },
    Storage,
}

/// How a file came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fetched {
    pub(super) origin: Origin,
    /// A local copy of it was missing or damaged.
    pub(super) refused: bool,
}

impl Origins {
    /// Puts the file into a place that is free.
    pub(super) fn fetch(&self, file: &FileRef, to: &Path, watch: &FileWatch) -> Result<Fetched> {
        let mut refused = false;
        let mut tried = BTreeSet::new();
        for local in &self.local {
            // Links of a file that was refused are refused.
            let key = fs::metadata(&local.path).map(|found| FileKey::of(&local.path, &found));
            if key.is_ok_and(|key| !tried.insert(key)) {
                continue;
            }
            match self.take_local(file, local, to, watch.cancel()) {
                Ok(read) => {
                    let origin = Origin::Local { read };
                    return Ok(Fetched { origin, refused });
                }
                Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
                Err(error) => {
                    refused = true;
                    tracing::warn!(?error, path = %local.path.display(), "a local copy is not used");
                }
            }
        }
        self.download(file, to, watch)?;
        let origin = Origin::Storage;
        Ok(Fetched { origin, refused })
    }

    /// Returns whether the copy was read.
    fn take_local(
        &self,
        file: &FileRef,
        local: &LocalFile,
        to: &Path,
        cancel: &Cancel,
    ) -> Result<bool> {
        let path = &local.path;
        let checked = |found| {
            content::check(file, found)
                .map_err(|found| Error::corrupt(format!("{} {found}", path.display())))
        };
        if file.shared {
            let unread = self.trusts_notes && local.is_as_noted(file.bytes, file.crc32c);
            if !unread {
                checked(content::checksum(path, cancel)?)?;
            }
            if fs::hard_link(path, to).is_ok() {
                return Ok(!unread);
            }
        }
        let copy = if file.shared {
            content::copy_synced
        } else {
            content::copy
        };
        let copied = checked(copy(path, to, cancel)?);
        if copied.is_err() {
            content::remove(to);
        }
        copied.map(|()| true)
    }

    fn download(&self, file: &FileRef, to: &Path, watch: &FileWatch) -> Result<()> {
        let name = format!("{}/{}", self.root, file.object);
        object::download(&*self.storage, &name, to, file, &self.retry, watch).map(drop)
    }
}
