//! Deleting what no checkpoint needs: after a commit, and after a checkpoint was given up.
//!
//! Invariants: an attempt that was taken over deletes nothing; a checkpoint stops to exist before
//! anything of it is deleted. Failing to delete costs space and never a checkpoint: it is logged, reported
//! and found again by the sweep of orphans. Which objects go is decided in `protocol::plan::retention`.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::PoisonError;

use alluvium_protocol::catalog::{Commit, Cut, ManifestRef, Record, names};
use alluvium_protocol::file::FileRef;
use alluvium_protocol::manifest::{CheckpointId, Manifest};
use alluvium_protocol::plan::log::Log;
use alluvium_protocol::plan::retention::{
    Division, RetentionPlan, divide, divide_behind, plan_release, plan_retention,
};

use super::{Attempt, Catalog};
use crate::error::{Error, ErrorKind, Result};

/// What a sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Swept {
    /// Objects that were deleted.
    pub deleted: u64,
    /// Names of objects that could not be deleted, relative to the job's folder, or were not tried
    /// because what must go first could not be.
    pub left: Vec<String>,
}

/// What retention would delete.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// The checkpoints that stay, oldest first.
    pub kept: Vec<Commit>,
    /// The checkpoints that go, oldest first.
    pub dropped: Vec<Dropped>,
    /// All objects that go, in order: the records and manifests of those checkpoints, records that no longer matter,
    /// and files.
    pub plan: RetentionPlan,
}

/// A checkpoint that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// Its record.
    pub commit: Commit,
    /// Names and lengths of the files that go with it: neither a checkpoint that stays nor a newer one that goes
    /// refers to them.
    pub files: Vec<(String, u64)>,
}

impl Catalog {
    /// Deletes what only older checkpoints than the newest `keep` need.
    ///
    /// Meant to be called after each commit, and not to be waited for: it may as well be called after
    /// the next one. Objects that cannot be deleted are in the result and no error.
    ///
    /// # Errors
    /// `Fenced` when a newer attempt has taken over: nothing was deleted; `Unavailable` when storage fails
    /// to tell what there is; `Corrupt` when a record, or a manifest of a checkpoint that is kept, is
    /// damaged or missing: nothing can be deleted safely then.
    pub fn retain(&self, attempt: &Attempt, keep: NonZeroUsize) -> Result<Swept> {
        let log = self.read_log()?;
        self.check_newest(attempt, &log)?;
        let plan = self.plan_dropping(&divide(&log, keep), |known| {
            Ok(plan_retention(&log, keep, known)?)
        })?;
        Ok(self.carry_out(plan))
    }

    /// What [`Self::retain`] would delete. Deletes nothing, and may be called by anybody.
    ///
    /// # Errors
    /// As [`Self::retain`], but never `Fenced`.
    pub fn plan_retention(&self, keep: NonZeroUsize) -> Result<Retention> {
        let log = self.read_log()?;
        let division = divide(&log, keep);
        self.plan_dropping(&division, |known| {
            let plan = plan_retention(&log, keep, known)?;
            let mut left: BTreeSet<&str> = plan.objects.iter().map(String::as_str).collect();
            let newest_first = division.dropped.iter().rev().map(|commit| Dropped {
                commit: (*commit).clone(),
                files: parts(&[commit])
                    .filter_map(|part| known.get(&part.object))
                    .flat_map(|manifest| &manifest.files)
                    .filter(|file| left.remove(file.object.as_str()))
                    .map(|file| (file.object.clone(), file.bytes))
                    .collect(),
            });
            let mut dropped: Vec<Dropped> = newest_first.collect();
            dropped.reverse();
            Ok(Retention {
                kept: division.kept.iter().copied().cloned().collect(),
                dropped,
                plan,
            })
        })
    }

    /// Deletes checkpoint `last` and all older ones, `last` being the last to go: another job has it.
    pub(super) fn release(&self, attempt: &Attempt, last: CheckpointId) -> Result<Swept> {
        let log = self.read_log()?;
        self.check_newest(attempt, &log)?;
        let plan = self.plan_dropping(&divide_behind(&log, last), |known| {
            Ok(plan_release(&log, last, known)?)
        })?;
        Ok(self.carry_out(plan))
    }

    /// Plans with the manifests of those checkpoints that are kept, and those of the others that are there.
    fn plan_dropping<T>(
        &self,
        division: &Division<'_>,
        plan: impl FnOnce(&BTreeMap<String, Manifest>) -> Result<T>,
    ) -> Result<T> {
        self.with_manifests(&division.kept, |known| {
            for part in parts(&division.dropped) {
                if !known.contains_key(&part.object)
                    && let Some(manifest) = self.dropped_manifest(part)?
                {
                    known.insert(part.object.clone(), manifest);
                }
            }
            plan(known)
        })
    }

