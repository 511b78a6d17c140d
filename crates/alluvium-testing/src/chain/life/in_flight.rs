//! A life's checkpoints in flight: from the barrier to the commit, or until they are given up.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use alluvium::catalog::Proposal;
use alluvium::protocol::key_group::MaxParallelism;
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::storage::Cancel;
use alluvium::{Error, ErrorKind, PreparedSnapshot, Result, SnapshotHandle};

use super::{Life, manifests, upload_all};
use crate::chain::connection::Failure;
use crate::chain::job::JOB;

/// A checkpoint that is neither committed nor given up.
#[derive(Debug)]
pub(in crate::chain) struct Flight {
    id: CheckpointId,
    kind: SnapshotKind,
    since_unix_millis: i64,
    stage: Stage,
}

/// Which of the checkpoints in flight.
#[derive(Debug, Clone, Copy)]
pub(in crate::chain) enum Pick {
    /// Modulo their number.
    Nth(u8),
    Newest,
}

#[derive(Debug)]
enum Stage {
    Prepared(Vec<PreparedSnapshot>),
    Uploaded {
        handles: Vec<SnapshotHandle>,
        /// Whether a commit may yet take effect, so that nothing of it may be deleted.
        doubtful: bool,
    },
}

impl Flight {
    /// When it was prepared.
    pub(super) const fn since_unix_millis(&self) -> i64 {
        self.since_unix_millis
    }

    /// Whether it is not uploaded yet.
    pub(super) const fn is_prepared(&self) -> bool {
        matches!(self.stage, Stage::Prepared(_))
    }
}

impl Life {
    /// Prepares a checkpoint; its number, unless too many are in flight.
    pub(in crate::chain) fn prepare(&mut self, full: bool) -> Result<Option<CheckpointId>> {
        let kind = if full {
            SnapshotKind::Full
        } else {
            SnapshotKind::Incremental
        };
        let Some((id, snapshots)) = self.snapshots(kind)? else {
            return Ok(None);
        };
        self.in_flight.push(Flight {
            id,
            kind,
            since_unix_millis: self.environment.clock.unix_millis(),
            stage: Stage::Prepared(snapshots),
        });
        Ok(Some(id))
    }

    /// Uploads one of the prepared checkpoints, and cancels that at an operation if asked to.
    pub(in crate::chain) fn upload(&mut self, which: Pick, cancel_at: Option<u8>) -> Result<()> {
        let Some(index) = self.pick(which, Flight::is_prepared) else {
            return Ok(());
        };
        let mut flight = self.in_flight.remove(index);
        let Stage::Prepared(snapshots) = &mut flight.stage else {
            return Ok(());
        };
        let cancel = Cancel::new();
        if let Some(at) = cancel_at.filter(|_| !self.connection.has_plan()) {
            let cancels = Failure::Cancels(cancel.clone());
            self.connection.plan(u64::from(at), cancels);
        }
        let target = self.target(JOB);
        let uploaded = upload_all(std::mem::take(snapshots), &target, &cancel);
        self.connection.forget_cancel();
        match uploaded {
            Ok(handles) => {
                flight.stage = Stage::Uploaded {
                    handles,
                    doubtful: false,
                };
                self.in_flight.insert(index, flight);
                Ok(())
            }
            Err((handles, error)) => {
                let given_up = self.give_up(flight.id, &handles);
                if cancel.is_cancelled() && !self.connection.is_dead() {
                    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
                    return given_up;
                }
                Err(error)
            }
        }
    }

