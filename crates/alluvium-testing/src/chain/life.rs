//! One attempt's process: its backends, and its checkpoints in flight.
//!
//! Calls return the errors that only a failure of storage explains. What an engine has to expect otherwise
//! (too many snapshots in flight, a base that is gone, a number that was overtaken) is checked and dealt with here.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use alluvium::catalog::{Attempt, Catalog};
use alluvium::environment::Environment;
use alluvium::protocol::catalog::{ManifestRef, Savepoint};
use alluvium::protocol::key_group::MaxParallelism;
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::savepoint::SavepointFolder;
use alluvium::storage::{Cancel, Storage};
use alluvium::{
    Backend, Error, ErrorKind, Options, PreparedSnapshot, Progress, Result, SnapshotHandle,
    SnapshotTarget,
};

use super::connection::Connection;
use super::job::JOB;
use crate::trial::operations::States;
use in_flight::Flight;
pub(super) use in_flight::Pick;

mod in_flight;

/// One subtask: its backend, and the handles of its states.
pub(super) type Subtask = (Backend<u16>, States);

/// One attempt's process.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) connection: Arc<Connection>,
    pub(super) catalog: Catalog,
    pub(super) attempt: Attempt,
    pub(super) subtasks: Vec<Subtask>,
    pub(super) environment: Environment,
    pub(super) max: MaxParallelism,
    /// The number of its next checkpoint, above those of all that are committed.
    pub(super) next: u64,
    /// In flight, in the order of their barriers.
    pub(super) in_flight: Vec<Flight>,
    /// Committed by this attempt.
    pub(super) committed: Vec<CheckpointId>,
}

impl Life {
    /// A process with nothing in it yet.
    pub(super) fn new(
        connection: &Arc<Connection>,
        catalog: Catalog,
        attempt: Attempt,
        environment: &Environment,
        max: MaxParallelism,
    ) -> Self {
        Self {
            connection: Arc::clone(connection),
            catalog,
            attempt,
            subtasks: Vec::new(),
            environment: environment.clone(),
            max,
            next: 1,
            in_flight: Vec::new(),
            committed: Vec::new(),
        }
    }

    /// Prepares a snapshot of each subtask, unless too many are in flight.
    fn snapshots(
        &mut self,
        kind: SnapshotKind,
    ) -> Result<Option<(CheckpointId, Vec<PreparedSnapshot>)>> {
        let id = CheckpointId::new(self.next);
        self.next += 1;
        let prepare = |(backend, _): &mut Subtask| backend.snapshot(id, kind);
        let snapshots: Result<Vec<_>> = self.subtasks.iter_mut().map(prepare).collect();
        let in_flight = self.in_flight.iter().filter(|flight| flight.is_prepared());
        if in_flight.count() >= Options::default().snapshots_in_flight_max {
            let refused = snapshots.expect_err("one snapshot more than may be in flight");
            assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused:?}");
            return Ok(None);
        }
        Ok(Some((id, snapshots?)))
    }

    fn target(&self, root: &str) -> SnapshotTarget {
        SnapshotTarget {
            storage: Arc::<Connection>::clone(&self.connection),
            root: root.to_owned(),
            attempt: self.attempt.number,
        }
    }

    /// Tells the backends that checkpoint `id` will not exist.
    fn tell_aborted(&mut self, id: CheckpointId) {
        for (backend, _) in &mut self.subtasks {
            backend.notify_aborted(id);
        }
    }

    /// Tells the backends of one of the committed checkpoints; for some choices, only every other backend.
    pub(super) fn tell(&mut self, which: u8) {
        let index = usize::from(which) % self.committed.len().max(1);
        let step = if which.is_multiple_of(5) { 2 } else { 1 };
        if let Some(id) = self.committed.get(index).copied() {
            for (backend, _) in self.subtasks.iter_mut().step_by(step) {
                backend.notify_complete(id);
            }
        }
    }

    /// Tells all backends that checkpoint `id` is complete.
    pub(super) fn tell_complete(&mut self, id: CheckpointId) {
        for (backend, _) in &mut self.subtasks {
            backend.notify_complete(id);
        }
    }

    /// Tells the backends of a checkpoint that nobody prepared.
    pub(super) fn tell_unknown(&mut self, complete: bool) {
        let id = CheckpointId::new(u64::MAX);
        for (backend, _) in &mut self.subtasks {
            if complete {
                backend.notify_complete(id);
            } else {
                backend.notify_aborted(id);
            }
        }
    }

    /// Keeps the newest checkpoints; whether all that had to go is gone.
    pub(super) fn retain(&self, keep: NonZeroUsize) -> Result<bool> {
        let swept = self.catalog.retain(&self.attempt, keep)?;
        Ok(swept.left.is_empty())
    }

    /// Before when objects that nobody needs can be told from those of checkpoints in flight: the begin of the oldest,
    /// in milliseconds since the Unix epoch. `None` when there is none in flight.
    pub(super) fn sweepable_before(&self) -> Option<i64> {
        self.in_flight.iter().map(Flight::since_unix_millis).min()
    }

    /// Deletes the orphans that were written before a time, or all of them; whether they are gone.
    pub(super) fn sweep(&self, before_unix_millis: Option<i64>) -> Result<bool> {
        let (environment, cancel) = (&self.environment, Cancel::new());
        let orphans = match before_unix_millis {
            None => self
                .catalog
                .orphans_behind(&self.attempt, environment, &cancel),
            Some(before) => {
                let age_min = environment.clock.unix_millis() - before + 1;
                let age_min = Duration::from_millis(u64::try_from(age_min).unwrap_or(0));
                self.catalog.orphans(age_min, environment, &cancel)
            }
        };
        let swept = self.catalog.sweep(&orphans?, environment, &cancel)?;
        Ok(swept.left.is_empty())
    }

    /// Takes a savepoint called `name`; whether there is room for its snapshots.
    pub(super) fn savepoint(&mut self, name: &str) -> Result<bool> {
        let Some((checkpoint, snapshots)) = self.snapshots(SnapshotKind::Savepoint)? else {
            return Ok(false);
        };
        let connection: Arc<dyn Storage> = Arc::<Connection>::clone(&self.connection);
        let folder = SavepointFolder::of_job(connection, JOB, name)?;
        let target = folder.target(self.attempt.number);
        let handles = upload_all(snapshots, &target, &Cancel::new()).map_err(|(_, error)| error)?;
        folder.commit(&Savepoint {
            job: JOB.to_owned(),
            checkpoint,
            parallelism: u32::try_from(handles.len()).unwrap_or(u32::MAX),
            max_parallelism: self.max,
            manifests: manifests(&handles),
            attachments: BTreeMap::new(),
            created_unix_millis: self.environment.clock.unix_millis(),
        })?;
        Ok(true)
    }
}

fn manifests(handles: &[SnapshotHandle]) -> Vec<ManifestRef> {
    handles
        .iter()
        .map(|handle| handle.manifest.clone())
        .collect()
}

/// Uploads snapshots one after the other; what was uploaded before the first error, beside it.
fn upload_all(
    snapshots: Vec<PreparedSnapshot>,
    target: &SnapshotTarget,
    cancel: &Cancel,
) -> Result<Vec<SnapshotHandle>, (Vec<SnapshotHandle>, Error)> {
    let nobody: Arc<dyn Progress> = Arc::new(());
    let mut handles = Vec::new();
    for snapshot in snapshots {
        match snapshot.upload(target, cancel, &nobody) {
            Ok(handle) => handles.push(handle),
            Err(error) => return Err((handles, error)),
        }
    }
    Ok(handles)
}
