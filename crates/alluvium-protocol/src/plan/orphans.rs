//! Which objects of a job's folder are nobody's.
//!
//! Uploads that came to nothing, attempts that were taken over and sweeps that were interrupted leave objects that
//! no checkpoint needs. They are found by comparing a listing with the log *as it was read after the listing*: what
//! was committed by then is seen, and what was not is told from a checkpoint in the making by its age.
//!
//! Never an orphan is
//!
//! - what a checkpoint of the log refers to, whatever its age;
//! - what was written after the cut-off, and what belongs to a checkpoint any of whose objects was: its manifests, and
//!   the files that these refer to, for the rest of it may still be on its way;
//! - an object of a savepoint, or one whose name nobody here gave;
//! - a record that counts.
//!
//! So the cut-off must be older than the begin of any checkpoint that may still be committed. Behind a fence there is
//! none, and the cut-off may be the end of time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use crate::catalog::names::ObjectName;
use crate::catalog::{Commit, Record, names};
use crate::error::Result;
use crate::manifest::{CheckpointId, Manifest};
use crate::plan::log::Log;
use crate::plan::retention::referenced;

/// One object of a listing, or an unfinished file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "listings build it field by field"
)]
pub struct Listed {
    /// Its name, relative to the job's folder.
    pub object: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// When it was last written, in milliseconds since the Unix epoch.
    pub modified_unix_millis: i64,
}

/// An object that no checkpoint needs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plan is data")]
pub struct Orphan {
    /// The object.
    pub listed: Listed,
    /// Why nobody needs it.
    pub reason: OrphanReason,
}

/// Why an object is nobody's, in the order in which such objects are deleted: a checkpoint that does not count stops
/// to be there before its manifests do, and they before its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "reports name each")]
pub enum OrphanReason {
    /// A record that does not count: it got into a hole of the log, from an attempt that was taken over or by a put
    /// that arrived late, or it is a cut behind another.
    VoidRecord,
    /// A manifest of a checkpoint whose record does not count.
    VoidManifest,
    /// A manifest that no record names.
    UncommittedManifest,
    /// A file that only manifests of such checkpoints refer to.
    UncommittedFile,
    /// A file that later snapshots might have referred to, and no manifest does.
    UnreferencedShared,
    /// A file of one snapshot alone, and no manifest refers to it.
    UnreferencedExclusive,
    /// No object: what was left of one whose writer was killed.
    Unfinished,
}

impl fmt::Display for OrphanReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::VoidRecord => "record that does not count",
            Self::VoidManifest => "manifest of a checkpoint whose record does not count",
            Self::UncommittedManifest => "manifest of a checkpoint that was not committed",
            Self::UncommittedFile => "file of a checkpoint that was not committed",
            Self::UnreferencedShared => "shared file that no manifest refers to",
            Self::UnreferencedExclusive => "file of a snapshot without a manifest",
            Self::Unfinished => "write that was interrupted",
        })
    }
}

/// The cut-off for objects of at least this age.
#[must_use]
pub fn cut_off(age_min: Duration, now_unix_millis: i64) -> i64 {
    let age_min = i64::try_from(age_min.as_millis()).unwrap_or(i64::MAX);
    now_unix_millis.saturating_sub(age_min)
}

/// The objects of a listing that no checkpoint needs and that were written at `cut_off` or before, in the order in
/// which they are to be deleted: by reason, then by name.
///
/// `manifests` has the manifests of all checkpoints of the log by the names of their objects, and those of all other
/// manifests of the listing that could be read. One that cannot be read can be committed by nobody.
///
/// # Errors
/// `Invalid` when the manifest of a checkpoint of the log is missing: what it refers to is not known then.
pub fn orphans(
    listing: &[Listed],
    log: &Log,
    manifests: &BTreeMap<String, Manifest>,
    cut_off: i64,
) -> Result<Vec<Orphan>> {
    let checkpoints: Vec<&Commit> = log.checkpoints().collect();
    let known = Known {
        needed: referenced(&checkpoints, manifests)?,
        pending: pending(listing, log, manifests, cut_off),
        void: void_manifests(log),
        named: files_of(manifests.values()),
        log,
    };
    let mut orphans: Vec<Orphan> = listing
        .iter()
        .filter(|listed| listed.modified_unix_millis <= cut_off)
        .filter_map(|listed| {
            Some(Orphan {
                listed: listed.clone(),
                reason: known.reason(&listed.object)?,
            })
        })
        .collect();
    orphans.sort_by(|a, b| (a.reason, &a.listed.object).cmp(&(b.reason, &b.listed.object)));
    Ok(orphans)
}

