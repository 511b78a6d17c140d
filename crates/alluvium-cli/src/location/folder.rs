//! A folder that holds a job's checkpoints, or one savepoint: finding it, and the cuts in it.

use std::collections::BTreeSet;
use std::sync::Arc;

use alluvium::storage::Storage;
use alluvium_protocol::catalog::names::{self, ObjectName, SavepointObject};
use alluvium_protocol::catalog::{Record, Savepoint};
use alluvium_protocol::plan::log::Log;
use anyhow::{Context as _, Result};

use super::{Cut, FolderName, Problem, open_to_read};
use crate::args::Place;
use crate::exit::Failure;

/// A folder that holds a job's checkpoints, or one savepoint.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    storage: Arc<dyn Storage>,
    /// What its objects' names begin with: empty, or ends with `/`.
    prefix: String,
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

    /// It, by its name in the storage around it. `location` is what the command line said.
    ///
    /// # Errors
    /// When it is a storage's root, which has no name, or the storage around it does not answer.
    pub(crate) fn name_in_parent(&self, location: &str) -> Result<FolderName> {
        if !self.prefix.is_empty() {
            return Ok(FolderName {
                storage: Arc::clone(&self.storage),
                name: self.prefix.trim_end_matches('/').to_owned(),
            });
        }
        let (parent, name) = FolderName::split(location)?;
        Ok(FolderName {
            storage: open_to_read(&parent)?,
            name,
        })
    }

    /// As [`Self::name_in_parent`], for commands that are about a job's log.
    ///
    /// # Errors
    /// When it is a savepoint's; and as [`Self::name_in_parent`].
    pub(crate) fn name_of_job(&self, location: &str) -> Result<FolderName> {
        if self.holds_one_savepoint()? {
            return Err(Failure::usage(format!(
                "{} is a savepoint, which its owner keeps or deletes: name a job's folder",
                self.location()
            )));
        }
        self.name_in_parent(location)
    }

    /// The content of a small object, by its full name; `None` if it does not exist.
    ///
    /// # Errors
    /// When storage does not answer.
    pub(super) fn get(&self, object: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.storage.get(object)?)
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
        let log = Log::read(records);
        cuts.extend(
            log.checkpoints()
                .map(|commit| Cut::of_checkpoint(self, commit)),
        );
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

    fn take_savepoint(
        &self,
        name: String,
        cuts: &mut Vec<Cut>,
        problems: &mut Vec<Problem>,
    ) -> Result<()> {
        let commit = SavepointObject::Commit.to_string();
        let object = self.object(&commit);
        let bytes = self
            .get(&object)?
            .with_context(|| format!("{object} has vanished"))?;
        match Savepoint::decode(&bytes, &commit) {
            Ok(savepoint) => cuts.push(Cut::of_savepoint(self, name, object, savepoint)),
            Err(error) => problems.push(Problem {
                object,
                what: error.to_string(),
            }),
        }
        Ok(())
    }
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