    /// Commits one of the uploaded checkpoints; its number if it is committed.
    pub(in crate::chain) fn commit(&mut self, which: Pick) -> Result<Option<CheckpointId>> {
        let Some(index) = self.pick(which, |flight| !flight.is_prepared()) else {
            return Ok(None);
        };
        let Some(Flight {
            id,
            kind,
            stage: Stage::Uploaded { handles, doubtful },
            ..
        }) = self.in_flight.get_mut(index)
        else {
            return Ok(None);
        };
        let (id, handles) = (*id, handles.clone());
        let proposal = propose(id, *kind, self.max, &handles);
        let error = match self
            .catalog
            .commit(&self.attempt, &proposal, &self.environment)
        {
            Ok(commit) => {
                assert_eq!(commit.checkpoint, id);
                self.in_flight.remove(index);
                self.committed.push(id);
                return Ok(Some(id));
            }
            Err(error) => error,
        };
        let was_doubtful = *doubtful;
        // What a dead process left is for the sweep.
        *doubtful |= error.kind() == ErrorKind::Indeterminate;
        match error.kind() {
            ErrorKind::Invalid => {
                let newest = self.catalog.latest()?;
                assert!(
                    newest.is_some_and(|newest| newest.checkpoint >= id),
                    "{error:?}"
                );
            }
            // The base was dropped while nobody told the backends of a newer one.
            ErrorKind::Unavailable if self.lost_a_base(&proposal.bases) => {
                assert_eq!(proposal.kind, SnapshotKind::Incremental, "{error:?}");
            }
            _ => return Err(error),
        }
        if was_doubtful {
            if error.kind() == ErrorKind::Invalid {
                // Its place in the log was taken by a newer one.
                self.in_flight.remove(index);
            }
            return Ok(None);
        }
        self.in_flight.remove(index);
        self.give_up(id, &handles)?;
        Ok(None)
    }

    fn lost_a_base(&self, bases: &BTreeSet<CheckpointId>) -> bool {
        let log = self.catalog.read_log();
        log.is_ok_and(|log| bases.iter().any(|base| log.checkpoint(*base).is_none()))
    }

    /// Gives one of the checkpoints in flight up.
    pub(in crate::chain) fn abort(&mut self, which: Pick) -> Result<()> {
        let settled =
            |flight: &Flight| !matches!(flight.stage, Stage::Uploaded { doubtful, .. } if doubtful);
        let Some(index) = self.pick(which, settled) else {
            return Ok(());
        };
        let flight = self.in_flight.remove(index);
        match flight.stage {
            Stage::Prepared(snapshots) => {
                drop(snapshots);
                self.tell_aborted(flight.id);
                Ok(())
            }
            Stage::Uploaded { handles, .. } => self.give_up(flight.id, &handles),
        }
    }

    fn give_up(&mut self, id: CheckpointId, handles: &[SnapshotHandle]) -> Result<()> {
        let aborted = self.catalog.abort(&self.attempt, &manifests(handles));
        self.tell_aborted(id);
        aborted.map(drop)
    }

    /// Tries to finish all that is uploaded, and to drop old checkpoints: for an attempt that was taken over.
    pub(in crate::chain) fn assert_fenced(&mut self) {
        let fenced = |error: Error| assert_eq!(error.kind(), ErrorKind::Fenced, "{error:?}");
        let retained = self.catalog.retain(&self.attempt, NonZeroUsize::MIN);
        fenced(retained.expect_err("a zombie deleted checkpoints"));
        for flight in &self.in_flight {
            if let Stage::Uploaded { handles, .. } = &flight.stage {
                let proposal = propose(flight.id, flight.kind, self.max, handles);
                let committed = self
                    .catalog
                    .commit(&self.attempt, &proposal, &self.environment);
                fenced(committed.expect_err("a zombie committed a checkpoint"));
                let aborted = self.catalog.abort(&self.attempt, &manifests(handles));
                fenced(aborted.expect_err("a zombie deleted a checkpoint"));
            }
        }
    }

    /// The place of one of the checkpoints in flight that `fits`.
    fn pick(&self, which: Pick, fits: impl Fn(&Flight) -> bool) -> Option<usize> {
        let fitting = self.in_flight.iter().enumerate();
        let fitting: Vec<_> = fitting.filter(|(_, flight)| fits(flight)).collect();
        let chosen = match which {
            Pick::Nth(which) => fitting.get(usize::from(which) % fitting.len().max(1)),
            Pick::Newest => fitting.last(),
        };
        chosen.map(|(index, _)| *index)
    }
}

fn propose(
    id: CheckpointId,
    kind: SnapshotKind,
    max: MaxParallelism,
    handles: &[SnapshotHandle],
) -> Proposal {
    Proposal {
        checkpoint: id,
        kind,
        max_parallelism: max,
        manifests: manifests(handles),
        bases: handles.iter().filter_map(|handle| handle.base).collect(),
        attachments: BTreeMap::new(),
    }
}
