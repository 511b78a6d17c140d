//! Finds what a command line names: a storage, a job's folder in it, and the cuts recorded there.
//!
//! Reads objects one by one and keeps damage as data (a [`Problem`] names the object), because the
//! commands that use this must still tell what can be read of a damaged location. Writes nothing.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use alluvium::storage::{self, Storage};
use alluvium_protocol::catalog::names::{self, ObjectName, SavepointObject};
use alluvium_protocol::catalog::{Commit, ManifestRef, Record, Savepoint};
use alluvium_protocol::key_group::MaxParallelism;
use alluvium_protocol::manifest::Manifest;
use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::args::Place;
use crate::exit::{Exit, Failure};

/// Something that is not as it should be, and the object it was found in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// The object's name, below the storage's root.
    pub(crate) object: String,
    /// What is wrong with it.
    pub(crate) what: String,
}

impl Problem {
    /// The problem as a line.
    pub(crate) fn told(&self) -> String {
        format!("problem: {}: {}", self.object, self.what)
    }
}

/// Opens a storage for a job that will write to it.
///
/// # Errors
/// As [`storage::open`].
pub(crate) fn open_to_write(location: &str) -> Result<Arc<dyn Storage>> {
    Ok(storage::open(location)?)
}

/// Opens a storage that is only read. A local directory is not made if it is missing.
///
/// # Errors
/// `Unreachable` when a local directory does not exist, and as [`storage::open`].
pub(crate) fn open_to_read(location: &str) -> Result<Arc<dyn Storage>> {
    let path = location.strip_prefix("file://").unwrap_or(location);
    if !path.contains("://") && !Path::new(path).is_dir() {
        return Err(Failure::ending(
            Exit::Unreachable,
            format!(
                "{location} is not a directory; name the --checkpoint-dir of a job, or a savepoint's folder"
            ),
        ));
    }
    Ok(storage::open(location)?)
}

/// A folder that holds a job's checkpoints, or one savepoint.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    storage: Arc<dyn Storage>,
    /// What its objects' names begin with: empty, or ends with `/`.
    prefix: String,
}

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
    /// Names and lengths of what the engine attached.
    pub(crate) attachments: Vec<(String, u64)>,
    /// When it was recorded.
    pub(crate) created_unix_millis: i64,
}

impl Folder {
    /// The folder that the command line names.
    ///
    /// # Errors
    /// When storage does not answer, or the location holds no checkpoints, or those of several jobs.
    pub(crate) fn find(place: &Place) -> Result<Self> {
        let storage = open_to_read(&place.location)?;
        let root = Self {
            storage,
            prefix: String::new(),
        };
        if let Some(job) = &place.job {
            let folder = root.below(&format!("{job}/"));
            if folder.list(names::record_prefix())?.is_empty()
                && folder.savepoint_names()?.is_empty()
            {
                let jobs = root.jobs()?;
                return Err(Failure::usage(format!(
                    "{} holds no checkpoints of job `{job}`; {}",
                    place.location,
                    told(&jobs)
                )));
            }
            return Ok(folder);
        }
        if root.holds_one_savepoint()? || !root.list(names::record_prefix())?.is_empty() {
            return Ok(root);
        }
        let jobs = root.jobs()?;
        let mut found = jobs.iter();
        match (found.next(), found.next()) {
            (Some(job), None) => Ok(root.below(&format!("{job}/"))),
            (None, _) => Err(Failure::usage(format!(
                "{} holds no checkpoints",
                place.location
            ))),
            (Some(_), Some(_)) => Err(Failure::usage(format!(
                "{} holds several jobs: choose one with --job; {}",
                place.location,
                told(&jobs)
            ))),
        }
    }

    /// Where it is, for people.
    pub(crate) fn location(&self) -> String {
        format!(
            "{}/{}",
            self.storage.location().trim_end_matches('/'),
            self.prefix
        )
    }

