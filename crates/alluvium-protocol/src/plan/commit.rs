//! Whether a checkpoint may be added to the log, and who won after an answer that said nothing.
//!
//! How a writer goes about it:
//!
//! 1. read the log; [`plan_fence`] at the begin of an attempt, [`plan_commit`] for a checkpoint;
//! 2. put the record under its sequence number, if absent;
//! 3. unless storage said that it created the object, read the object back and [`settle`]:
//!    on [`Settled::Retry`] put *the same bytes under the same number* again;
//! 4. read the log once more and [`confirm`], for a fence as for a checkpoint, because the number may have
//!    been free only since a newer attempt's retention deleted what was there.
//!
//! A put whose answer never came may still arrive. Therefore a writer that gives up after
//! [`Settled::Retry`] must not delete the manifests that its record names: until another record has taken
//! the number, the checkpoint may yet come to exist. The sweep of orphans finds them if it does not.

use std::collections::BTreeSet;

use crate::catalog::{Commit, Fence, Record};
use crate::error::{Error, ErrorKind, Result};
use crate::key_group::KeyGroupRange;
use crate::manifest::CheckpointId;
use crate::plan::coverage::{self, Fault};
use crate::plan::log::Log;

/// What a writer does with a checkpoint whose snapshots are all uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the catalog must carry out each")]
pub enum CommitPlan {
    /// Put the record under this sequence number, which goes into the record.
    Append {
        /// The next place in the log.
        sequence: u64,
    },
    /// Another attempt has taken over: stop this one, write and delete nothing.
    Fenced {
        /// The attempt that the job is in.
        by: u64,
    },
    /// A base is no longer retained, so its files may be gone: give up this checkpoint, go on with the job.
    BaseGone {
        /// The first base that is missing.
        base: CheckpointId,
    },
}

/// Decides about a checkpoint. `bases` are the bases of its manifests; the proposal's own sequence number is
/// not looked at.
///
/// # Errors
/// - `Incompatible` when the log is of another job or of another maximum parallelism;
/// - `Invalid` when the manifests do not cover every key group exactly once, or when the checkpoint's
///   number is not above those that were committed before;
/// - `Fenced` when the log is empty, so that not even the attempt's own fence is left.
pub fn plan_commit(
    proposed: &Commit,
    bases: &BTreeSet<CheckpointId>,
    log: &Log,
) -> Result<CommitPlan> {
    check_job(&proposed.job, log)?;
    if log.newest().is_none() {
        return Err(Error::new(
            ErrorKind::Fenced,
            format!(
                "the log has no record of attempt {}: its folder was emptied or replaced; start the job anew",
                proposed.attempt
            ),
        ));
    }
    if !log.is_in(proposed.attempt, proposed.fence_sequence) {
        return Ok(CommitPlan::Fenced {
            by: log.last_attempt(),
        });
    }
    if let Some(latest) = log.latest() {
        check_after(proposed, latest)?;
    }
    check_coverage(proposed)?;
    if let Some(base) = bases.iter().find(|base| log.checkpoint(**base).is_none()) {
        return Ok(CommitPlan::BaseGone { base: *base });
    }
    Ok(CommitPlan::Append {
        sequence: log.next_sequence(),
    })
}

/// The record by which a new attempt takes over from all older ones.
///
/// # Errors
/// `Incompatible` when the log is of another job.
pub fn plan_fence(job: &str, nonce: u128, created_unix_millis: i64, log: &Log) -> Result<Fence> {
    check_job(job, log)?;
    Ok(Fence {
        job: job.to_owned(),
        sequence: log.next_sequence(),
        attempt: log.last_attempt().saturating_add(1),
        nonce,
        created_unix_millis,
    })
}

/// Who has the sequence number that a writer put its record under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the catalog must carry out each")]
pub enum Settled {
    /// The writer's own record is there.
    Ours,
    /// Another record is there: read the log and plan again, which says whether the writer is fenced.
    Lost {
        /// The attempt that wrote it.
        by: u64,
    },
    /// Nothing is there: put the same bytes under the same number again.
    Retry,
}

/// Compares the record that was put with the one that is found under its sequence number.
#[must_use]
pub fn settle(proposed_nonce: u128, found: Option<&Record>) -> Settled {
    match found {
        None => Settled::Retry,
        Some(record) if record.nonce() == Some(proposed_nonce) => Settled::Ours,
        Some(record) => Settled::Lost {
            by: record.attempt(),
        },
    }
}

/// Whether a record that its writer got into the log counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the catalog must carry out each")]
pub enum Confirmed {
    /// It counts, and its attempt is the one that the job is in.
    Counts,
    /// The job is in another attempt: stop. If the record is a commit, whether it counts is for that attempt
    /// to say. If it is a fence that came too late, a new one may be planned.
    Fenced {
        /// The attempt that the job is in.
        by: u64,
    },
}

/// Looks at the log as it was read *after* a record of `attempt`, a commit or a fence, was put.
#[must_use]
pub fn confirm(attempt: u64, sequence: u64, log: &Log) -> Confirmed {
    if log.counts(sequence) && log.last_attempt() == attempt {
        Confirmed::Counts
    } else {
        Confirmed::Fenced {
            by: log.last_attempt(),
        }
    }
}

fn check_job(job: &str, log: &Log) -> Result<()> {
    match log.job() {
        Some(owner) if owner != job => Err(Error::incompatible(format!(
            "the log is of job `{owner}`, not of `{job}`: give each job a folder of its own"
        ))),
        _ => Ok(()),
    }
}

fn check_after(proposed: &Commit, latest: &Commit) -> Result<()> {
    let (was, is) = (latest.max_parallelism, proposed.max_parallelism);
    if was != is {
        return Err(Error::incompatible(format!(
            "checkpoint {} has max parallelism {is}, but the job's checkpoints have {was}: it is fixed for \
             a job's life; to change it, write a savepoint anew with {is} key groups and start a job from it",
            proposed.checkpoint
        )));
    }
    if proposed.checkpoint <= latest.checkpoint {
        return Err(Error::invalid(format!(
            "checkpoint {} does not come after checkpoint {}, which is committed: number checkpoints \
             from {} on",
            proposed.checkpoint,
            latest.checkpoint,
            latest.checkpoint.get().saturating_add(1)
        )));
    }
    Ok(())
}

fn check_coverage(proposed: &Commit) -> Result<()> {
    let id = proposed.checkpoint;
    let ranges: Vec<KeyGroupRange> = proposed.manifests.iter().map(|part| part.range).collect();
    let subtask = |index: usize| proposed.manifests.get(index).map_or(0, |part| part.subtask);
    let all = proposed.max_parallelism.all();
    if let Some(beyond) = ranges.iter().find(|range| !all.covers(**range)) {
        return Err(Error::invalid(format!(
            "checkpoint {id}: key groups {beyond} are not among {}",
            proposed.max_parallelism
        )));
    }
    match coverage::overlap(&ranges).or_else(|| coverage::gap(all, &ranges)) {
        None => Ok(()),
        Some(Fault::Gap(groups)) => Err(Error::invalid(format!(
            "checkpoint {id}: no manifest has key groups {groups}: every subtask must hand in its snapshot"
        ))),
        Some(Fault::Overlap(left, right, groups)) => Err(Error::invalid(format!(
            "checkpoint {id}: subtasks {} and {} both have key groups {groups}",
            subtask(left),
            subtask(right)
        ))),
    }
}
