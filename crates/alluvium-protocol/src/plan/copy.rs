//! What a checkpoint becomes in another job's folder.
//!
//! A copy is closed: every file that the checkpoint refers to comes along, whoever uploaded it, and each once
//! however many snapshots share it. Files keep their identities, so that local copies of them are found and later
//! snapshots of the new job refer to them. Objects get names of their own: what one copy takes back when it fails, no
//! other copy has written. The snapshots refer to no base any more, for it stays behind.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::names;
use crate::error::{Error, Result};
use crate::file::{FileId, FileRef};
use crate::manifest::{Manifest, SnapshotKind};

/// Whose the copy will be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "callers say where they copy to")]
pub struct CopyTarget {
    /// The job.
    pub job: String,
    /// Its attempt that copies.
    pub attempt: u64,
    /// Random bits of this copy: part of the names of shared objects.
    pub upload: u128,
}

/// What to copy, and which manifests to write afterwards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plan is data")]
pub struct CopyPlan {
    /// The objects, each once, in the order of the snapshots.
    pub objects: Vec<ObjectCopy>,
    /// The new job's manifests, one for each of the checkpoint's.
    pub manifests: Vec<Manifest>,
}

/// One object to copy. Its content must be as told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plan is data")]
pub struct ObjectCopy {
    /// Its name, relative to the folder it is in.
    pub from: String,
    /// The name it gets, relative to the new job's folder.
    pub to: String,
    /// Its length.
    pub bytes: u64,
    /// CRC32C of its content.
    pub crc32c: u32,
}

/// Plans the copy of a checkpoint that consists of these snapshots.
///
/// # Errors
/// `Invalid` when a snapshot is a savepoint's, which is copied as it is; `Corrupt` when two manifests contradict
/// each other about a file, or are of one subtask.
pub fn plan_copy(manifests: &[Manifest], target: &CopyTarget) -> Result<CopyPlan> {
    let mut copied = BTreeMap::new();
    let mut subtasks = BTreeSet::new();
    let mut plan = CopyPlan::default();
    for manifest in manifests {
        if manifest.kind == SnapshotKind::Savepoint {
            return Err(Error::invalid(
                "a savepoint does not become a checkpoint: copy its folder, or start the job from it",
            ));
        }
        if !subtasks.insert(manifest.subtask) {
            return Err(Error::corrupt(format!(
                "two manifests of checkpoint {} are of subtask {}",
                manifest.checkpoint, manifest.subtask
            )));
        }
        let mut files = Vec::with_capacity(manifest.files.len());
        for file in &manifest.files {
            let object = object_in(target, manifest, file);
            let content = (file.bytes, file.crc32c);
            match copied.insert(object.clone(), content) {
                None => plan.objects.push(ObjectCopy {
                    from: file.object.clone(),
                    to: object.clone(),
                    bytes: file.bytes,
                    crc32c: file.crc32c,
                }),
                Some(before) if before == content => {}
                Some(_) => return Err(contradiction(file.id)),
            }
            files.push(FileRef {
                object,
                uploaded_by: manifest.checkpoint,
                ..file.clone()
            });
        }
        plan.manifests.push(Manifest {
            job: target.job.clone(),
            attempt: target.attempt,
            base: None,
            files,
            ..manifest.clone()
        });
    }
    Ok(plan)
}

/// Whether `copy` is what a copy makes of `original`, whichever copy it was.
#[must_use]
pub fn is_copy(original: &Manifest, copy: &Manifest) -> bool {
    let files = original.files.iter().zip(&copy.files);
    let same_files = files.clone().count() == original.files.len().max(copy.files.len())
        && files.into_iter().all(|(file, copied)| {
            let renamed = FileRef {
                object: copied.object.clone(),
                uploaded_by: copied.uploaded_by,
                ..file.clone()
            };
            renamed == *copied
        });
    let renamed = Manifest {
        job: copy.job.clone(),
        attempt: copy.attempt,
        base: copy.base,
        files: copy.files.clone(),
        ..original.clone()
    };
    same_files && renamed == *copy
}

fn object_in(target: &CopyTarget, manifest: &Manifest, file: &FileRef) -> String {
    if file.shared {
        names::shared(file.id, target.upload)
    } else {
        names::exclusive(
            manifest.checkpoint,
            target.attempt,
            manifest.subtask,
            file.id,
        )
    }
}

fn contradiction(file: FileId) -> Error {
    Error::corrupt(format!(
        "manifests differ about the content of file {file}: copy another checkpoint"
    ))
}
