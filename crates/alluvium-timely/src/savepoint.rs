//! A savepoint's folder in storage: its manifests, and the object that makes it one.

use alluvium::protocol::catalog::{Savepoint, names};
use alluvium::protocol::manifest::{CheckpointId, Manifest};
use alluvium::storage::{PutOutcome, Storage};
use alluvium::{Error, ErrorKind, Result};

use crate::options::SavepointRequest;

/// Name of the object that is written last.
const COMMIT: &str = "COMMIT";

/// Where a requested savepoint goes, without a slash at the end.
///
/// # Errors
/// `Invalid` when its name is not one plain path part.
pub(crate) fn folder(job: &str, request: &SavepointRequest) -> Result<String> {
    let prefix = names::savepoint_prefix(&request.name)?;
    Ok(format!("{job}/{}", prefix.trim_end_matches('/')))
}

/// Makes the folder a savepoint.
///
/// # Errors
/// `Invalid` when there is one already.
pub(crate) fn write(storage: &dyn Storage, folder: &str, savepoint: &Savepoint) -> Result<()> {
    let (name, bytes) = (format!("{folder}/{COMMIT}"), savepoint.encode());
    match storage.put_if_absent(&name, &bytes) {
        Ok(PutOutcome::Created) => return Ok(()),
        Ok(PutOutcome::Exists) => {}
        Err(error) if error.kind() == ErrorKind::Indeterminate => {}
        Err(error) => return Err(error),
    }
    // The answer may have been lost: ours is there, or another.
    match storage.get(&name)? {
        Some(found) if found == bytes => Ok(()),
        Some(_) => Err(taken(storage, folder)),
        None => Err(Error::new(
            ErrorKind::Unavailable,
            format!(
                "{name} is not in {} after it was written",
                storage.location()
            ),
        )),
    }
}

/// Whether a savepoint is still to be taken by an attempt of `job` that goes on from `checkpoint`. It is not if it was
/// taken with that very checkpoint, by an attempt that did not get to say so.
///
/// # Errors
/// `Invalid` when there is another savepoint in the folder.
pub(crate) fn is_open(
    storage: &dyn Storage,
    folder: &str,
    job: &str,
    checkpoint: Option<CheckpointId>,
) -> Result<bool> {
    let name = format!("{folder}/{COMMIT}");
    let Some(bytes) = storage.get(&name)? else {
        return Ok(true);
    };
    let found = Savepoint::decode(&bytes, &name)?;
    if found.job == job && Some(found.checkpoint) == checkpoint {
        return Ok(false);
    }
    Err(taken(storage, folder))
}

fn taken(storage: &dyn Storage, folder: &str) -> Error {
    Error::invalid(format!(
        "there is a savepoint in {folder} of {} already, and savepoints are never replaced: choose another name",
        storage.location()
    ))
}

/// Reads the object that makes the folder a savepoint.
///
/// # Errors
/// `Unavailable` when there is none, `Corrupt` when it is damaged.
pub(crate) fn read(storage: &dyn Storage, folder: &str) -> Result<Savepoint> {
    let name = format!("{folder}/{COMMIT}");
    let bytes = storage.get(&name)?.ok_or_else(|| {
        Error::new(
            ErrorKind::Unavailable,
            format!(
                "there is no savepoint in {folder} of {}: {name} is missing",
                storage.location()
            ),
        )
    })?;
    Ok(Savepoint::decode(&bytes, &name)?)
}

/// Reads a savepoint's manifests.
///
/// # Errors
/// `Corrupt` when one is missing or not what the savepoint says.
pub(crate) fn manifests(
    storage: &dyn Storage,
    folder: &str,
    savepoint: &Savepoint,
) -> Result<Vec<Manifest>> {
    let manifests = savepoint.manifests.iter().map(|reference| {
        let name = format!("{folder}/{}", reference.object);
        let bytes = storage.get(&name)?.ok_or_else(|| {
            Error::corrupt(format!("{name} is missing in {}", storage.location()))
        })?;
        if u64::try_from(bytes.len()) != Ok(reference.bytes)
            || crc32c::crc32c(&bytes) != reference.crc32c
        {
            return Err(Error::corrupt(format!(
                "{name} is not what {folder}/{COMMIT} says"
            )));
        }
        Ok(Manifest::decode(&bytes, &name)?)
    });
    manifests.collect()
}
