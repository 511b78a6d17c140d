//! Which objects may be deleted.
//!
//! Retention keeps the newest checkpoints and deletes what only older ones use: never an object that a kept
//! checkpoint's manifest names, never a savepoint, never what it knows nothing of. What uploads that came to
//! nothing left behind is for [`orphans`](super::orphans) to find.
//!
//! A plan is carried out in its order: the cut, from which on the checkpoints below exist no more and cannot come
//! back; then records before manifests before files, each list from the front. What an interrupted sweep leaves
//! is orphans.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use crate::catalog::{Commit, Cut, Record, names};
use crate::error::{Error, Result};
use crate::manifest::{CheckpointId, Manifest};
use crate::plan::log::Log;

/// Which checkpoints are kept and which are dropped, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plan is data")]
pub struct Division<'a> {
    /// The newest ones: at least one, if there is any.
    pub kept: Vec<&'a Commit>,
    /// The older ones.
    pub dropped: Vec<&'a Commit>,
}

/// Divides a log's checkpoints: the newest `keep` stay.
#[must_use]
pub fn divide(log: &Log, keep: NonZeroUsize) -> Division<'_> {
    let mut dropped: Vec<_> = log.checkpoints().collect();
    let kept = dropped.split_off(dropped.len().saturating_sub(keep.get()));
    Division { kept, dropped }
}

/// The cut to put, whatever is in its place; then names of objects to delete: first records, then manifests, then files,
/// each list from the front.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plan is data")]
pub struct RetentionPlan {
    /// The end of what is dropped. `None` when the log ends there already.
    pub cut: Option<Cut>,
    /// Records of the log below the cut, ascending.
    pub records: Vec<String>,
    /// Manifests of dropped checkpoints.
    pub manifests: Vec<String>,
    /// Files that only dropped checkpoints refer to.
    pub objects: Vec<String>,
}

/// Plans what to delete so that the newest `keep` checkpoints stay.
///
/// `manifests` has the manifests of all checkpoints of the log by the names of their objects. One of a
/// dropped checkpoint may be missing (an earlier sweep was interrupted): its files are orphans then.
///
/// # Errors
/// `Invalid` when the manifest of a kept checkpoint is missing: what it refers to is not known then.
pub fn plan_retention(
    log: &Log,
    keep: NonZeroUsize,
    manifests: &BTreeMap<String, Manifest>,
) -> Result<RetentionPlan> {
    let division = divide(log, keep);
    match division.kept.first() {
        Some(oldest) => plan_division(log, oldest.sequence, &division, manifests),
        None => Ok(RetentionPlan::default()),
    }
}

/// Divides a log's checkpoints: those up to checkpoint `last` go, because another job has a copy of it.
#[must_use]
pub fn divide_behind(log: &Log, last: CheckpointId) -> Division<'_> {
    let (dropped, kept) = log
        .checkpoints()
        .partition(|commit| commit.checkpoint <= last);
    Division { kept, dropped }
}

/// Plans what to delete so that checkpoint `last` and the older ones exist no more, `last` being the last to go.
/// `manifests` is as for [`plan_retention`].
///
/// # Errors
/// `Invalid` when the newest record would have to go, which a log never loses: append a fence before. `Invalid`
/// too when the manifest of a checkpoint that stays is missing.
pub fn plan_release(
    log: &Log,
    last: CheckpointId,
    manifests: &BTreeMap<String, Manifest>,
) -> Result<RetentionPlan> {
    let division = divide_behind(log, last);
    let newest = log.newest().map_or(0, Record::sequence);
    if division
        .dropped
        .iter()
        .any(|commit| commit.sequence == newest)
    {
        return Err(Error::invalid(format!(
            "checkpoint {last} is the newest record of the log: append a fence before it goes"
        )));
    }
    let oldest = division
        .kept
        .first()
        .map_or(newest, |commit| commit.sequence);
    plan_division(log, oldest, &division, manifests)
}

/// Plans what to delete so that the log begins with record `oldest`.
fn plan_division(
    log: &Log,
    oldest: u64,
    division: &Division<'_>,
    manifests: &BTreeMap<String, Manifest>,
) -> Result<RetentionPlan> {
    let referenced = referenced(&division.kept, manifests)?;
    let cut = cut_below(log, oldest);
    let mut deletable = RetentionPlan {
        records: records_below(log, oldest, cut),
        cut: cut.and_then(|sequence| cut_at(log, sequence)),
        ..Default::default()
    };
    let names: BTreeSet<&str> = division
        .dropped
        .iter()
        .flat_map(|commit| &commit.manifests)
        .map(|part| part.object.as_str())
        .filter(|object| !referenced.contains(*object))
        .collect();
    let files: BTreeSet<&str> = names
        .iter()
        .filter_map(|object| manifests.get(*object))
        .flat_map(|manifest| &manifest.files)
        .map(|file| file.object.as_str())
        .filter(|object| !referenced.contains(*object))
        .collect();
    deletable.manifests = names.into_iter().map(str::to_owned).collect();
    deletable.objects = files.into_iter().map(str::to_owned).collect();
    Ok(deletable)
}

/// All objects that checkpoints need: their manifests, and the files that those refer to.
///
/// # Errors
/// `Invalid` when a manifest of one of the checkpoints is missing.
pub fn referenced(
    checkpoints: &[&Commit],
    manifests: &BTreeMap<String, Manifest>,
) -> Result<BTreeSet<String>> {
    let mut objects = BTreeSet::new();
    for commit in checkpoints {
        for part in &commit.manifests {
            let manifest = manifests.get(&part.object).ok_or_else(|| {
                Error::invalid(format!(
                    "manifest {} of checkpoint {} is not known: nothing can be deleted safely",
                    part.object, commit.checkpoint
                ))
            })?;
            objects.insert(part.object.clone());
            objects.extend(manifest.files.iter().map(|file| file.object.clone()));
        }
    }
    Ok(objects)
}

/// The fence of the attempt that the job is in, which is neither deleted nor replaced: one that slept before it wrote its
/// own must not find that place free, and take the same number there.
fn fence(log: &Log) -> Option<u64> {
    log.newest().and_then(Record::fence_sequence)
}

/// Where a log that begins with record `oldest` has its cut: right below it, or below the fence that is there. `None` when
/// nothing was ever there.
fn cut_below(log: &Log, oldest: u64) -> Option<u64> {
    let below = |sequence: u64| sequence.checked_sub(1).filter(|sequence| *sequence > 0);
    let cut = below(oldest)?;
    if Some(cut) == fence(log) {
        below(cut)
    } else {
        Some(cut)
    }
}

/// The cut to put there, unless it is there.
fn cut_at(log: &Log, sequence: u64) -> Option<Cut> {
    let newest = log.newest()?;
    if let Some(Record::Cut(_)) = log.record(sequence) {
        return None;
    }
    Some(Cut {
        job: newest.job().to_owned(),
        sequence,
        attempt: newest.attempt(),
    })
}

/// Records before the oldest kept checkpoint, void ones and older cuts too.
fn records_below(log: &Log, oldest: u64, cut: Option<u64>) -> Vec<String> {
    let stays = [fence(log), cut];
    log.records()
        .map(Record::sequence)
        .filter(|sequence| *sequence < oldest && !stays.contains(&Some(*sequence)))
        .map(names::record)
        .collect()
}
