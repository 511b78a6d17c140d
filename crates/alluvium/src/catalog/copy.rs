//! Making another catalog's checkpoint this job's first one: by a copy, or for good.
//!
//! ```text
//!  fence this log ─ sweep what an earlier copy left ─ files ─ manifests ─ commit        copy_from
//!                              then: fence the other log ─ delete its checkpoint        claim
//! ```
//!
//! Invariants: the copy is a checkpoint when its record is in this log, and not before; a copy that fails deletes
//! what it wrote, unless its record may have got into the log; nothing of the other job's is touched before this
//! job's record is confirmed, so that one of them has a complete checkpoint at any moment.

use std::collections::BTreeSet;

use alluvium_protocol::catalog::{Commit, ManifestRef, names};
use alluvium_protocol::manifest::{CheckpointId, Manifest};
use alluvium_protocol::plan::copy::{CopyTarget, is_copy, plan_copy};
use alluvium_protocol::plan::log::Log;

use super::{Attempt, Catalog, Proposal, Swept};
use crate::copy::{Copier, CopyOptions, CopyReport, Folder};
use crate::error::{Error, ErrorKind, Result};

impl Catalog {
    /// Makes `checkpoint` of another catalog this job's first checkpoint: under the same number, with all its files
    /// and what the engine attached. The other job is only read, and may run.
    ///
    /// This job's log must have no checkpoint yet. It gets a fence, so an attempt of this job that runs already
    /// is stopped. Repeating a copy that succeeded succeeds; repeating one that was interrupted deletes
    /// what that one left.
    ///
    /// # Errors
    /// - `Invalid` when the other log has no such checkpoint, or this one has others, or the folder has data and no
    ///   log, or is the same folder;
    /// - `Corrupt` when an object is missing, damaged or not what its manifest says, naming it: copy another checkpoint;
    /// - `Unavailable` when a storage or this machine fails, or the other job dropped the checkpoint meanwhile;
    /// - `Cancelled`; `Fenced` when another attempt of this job started meanwhile;
    /// - `Indeterminate` when the commit may yet come to be: make the same call again.
    ///
    /// There is no checkpoint then, and all objects that were written are deleted, or the error says that some are
    /// left; after `Indeterminate` and `Fenced` they stay, for the record may be in the log.
    pub fn copy_from(
        &self,
        from: &Self,
        checkpoint: CheckpointId,
        options: &CopyOptions,
    ) -> Result<CopyReport> {
        let copier = Copier::new(from.folder(), self.folder(), options);
        self.copy_by(&copier, from, checkpoint, options)
    }

    fn copy_by(
        &self,
        copier: &Copier<'_>,
        from: &Self,
        checkpoint: CheckpointId,
        options: &CopyOptions,
    ) -> Result<CopyReport> {
        let source = from.find_checkpoint(checkpoint)?;
        let manifests = source.manifests.iter().map(|part| from.manifest(part));
        let manifests: Vec<Manifest> = manifests.collect::<Result<_>>()?;
        let log = self.read_log()?;
        if self.has_copy(&log, &source, &manifests)? {
            return Ok(CopyReport::was_there());
        }
        self.refuse_to_mix(&log)?;
        let attempt = self.start_attempt(&options.environment)?;
        self.refuse_to_mix(&self.read_log()?)?;
        let left = self.orphans_behind(&attempt, &options.environment, &options.cancel)?;
        self.sweep(&left, &options.environment, &options.cancel)?;
        let copied = self.copy_as(&attempt, copier, &source, &manifests, options);
        copied.map_err(|error| from.dropped_meanwhile(checkpoint, error))
    }

    /// Takes `checkpoint` of another catalog over: as [`Self::copy_from`], and when it is committed here, the other
    /// job is fenced, and the checkpoint and all older ones are deleted there. Checkpoints newer than it stay.
    ///
    /// Where both catalogs were opened on one storage (one `Arc`), it copies the files itself, and lengths alone are
    /// checked; else as [`Self::copy_from`].
    ///
    /// A crash leaves the checkpoint whole here, there, or in both; repeating the call goes on from where it was.
    ///
    /// # Errors
    /// As [`Self::copy_from`]. One that comes after the commit says so: the checkpoint is this job's then.
    pub fn claim(
        &self,
        other: &Self,
        checkpoint: CheckpointId,
        options: &CopyOptions,
    ) -> Result<(CopyReport, Swept)> {
        let copier = Copier::new(other.folder(), self.folder(), options).in_storage();
        let copied = self.copy_by(&copier, other, checkpoint, options)?;
        let release = || {
            let attempt = other.start_attempt(&options.environment)?;
            other.release(&attempt, checkpoint)
        };
        let swept = release().map_err(|error| {
            error.context(format!(
                "checkpoint {checkpoint} is job {}'s now, but job {} still has it: claim it again to delete it there",
                self.job, other.job
            ))
        })?;
        Ok((copied, swept))
    }

