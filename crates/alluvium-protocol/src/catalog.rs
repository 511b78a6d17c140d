//! What a job's folder says: which checkpoints exist, and which attempt may add one.
//!
//! A checkpoint exists when the log holds its commit record. The log is a row of small objects,
//! `commits/<sequence>`, created only if absent, with dense sequence numbers from 1 on: of two writers that
//! want the same number, one wins. A record is one of
//!
//! - a [`Commit`]: a checkpoint, the manifests it consists of, and what the engine attached;
//! - a [`Fence`]: an execution of the job that takes over from the older ones;
//! - a [`Cut`]: the end of what was dropped, in the place of the last record that was.
//!
//! Old records are deleted from the front, and a writer that slept for long could write into the hole, or a put that
//! was made twice arrive there late. Therefore every record carries its attempt's number and the place of that
//! attempt's fence, a cut separates the hole from the log, and the log is read by a rule
//! ([`Log`](crate::plan::log::Log)) under which such a record is void.
//!
//! Savepoints are in no log: their owner keeps or deletes them, folder by folder.
//!
//! Decides nothing (see [`plan`](crate::plan)) and reads nothing: callers bring bytes.

mod commit;
mod cut;
mod fence;
pub mod names;
mod savepoint;

pub use commit::{Commit, ManifestRef};
pub use cut::Cut;
pub use fence::Fence;
pub use savepoint::Savepoint;

use crate::catalog::names::ObjectName;
use crate::envelope::{self, RecordKind};
use crate::error::{Error, Result};

/// One record of a job's log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "readers of the log must treat each"
)]
pub enum Record {
    /// A checkpoint was committed.
    Commit(Commit),
    /// An attempt took over.
    Fence(Fence),
    /// What was here and below was dropped.
    Cut(Cut),
}

impl Record {
    /// The job whose log it is in.
    #[must_use]
    pub fn job(&self) -> &str {
        match self {
            Self::Commit(commit) => &commit.job,
            Self::Fence(fence) => &fence.job,
            Self::Cut(cut) => &cut.job,
        }
    }

    /// Its place in the log.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        match self {
            Self::Commit(commit) => commit.sequence,
            Self::Fence(fence) => fence.sequence,
            Self::Cut(cut) => cut.sequence,
        }
    }

    /// The attempt that wrote it.
    #[must_use]
    pub const fn attempt(&self) -> u64 {
        match self {
            Self::Commit(commit) => commit.attempt,
            Self::Fence(fence) => fence.attempt,
            Self::Cut(cut) => cut.attempt,
        }
    }

    /// Where in the log that attempt began: its fence's sequence number. `None` of a cut, which does not tell.
    #[must_use]
    pub const fn fence_sequence(&self) -> Option<u64> {
        match self {
            Self::Commit(commit) => Some(commit.fence_sequence),
            Self::Fence(fence) => Some(fence.sequence),
            Self::Cut(_) => None,
        }
    }

    /// Random bits by which its writer knows it again. `None` of a cut, whose writer need not.
    #[must_use]
    pub const fn nonce(&self) -> Option<u128> {
        match self {
            Self::Commit(commit) => Some(commit.nonce),
            Self::Fence(fence) => Some(fence.nonce),
            Self::Cut(_) => None,
        }
    }

    /// The object's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Commit(commit) => commit.encode(),
            Self::Fence(fence) => fence.encode(),
            Self::Cut(cut) => cut.encode(),
        }
    }

    /// Reads the object named `object`.
    ///
    /// # Errors
    /// `Corrupt` when the bytes are not a whole record, or when the object's name is a record's and of
    /// another sequence number, as after a copy by hand.
    pub fn decode(bytes: &[u8], object: &str) -> Result<Self> {
        let record = match envelope::open_any(bytes, object)? {
            (RecordKind::Commit, payload) => Self::Commit(Commit::decode_payload(payload, object)?),
            (RecordKind::Fence, payload) => Self::Fence(Fence::decode_payload(payload, object)?),
            (RecordKind::Cut, payload) => Self::Cut(Cut::decode_payload(payload, object)?),
            (kind, _payload) => {
                let noun = kind.noun();
                return Err(Error::corrupt(format!(
                    "{object} is {noun}, not a record of the log"
                )));
            }
        };
        match object.parse() {
            Ok(ObjectName::Record { sequence }) if sequence != record.sequence() => {
                Err(Error::corrupt(format!(
                    "{object} holds record {}: it was copied or renamed; delete it",
                    record.sequence()
                )))
            }
            _ => Ok(record),
        }
    }
}
