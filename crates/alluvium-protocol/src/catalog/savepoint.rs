//! The object that makes a savepoint's folder a savepoint: written last, under the name `COMMIT`.
//!
//! ```text
//! message Savepoint
//!  1  job                  string         the job it was taken from
//!  2  checkpoint           uint64         the barrier it was taken at
//!  3  parallelism          uint32         number of subtasks, from 1 on
//!  4  max_parallelism      uint32         number of key groups, 1 to 32768
//!  5  manifests            ManifestRef[]  one for each snapshot; names relative to this folder
//!  6  attachments          map<string, bytes>  the engine's own: source offsets
//!  7  created_unix_millis  sint64
//! ```
//!
//! A savepoint is self-contained and can be moved: nothing in it names an object outside its folder, and
//! nothing outside names it, so that only its owner deletes it.

use std::collections::BTreeMap;

use prost::Message;

use crate::catalog::commit::{ManifestRef, ManifestRefWire};
use crate::envelope::{self, RecordKind};
use crate::error::Result;
use crate::key_group::MaxParallelism;
use crate::manifest::{CheckpointId, max_parallelism_from_wire};

/// A savepoint: a checkpoint that its user owns.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the catalog builds it field by field"
)]
pub struct Savepoint {
    /// The job it was taken from.
    pub job: String,
    /// The barrier it was taken at.
    pub checkpoint: CheckpointId,
    /// The number of subtasks that took part.
    pub parallelism: u32,
    /// The number of key groups.
    pub max_parallelism: MaxParallelism,
    /// The manifests of its snapshots, relative to the savepoint's folder.
    pub manifests: Vec<ManifestRef>,
    /// What the engine wants back with it.
    pub attachments: BTreeMap<String, Vec<u8>>,
    /// When it was written, in milliseconds since the Unix epoch, by the writer's clock.
    pub created_unix_millis: i64,
}

#[derive(Clone, PartialEq, Message)]
struct SavepointWire {
    #[prost(string, tag = "1")]
    job: String,
    #[prost(uint64, tag = "2")]
    checkpoint: u64,
    #[prost(uint32, tag = "3")]
    parallelism: u32,
    #[prost(uint32, tag = "4")]
    max_parallelism: u32,
    #[prost(message, repeated, tag = "5")]
    manifests: Vec<ManifestRefWire>,
    #[prost(btree_map = "string, bytes", tag = "6")]
    attachments: BTreeMap<String, Vec<u8>>,
    #[prost(sint64, tag = "7")]
    created_unix_millis: i64,
}

impl Savepoint {
    /// The object's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let wire = SavepointWire {
            job: self.job.clone(),
            checkpoint: self.checkpoint.get(),
            parallelism: self.parallelism,
            max_parallelism: self.max_parallelism.get().into(),
            manifests: self.manifests.iter().map(ManifestRef::to_wire).collect(),
            attachments: self.attachments.clone(),
            created_unix_millis: self.created_unix_millis,
        };
        envelope::seal_message(RecordKind::Savepoint, &wire)
    }

    /// Reads the object named `object`.
    ///
    /// # Errors
    /// `Corrupt` when the bytes are not a whole savepoint object.
    pub fn decode(bytes: &[u8], object: &str) -> Result<Self> {
        let payload = envelope::open(RecordKind::Savepoint, bytes, object)?;
        let wire: SavepointWire = envelope::decode_message(payload, object)?;
        Ok(Self {
            max_parallelism: max_parallelism_from_wire(wire.max_parallelism, object)?,
            manifests: ManifestRef::all_from_wire(wire.manifests, object)?,
            job: wire.job,
            checkpoint: CheckpointId::new(wire.checkpoint),
            parallelism: wire.parallelism,
            attachments: wire.attachments,
            created_unix_millis: wire.created_unix_millis,
        })
    }
}
