//! A job's checkpoints in storage: reading the log, adding to it, and deleting what it no longer needs.
//!
//! Carries out what [`protocol::plan`](alluvium_protocol::plan) decides, with the bytes and names of
//! [`protocol::catalog`](alluvium_protocol::catalog). Invariants: a checkpoint exists when, and only when,
//! its record is in the log and counts; an attempt that was taken over neither adds nor deletes; a
//! call that cannot tell whether it succeeded says `Indeterminate`, and may be made again.
//! Leaves to snapshots the writing of files and manifests, to the engine when to commit and what to keep.
//!
//! No call waits before it tries again, files of a copy excepted: storages do that where it helps. All bounds are here.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use alluvium_protocol::catalog::names::{self, ObjectName};
use alluvium_protocol::catalog::{Commit, ManifestRef, Record};
use alluvium_protocol::manifest::Manifest;
use alluvium_protocol::plan::log::Log;

use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Storage, check_name};

mod append;
mod copy;
mod orphans;
mod sweep;

pub use append::{Attempt, Proposal};
pub use sweep::{Dropped, Retention, Swept};

/// How often one record is put before its writer gives up because storage leaves it in doubt. Each try
/// already waits as long as the storage does; a fourth would hold up the next checkpoint.
const PUTS_MAX: usize = 3;

/// How often an append may lose its sequence number to another writer before it gives up. Every loss is
/// another writer's gain, and a job has one or two: sixteen means that many attempts fight for it.
const LOSSES_MAX: usize = 16;

/// How often the log is listed again because a listed record was gone when it was read. A retention
/// sweep takes many records at once, so that a second listing nearly always suffices.
const LISTINGS_MAX: usize = 4;

/// The checkpoints of one job. All calls may be made from many threads.
pub struct Catalog {
    storage: Arc<dyn Storage>,
    job: String,
    /// Manifests of the log's checkpoints, which never change: retention needs them all each time.
    manifests: Mutex<BTreeMap<String, Manifest>>,
}

impl Catalog {
    /// The catalog of `job`, in the folder of that name. Nothing is read or written yet.
    ///
    /// # Errors
    /// `Invalid` when the job's name cannot be a folder's in every storage.
    pub fn open(storage: Arc<dyn Storage>, job: &str) -> Result<Self> {
        check_name(job).map_err(|error| error.context(format!("job name {job:?}")))?;
        Ok(Self {
            storage,
            job: job.to_owned(),
            manifests: Mutex::default(),
        })
    }

    /// The job's name, which is its folder's too.
    #[must_use]
    pub fn job(&self) -> &str {
        &self.job
    }

    /// Where the folder is.
    #[must_use]
    pub fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// Reads all records of the log.
    ///
    /// # Errors
    /// `Unavailable` when storage fails, or the log changes faster than it can be read; `Corrupt` when a
    /// record is damaged, naming it.
    pub fn read_log(&self) -> Result<Log> {
        for _ in 0..LISTINGS_MAX {
            if let Some(records) = self.read_records()? {
                return Ok(Log::read(records));
            }
        }
        let log = self.told(names::record_prefix());
        let message =
            format!("the log {log} was pruned {LISTINGS_MAX} times while it was read: try again");
        Err(Error::new(ErrorKind::Unavailable, message))
    }

    /// Reads the records that are listed. `None` when one is gone by then: retention goes on meanwhile, so
    /// newer ones than the listing's may be there, and without them an old log, or none, would pass for the
    /// newest.
    fn read_records(&self) -> Result<Option<Vec<Record>>> {
        let mut records = Vec::new();
        for listed in self.storage.list(&self.object(names::record_prefix()))? {
            let object = listed.name.strip_prefix(&self.job).unwrap_or_default();
            let object = object.trim_start_matches('/');
            if let Ok(ObjectName::Record { .. }) = object.parse() {
                let Some(record) = self.record(object)? else {
                    return Ok(None);
                };
                records.push(record);
            }
        }
        Ok(Some(records))
    }

    /// The checkpoints that exist, oldest first.
    ///
    /// # Errors
    /// As [`Self::read_log`].
    pub fn checkpoints(&self) -> Result<Vec<Commit>> {
        Ok(self.read_log()?.checkpoints().cloned().collect())
    }

    /// The newest checkpoint; `None` before the first.
    ///
    /// # Errors
    /// As [`Self::read_log`].
    pub fn latest(&self) -> Result<Option<Commit>> {
        Ok(self.read_log()?.latest().cloned())
    }

    /// Reads the manifest of one snapshot, and checks it against what the commit says of it.
    ///
    /// # Errors
    /// `Corrupt` when it is missing, damaged or replaced: restore from another checkpoint;
    /// `Unavailable` when storage fails.
    pub fn manifest(&self, part: &ManifestRef) -> Result<Manifest> {
        self.find_manifest(part)?.ok_or_else(|| {
            Error::corrupt(format!("manifest {} is missing", self.told(&part.object)))
        })
    }

    /// As [`Self::manifest`], but `None` when the object does not exist.
    fn find_manifest(&self, part: &ManifestRef) -> Result<Option<Manifest>> {
        let Some(bytes) = self.storage.get(&self.object(&part.object))? else {
            return Ok(None);
        };
        let told = || format!("manifest {}", self.told(&part.object));
        // `usize` is at most 64 bits wide on every target of this crate.
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if length != part.bytes {
            let expected = part.bytes;
            let message = format!("{} has {length} bytes instead of {expected}", told());
            return Err(Error::corrupt(message));
        }
        let crc32c = crc32c::crc32c(&bytes);
        if crc32c != part.crc32c {
            let expected = part.crc32c;
            let message = format!(
                "{} has checksum {crc32c:08x} instead of {expected:08x}",
                told()
            );
            return Err(Error::corrupt(message));
        }
        let manifest = Manifest::decode(&bytes, &part.object);
        manifest
            .map(Some)
            .map_err(|error| Error::from(error).context(told()))
    }

    /// Reads one record; `None` if there is none of that name.
    fn record(&self, object: &str) -> Result<Option<Record>> {
        let Some(bytes) = self.storage.get(&self.object(object))? else {
            return Ok(None);
        };
        let record = Record::decode(&bytes, object);
        record
            .map(Some)
            .map_err(|error| Error::from(error).context(format!("read {}", self.told(object))))
    }

    /// The full name of an object of this job.
    fn object(&self, object: &str) -> String {
        format!("{}/{object}", self.job)
    }

    /// An object of this job, for messages.
    fn told(&self, object: &str) -> String {
        format!("{} in {}", self.object(object), self.storage.location())
    }

    fn fenced(&self, attempt: u64, by: u64) -> Error {
        let message = format!(
            "attempt {attempt} of job {} was taken over by attempt {by}: stop it",
            self.job
        );
        Error::new(ErrorKind::Fenced, message)
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Catalog({} in {})", self.job, self.storage.location())
    }
}
