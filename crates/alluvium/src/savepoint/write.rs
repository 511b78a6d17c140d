//! Writes a whole savepoint of one backend.
//!
//! Invariant: the folder is a savepoint, or what was written there is deleted again. Objects have names that no other
//! writer gives, so that two writers of one folder take nothing from each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use alluvium_protocol::catalog::Savepoint;
use alluvium_protocol::manifest::{CheckpointId, SnapshotKind};

use super::SavepointFolder;
use crate::bytes::BytesBackend;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::Cancel;
use crate::transfer::Progress;

impl SavepointFolder {
    /// Makes this folder a savepoint of all that `backend` holds, which must be all key groups of its job. For tools
    /// that make state; a running job uploads the snapshots of its subtasks to [`target`](Self::target) and then
    /// [`commit`](Self::commit)s.
    ///
    /// `checkpoint` and `attachments` are what the engine is told when it restores it.
    ///
    /// # Errors
    /// `Invalid` when the backend has a part of the key groups alone, or there is a savepoint in the folder;
    /// `Cancelled` soon after `cancel` is set; `Indeterminate` as [`commit`](Self::commit): all of it is left then; else as [`PreparedSnapshot::upload`](crate::PreparedSnapshot::upload). The
    /// folder is no savepoint of this backend then, and what was written is deleted; what could not be is logged.
    pub fn write(
        &self,
        backend: &mut BytesBackend,
        checkpoint: CheckpointId,
        attachments: BTreeMap<String, Vec<u8>>,
        cancel: &Cancel,
        progress: &Arc<dyn Progress>,
    ) -> Result<Savepoint> {
        let max_parallelism = backend.max_parallelism();
        if backend.range() != max_parallelism.all() {
            return Err(Error::invalid(format!(
                "a savepoint of key groups {} alone: open the backend as its job's only subtask",
                backend.range()
            )));
        }
        if self.find()?.is_some() {
            return Err(self.taken());
        }
        let environment = backend.environment.clone();
        let attempt = u64::try_from(environment.random.bits() >> 65).unwrap_or(u64::MAX >> 1);
        let snapshot = backend.snapshot(checkpoint, SnapshotKind::Savepoint)?;
        let handle = snapshot.upload(&self.target(attempt), cancel, progress)?;
        let savepoint = Savepoint {
            job: backend.job.clone(),
            checkpoint,
            parallelism: 1,
            max_parallelism,
            manifests: vec![handle.manifest],
            attachments,
            created_unix_millis: environment.clock.unix_millis(),
        };
        let committed = cancel
            .check("a savepoint")
            .and_then(|()| self.commit(&savepoint));
        if let Err(error) = committed {
            if error.kind() == ErrorKind::Indeterminate {
                tracing::warn!(
                    ?error,
                    "a savepoint may be written or not: all of it is left"
                );
            } else {
                self.take_back(&savepoint);
            }
            return Err(error);
        }
        Ok(savepoint)
    }

    /// Deletes the objects of a savepoint that was not committed, unless storage does not say whether it was.
    fn take_back(&self, savepoint: &Savepoint) {
        let committed = match self.find() {
            Ok(found) => found.is_some_and(|found| found == *savepoint),
            Err(error) => {
                tracing::warn!(
                    ?error,
                    "a savepoint may be written or not: all of it is left"
                );
                return;
            }
        };
        if committed {
            return;
        }
        let objects = match self.objects(savepoint) {
            Ok((files, manifests)) => files.into_iter().chain(manifests),
            Err(error) => {
                tracing::warn!(?error, "objects of a savepoint that failed are left");
                return;
            }
        };
        for object in objects {
            let name = format!("{}/{}", self.folder, object.to);
            if let Err(error) = self.storage.delete(&name) {
                tracing::warn!(?error, name, "left of a savepoint that failed");
            }
        }
    }
}
