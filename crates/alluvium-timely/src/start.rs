//! What all workers of a process start from: the state and positions of a checkpoint or savepoint.

use std::sync::Arc;

use alluvium::catalog::Catalog;
use alluvium::protocol::key_group::MaxParallelism;
use alluvium::savepoint::SavepointFolder;
use alluvium::storage::Storage;
use alluvium::{Error, ErrorKind, Ownership, RestoreFrom, Result};

use crate::attachments::Attachments;
use crate::recover::{Origin, Recovered};

/// Loaded once in each process.
#[derive(Debug, Default)]
pub(crate) struct Start {
    pub(crate) attached: Attachments,
    /// `None` if the job begins.
    pub(crate) state: Option<RestoreFrom>,
}

impl Start {
    /// Loads what `recovered` speaks of, and checks that this job can go on from it.
    pub(crate) fn load(
        storage: &Arc<dyn Storage>,
        catalog: &Catalog,
        recovered: &Recovered,
        max_parallelism: MaxParallelism,
        splits: u32,
    ) -> Result<Self> {
        let (of, declared, attachments, state) = match &recovered.origin {
            Origin::Empty => return Ok(Self::default()),
            Origin::Commit {
                sequence,
                checkpoint,
            } => {
                let of = format!("checkpoint {checkpoint} of job {:?}", recovered.job);
                let commits = catalog.checkpoints()?;
                let commit = commits
                    .into_iter()
                    .find(|commit| commit.sequence == *sequence);
                let commit = commit.ok_or_else(|| {
                    Error::new(
                        ErrorKind::Fenced,
                        format!("{of} is gone: a newer attempt runs, or recover the job again"),
                    )
                })?;
                let manifests = commit
                    .manifests
                    .iter()
                    .map(|manifest| catalog.manifest(manifest));
                let state = RestoreFrom {
                    storage: Arc::clone(storage),
                    root: recovered.job.clone(),
                    manifests: manifests.collect::<Result<_>>()?,
                    ownership: Ownership::Own,
                };
                (of, commit.max_parallelism, commit.attachments, state)
            }
            Origin::Savepoint { folder } => {
                let of = format!("the savepoint in {folder}");
                let folder = SavepointFolder::new(Arc::clone(storage), folder);
                let savepoint = folder.read()?;
                let state = folder.restore_from(&savepoint)?;
                (of, savepoint.max_parallelism, savepoint.attachments, state)
            }
        };
        let attached = Attachments::decode(&attachments, &of)?;
        if declared != max_parallelism {
            return Err(incompatible(format!(
                "{of} has max parallelism {declared}, this job declares {max_parallelism}: it is fixed for a \
                 job's life, declare {declared}"
            )));
        }
        if let Some((split, _)) = attached.positions.range(splits..).next() {
            return Err(incompatible(format!(
                "{of} has a position of split {split}, but the source has {splits} splits, counted from 0: the number of \
                 splits may grow, not shrink"
            )));
        }
        Ok(Self {
            attached,
            state: Some(state),
        })
    }
}

fn incompatible(message: String) -> Error {
    Error::new(ErrorKind::Incompatible, message)
}
