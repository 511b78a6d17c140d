//! The record that makes a checkpoint exist.
//!
//! ```text
//! message Commit
//!  1  job                  string
//!  2  sequence             uint64         place in the log
//!  3  attempt              uint64         the attempt that wrote it
//!  4  fence_sequence       uint64         where in the log that attempt's fence is; less than `sequence`
//!  5  nonce                bytes          16 random bytes by which the writer knows its record again
//!  6  checkpoint           uint64
//!  7  kind                 uint32         1 incremental, 2 full
//!  8  parallelism          uint32         number of subtasks, from 1 on
//!  9  max_parallelism      uint32         number of key groups, 1 to 32768
//! 10  manifests            ManifestRef[]  one for each snapshot
//! 11  attachments          map<string, bytes>  the engine's own: source offsets, pending sink files
//! 12  created_unix_millis  sint64
//!
//! message ManifestRef
//!  1  object    string  name of the manifest, relative to the job's or the savepoint's folder
//!  2  bytes     uint64  length of that object
//!  3  crc32c    uint32  CRC32C of that object
//!  4  subtask   uint32
//!  5  range     Range   the key groups whose state it describes
//! ```
//!
//! The manifests' lengths and checksums are here too, so that a manifest that was damaged or replaced
//! after the commit is noticed.

use std::collections::BTreeMap;

use prost::Message;

use crate::envelope::{self, RecordKind};
use crate::error::{Error, Result};
use crate::file::{check_object_name, u128_from_wire};
use crate::key_group::{KeyGroupRange, MaxParallelism};
use crate::manifest::{CheckpointId, RangeWire, SnapshotKind, max_parallelism_from_wire};

/// A checkpoint was committed: it exists from here on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the catalog builds it field by field"
)]
pub struct Commit {
    /// The job's name.
    pub job: String,
    /// Its place in the log.
    pub sequence: u64,
    /// The attempt that wrote it.
    pub attempt: u64,
    /// Where in the log that attempt's fence is.
    pub fence_sequence: u64,
    /// Random bits by which the writer knows its record again.
    pub nonce: u128,
    /// The checkpoint.
    pub checkpoint: CheckpointId,
    /// Whether its snapshots may refer to earlier files.
    pub kind: SnapshotKind,
    /// The number of subtasks that took part.
    pub parallelism: u32,
    /// The number of key groups.
    pub max_parallelism: MaxParallelism,
    /// The manifests of its snapshots.
    pub manifests: Vec<ManifestRef>,
    /// What the engine wants back with this checkpoint: source offsets, pending sink files.
    pub attachments: BTreeMap<String, Vec<u8>>,
    /// When it was written, in milliseconds since the Unix epoch, by the writer's clock.
    pub created_unix_millis: i64,
}

/// Where the manifest of one snapshot is, and what it must look like.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "snapshots build it field by field"
)]
pub struct ManifestRef {
    /// The object's name, relative to the job's (or savepoint's) folder.
    pub object: String,
    /// The object's length in bytes.
    pub bytes: u64,
    /// CRC32C of the object.
    pub crc32c: u32,
    /// The subtask whose snapshot it describes.
    pub subtask: u32,
    /// The key groups whose state it describes.
    pub range: KeyGroupRange,
}

#[derive(Clone, PartialEq, Message)]
struct CommitWire {
    #[prost(string, tag = "1")]
    job: String,
    #[prost(uint64, tag = "2")]
    sequence: u64,
    #[prost(uint64, tag = "3")]
    attempt: u64,
    #[prost(uint64, tag = "4")]
    fence_sequence: u64,
    #[prost(bytes = "vec", tag = "5")]
    nonce: Vec<u8>,
    #[prost(uint64, tag = "6")]
    checkpoint: u64,
    #[prost(uint32, tag = "7")]
    kind: u32,
    #[prost(uint32, tag = "8")]
    parallelism: u32,
    #[prost(uint32, tag = "9")]
    max_parallelism: u32,
    #[prost(message, repeated, tag = "10")]
    manifests: Vec<ManifestRefWire>,
    #[prost(btree_map = "string, bytes", tag = "11")]
    attachments: BTreeMap<String, Vec<u8>>,
    #[prost(sint64, tag = "12")]
    created_unix_millis: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ManifestRefWire {
    #[prost(string, tag = "1")]
    object: String,
    #[prost(uint64, tag = "2")]
    bytes: u64,
    #[prost(uint32, tag = "3")]
    crc32c: u32,
    #[prost(uint32, tag = "4")]
    subtask: u32,
    #[prost(message, optional, tag = "5")]
    range: Option<RangeWire>,
}

impl Commit {
    pub(super) fn encode(&self) -> Vec<u8> {
        let wire = CommitWire {
            job: self.job.clone(),
            sequence: self.sequence,
            attempt: self.attempt,
            fence_sequence: self.fence_sequence,
            nonce: self.nonce.to_be_bytes().to_vec(),
            checkpoint: self.checkpoint.get(),
            kind: self.kind.tag(),
            parallelism: self.parallelism,
            max_parallelism: self.max_parallelism.get().into(),
            manifests: self.manifests.iter().map(ManifestRef::to_wire).collect(),
            attachments: self.attachments.clone(),
            created_unix_millis: self.created_unix_millis,
        };
        envelope::seal_message(RecordKind::Commit, &wire)
    }

    pub(super) fn decode_payload(payload: &[u8], object: &str) -> Result<Self> {
        let wire: CommitWire = envelope::decode_message(payload, object)?;
        if wire.fence_sequence >= wire.sequence {
            return Err(Error::corrupt(format!(
                "{object}: record {} names a fence that comes after it ({})",
                wire.sequence, wire.fence_sequence
            )));
        }
        Ok(Self {
            nonce: u128_from_wire(&wire.nonce, || format!("{object}: the nonce"))?,
            kind: SnapshotKind::from_tag(wire.kind, object)?,
            max_parallelism: max_parallelism_from_wire(wire.max_parallelism, object)?,
            manifests: ManifestRef::all_from_wire(wire.manifests, object)?,
            job: wire.job,
            sequence: wire.sequence,
            attempt: wire.attempt,
            fence_sequence: wire.fence_sequence,
            checkpoint: CheckpointId::new(wire.checkpoint),
            parallelism: wire.parallelism,
            attachments: wire.attachments,
            created_unix_millis: wire.created_unix_millis,
        })
    }
}

impl ManifestRef {
    pub(super) fn to_wire(&self) -> ManifestRefWire {
        ManifestRefWire {
            object: self.object.clone(),
            bytes: self.bytes,
            crc32c: self.crc32c,
            subtask: self.subtask,
            range: Some(RangeWire::of(self.range)),
        }
    }

    pub(super) fn all_from_wire(wires: Vec<ManifestRefWire>, object: &str) -> Result<Vec<Self>> {
        wires
            .into_iter()
            .map(|wire| Self::from_wire(wire, object))
            .collect()
    }

    fn from_wire(wire: ManifestRefWire, object: &str) -> Result<Self> {
        check_object_name(&wire.object).map_err(|error| {
            Error::corrupt(format!("{object}: manifest {}: {error}", wire.subtask))
        })?;
        Ok(Self {
            range: RangeWire::parse(wire.range, object)?,
            object: wire.object,
            bytes: wire.bytes,
            crc32c: wire.crc32c,
            subtask: wire.subtask,
        })
    }
}
