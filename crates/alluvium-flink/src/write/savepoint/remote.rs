//! Uploads what was written on this machine into an object store.
//!
//! Files have names of their own each time, so that two who write into one folder do not mix: one of them gets the `_metadata`.

use std::path::Path;
use std::sync::Arc;

use alluvium::storage::{Cancel, PutOutcome, Storage};
use tempfile::TempDir;

use super::METADATA;
use crate::error::{Error, ErrorKind, Result};

/// A folder in an object store.
#[derive(Debug)]
pub(super) struct Remote {
    storage: Arc<dyn Storage>,
    /// Where files are until they are uploaded; its name is random.
    staging: TempDir,
    /// Objects that go unless the savepoint becomes one.
    uploaded: Vec<String>,
}

impl Remote {
    /// Of an empty folder, which is the root of this storage.
    ///
    /// # Errors
    /// `Invalid` when there is something in it; `Unavailable` when storage or this machine fail.
    pub(super) fn new(storage: Arc<dyn Storage>) -> Result<Self> {
        if let Some(object) = storage.list("")?.first() {
            return Err(Error::invalid(format!(
                "{} is not empty, there is {}: a savepoint has a folder of its own",
                storage.location(),
                object.name
            )));
        }
        let staging = TempDir::with_prefix(PREFIX)
            .map_err(|error| Error::io("make a temporary directory for a savepoint", error))?;
        Ok(Self {
            storage,
            staging,
            uploaded: Vec::new(),
        })
    }

    /// Where files are until they are uploaded.
    pub(super) fn staging(&self) -> &Path {
        self.staging.path()
    }

    /// The name of a file that nobody else gives.
    pub(super) fn name(&self, name: &str) -> String {
        let staging = self.staging.path().file_name().unwrap_or_default();
        let staging = staging.to_string_lossy();
        let random = staging.strip_prefix(PREFIX).unwrap_or(&staging);
        format!("{name}-{random}")
    }

    /// Uploads a file, which is not needed here any more.
    ///
    /// # Errors
    /// As [`Storage::upload`]; `Unavailable` when it cannot be deleted here.
    pub(super) fn upload(&mut self, name: &str, cancel: &Cancel) -> Result<()> {
        let path = self.staging.path().join(name);
        self.uploaded.push(name.to_owned());
        self.storage.upload(name, &path, cancel)?;
        std::fs::remove_file(&path)
            .map_err(|error| Error::io(format!("delete {}", path.display()), error))
    }

    /// Makes it a savepoint.
    ///
    /// # Errors
    /// `Invalid` when another one was written there meanwhile; `Unavailable` when storage fails; `Indeterminate` when it does not say whether it
    /// is one now: all stays then.
    pub(super) fn commit(&mut self, metadata: &[u8]) -> Result<()> {
        let doubt = match self.storage.put_if_absent(METADATA, metadata) {
            Ok(PutOutcome::Created) => {
                self.uploaded.clear();
                return Ok(());
            }
            Ok(PutOutcome::Exists) => None,
            Err(error) if error.kind() == ErrorKind::Indeterminate => Some(error),
            Err(error) => return Err(error.into()),
        };
        // The answer may have been lost: ours is there, or another. One in doubt may still arrive.
        match self.storage.get(METADATA) {
            Ok(Some(found)) if found == metadata => {
                self.uploaded.clear();
                Ok(())
            }
            Ok(Some(_)) => Err(Error::invalid(format!(
                "another savepoint was written to {} meanwhile",
                self.storage.location()
            ))),
            found => {
                self.uploaded.clear();
                let failed = found.err().or(doubt).map(Error::from);
                let missing = || {
                    let told = format!(
                        "{METADATA} was put to {}, and is not there",
                        self.storage.location()
                    );
                    Error::new(ErrorKind::Indeterminate, told)
                };
                Err(failed.unwrap_or_else(missing))
            }
        }
    }
}

impl Drop for Remote {
    /// Takes back what was uploaded. What cannot be deleted stays, without `_metadata`.
    fn drop(&mut self) {
        for name in &self.uploaded {
            drop(self.storage.delete(name));
        }
    }
}

/// What the name of the folder on this machine begins with.
const PREFIX: &str = "alluvium-flink-";