    /// The storage it is in.
    pub(crate) fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// The full name of one of its objects.
    pub(crate) fn object(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Names and lengths of its objects whose names begin with `prefix`, relative to it.
    ///
    /// # Errors
    /// When storage does not answer.
    pub(crate) fn list(&self, prefix: &str) -> Result<Vec<(String, u64)>> {
        let listed = self.storage.list(&self.object(prefix))?;
        let relative = |name: &str| name.strip_prefix(&self.prefix).unwrap_or(name).to_owned();
        Ok(listed
            .into_iter()
            .map(|object| (relative(&object.name), object.bytes))
            .collect())
    }

    /// All cuts that can be read, savepoints after checkpoints, and the problems of the others.
    ///
    /// # Errors
    /// When storage does not answer.
    pub(crate) fn cuts(&self) -> Result<(Vec<Cut>, Vec<Problem>)> {
        let mut problems = Vec::new();
        let mut cuts = Vec::new();
        if self.holds_one_savepoint()? {
            self.take_savepoint(self.location(), &mut cuts, &mut problems)?;
            return Ok((cuts, problems));
        }
        let records = self.records(&mut problems)?;
        let log = alluvium_protocol::plan::log::Log::read(records);
        cuts.extend(log.checkpoints().map(|commit| self.checkpoint(commit)));
        for savepoint in self.savepoint_names()? {
            let folder = self.below(&names::savepoint_prefix(&savepoint)?);
            folder.take_savepoint(savepoint, &mut cuts, &mut problems)?;
        }
        Ok((cuts, problems))
    }

    /// The cut that a person names, or the newest checkpoint.
    ///
    /// # Errors
    /// When there is none of that name, or its record is damaged.
    pub(crate) fn cut(&self, name: Option<&str>) -> Result<Cut> {
        let (cuts, problems) = self.cuts()?;
        let there = cuts.iter().map(|cut| cut.name.clone()).collect();
        let newest = |cuts: Vec<Cut>| {
            let last = cuts
                .iter()
                .rposition(|cut| !cut.savepoint)
                .or_else(|| cuts.len().checked_sub(1));
            last.and_then(|index| cuts.into_iter().nth(index))
        };
        let found = match name {
            Some(name) => cuts.into_iter().find(|cut| cut.name == name),
            None => newest(cuts),
        };
        found.ok_or_else(|| match (problems.first(), name) {
            (Some(problem), _) => Failure::problem(format!("{}: {}", problem.object, problem.what)),
            (None, Some(name)) => Failure::usage(format!(
                "{} has no checkpoint `{name}`; {}",
                self.location(),
                told(&there)
            )),
            (None, None) => {
                Failure::usage(format!("{} has no completed checkpoint", self.location()))
            }
        })
    }

    fn below(&self, path: &str) -> Self {
        Self {
            storage: Arc::clone(&self.storage),
            prefix: self.object(path),
        }
    }

    fn holds_one_savepoint(&self) -> Result<bool> {
        Ok(self
            .storage
            .get(&self.object(&SavepointObject::Commit.to_string()))?
            .is_some())
    }

    /// Names of folders here that hold a log.
    fn jobs(&self) -> Result<BTreeSet<String>> {
        let mark = format!("/{}", names::record_prefix());
        let listed = self.list("")?;
        Ok(listed
            .iter()
            .filter_map(|(name, _)| name.split_once(&mark))
            .map(|(job, _)| job.to_owned())
            .collect())
    }

    fn savepoint_names(&self) -> Result<BTreeSet<String>> {
        let listed = self.list("savepoints/")?;
        let name = |(object, _): &(String, u64)| match object.parse() {
            Ok(ObjectName::Savepoint {
                savepoint,
                object: SavepointObject::Commit,
            }) => Some(savepoint),
            _ => None,
        };
        Ok(listed.iter().filter_map(name).collect())
    }

    fn records(&self, problems: &mut Vec<Problem>) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        for (name, _) in self.list(names::record_prefix())? {
            let object = self.object(&name);
            // A record may be pruned between the listing and now; then it is no part of the log.
            let Some(bytes) = self.storage.get(&object)? else {
                continue;
            };
            match Record::decode(&bytes, &name) {
                Ok(record) => records.push(record),
                Err(error) => problems.push(Problem {
                    object,
                    what: error.to_string(),
                }),
            }
        }
        Ok(records)
    }

    fn checkpoint(&self, commit: &Commit) -> Cut {
        Cut {
            name: commit.checkpoint.to_string(),
            folder: self.clone(),
            object: self.object(&names::record(commit.sequence)),
            job: commit.job.clone(),
            checkpoint: commit.checkpoint.get(),
            savepoint: false,
            attempt: Some(commit.attempt),
            parallelism: commit.parallelism,
            max_parallelism: commit.max_parallelism,
            manifests: commit.manifests.clone(),
            attachments: lengths(&commit.attachments),
            created_unix_millis: commit.created_unix_millis,
        }
    }

    fn take_savepoint(
        &self,
        name: String,
        cuts: &mut Vec<Cut>,
        problems: &mut Vec<Problem>,
    ) -> Result<()> {
        let commit = SavepointObject::Commit.to_string();
        let object = self.object(&commit);
        let bytes = self
            .storage
            .get(&object)?
            .with_context(|| format!("{object} has vanished"))?;
        match Savepoint::decode(&bytes, &commit) {
            Ok(savepoint) => cuts.push(Cut {
                name,
                folder: self.clone(),
                object,
                job: savepoint.job,
                checkpoint: savepoint.checkpoint.get(),
                savepoint: true,
                attempt: None,
                parallelism: savepoint.parallelism,
                max_parallelism: savepoint.max_parallelism,
                attachments: lengths(&savepoint.attachments),
                manifests: savepoint.manifests,
                created_unix_millis: savepoint.created_unix_millis,
            }),
            Err(error) => problems.push(Problem {
                object,
                what: error.to_string(),
            }),
        }
        Ok(())
    }
}

impl Cut {
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
        let Some(bytes) = self.folder.storage.get(&object)? else {
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

fn lengths(attachments: &std::collections::BTreeMap<String, Vec<u8>>) -> Vec<(String, u64)> {
    attachments
        .iter()
        .map(|(name, bytes)| (name.clone(), bytes.len() as u64))
        .collect()
}

fn told(names: &BTreeSet<String>) -> String {
    if names.is_empty() {
        return "there are none".to_owned();
    }
    format!(
        "there are: {}",
        names.iter().cloned().collect::<Vec<_>>().join(", ")
    )
}
