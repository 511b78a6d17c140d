//! Brings checkpoints to their end, one after the other: at worker 0, on a thread that may block.
//!
//! Invariants: output is published right after the commit that names it, before anything else is committed, so
//! that at recovery only the newest checkpoint's output can be unpublished; what an aborted checkpoint's
//! epoch put out is named by the next commit; the checkpoint of the last epoch may not fail.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

use alluvium::catalog::{Attempt, Catalog, Proposal};
use alluvium::environment::Environment;
use alluvium::protocol::catalog::{ManifestRef, Savepoint};
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::savepoint::SavepointFolder;
use alluvium::{Error, ErrorKind, Result};

use crate::attachments::Attachments;
use crate::dataflow::message::{Ack, Announcement, Uploaded};
use crate::observer::{CheckpointReport, Event, Observer};
use crate::options::JobOptions;
use crate::sink::Sink;

/// How often a commit is tried whose outcome storage leaves in doubt. The catalog tries several times each time.
const COMMITS_MAX: usize = 3;

/// An epoch that everybody has acknowledged.
pub(crate) struct Epoch {
    pub(crate) epoch: u64,
    pub(crate) acks: Vec<Ack>,
}

/// The end of an epoch's checkpoint: announced to all, or the end of the job.
pub(crate) type End = Result<Announcement>;

/// What is carried from one checkpoint to the next.
pub(crate) struct Committer<K> {
    pub(crate) catalog: Catalog,
    pub(crate) attempt: Attempt,
    pub(crate) peers: u32,
    pub(crate) options: Arc<JobOptions>,
    pub(crate) environment: Environment,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) sink: Arc<K>,
    /// As of the last epoch; its tokens are those that no commit has named yet.
    pub(crate) attached: Attachments,
    /// Source workers that have ended.
    pub(crate) ended: BTreeSet<u32>,
    /// Checkpoints in a row that failed.
    pub(crate) failures: u32,
}

impl<K: Sink> Committer<K> {
    /// Ends an epoch: replies as soon as the checkpoint exists and its output is published, then deletes what
    /// is no longer retained.
    pub(crate) fn end(&mut self, epoch: Epoch, reply: &mut dyn FnMut(End)) {
        let number = epoch.epoch;
        let parts = self.take(epoch.acks);
        match self.complete(CheckpointId::new(number), &parts) {
            Ok(()) => {
                reply(Ok(Announcement {
                    epoch: number,
                    complete: true,
                }));
                self.retain();
            }
            Err(Failure::Checkpoint { reason, deletable }) => {
                reply(self.give_up(number, &parts, reason, deletable));
            }
            Err(Failure::Job(error)) => reply(Err(error)),
        }
    }

    /// Sorts an epoch's acknowledgements.
    fn take(&mut self, acks: Vec<Ack>) -> Parts {
        let mut parts = Parts::default();
        for ack in acks {
            match ack {
                Ack::Positions {
                    worker,
                    positions,
                    records,
                    ended,
                } => {
                    self.attached.positions.extend(positions);
                    self.attached.records += records;
                    if ended {
                        self.ended.insert(worker);
                    }
                }
                Ack::Snapshot(uploaded) => parts.snapshots.push(uploaded),
                Ack::Savepoint(uploaded) => parts.savepoint.push(uploaded),
                Ack::Failed { worker, reason } => {
                    parts.failed.get_or_insert((worker, reason));
                }
                Ack::Output(token) => self.attached.tokens.push(token),
            }
        }
        self.attached.ended = u32::try_from(self.ended.len()) == Ok(self.peers);
        parts
    }

    fn complete(&mut self, checkpoint: CheckpointId, parts: &Parts) -> Result<(), Failure> {
        if let Some((worker, reason)) = &parts.failed {
            let reason = format!("worker {worker} could not upload its snapshot: {reason}");
            return Err(Failure::Checkpoint {
                reason,
                deletable: true,
            });
        }
        self.commit(checkpoint, parts)?;
        self.failures = 0;
        for token in &self.attached.tokens {
            let of = || format!("publish the output of checkpoint {checkpoint}");
            self.sink
                .publish(token)
                .map_err(|error| Failure::Job(error.context(of())))?;
        }
        self.attached.tokens.clear();
        self.observer.event(&Event::CheckpointCompleted {
            checkpoint,
            report: report(&parts.snapshots),
            records: self.attached.records,
        });
        // Its output is published: whoever starts from the savepoint has none to publish.
        self.commit_savepoint(checkpoint, &parts.savepoint)
            .map_err(Failure::Job)
    }

