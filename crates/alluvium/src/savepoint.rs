//! A savepoint's folder in storage: its snapshots, and the object that makes it one.
//!
//! Invariants: the folder is a savepoint once its `COMMIT` exists, which is written last and never replaced;
//! all names in it are relative, so it can be moved; it is deleted by its owner's call alone
//! ([`SavepointFolder::delete`]).

use std::sync::Arc;

use alluvium_protocol::catalog::names::{self, SavepointObject};
use alluvium_protocol::catalog::{ManifestRef, Savepoint};
use alluvium_protocol::manifest::Manifest;

use crate::error::{Error, ErrorKind, Result};
use crate::restore::{Ownership, RestoreFrom};
use crate::snapshot::SnapshotTarget;
use crate::storage::{PutOutcome, Storage};

mod migrate;
mod owned;
mod write;

pub use migrate::{MigrateKeys, MigratedKeys};

/// Where a savepoint is, or will be.
#[derive(Debug, Clone)]
pub struct SavepointFolder {
    storage: Arc<dyn Storage>,
    folder: String,
}

impl SavepointFolder {
    /// The folder `folder` of the storage, such as `flights/savepoints/before-upgrade`.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, folder: impl Into<String>) -> Self {
        Self {
            storage,
            folder: folder.into(),
        }
    }

    /// The folder of a job's savepoint `name`, among the job's own objects.
    ///
    /// # Errors
    /// `Invalid` when the name is not one plain path part.
    pub fn of_job(storage: Arc<dyn Storage>, job: &str, name: &str) -> Result<Self> {
        let prefix = names::savepoint_prefix(name)?;
        let folder = format!("{job}/{}", prefix.trim_end_matches('/'));
        Ok(Self::new(storage, folder))
    }

    /// Its name in the storage, without a slash at the end.
    #[must_use]
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// Where the snapshots of attempt `attempt` go, to be part of it.
    #[must_use]
    pub fn target(&self, attempt: u64) -> SnapshotTarget {
        SnapshotTarget {
            storage: Arc::clone(&self.storage),
            root: self.folder.clone(),
            attempt,
        }
    }

    /// Makes the folder a savepoint. Its snapshots must be uploaded by now.
    ///
    /// # Errors
    /// `Invalid` when there is another one already; `Unavailable` when storage fails; `Indeterminate` when it does not
    /// say whether it is one now: what it consists of must stay then, for it may become one yet.
    pub fn commit(&self, savepoint: &Savepoint) -> Result<()> {
        self.commit_bytes(&savepoint.encode())
    }

    fn commit_bytes(&self, bytes: &[u8]) -> Result<()> {
        let name = self.commit_object();
        let doubt = match self.storage.put_if_absent(&name, bytes) {
            Ok(PutOutcome::Created) => return Ok(()),
            Ok(PutOutcome::Exists) => None,
            Err(error) if error.kind() == ErrorKind::Indeterminate => Some(error),
            Err(error) => return Err(error),
        };
        // The answer may have been lost: ours is there, or another. A put in doubt may still arrive.
        let missing = match self.storage.get(&name) {
            Ok(Some(found)) if found == bytes => return Ok(()),
            Ok(Some(_)) => return Err(self.taken()),
            Ok(None) => Error::new(
                ErrorKind::Unavailable,
                format!("{} was put and is not there", self.told(&name)),
            ),
            Err(error) => error,
        };
        Err(doubt.unwrap_or(missing))
    }

    /// The error of a folder that holds another savepoint than the one to be written.
    #[must_use]
    pub fn taken(&self) -> Error {
        Error::invalid(format!(
            "there is a savepoint in {} already, and savepoints are never replaced: choose another name",
            self.told(&self.folder)
        ))
    }

    /// Reads the object that makes the folder a savepoint; `None` if it is none, or none yet.
    ///
    /// # Errors
    /// `Corrupt` when it is damaged, `Unavailable` when storage fails.
    pub fn find(&self) -> Result<Option<Savepoint>> {
        let name = self.commit_object();
        let Some(bytes) = self.storage.get(&name)? else {
            return Ok(None);
        };
        Ok(Some(Savepoint::decode(&bytes, &self.told(&name))?))
    }

    /// Reads the object that makes the folder a savepoint.
    ///
    /// # Errors
    /// `Invalid` when there is none; else as [`Self::find`].
    pub fn read(&self) -> Result<Savepoint> {
        self.find()?.ok_or_else(|| {
            Error::invalid(format!(
                "there is no savepoint in {}: its {} is missing",
                self.told(&self.folder),
                SavepointObject::Commit
            ))
        })
    }

    /// What to restore from a savepoint that was read here.
    ///
    /// # Errors
    /// `Corrupt` when a manifest is missing or not what the savepoint says, `Unavailable` when storage fails.
    pub fn restore_from(&self, savepoint: &Savepoint) -> Result<RestoreFrom> {
        let manifests = savepoint.manifests.iter().map(|part| self.manifest(part));
        Ok(RestoreFrom {
            storage: Arc::clone(&self.storage),
            root: self.folder.clone(),
            manifests: manifests.collect::<Result<_>>()?,
            ownership: Ownership::Borrowed,
        })
    }

    fn manifest(&self, part: &ManifestRef) -> Result<Manifest> {
        let name = format!("{}/{}", self.folder, part.object);
        let told = self.told(&name);
        let Some(bytes) = self.storage.get(&name)? else {
            return Err(Error::corrupt(format!("{told} is missing")));
        };
        if bytes.len() as u64 != part.bytes || crc32c::crc32c(&bytes) != part.crc32c {
            return Err(Error::corrupt(format!(
                "{told} is not the manifest that the savepoint names"
            )));
        }
        Ok(Manifest::decode(&bytes, &told)?)
    }

    fn commit_object(&self) -> String {
        format!("{}/{}", self.folder, SavepointObject::Commit)
    }

    fn told(&self, name: &str) -> String {
        format!("{name} in {}", self.storage.location())
    }
}
