//! Finding and deleting what is nobody's: what uploads and sweeps that came to nothing left.
//!
//! Invariants: the listing comes before the log, so that what was committed by then is known to be needed; what a
//! checkpoint came to need since is left, for the log is read once more before anything is deleted; a folder
//! without a log is not touched. Which objects are orphans is decided in `protocol::plan::orphans`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use alluvium_protocol::catalog::Commit;
use alluvium_protocol::catalog::names::ObjectName;
use alluvium_protocol::manifest::Manifest;
use alluvium_protocol::plan::log::Log;
use alluvium_protocol::plan::orphans::{
    Listed, Orphan, OrphanReason, cut_off, orphans as plan_orphans,
};
use alluvium_protocol::plan::retention::referenced;

use super::{Attempt, Catalog, Swept};
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::options::Options;
use crate::storage::{Cancel, ObjectInfo};
use crate::transfer::{Task, run_all};

impl Catalog {
    /// Objects of the job's folder that no checkpoint needs, at least `age_min` old by this machine's clock, each with
    /// the reason, in the order in which [`Self::sweep`] deletes them. The job may run.
    ///
    /// `age_min` has to be longer than any checkpoint takes from its first upload to its commit: a day is plenty,
    /// and covers clocks that differ. Savepoints and objects that are not the library's are never among them.
    ///
    /// # Errors
    /// `Invalid` when the folder has no log, so that nothing tells what is needed; `Corrupt` when a record, or a
    /// manifest of a checkpoint, is damaged or missing: nothing can be deleted safely then; `Unavailable` when
    /// storage fails; `Cancelled`.
    pub fn orphans(
        &self,
        age_min: Duration,
        environment: &Environment,
        cancel: &Cancel,
    ) -> Result<Vec<Orphan>> {
        let listing = self.listing_with_unfinished()?;
        let log = self.read_log()?;
        let cut_off = cut_off(age_min, environment.clock.unix_millis());
        self.orphans_among(&listing, &log, cut_off, environment, cancel)
    }

    /// As [`Self::orphans`], whatever the age: `attempt` has taken over, so that nothing in the making by older ones
    /// can be committed. To be called before this attempt uploads anything itself.
    ///
    /// # Errors
    /// `Fenced` when a newer attempt has taken over; else as [`Self::orphans`].
    pub fn orphans_behind(
        &self,
        attempt: &Attempt,
        environment: &Environment,
        cancel: &Cancel,
    ) -> Result<Vec<Orphan>> {
        let listing = self.listing_with_unfinished()?;
        let log = self.read_log()?;
        self.check_newest(attempt, &log)?;
        self.orphans_among(&listing, &log, i64::MAX, environment, cancel)
    }

    /// Deletes orphans, in their order, several at once. One that a checkpoint refers to by now is left alone.
    /// Objects that cannot be deleted are in the result and no error.
    ///
    /// # Errors
    /// As [`Self::orphans`], and nothing was deleted; but when `Cancelled`, some are.
    pub fn sweep(
        &self,
        orphans: &[Orphan],
        environment: &Environment,
        cancel: &Cancel,
    ) -> Result<Swept> {
        let mut swept = Swept::default();
        if orphans.is_empty() {
            return Ok(swept);
        }
        let log = self.read_log()?;
        let checkpoints: Vec<&Commit> = log.checkpoints().collect();
        let needed =
            self.with_manifests(&checkpoints, |known| Ok(referenced(&checkpoints, known)?))?;
        let is_needed = |object: &str| match object.parse() {
            Ok(ObjectName::Record { sequence }) => log.counts(sequence),
            _ => needed.contains(object),
        };
        let (mut records, mut manifests, mut files) = (Vec::new(), Vec::new(), Vec::new());
        for orphan in orphans {
            let object = orphan.listed.object.as_str();
            if !is_needed(object) {
                match orphan.reason {
                    OrphanReason::VoidRecord => records.push(object),
                    OrphanReason::VoidManifest | OrphanReason::UncommittedManifest => {
                        manifests.push(object);
                    }
                    OrphanReason::UncommittedFile
                    | OrphanReason::UnreferencedShared
                    | OrphanReason::UnreferencedExclusive
                    | OrphanReason::Unfinished => files.push(object),
                }
            }
        }
        for phase in [records, manifests, files] {
            // A checkpoint stops to be there before its manifests do, and they before its files.
            if swept.left.is_empty() {
                self.delete_all(&mut swept, &phase, environment, cancel)?;
            } else {
                swept.left.extend(phase.into_iter().map(str::to_owned));
            }
        }
        Ok(swept)
    }

