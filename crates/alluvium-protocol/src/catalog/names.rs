//! Names of objects below a job's folder.
//!
//! ```text
//! commits/<sequence, 20 digits>                            a record of the log
//! checkpoints/<id>/<attempt>-<subtask>.manifest            the manifest of one snapshot
//! checkpoints/<id>/<attempt>-<subtask>/<file id>           a file of that snapshot alone
//! shared/<file id>-<upload>                                a file that later snapshots may refer to
//! savepoints/<name>/COMMIT                                 last object of a savepoint: it is whole
//! savepoints/<name>/<attempt>-<subtask>.manifest           the manifest of one snapshot in it
//! savepoints/<name>/<attempt>-<subtask>-<part>.rows        the rows of that snapshot
//! ```
//!
//! Sequence numbers have 20 digits, all that a 64-bit number can have, so that a listing in order of
//! names is in order of numbers. Other numbers are decimal without leading zeros; `<file id>` and
//! `<upload>` are 32 lower-case hexadecimal digits. Hence each object has one name, and each name is
//! read back to what it was made from. `<upload>` is drawn at random for each upload: deleting what an
//! aborted upload left behind cannot hit an object of the same file that a later upload wrote.
//!
//! A directory may also have `<object>#<number>`: a write that was killed, or that goes on. It is no object; a sweep
//! deletes it when it is old enough.
//!
//! A name that is not one of these is nobody's: the sweep leaves it alone. Names inside a savepoint are
//! relative to its folder in its manifests, so that the folder can be moved.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::file::{FileId, check_part, parse_hex};
use crate::manifest::CheckpointId;

/// What an object below a job's folder is, by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "the sweep must decide about each")]
pub enum ObjectName {
    /// A record of the log.
    Record {
        /// Its place in the log.
        sequence: u64,
    },
    /// The manifest of one snapshot.
    Manifest {
        /// The checkpoint it belongs to.
        checkpoint: CheckpointId,
        /// The attempt that wrote it.
        attempt: u64,
        /// The subtask whose snapshot it describes.
        subtask: u32,
    },
    /// A file of one snapshot alone.
    Exclusive {
        /// The checkpoint it belongs to.
        checkpoint: CheckpointId,
        /// The attempt that wrote it.
        attempt: u64,
        /// The subtask whose snapshot holds it.
        subtask: u32,
        /// The file's identity.
        file: FileId,
    },
    /// A file that later snapshots may refer to.
    Shared {
        /// The file's identity.
        file: FileId,
        /// Random bits of the upload that wrote it.
        upload: u128,
    },
    /// An object of a savepoint.
    Savepoint {
        /// The savepoint's name: one path part.
        savepoint: String,
        /// Which of its objects.
        object: SavepointObject,
    },
}

/// What an object below a savepoint's folder is, by its name there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "the sweep must decide about each")]
pub enum SavepointObject {
    /// The object that is written last.
    Commit,
    /// The manifest of one snapshot.
    Manifest {
        /// The attempt that wrote it: an older one that is still writing cannot hit it.
        attempt: u64,
        /// The subtask whose snapshot it describes.
        subtask: u32,
    },
    /// Rows of one snapshot.
    Rows {
        /// The attempt that wrote them.
        attempt: u64,
        /// The subtask whose rows they are.
        subtask: u32,
        /// Which of the snapshot's files, from 0.
        part: u32,
    },
}

/// Name of the log record with this sequence number.
#[must_use]
pub fn record(sequence: u64) -> String {
    ObjectName::Record { sequence }.to_string()
}

/// Where the log's records are: the prefix of their names.
#[must_use]
pub const fn record_prefix() -> &'static str {
    "commits/"
}

/// Name of a snapshot's manifest.
#[must_use]
pub fn manifest(checkpoint: CheckpointId, attempt: u64, subtask: u32) -> String {
    ObjectName::Manifest {
        checkpoint,
        attempt,
        subtask,
    }
    .to_string()
}

/// Name of a file that belongs to one snapshot alone.
#[must_use]
pub fn exclusive(checkpoint: CheckpointId, attempt: u64, subtask: u32, file: FileId) -> String {
    ObjectName::Exclusive {
        checkpoint,
        attempt,
        subtask,
        file,
    }
    .to_string()
}

/// Where a checkpoint's manifests and exclusive files are: the prefix of their names.
#[must_use]
pub fn checkpoint_prefix(checkpoint: CheckpointId) -> String {
    format!("checkpoints/{checkpoint}/")
}

/// Name of a file that later snapshots may refer to. `upload` is drawn at random for each upload.
#[must_use]
pub fn shared(file: FileId, upload: u128) -> String {
    ObjectName::Shared { file, upload }.to_string()
}

