//! A checkpoint or savepoint: its metadata, and where its files are.
//!
//! Leaves to others: how a location becomes a folder with a `_metadata` (`locate`), the bytes of files (`files`), what they mean
//! (`keyed`, `section`).

mod locate;
mod sizes;
mod task_local;

use std::sync::Arc;

use alluvium::storage::{Cancel, Watch};
use alluvium_protocol::key_group::MaxParallelism;

use crate::error::{Error, Result};
use crate::files::{Files, Folder, Remap};
use crate::metadata::{Metadata, Operator, OperatorId, Version};

pub use sizes::Sizes;

use locate::Found;

/// A checkpoint or savepoint that was opened.
#[derive(Debug)]
pub struct Snapshot {
    metadata: Metadata,
    files: Files,
}

impl Snapshot {
    /// Opens the snapshot at `location`, a path or a URL of one of these:
    ///
    /// - a folder with a `_metadata`: a savepoint, or `chk-17` of a job;
    /// - that file;
    /// - a folder with folders `chk-…`: the one with the highest number;
    /// - what a task manager keeps on its own disk, `chk_17` of a subtask, or the folder that is in (`vtx_…_sti_…`): one operator with one subtask,
    ///   as far as it can be told (see [`Snapshot::is_task_local`]).
    ///
    /// `remaps` say where files are that were written elsewhere.
    ///
    /// # Errors
    /// `Unavailable` when there is nothing or it cannot be read, `Invalid` when there is something else (the message says what), `Corrupt` and
    /// `Incompatible` as [`Metadata::read`].
    pub fn open(location: &str, remaps: &[Remap]) -> Result<Self> {
        Self::open_watched(location, remaps, Arc::new(Cancel::new()))
    }

    /// As [`Snapshot::open`]; `watch` is told of the downloads of files and can stop them.
    ///
    /// # Errors
    /// As [`Snapshot::open`].
    pub fn open_watched(location: &str, remaps: &[Remap], watch: Arc<dyn Watch>) -> Result<Self> {
        Self::open_task_local(location, remaps, watch, None)
    }

    /// As [`Snapshot::open_watched`], with the max parallelism of the job for what does not tell it: task-local state. Where there is
    /// metadata, that counts.
    ///
    /// # Errors
    /// As [`Snapshot::open`]; `Invalid` when task-local state has key groups that there are not of such a max parallelism.
    pub fn open_task_local(
        location: &str,
        remaps: &[Remap],
        watch: Arc<dyn Watch>,
        max_parallelism: Option<MaxParallelism>,
    ) -> Result<Self> {
        let (metadata, folder) = match locate::locate(location)? {
            Found::Metadata {
                folder,
                name,
                bytes,
            } => (Metadata::read(&bytes, &name)?, folder),
            Found::TaskLocal(directory) => {
                let metadata = task_local::read(&directory, max_parallelism)?;
                (metadata, Folder::Local(directory))
            }
        };
        let files = Files::new(folder, remaps, watch);
        Ok(Self { metadata, files })
    }

    /// One that is not in a file.
    #[cfg(any(test, fuzzing))]
    pub(crate) const fn of(metadata: Metadata, files: Files) -> Self {
        Self { metadata, files }
    }

    /// Whether it is what a task manager keeps on its own disk. Then there is no metadata: the operator's id is that of the vertex, the
    /// parallelism the least that there can be, the max parallelism 128 unless key groups or the caller say more, and the range of key groups all of them where it could not be seen.
    #[must_use]
    pub const fn is_task_local(&self) -> bool {
        // All others of this version have properties.
        self.metadata.properties.is_none() && matches!(self.metadata.version, Version::V6)
    }

    /// The folder that it is in.
    #[must_use]
    pub const fn folder(&self) -> &Folder {
        self.files.folder()
    }

    /// What it consists of.
    #[must_use]
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Its files.
    #[must_use]
    pub const fn files(&self) -> &Files {
        &self.files
    }

    /// Its operators, in the order of the file.
    #[must_use]
    pub fn operators(&self) -> &[Operator] {
        &self.metadata.operators
    }

    /// The operator of this uid, id (32 hexadecimal digits) or name, in this order. A uid is found in old snapshots, too, which hold only its hash.
    ///
    /// # Errors
    /// `Invalid` when there is none, or several of the name: the message lists those that there are.
    pub fn operator(&self, named: &str) -> Result<&Operator> {
        let operators = self.operators();
        let id = named.parse().unwrap_or_else(|_| OperatorId::of_uid(named));
        let by_id = operators.iter().find(|operator| operator.id == id);
        if let Some(found) = by_id {
            return Ok(found);
        }
        let mut by_name = operators
            .iter()
            .filter(|operator| operator.name.as_deref() == Some(named));
        match (by_name.next(), by_name.next()) {
            (Some(found), None) => Ok(found),
            (Some(_), Some(_)) => Err(self.no_operator(named, "several operators are called")),
            _ => Err(self.no_operator(named, "no operator has the uid, id or name")),
        }
    }

    fn no_operator(&self, named: &str, fault: &str) -> Error {
        let mut labels: Vec<String> = self.operators().iter().map(Operator::label).collect();
        labels.sort();
        Error::invalid(format!(
            "{fault} {named:?} in {}; there are: {}",
            self.folder(),
            labels.join(", ")
        ))
    }
}
