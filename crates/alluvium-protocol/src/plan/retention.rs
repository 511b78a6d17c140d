//! Which objects may be deleted.
//!
//! Retention keeps the newest checkpoints and deletes what only older ones use: never an object that a kept
//! checkpoint's manifest names, never a savepoint, never what it knows nothing of. What uploads that came to
//! nothing left behind is found by listing ([`orphans`]) and swept when somebody asks.
//!
//! A plan is carried out in its order, records before manifests before files, and each list from the front:
//! a checkpoint stops to exist before its files do, and records never miss one in the middle. What an
//! interrupted sweep leaves is orphans.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

use crate::catalog::names::{self, ObjectName};
use crate::catalog::{Commit, Record};
use crate::error::{Error, Result};
use crate::manifest::Manifest;
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

/// Names of objects to delete: first records, then manifests, then files, each list from the front.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plan is data")]
pub struct RetentionPlan {
    /// Records of the log, ascending.
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
    let Division { kept, dropped } = divide(log, keep);
    let Some(oldest) = kept.first().map(|commit| commit.sequence) else {
        return Ok(RetentionPlan::default());
    };
    let referenced = referenced(&kept, manifests)?;
    let mut deletable = RetentionPlan {
        records: records_below(log, oldest),
        ..Default::default()
    };
    let names: BTreeSet<&str> = dropped
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

/// Records before the oldest kept checkpoint, void ones too, but not the fence of the attempt that the job is
/// in: one that slept before it wrote its own must not find that place free, and take the same number there.
fn records_below(log: &Log, oldest: u64) -> Vec<String> {
    let fence = log.newest().map(Record::fence_sequence);
    log.records()
        .map(Record::sequence)
        .filter(|sequence| *sequence < oldest && Some(*sequence) != fence)
        .map(names::record)
        .collect()
}

/// One object of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "listings build it field by field"
)]
pub struct Listed {
    /// Its name, relative to the job's folder.
    pub object: String,
    /// When it was last written, in milliseconds since the Unix epoch.
    pub modified_unix_millis: i64,
}

/// Why an object is nobody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "reports name each")]
pub enum OrphanReason {
    /// A manifest of no committed checkpoint.
    UnreferencedManifest,
    /// A file that later snapshots might have referred to, and none does.
    UnreferencedShared,
    /// A file of one snapshot, whose checkpoint does not refer to it or is not committed.
    UnreferencedExclusive,
}

impl fmt::Display for OrphanReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnreferencedManifest => "manifest of no committed checkpoint",
            Self::UnreferencedShared => "shared file that no committed checkpoint refers to",
            Self::UnreferencedExclusive => "file of a snapshot that is not committed",
        })
    }
}

/// Objects of a listing that no checkpoint needs, each with the reason.
///
/// `referenced` is what [`fn@referenced`] gave for all checkpoints of a log that was read *after* the listing.
/// Objects younger than `age_min` are left alone, for they may belong to a checkpoint that is being made:
/// it has to be longer than any checkpoint takes. So are records, savepoints and names nobody gave.
#[must_use]
pub fn orphans(
    listing: &[Listed],
    referenced: &BTreeSet<String>,
    age_min: Duration,
    now_unix_millis: i64,
) -> Vec<(String, OrphanReason)> {
    let age_min = i64::try_from(age_min.as_millis()).unwrap_or(i64::MAX);
    let written_before = now_unix_millis.saturating_sub(age_min);
    listing
        .iter()
        .filter(|listed| listed.modified_unix_millis <= written_before)
        .filter(|listed| !referenced.contains(&listed.object))
        .filter_map(|listed| Some((listed.object.clone(), orphan_reason(&listed.object)?)))
        .collect()
}

fn orphan_reason(object: &str) -> Option<OrphanReason> {
    match object.parse() {
        Ok(ObjectName::Manifest { .. }) => Some(OrphanReason::UnreferencedManifest),
        Ok(ObjectName::Shared { .. }) => Some(OrphanReason::UnreferencedShared),
        Ok(ObjectName::Exclusive { .. }) => Some(OrphanReason::UnreferencedExclusive),
        Ok(ObjectName::Record { .. } | ObjectName::Savepoint { .. }) | Err(_) => None,
    }
}