    /// Plans with all manifests of these checkpoints, and perhaps others. They are remembered; what the plan adds
    /// to them is not.
    ///
    /// # Errors
    /// `Corrupt` when one is damaged or missing, `Unavailable` when storage fails; else the plan's.
    pub(super) fn with_manifests<T>(
        &self,
        checkpoints: &[&Commit],
        plan: impl FnOnce(&mut BTreeMap<String, Manifest>) -> Result<T>,
    ) -> Result<T> {
        let mut known = self
            .manifests
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for part in parts(checkpoints) {
            if !known.contains_key(&part.object) {
                known.insert(part.object.clone(), self.manifest(part)?);
            }
        }
        let planned = plan(&mut known);
        let needed: BTreeSet<&str> = parts(checkpoints)
            .map(|part| part.object.as_str())
            .collect();
        known.retain(|object, _| needed.contains(object.as_str()));
        planned
    }

    /// Cuts the log, and deletes in the order of the plan. Without the cut nothing goes.
    fn carry_out(&self, plan: RetentionPlan) -> Swept {
        let mut swept = Swept::default();
        let objects = plan.records.into_iter();
        let objects = objects.chain(plan.manifests).chain(plan.objects);
        if plan.cut.is_none_or(|cut| self.cut(&mut swept, cut)) {
            for object in objects {
                self.delete(&mut swept, &object);
            }
        } else {
            swept.left.extend(objects);
        }
        swept
    }

    /// Deletes a checkpoint that was given up before it was committed: its manifests, and the files
    /// that its snapshots uploaded. Files it refers to stay.
    ///
    /// Not to be called after a commit that ended `Indeterminate` or `Fenced`.
    ///
    /// # Errors
    /// `Fenced` when a newer attempt has taken over; `Invalid` when the log has a record that names one of
    /// the manifests; `Unavailable` and `Corrupt` as for [`Self::read_log`]. Nothing was deleted then.
    pub fn abort(&self, attempt: &Attempt, manifests: &[ManifestRef]) -> Result<Swept> {
        let log = self.read_log()?;
        self.check_newest(attempt, &log)?;
        let given_up: BTreeSet<&str> = manifests.iter().map(|part| part.object.as_str()).collect();
        // Void records too: rather some space is lost than a checkpoint that somebody may look into.
        for record in log.records() {
            if let Record::Commit(commit) = record
                && commit
                    .manifests
                    .iter()
                    .any(|part| given_up.contains(part.object.as_str()))
            {
                let checkpoint = commit.checkpoint;
                let message = format!("abort checkpoint {checkpoint}: it has been committed");
                return Err(Error::invalid(message));
            }
        }
        let mut swept = Swept::default();
        for part in manifests {
            match self.dropped_manifest(part) {
                Ok(manifest) => {
                    self.delete(&mut swept, &part.object);
                    for file in manifest.iter().flat_map(own_files) {
                        self.delete(&mut swept, &file.object);
                    }
                }
                Err(error) => self.leave(&mut swept, &part.object, &error),
            }
        }
        Ok(swept)
    }

    pub(super) fn check_newest(&self, attempt: &Attempt, log: &Log) -> Result<()> {
        if log.is_in(attempt.number, attempt.fence_sequence) {
            return Ok(());
        }
        Err(self.fenced(attempt.number, log.last_attempt()))
    }

    /// The manifest of a checkpoint that goes. One that is missing or damaged does not say what its
    /// files are: they become orphans, which is no reason to keep them for ever.
    fn dropped_manifest(&self, part: &ManifestRef) -> Result<Option<Manifest>> {
        match self.find_manifest(part) {
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                let object = &part.object;
                tracing::warn!(
                    job = self.job,
                    object,
                    ?error,
                    "files of a manifest become orphans"
                );
                Ok(None)
            }
            found => found,
        }
    }

    /// Puts a cut in the place of a record, or notes that the record was left; whether the cut is there.
    fn cut(&self, swept: &mut Swept, cut: Cut) -> bool {
        let object = names::record(cut.sequence);
        let bytes = Record::Cut(cut).encode();
        match self.storage.put(&self.object(&object), &bytes) {
            Ok(()) => true,
            Err(error) => {
                self.leave(swept, &object, &error);
                false
            }
        }
    }

    /// Deletes an object, or notes that it was left; whether it is gone.
    fn delete(&self, swept: &mut Swept, object: &str) -> bool {
        match self.storage.delete(&self.object(object)) {
            Ok(()) => {
                swept.deleted += 1;
                true
            }
            Err(error) => {
                self.leave(swept, object, &error);
                false
            }
        }
    }

    pub(super) fn leave(&self, swept: &mut Swept, object: &str, error: &Error) {
        tracing::warn!(
            job = self.job,
            object,
            ?error,
            "an object that nobody needs was left"
        );
        swept.left.push(object.to_owned());
    }
}

/// The files that a snapshot uploaded itself.
fn own_files(manifest: &Manifest) -> impl Iterator<Item = &FileRef> {
    manifest
        .files
        .iter()
        .filter(|file| file.uploaded_by == manifest.checkpoint)
}

fn parts<'a>(checkpoints: &[&'a Commit]) -> impl Iterator<Item = &'a ManifestRef> {
    checkpoints.iter().flat_map(|commit| &commit.manifests)
}
