//! Adding to the log: attempts that take over, checkpoints that are committed.
//!
//! Invariant: a call returns success only after it has read the log *behind* its own record, for the
//! place may have been free only since a newer attempt's retention deleted what was there.

use std::collections::{BTreeMap, BTreeSet};

use alluvium_protocol::catalog::{Commit, ManifestRef, Record, names};
use alluvium_protocol::key_group::MaxParallelism;
use alluvium_protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium_protocol::plan::commit::{
    CommitPlan, Confirmed, Settled, confirm, plan_commit, plan_fence, settle,
};
use alluvium_protocol::plan::log::Log;

use super::{Catalog, LOSSES_MAX, PUTS_MAX};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::PutOutcome;

/// One execution of a job, entitled to commit until a newer one takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "engines carry it between processes"
)]
pub struct Attempt {
    /// Its number, from 1 on.
    pub number: u64,
    /// Where in the log it took over.
    pub fence_sequence: u64,
}

/// A checkpoint whose snapshots are all uploaded, to be committed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "engines build it field by field")]
pub struct Proposal {
    /// Its number, above those of all committed checkpoints.
    pub checkpoint: CheckpointId,
    /// Whether its snapshots may refer to earlier files.
    pub kind: SnapshotKind,
    /// The number of key groups.
    pub max_parallelism: MaxParallelism,
    /// The manifests of its snapshots, one for each subtask.
    pub manifests: Vec<ManifestRef>,
    /// The checkpoints whose files those snapshots refer to.
    pub bases: BTreeSet<CheckpointId>,
    /// What the engine wants back with this checkpoint: source offsets, pending sink files.
    pub attachments: BTreeMap<String, Vec<u8>>,
}

impl Catalog {
    /// Starts a new attempt of the job: from here on older ones are fenced.
    ///
    /// # Errors
    /// `Fenced` when a newer attempt started meanwhile; `Incompatible` when the folder is another job's;
    /// `Unavailable` when storage fails or too many attempts start at the same time; `Indeterminate` when
    /// storage does not tell whether it did: start another attempt then.
    pub fn start_attempt(&self, environment: &Environment) -> Result<Attempt> {
        for _ in 0..LOSSES_MAX {
            let log = self.read_log()?;
            let nonce = environment.random.bits();
            let fence = plan_fence(&self.job, nonce, environment.clock.unix_millis(), &log)?;
            let attempt = Attempt {
                number: fence.attempt,
                fence_sequence: fence.sequence,
            };
            let record = Record::Fence(fence);
            match self.append(&record, nonce)? {
                Appended::Ours => {
                    self.confirm(&record)?;
                    tracing::info!(job = self.job, attempt = attempt.number, "attempt started");
                    return Ok(attempt);
                }
                Appended::Lost => {}
            }
        }
        Err(self.crowded("start an attempt"))
    }

    /// Commits a checkpoint: it exists once this returns.
    ///
    /// Committing what this attempt has committed already succeeds again, so a call that ended
    /// `Indeterminate` or `Unavailable` may be repeated.
    ///
    /// # Errors
    /// - `Fenced` when a newer attempt has taken over: stop; write and delete nothing any more;
    /// - `Invalid` when the manifests do not cover every key group once, or the number is not a new one;
    /// - `Incompatible` when the job's maximum parallelism is another, or the folder is another job's;
    /// - `Unavailable` when the checkpoint is not committed: storage failed, or a base is no longer
    ///   retained, in which case give this checkpoint up and go on with a later one;
    /// - `Indeterminate` when it may yet come to exist: its objects must not be deleted.
    pub fn commit(
        &self,
        attempt: &Attempt,
        proposal: &Proposal,
        environment: &Environment,
    ) -> Result<Commit> {
        let mut commit = self.record_of(attempt, proposal, environment)?;
        for _ in 0..LOSSES_MAX {
            let log = self.read_log()?;
            if let Some(committed) = earlier(&log, &commit) {
                let committed = committed.clone();
                self.confirmed_by(&Record::Commit(committed.clone()), &log)?;
                return Ok(committed);
            }
            commit.sequence = match plan_commit(&commit, &proposal.bases, &log)? {
                CommitPlan::Append { sequence } => sequence,
                CommitPlan::Fenced { by } => return Err(self.fenced(attempt.number, by)),
                CommitPlan::BaseGone { base } => return Err(base_gone(proposal.checkpoint, base)),
            };
            let record = Record::Commit(commit.clone());
            match self.append(&record, commit.nonce)? {
                Appended::Ours => {
                    self.confirm(&record)?;
                    return Ok(commit);
                }
                Appended::Lost => {}
            }
        }
        Err(self.crowded(&format!("commit checkpoint {}", proposal.checkpoint)))
    }

