//! The seam to durable objects: a directory, or any object store.
//!
//! Object names are relative paths with `/` between parts. Objects are immutable once written, except
//! that they can be deleted. Calls block; a caller that wants several at once uses several threads.
//! Conditional creation ([`Storage::put_if_absent`]) is the only conditional operation, because a
//! local directory has no other. Does not know what the objects mean: see `catalog` and `snapshot`.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

mod object;

pub(crate) use object::check_name;
pub use object::{in_directory, in_memory, open, open_with};

/// Durable objects under one root. All calls may run at the same time from many threads.
pub trait Storage: Send + Sync + fmt::Debug {
    /// Where it is, for messages: `file:///var/lib/job`, `s3://bucket/prefix`. No secrets.
    fn location(&self) -> String;

    /// Writes a small object, replacing what may be there. Durable when it returns.
    ///
    /// # Errors
    /// `Unavailable` when storage refuses or fails; the object may or may not exist then.
    fn put(&self, name: &str, bytes: &[u8]) -> Result<()>;

    /// Writes a small object if no object of that name exists, as one atomic step.
    ///
    /// # Errors
    /// `Indeterminate` when storage did not say whether it was written (time-outs, lost answers, conflicts
    /// that are reported as "exists"): read the object back to learn who won.
    fn put_if_absent(&self, name: &str, bytes: &[u8]) -> Result<PutOutcome>;

    /// Writes the object from a local file, in parts where it is large. Nobody sees a part of it.
    ///
    /// # Errors
    /// As [`Storage::put`]; `Cancelled` within a second after the watch cancels, leaving no object behind.
    fn upload(&self, name: &str, from: &Path, watch: &dyn Watch) -> Result<Transfer>;

    /// Reads the object into a new local file, which is whole but not synced to the device: many are read once and
    /// deleted. Nothing is left at `to` after an error.
    ///
    /// # Errors
    /// `Unavailable` when it does not exist or storage fails; `Cancelled` within a second after the watch cancels.
    fn download(&self, name: &str, to: &Path, watch: &dyn Watch) -> Result<Transfer>;

    /// Reads a small object whole; `None` if it does not exist.
    ///
    /// # Errors
    /// `Unavailable` when storage fails.
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>>;

    /// All objects whose names start with `prefix` (whole path parts, such as `commits/`), sorted by name.
    ///
    /// # Errors
    /// `Unavailable` when storage fails.
    fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>>;

    /// What writes left that were killed, below `prefix` as in [`Storage::list`] and in that order: files that are no
    /// objects, are in no list and go with [`Storage::delete`]. A write that goes on may have one, too. None unless the
    /// storage says otherwise: a directory does.
    ///
    /// # Errors
    /// `Unavailable` when storage fails.
    fn unfinished(&self, prefix: &str) -> Result<Vec<ObjectInfo>> {
        let _none_can_be_seen = prefix;
        Ok(Vec::new())
    }

    /// Writes the object `to` with the content of the object `from`, replacing what may be there; without
    /// moving the bytes through this machine where the provider can. Durable when it returns, and as new as
    /// any other write: a sweep tells the age of an object from its last write.
    ///
    /// Providers have a limit of their own for a copy in one request (S3: 5 GiB): above it, download and upload.
    ///
    /// # Errors
    /// `Unavailable` when `from` does not exist (the message names it) or storage fails; `to` may or may not exist then.
    fn copy(&self, from: &str, to: &str) -> Result<()>;

    /// Deletes the object, or the file that [`Storage::unfinished`] names. What is not there counts as deleted.
    ///
    /// # Errors
    /// `Unavailable` when storage fails.
    fn delete(&self, name: &str) -> Result<()>;
}

/// What became of a [`Storage::put_if_absent`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "callers must treat both")]
pub enum PutOutcome {
    /// This call created the object.
    Created,
    /// An object of that name was there, or may have been: read it to learn whose it is.
    Exists,
}

/// One object of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "storages build it field by field"
)]
pub struct ObjectInfo {
    /// Its name, relative to the storage's root.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// When it was last written, in milliseconds since the Unix epoch, by storage's clock.
    pub modified_unix_millis: i64,
}

/// What a transfer moved, for checks against a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "storages build it field by field"
)]
pub struct Transfer {
    /// Bytes moved.
    pub bytes: u64,
    /// CRC32C of the bytes moved.
    pub crc32c: u32,
}

/// Watches one transfer: may stop it, and is told what moved. A [`Cancel`] watches without listening.
pub trait Watch: Send + Sync {
    /// The flag that stops the transfer.
    fn cancel(&self) -> &Cancel;

    /// So many more bytes moved: called for each part of a large file, by the thread that called the storage.
    fn moved(&self, bytes: u64);
}

impl Watch for Cancel {
    fn cancel(&self) -> &Cancel {
        self
    }

    fn moved(&self, _bytes: u64) {}
}

/// A flag that asks work in progress to stop. Clones share the flag.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    flag: Arc<AtomicBool>,
    parent: Option<Box<Self>>,
}

impl Cancel {
    /// A flag that is not set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A flag of its own that counts as set when this one is.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            flag: Arc::default(),
            parent: Some(Box::new(self.clone())),
        }
    }

    /// Asks the work to stop.
    pub fn cancel(&self) {
        self.flag.store(true, Ordering::Release);
    }

    /// Whether somebody asked.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.flag.load(Ordering::Acquire)
            || self
                .parent
                .as_ref()
                .is_some_and(|parent| parent.is_cancelled())
    }

    /// Returns `Cancelled` if somebody asked, naming `operation`.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled) once the flag is set.
    pub fn check(&self, operation: impl fmt::Display) -> Result<()> {
        if self.is_cancelled() {
            Err(Error::cancelled(operation))
        } else {
            Ok(())
        }
    }
}