/// What is known of a job's objects.
struct Known<'a> {
    /// What the log's checkpoints refer to.
    needed: BTreeSet<String>,
    /// What may belong to a checkpoint in the making.
    pending: BTreeSet<&'a str>,
    /// Manifests that only records name which do not count.
    void: BTreeSet<&'a str>,
    /// Files that any manifest refers to.
    named: BTreeSet<&'a str>,
    log: &'a Log,
}

impl Known<'_> {
    fn reason(&self, object: &str) -> Option<OrphanReason> {
        if self.needed.contains(object) || self.pending.contains(object) {
            return None;
        }
        if let Some(object) = names::unfinished(object) {
            let is_savepoints = matches!(object, ObjectName::Savepoint { .. });
            return (!is_savepoints).then_some(OrphanReason::Unfinished);
        }
        let unless_named = |reason| {
            if self.named.contains(object) {
                OrphanReason::UncommittedFile
            } else {
                reason
            }
        };
        match object.parse() {
            Ok(ObjectName::Record { sequence }) => {
                let is_void = self.log.record(sequence).is_some() && !self.log.counts(sequence);
                is_void.then_some(OrphanReason::VoidRecord)
            }
            Ok(ObjectName::Manifest { .. }) if self.void.contains(object) => {
                Some(OrphanReason::VoidManifest)
            }
            Ok(ObjectName::Manifest { .. }) => Some(OrphanReason::UncommittedManifest),
            Ok(ObjectName::Shared { .. }) => Some(unless_named(OrphanReason::UnreferencedShared)),
            Ok(ObjectName::Exclusive { .. }) => {
                Some(unless_named(OrphanReason::UnreferencedExclusive))
            }
            Ok(ObjectName::Savepoint { .. }) | Err(_) => None,
        }
    }
}

/// Objects of checkpoints in the making: of those that have an object which was written after the cut-off, the record
/// included.
fn pending<'a>(
    listing: &'a [Listed],
    log: &'a Log,
    manifests: &'a BTreeMap<String, Manifest>,
    cut_off: i64,
) -> BTreeSet<&'a str> {
    let old: BTreeSet<&str> = listing
        .iter()
        .filter(|listed| listed.modified_unix_millis <= cut_off)
        .map(|listed| listed.object.as_str())
        .collect();
    let young: BTreeSet<(CheckpointId, u64)> = listing
        .iter()
        .filter(|listed| listed.modified_unix_millis > cut_off)
        .filter_map(|listed| snapshot_of(&listed.object))
        .collect();
    // A record that is not in the listing was written after it.
    let young_records = log
        .void()
        .filter(|record| !old.contains(names::record(record.sequence()).as_str()));
    let by_record = young_records.flat_map(parts).flat_map(|object| {
        let known = manifests.get_key_value(object);
        known.map(|(object, manifest)| (object.as_str(), manifest))
    });
    let by_age = manifests
        .iter()
        .filter(|(object, _)| snapshot_of(object).is_some_and(|it| young.contains(&it)))
        .map(|(object, manifest)| (object.as_str(), manifest));
    let without_manifest = listing
        .iter()
        .map(|listed| listed.object.as_str())
        .filter(|object| snapshot_of(object).is_some_and(|it| young.contains(&it)));
    by_record
        .chain(by_age)
        .flat_map(|(object, manifest)| {
            std::iter::once(object).chain(manifest.files.iter().map(|file| file.object.as_str()))
        })
        .chain(without_manifest)
        .collect()
}

/// The checkpoint and the attempt that an object belongs to, if its name tells.
fn snapshot_of(object: &str) -> Option<(CheckpointId, u64)> {
    let name = names::unfinished(object).or_else(|| object.parse().ok());
    name?.snapshot()
}

fn void_manifests(log: &Log) -> BTreeSet<&str> {
    log.void().flat_map(parts).collect()
}

fn parts(record: &Record) -> impl Iterator<Item = &str> {
    let manifests = match record {
        Record::Commit(commit) => commit.manifests.as_slice(),
        Record::Fence(_) | Record::Cut(_) => &[],
    };
    manifests.iter().map(|part| part.object.as_str())
}

fn files_of<'a>(manifests: impl Iterator<Item = &'a Manifest>) -> BTreeSet<&'a str> {
    manifests
        .flat_map(|manifest| &manifest.files)
        .map(|file| file.object.as_str())
        .collect()
}