    fn commit(&self, checkpoint: CheckpointId, parts: &Parts) -> Result<(), Failure> {
        let proposal = Proposal {
            checkpoint,
            kind: SnapshotKind::Incremental,
            max_parallelism: self.options.max_parallelism,
            manifests: manifests(&parts.snapshots).map_err(Failure::Job)?,
            bases: parts.snapshots.iter().filter_map(Uploaded::base).collect(),
            attachments: self.attached.encode(),
        };
        let mut tries = 1;
        loop {
            let Err(error) = self
                .catalog
                .commit(&self.attempt, &proposal, &self.environment)
            else {
                return Ok(());
            };
            match error.kind() {
                ErrorKind::Indeterminate if tries < COMMITS_MAX => tries += 1,
                ErrorKind::Unavailable => {
                    // The answer to an earlier try may have been lost: then its objects must stay.
                    let deletable = tries == 1;
                    return Err(Failure::Checkpoint {
                        reason: format!("{error:?}"),
                        deletable,
                    });
                }
                _ => {
                    let of = format!("commit checkpoint {checkpoint}");
                    return Err(Failure::Job(error.context(of)));
                }
            }
        }
    }

    fn commit_savepoint(&self, checkpoint: CheckpointId, parts: &[Uploaded]) -> Result<()> {
        let Some(request) = self
            .options
            .savepoint
            .as_ref()
            .filter(|_| !parts.is_empty())
        else {
            return Ok(());
        };
        let storage = Arc::clone(self.catalog.storage());
        let folder = SavepointFolder::of_job(storage, self.catalog.job(), &request.name)?;
        let savepoint = Savepoint {
            job: self.catalog.job().to_owned(),
            checkpoint,
            parallelism: self.peers,
            max_parallelism: self.options.max_parallelism,
            manifests: manifests(parts)?,
            attachments: self.attached.encode(),
            created_unix_millis: self.environment.clock.unix_millis(),
        };
        folder.commit(&savepoint)?;
        self.observer.event(&Event::SavepointCompleted {
            folder: folder.folder().to_owned(),
            report: report(parts),
        });
        Ok(())
    }

    /// Gives up a checkpoint and goes on, if the job can do without it.
    fn give_up(&mut self, epoch: u64, parts: &Parts, reason: String, deletable: bool) -> End {
        self.failures += 1;
        let said = format!(
            "checkpoint {epoch} failed, {} in a row: {reason}",
            self.failures
        );
        if self.attached.ended || self.failures > self.options.checkpoint_failures_max {
            return Err(Error::new(ErrorKind::Unavailable, said));
        }
        if !parts.savepoint.is_empty() {
            return Err(Error::new(
                ErrorKind::Unavailable,
                said + "; no savepoint was taken",
            ));
        }
        tracing::warn!(epoch, reason, "checkpoint aborted");
        if deletable {
            let manifests = manifests(&parts.snapshots)?;
            if let Err(error) = self.catalog.abort(&self.attempt, &manifests) {
                match error.kind() {
                    ErrorKind::Fenced => return Err(error),
                    _ => tracing::warn!(?error, epoch, "objects of an aborted checkpoint are left"),
                }
            }
        }
        let checkpoint = CheckpointId::new(epoch);
        self.observer
            .event(&Event::CheckpointAborted { checkpoint, reason });
        Ok(Announcement {
            epoch,
            complete: false,
        })
    }

    fn retain(&self) {
        let Some(keep) = NonZeroUsize::new(self.options.retained) else {
            return;
        };
        // Costs space, never the checkpoint; if the attempt was taken over, the next commit says so.
        if let Err(error) = self.catalog.retain(&self.attempt, keep) {
            tracing::warn!(?error, "checkpoints that are no longer retained are left");
        }
    }
}

/// An epoch's acknowledgements, as far as they do not outlive it.
#[derive(Default)]
struct Parts {
    snapshots: Vec<Uploaded>,
    savepoint: Vec<Uploaded>,
    failed: Option<(u32, String)>,
}

/// What an epoch that did not become a checkpoint costs.
enum Failure {
    /// The checkpoint. `deletable` says whether nobody can have committed it.
    Checkpoint { reason: String, deletable: bool },
    /// The attempt.
    Job(Error),
}

fn manifests(parts: &[Uploaded]) -> Result<Vec<ManifestRef>> {
    parts.iter().map(Uploaded::manifest).collect()
}

fn report(parts: &[Uploaded]) -> CheckpointReport {
    let reports = parts.iter().map(|part| part.report);
    reports.fold(CheckpointReport::default(), CheckpointReport::and)
}