    /// All objects of the folder.
    pub(super) fn listing(&self) -> Result<Vec<Listed>> {
        let folder = self.object("");
        Ok(below(&folder, self.storage.list(&folder)?))
    }

    /// All objects of the folder, and what writes left there that were killed.
    fn listing_with_unfinished(&self) -> Result<Vec<Listed>> {
        let folder = self.object("");
        let mut listing = below(&folder, self.storage.unfinished(&folder)?);
        listing.extend(self.listing()?);
        Ok(listing)
    }

    /// Decides about a listing. `log` was read after it.
    fn orphans_among(
        &self,
        listing: &[Listed],
        log: &Log,
        cut_off: i64,
        environment: &Environment,
        cancel: &Cancel,
    ) -> Result<Vec<Orphan>> {
        if log.newest().is_none() {
            return Err(Error::invalid(format!(
                "job {} in {} has no log: nothing tells which objects are needed",
                self.job,
                self.storage.location()
            )));
        }
        let checkpoints: Vec<&Commit> = log.checkpoints().collect();
        let committed: BTreeSet<&str> = checkpoints
            .iter()
            .flat_map(|commit| &commit.manifests)
            .map(|part| part.object.as_str())
            .collect();
        let others = listing
            .iter()
            .map(|listed| listed.object.as_str())
            .filter(|object| matches!(object.parse(), Ok(ObjectName::Manifest { .. })))
            .filter(|object| !committed.contains(object));
        let others: Vec<&str> = others.collect();
        let others = self.read_uncommitted(&others, environment, cancel)?;
        self.with_manifests(&checkpoints, |known| {
            known.extend(others);
            Ok(plan_orphans(listing, log, known, cut_off)?)
        })
    }

    /// Those manifests of no checkpoint that can be read. One that is damaged can be committed by nobody.
    fn read_uncommitted(
        &self,
        objects: &[&str],
        environment: &Environment,
        cancel: &Cancel,
    ) -> Result<BTreeMap<String, Manifest>> {
        let tasks = objects.iter().map(|object| {
            let (storage, name) = (Arc::clone(&self.storage), self.object(object));
            let object = (*object).to_owned();
            let task: Task<Option<(String, Manifest)>> = Box::new(move |_| {
                let bytes = storage.get(&name)?.unwrap_or_default();
                let manifest = Manifest::decode(&bytes, &object).ok();
                Ok(manifest.map(|manifest| (object, manifest)))
            });
            task
        });
        let threads = Options::default().transfer_threads;
        let read = run_all(&*environment.spawn, threads, tasks.collect(), cancel)?;
        Ok(read.into_iter().flatten().collect())
    }

    /// Deletes objects, several at once.
    fn delete_all(
        &self,
        swept: &mut Swept,
        objects: &[&str],
        environment: &Environment,
        cancel: &Cancel,
    ) -> Result<()> {
        let tasks = objects.iter().map(|object| {
            let (storage, name) = (Arc::clone(&self.storage), self.object(object));
            let task: Task<Result<()>> = Box::new(move |_| Ok(storage.delete(&name)));
            task
        });
        let threads = Options::default().transfer_threads;
        let deleted = run_all(&*environment.spawn, threads, tasks.collect(), cancel)?;
        for (object, deleted) in objects.iter().zip(deleted) {
            match deleted {
                Ok(()) => swept.deleted += 1,
                Err(error) => self.leave(swept, object, &error),
            }
        }
        Ok(())
    }
}

/// A storage's listing of a folder, with names relative to it.
fn below(folder: &str, listed: Vec<ObjectInfo>) -> Vec<Listed> {
    let named = listed.into_iter().filter_map(|info| {
        Some(Listed {
            object: info.name.strip_prefix(folder)?.to_owned(),
            bytes: info.bytes,
            modified_unix_millis: info.modified_unix_millis,
        })
    });
    named.collect()
}
