//! A job on this machine as an engine runs it: its checkpoints are committed to a catalog, notified and retained.
//!
//! Invariant: a checkpoint that [`Job::commit`] returned exists in storage, with its commit record. Local copies are in
//! a directory of their own, so that a restore can be given them or not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alluvium::catalog::{Attempt, Catalog, Proposal};
use alluvium::environment::Environment;
use alluvium::protocol::catalog::Commit;
use alluvium::protocol::key_group::MaxParallelism;
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::storage::{self, Storage};
use alluvium::{
    Builder, LocalCopies, Ownership, Progress, RestoreFrom, SnapshotHandle, SnapshotTarget,
};
use anyhow::{Context, Result};

use crate::subjects::alluvium::{NAME, builder};

/// A job and where its files are.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) directory: PathBuf,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) max: MaxParallelism,
    catalog: Catalog,
    attempt: Attempt,
    environment: Environment,
}

impl Job {
    /// A job without any checkpoint, in a directory of its own.
    pub(crate) fn start(directory: PathBuf) -> Result<Self> {
        let storage = storage::in_directory(&directory.join("storage"))?;
        let environment = Environment::system();
        let catalog = Catalog::open(Arc::clone(&storage), NAME)?;
        let attempt = catalog.start_attempt(&environment)?;
        Ok(Self {
            directory,
            storage,
            max: MaxParallelism::DEFAULT,
            catalog,
            attempt,
            environment,
        })
    }

    /// What makes a subtask, without local copies.
    pub(crate) fn builder(
        &self,
        budget_bytes: usize,
        subtask: u32,
        parallelism: u32,
    ) -> Result<Builder> {
        let directory = self.directory.join(format!("subtask-{subtask}"));
        Ok(builder(&directory, budget_bytes)?.subtask(subtask, parallelism))
    }

    /// Where local copies are.
    pub(crate) fn copies(&self) -> Result<LocalCopies> {
        Ok(LocalCopies::in_directory(
            &self.directory.join("copies"),
            NAME,
        )?)
    }

    /// The file of an object.
    pub(crate) fn object(&self, object: &str) -> PathBuf {
        self.directory.join("storage").join(NAME).join(object)
    }

    /// Where snapshots go.
    pub(crate) fn target(&self) -> SnapshotTarget {
        SnapshotTarget {
            storage: Arc::clone(&self.storage),
            root: NAME.to_owned(),
            attempt: self.attempt.number,
        }
    }

    /// Commits a checkpoint whose snapshots are all uploaded.
    pub(crate) fn commit(
        &self,
        checkpoint: CheckpointId,
        handles: Vec<SnapshotHandle>,
    ) -> Result<Commit> {
        let mut proposal = Proposal {
            checkpoint,
            kind: SnapshotKind::Incremental,
            max_parallelism: self.max,
            manifests: Vec::new(),
            bases: BTreeSet::new(),
            attachments: BTreeMap::new(),
        };
        for handle in handles {
            proposal.manifests.push(handle.manifest);
            proposal.bases.extend(handle.base);
        }
        Ok(self
            .catalog
            .commit(&self.attempt, &proposal, &self.environment)?)
    }

    /// Deletes what only older checkpoints than the newest `keep` need.
    pub(crate) fn retain(&self, keep: NonZeroUsize) -> Result<()> {
        self.catalog.retain(&self.attempt, keep)?;
        Ok(())
    }

    /// What is restored from a committed checkpoint.
    pub(crate) fn from(&self, commit: &Commit) -> Result<RestoreFrom> {
        let manifests = commit
            .manifests
            .iter()
            .map(|part| self.catalog.manifest(part));
        Ok(RestoreFrom {
            storage: Arc::clone(&self.storage),
            root: NAME.to_owned(),
            manifests: manifests.collect::<alluvium::Result<_>>()?,
            ownership: Ownership::Own,
        })
    }

    /// What is restored from the newest checkpoint.
    pub(crate) fn newest(&self) -> Result<RestoreFrom> {
        let newest = self.catalog.latest()?;
        self.from(&newest.context("the job has no checkpoint")?)
    }
}

/// Nobody who is told of progress.
pub(crate) fn nobody() -> Arc<dyn Progress> {
    Arc::new(())
}

/// The files below a directory, with their bytes. Those that go meanwhile are left out.
pub(crate) fn files_below(directory: &Path) -> Result<Vec<(PathBuf, u64)>> {
    let mut files = Vec::new();
    let listed = fs::read_dir(directory);
    for entry in listed.with_context(|| format!("list {}", directory.display()))? {
        let entry = entry?;
        let path = entry.path();
        match entry.metadata() {
            Ok(found) if found.is_dir() => files.extend(files_below(&path)?),
            Ok(found) => files.push((path, found.len())),
            Err(_gone) => {}
        }
    }
    Ok(files)
}