/// Folder of a savepoint: the prefix of its objects' names.
///
/// # Errors
/// `Invalid` when the savepoint's name is not one plain path part.
pub fn savepoint_prefix(savepoint: &str) -> Result<String> {
    check_part(savepoint)?;
    Ok(format!("savepoints/{savepoint}/"))
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record { sequence } => write!(f, "commits/{sequence:020}"),
            Self::Manifest {
                checkpoint,
                attempt,
                subtask,
            } => {
                write!(f, "checkpoints/{checkpoint}/{attempt}-{subtask}.manifest")
            }
            Self::Exclusive {
                checkpoint,
                attempt,
                subtask,
                file,
            } => {
                write!(f, "checkpoints/{checkpoint}/{attempt}-{subtask}/{file}")
            }
            Self::Shared { file, upload } => write!(f, "shared/{file}-{upload:032x}"),
            Self::Savepoint { savepoint, object } => write!(f, "savepoints/{savepoint}/{object}"),
        }
    }
}

impl ObjectName {
    /// The checkpoint and the attempt that the object belongs to, if it belongs to one alone.
    #[must_use]
    pub const fn snapshot(&self) -> Option<(CheckpointId, u64)> {
        match self {
            Self::Manifest {
                checkpoint,
                attempt,
                ..
            }
            | Self::Exclusive {
                checkpoint,
                attempt,
                ..
            } => Some((*checkpoint, *attempt)),
            _ => None,
        }
    }
}

impl FromStr for ObjectName {
    type Err = Error;

    /// Reads what [`Display`](fmt::Display) writes, and nothing else.
    fn from_str(name: &str) -> Result<Self> {
        parse_object(name)
            .ok_or_else(|| Error::invalid(format!("{name:?} is not the name of a job's object")))
    }
}

impl fmt::Display for SavepointObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commit => f.write_str("COMMIT"),
            Self::Manifest { attempt, subtask } => write!(f, "{attempt}-{subtask}.manifest"),
            Self::Rows {
                attempt,
                subtask,
                part,
            } => write!(f, "{attempt}-{subtask}-{part}.rows"),
        }
    }
}

impl FromStr for SavepointObject {
    type Err = Error;

    /// Reads what [`Display`](fmt::Display) writes, and nothing else.
    fn from_str(name: &str) -> Result<Self> {
        parse_savepoint_object(name).ok_or_else(|| {
            Error::invalid(format!("{name:?} is not the name of a savepoint's object"))
        })
    }
}

/// The object that a killed write was to make, by the name of the file that it left.
#[must_use]
pub fn unfinished(name: &str) -> Option<ObjectName> {
    let (object, number) = name.rsplit_once('#')?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    object.parse().ok().filter(|_object| digits)
}

fn parse_object(name: &str) -> Option<ObjectName> {
    let (folder, rest) = name.split_once('/')?;
    match folder {
        "commits" => {
            let digits = rest.len() == 20 && rest.bytes().all(|byte| byte.is_ascii_digit());
            let sequence = rest.parse().ok().filter(|_sequence| digits)?;
            Some(ObjectName::Record { sequence })
        }
        "checkpoints" => {
            let (checkpoint, rest) = rest.split_once('/')?;
            let checkpoint = CheckpointId::new(number(checkpoint)?);
            let (attempt, rest) = rest.split_once('-')?;
            let attempt = number(attempt)?;
            if let Some(subtask) = rest.strip_suffix(".manifest") {
                return Some(ObjectName::Manifest {
                    checkpoint,
                    attempt,
                    subtask: number(subtask)?,
                });
            }
            let (subtask, file) = rest.split_once('/')?;
            let (subtask, file) = (number(subtask)?, FileId::new(parse_hex(file)?));
            Some(ObjectName::Exclusive {
                checkpoint,
                attempt,
                subtask,
                file,
            })
        }
        "shared" => {
            let (file, upload) = rest.split_once('-')?;
            let (file, upload) = (FileId::new(parse_hex(file)?), parse_hex(upload)?);
            Some(ObjectName::Shared { file, upload })
        }
        "savepoints" => {
            let (savepoint, object) = rest.split_once('/')?;
            check_part(savepoint).ok()?;
            let object = parse_savepoint_object(object)?;
            Some(ObjectName::Savepoint {
                savepoint: savepoint.to_owned(),
                object,
            })
        }
        _ => None,
    }
}

fn parse_savepoint_object(name: &str) -> Option<SavepointObject> {
    if name == "COMMIT" {
        return Some(SavepointObject::Commit);
    }
    if let Some(numbers) = name.strip_suffix(".manifest") {
        let (attempt, subtask) = numbers.split_once('-')?;
        return Some(SavepointObject::Manifest {
            attempt: number(attempt)?,
            subtask: number(subtask)?,
        });
    }
    let (attempt, numbers) = name.strip_suffix(".rows")?.split_once('-')?;
    let (subtask, part) = numbers.split_once('-')?;
    Some(SavepointObject::Rows {
        attempt: number(attempt)?,
        subtask: number(subtask)?,
        part: number(part)?,
    })
}

/// A decimal number in its only spelling: no sign, no leading zero.
fn number<N: FromStr + fmt::Display>(text: &str) -> Option<N> {
    let number: N = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}