    fn find_checkpoint(&self, checkpoint: CheckpointId) -> Result<Commit> {
        let log = self.read_log()?;
        log.checkpoint(checkpoint).cloned().ok_or_else(|| {
            let there: Vec<String> = log
                .checkpoints()
                .map(|commit| commit.checkpoint.to_string())
                .collect();
            Error::invalid(format!(
                "job {} in {} has no checkpoint {checkpoint}; it has: {}",
                self.job,
                self.storage.location(),
                there.join(", ")
            ))
        })
    }

    /// Whether this log's only checkpoint is a copy of `source`.
    fn has_copy(&self, log: &Log, source: &Commit, manifests: &[Manifest]) -> Result<bool> {
        let mut checkpoints = log.checkpoints();
        let (Some(only), None) = (checkpoints.next(), checkpoints.next()) else {
            return Ok(false);
        };
        let same = only.checkpoint == source.checkpoint
            && only.attachments == source.attachments
            && only.manifests.len() == manifests.len();
        if !same || only.nonce == source.nonce {
            return Ok(false);
        }
        for (part, original) in only.manifests.iter().zip(manifests) {
            if !is_copy(original, &self.manifest(part)?) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn refuse_to_mix(&self, log: &Log) -> Result<()> {
        let (job, location) = (&self.job, self.storage.location());
        if let Some(latest) = log.latest() {
            return Err(Error::invalid(format!(
                "job {job} in {location} has checkpoints already, the newest being {}: copy to an empty folder",
                latest.checkpoint
            )));
        }
        // Whoever lost a log by mistake may still want the files.
        if log.newest().is_none()
            && let Some(first) = self.listing()?.first()
        {
            return Err(Error::invalid(format!(
                "the folder of job {job} in {location} has no log and is not empty: it holds {}, which is left \
                 alone; copy to an empty folder",
                first.object
            )));
        }
        Ok(())
    }

    /// Copies in the name of `attempt`.
    fn copy_as(
        &self,
        attempt: &Attempt,
        copier: &Copier<'_>,
        source: &Commit,
        manifests: &[Manifest],
        options: &CopyOptions,
    ) -> Result<CopyReport> {
        let target = CopyTarget {
            job: self.job.clone(),
            attempt: attempt.number,
            upload: options.environment.random.bits(),
        };
        let plan = plan_copy(manifests, &target)?;
        let copied = copier
            .objects(&plan.objects)
            .and_then(|()| put_manifests(copier, &plan.manifests));
        let parts = copied.map_err(|error| copier.take_back(error))?;
        let proposal = Proposal {
            checkpoint: source.checkpoint,
            kind: source.kind,
            max_parallelism: source.max_parallelism,
            manifests: parts,
            bases: BTreeSet::new(),
            attachments: source.attachments.clone(),
        };
        options
            .cancel
            .check(format_args!("copy of checkpoint {}", source.checkpoint))
            .and_then(|()| self.commit(attempt, &proposal, &options.environment))
            .map_err(|error| match error.kind() {
                // The record may be in the log, or come to be.
                ErrorKind::Indeterminate | ErrorKind::Fenced => error,
                _ => copier.take_back(error),
            })?;
        Ok(CopyReport::of(&plan.objects))
    }

    /// Says why an object was missing, if it is because this running job dropped the checkpoint.
    fn dropped_meanwhile(&self, checkpoint: CheckpointId, error: Error) -> Error {
        if error.kind() != ErrorKind::Corrupt {
            return error;
        }
        match self.read_log() {
            Ok(log) if log.checkpoint(checkpoint).is_none() => {
                let job = &self.job;
                let message = format!(
                    "job {job} dropped checkpoint {checkpoint} while it was copied: copy a newer one"
                );
                Error::new(ErrorKind::Unavailable, message).with_source(error)
            }
            _ => error,
        }
    }

    fn folder(&self) -> Folder {
        Folder {
            storage: std::sync::Arc::clone(&self.storage),
            root: self.job.clone(),
        }
    }
}

/// Writes the manifests, after all files.
fn put_manifests(copier: &Copier<'_>, manifests: &[Manifest]) -> Result<Vec<ManifestRef>> {
    let mut parts = Vec::with_capacity(manifests.len());
    for manifest in manifests {
        let object = names::manifest(manifest.checkpoint, manifest.attempt, manifest.subtask);
        let bytes = manifest.encode();
        copier.put(&object, &bytes)?;
        parts.push(ManifestRef {
            object,
            // `usize` is at most 64 bits wide on every target of this crate.
            bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            crc32c: crc32c::crc32c(&bytes),
            subtask: manifest.subtask,
            range: manifest.range,
        });
    }
    Ok(parts)
}