    /// The record that a proposal becomes; its sequence number is not decided yet.
    fn record_of(
        &self,
        attempt: &Attempt,
        proposal: &Proposal,
        environment: &Environment,
    ) -> Result<Commit> {
        let parallelism = u32::try_from(proposal.manifests.len()).map_err(|error| {
            Error::invalid("a checkpoint of too many snapshots").with_source(error)
        })?;
        Ok(Commit {
            job: self.job.clone(),
            sequence: 0,
            attempt: attempt.number,
            fence_sequence: attempt.fence_sequence,
            nonce: environment.random.bits(),
            checkpoint: proposal.checkpoint,
            kind: proposal.kind,
            parallelism,
            max_parallelism: proposal.max_parallelism,
            manifests: proposal.manifests.clone(),
            attachments: proposal.attachments.clone(),
            created_unix_millis: environment.clock.unix_millis(),
        })
    }

    /// Puts a record with this nonce under its sequence number, and finds out whose record is there then.
    fn append(&self, record: &Record, nonce: u128) -> Result<Appended> {
        let object = names::record(record.sequence());
        let bytes = record.encode();
        let mut doubt = None;
        let mut failure = None;
        for _ in 0..PUTS_MAX {
            match self.storage.put_if_absent(&self.object(&object), &bytes) {
                Ok(PutOutcome::Created) => return Ok(Appended::Ours),
                Ok(PutOutcome::Exists) => {}
                Err(error) if error.kind() == ErrorKind::Indeterminate => doubt = Some(error),
                Err(error) if error.kind() == ErrorKind::Unavailable => failure = Some(error),
                Err(error) => return Err(error),
            }
            // A storage that answered badly is asked all the same: an error is never taken for a "no".
            match self.record(&object) {
                Ok(found) => match settle(nonce, found.as_ref()) {
                    Settled::Ours => return Ok(Appended::Ours),
                    Settled::Lost { .. } => return Ok(Appended::Lost),
                    Settled::Retry => {}
                },
                Err(error) => doubt = Some(error),
            }
        }
        match (doubt, failure) {
            // Every put was refused, and each time nothing was there afterwards.
            (None, Some(refusal)) => Err(refusal),
            (doubt, _) => Err(self.unsettled(&object, doubt)),
        }
    }

    fn unsettled(&self, object: &str, doubt: Option<Error>) -> Error {
        let message = format!(
            "storage did not settle after {PUTS_MAX} tries whether it wrote {}: try again",
            self.told(object)
        );
        let error = Error::new(ErrorKind::Indeterminate, message);
        match doubt {
            Some(doubt) => error.with_source(doubt),
            None => error,
        }
    }

    /// Reads the log behind an own record.
    fn confirm(&self, record: &Record) -> Result<()> {
        let log = self.read_log().map_err(|error| {
            let object = self.told(&names::record(record.sequence()));
            let message = format!("{object} was written, but not confirmed: try again");
            Error::new(ErrorKind::Indeterminate, message).with_source(error)
        })?;
        self.confirmed_by(record, &log)
    }

    fn confirmed_by(&self, record: &Record, log: &Log) -> Result<()> {
        match confirm(record.attempt(), record.sequence(), log) {
            Confirmed::Counts => Ok(()),
            Confirmed::Fenced { by } => Err(self.fenced(record.attempt(), by)),
        }
    }

    fn crowded(&self, operation: &str) -> Error {
        let message = format!(
            "{operation} of job {}: lost to other writers {LOSSES_MAX} times; \
             see that only one attempt runs",
            self.job
        );
        Error::new(ErrorKind::Unavailable, message)
    }
}

/// Whose record has the sequence number.
enum Appended {
    Ours,
    Lost,
}

/// The same checkpoint, committed by an earlier call whose answer was lost.
fn earlier<'a>(log: &'a Log, proposed: &Commit) -> Option<&'a Commit> {
    let same = |committed: &&Commit| {
        committed.attempt == proposed.attempt
            && committed.fence_sequence == proposed.fence_sequence
            && committed.manifests == proposed.manifests
            && committed.attachments == proposed.attachments
    };
    log.checkpoint(proposed.checkpoint).filter(same)
}

fn base_gone(checkpoint: CheckpointId, base: CheckpointId) -> Error {
    let message = format!(
        "checkpoint {checkpoint} refers to files of checkpoint {base}, which is no longer retained: \
         give it up and go on with the next"
    );
    Error::new(ErrorKind::Unavailable, message)
}
