//! One consistent cut of a job, a checkpoint or a savepoint, and its manifests.
//!
//! A manifest is checked against its reference before it is decoded: length, checksum, key groups.
//! The files that it names are `checkpoints::verify`'s and `state`'s.

use std::collections::BTreeMap;

use alluvium_protocol::catalog::{Commit, ManifestRef, Savepoint, names};
use alluvium_protocol::key_group::MaxParallelism;
use alluvium_protocol::manifest::Manifest;
use anyhow::Result;

use super::{Folder, Problem};
use crate::exit::Failure;

/// One consistent cut of a job: a checkpoint or a savepoint.
#[derive(Debug, Clone)]
pub(crate) struct Cut {
    /// What a person names it by: a checkpoint's number, a savepoint's name.
    pub(crate) name: String,
    /// The folder that its manifests' names are relative to.
    pub(crate) folder: Folder,
    /// The object that records it.
    pub(crate) object: String,
    /// The job.
    pub(crate) job: String,
    /// The number of its barrier.
    pub(crate) checkpoint: u64,
    /// Whether it is a savepoint.
    pub(crate) savepoint: bool,
    /// The attempt that committed it, for checkpoints.
    pub(crate) attempt: Option<u64>,
    /// Subtasks that took part.
    pub(crate) parallelism: u32,
    /// Number of key groups.
    pub(crate) max_parallelism: MaxParallelism,
    /// Its snapshots' manifests.
    pub(crate) manifests: Vec<ManifestRef>,
    /// What the engine attached.
    pub(crate) attachments: BTreeMap<String, Vec<u8>>,
    /// When it was recorded.
    pub(crate) created_unix_millis: i64,
}

impl Cut {
    pub(super) fn of_checkpoint(folder: &Folder, commit: &Commit) -> Self {
        Self {
            name: commit.checkpoint.to_string(),
            folder: folder.clone(),
            object: folder.object(&names::record(commit.sequence)),
            job: commit.job.clone(),
            checkpoint: commit.checkpoint.get(),
            savepoint: false,
            attempt: Some(commit.attempt),
            parallelism: commit.parallelism,
            max_parallelism: commit.max_parallelism,
            manifests: commit.manifests.clone(),
            attachments: commit.attachments.clone(),
            created_unix_millis: commit.created_unix_millis,
        }
    }

    pub(super) fn of_savepoint(
        folder: &Folder,
        name: String,
        object: String,
        savepoint: Savepoint,
    ) -> Self {
        Self {
            name,
            folder: folder.clone(),
            object,
            job: savepoint.job,
            checkpoint: savepoint.checkpoint.get(),
            savepoint: true,
            attempt: None,
            parallelism: savepoint.parallelism,
            max_parallelism: savepoint.max_parallelism,
            attachments: savepoint.attachments,
            manifests: savepoint.manifests,
            created_unix_millis: savepoint.created_unix_millis,
        }
    }

    /// One of its manifests, checked against its reference.
    ///
    /// # Errors
    /// The problem, when it is missing or damaged. In the outer result, when storage does not answer.
    pub(crate) fn manifest(&self, reference: &ManifestRef) -> Result<Result<Manifest, Problem>> {
        let object = self.folder.object(&reference.object);
        let problem = |what: String| {
            Ok(Err(Problem {
                object: object.clone(),
                what,
            }))
        };
        let Some(bytes) = self.folder.get(&object)? else {
            return problem(format!("missing, though {} names it", self.object));
        };
        if bytes.len() as u64 != reference.bytes {
            return problem(format!(
                "{} bytes where {} were written",
                bytes.len(),
                reference.bytes
            ));
        }
        if crc32c::crc32c(&bytes) != reference.crc32c {
            return problem("its checksum differs from what was written".to_owned());
        }
        match Manifest::decode(&bytes, &reference.object) {
            Ok(manifest) if manifest.range == reference.range => Ok(Ok(manifest)),
            Ok(manifest) => problem(format!(
                "holds key groups {}, though {} says {}",
                manifest.range, self.object, reference.range
            )),
            Err(error) => problem(error.to_string()),
        }
    }

    /// All its manifests.
    ///
    /// # Errors
    /// When one is missing or damaged, or storage does not answer.
    pub(crate) fn all_manifests(&self) -> Result<Vec<Manifest>> {
        let read = |reference: &ManifestRef| {
            self.manifest(reference)?.map_err(|problem| {
                Failure::problem(format!(
                    "{}: {}; choose another checkpoint with --checkpoint",
                    problem.object, problem.what
                ))
            })
        };
        self.manifests.iter().map(read).collect()
    }
}
