//! The manifest: all that one subtask's snapshot consists of.
//!
//! ```text
//! message Manifest
//!  1  job                  string
//!  2  checkpoint           uint64       the barrier it was taken at
//!  3  attempt              uint64       the attempt that wrote it
//!  4  subtask              uint32
//!  5  kind                 uint32       1 incremental, 2 full, 3 savepoint
//!  6  store                string       kind of store whose files these are; "rows" in a savepoint
//!  7  range                Range        the key groups whose state it holds
//!  8  max_parallelism      uint32       number of key groups, 1 to 32768
//!  9  base                 uint64       the checkpoint whose files it may refer to; absent if none
//! 10  next_generation      uint64       list chunks in it have smaller generations
//! 11  schema               KeyedSchema
//! 12  files                FileRef[]    in the order in which the store wants them; names are distinct
//! 13  created_unix_millis  sint64
//! 14  event_time_first     sint64       the first event time that the job was told; absent if none was
//! 15  event_time           sint64       the largest that this subtask was told; absent if none was
//!
//! message Range
//!  1  first                uint32       first key group
//!  2  last                 uint32       last key group, not before the first; below max_parallelism
//! ```
//!
//! A manifest with a state that has a TTL, versions of its type or older forms says that readers must be of format
//! version 2 at least.
//!
//! A manifest is written after all its files. It lists what a restore needs and what retention must
//! keep, so that neither ever has to open a file to find out.

use std::collections::BTreeSet;
use std::fmt;

use prost::Message;

use crate::envelope::{self, RecordKind};
use crate::error::{Error, Result};
use crate::file::{FileRef, FileRefWire};
use crate::key_group::{KeyGroupRange, MaxParallelism};
use crate::schema::{KeyedSchema, KeyedSchemaWire, StateSchema};
use crate::stamp::Moment;

/// The first format version whose readers know of stamps, versions of types and older forms. On disk.
const STAMPS_AND_FORMS: u16 = 2;

/// The number of a checkpoint: a barrier's place in the stream, given by the engine, growing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckpointId(u64);

impl CheckpointId {
    /// The checkpoint with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for CheckpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a snapshot may refer to, and who owns it. On disk; never renumber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "snapshot and restore must treat each"
)]
#[repr(u8)]
pub enum SnapshotKind {
    /// Refers to files of its base, and lets later ones refer to its own.
    Incremental = 1,
    /// Consists of files that it uploaded itself: it refers to nothing earlier. Later ones may refer to its files.
    Full = 2,
    /// Consists of rows files that any store restores; owned by the user.
    Savepoint = 3,
}

impl SnapshotKind {
    pub(crate) fn tag(self) -> u32 {
        u32::from(self as u8)
    }

    pub(crate) fn from_tag(tag: u32, what: &str) -> Result<Self> {
        [Self::Incremental, Self::Full, Self::Savepoint]
            .into_iter()
            .find(|kind| kind.tag() == tag)
            .ok_or_else(|| Error::corrupt(format!("{what} is of an unknown snapshot kind ({tag})")))
    }
}

impl fmt::Display for SnapshotKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Incremental => "incremental",
            Self::Full => "full",
            Self::Savepoint => "savepoint",
        })
    }
}

/// One subtask's snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "snapshots build it field by field"
)]
pub struct Manifest {
    /// The job's name.
    pub job: String,
    /// The barrier it was taken at.
    pub checkpoint: CheckpointId,
    /// The attempt that wrote it.
    pub attempt: u64,
    /// The subtask whose state it holds.
    pub subtask: u32,
    /// What it may refer to.
    pub kind: SnapshotKind,
    /// The kind of store whose files these are.
    pub store: String,
    /// The key groups whose state it holds.
    pub range: KeyGroupRange,
    /// The number of key groups.
    pub max_parallelism: MaxParallelism,
    /// The checkpoint whose files it may refer to.
    pub base: Option<CheckpointId>,
    /// Generations of list chunks in it are smaller than this.
    pub next_generation: u64,
    /// The states in it.
    pub schema: KeyedSchema,
    /// Its files, in the order in which the store wants them; names are distinct.
    pub files: Vec<FileRef>,
    /// When it was written, in milliseconds since the Unix epoch, by the writer's clock.
    pub created_unix_millis: i64,
    /// The event time it was taken at: what had expired by it stays so.
    pub event_time: Moment,
}

impl Manifest {
    /// Bytes of files that this snapshot uploaded.
    #[must_use]
    pub fn bytes_new(&self) -> u64 {
        self.bytes_of(|file| file.uploaded_by == self.checkpoint)
    }

    /// Bytes of files that an earlier snapshot uploaded and this one refers to.
    #[must_use]
    pub fn bytes_referred(&self) -> u64 {
        self.bytes_of(|file| file.uploaded_by != self.checkpoint)
    }

    fn bytes_of(&self, which: impl Fn(&FileRef) -> bool) -> u64 {
        let sizes = self
            .files
            .iter()
            .filter(|file| which(file))
            .map(|file| file.bytes);
        sizes.fold(0, u64::saturating_add)
    }

    /// The object's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let wire = ManifestWire {
            job: self.job.clone(),
            checkpoint: self.checkpoint.get(),
            attempt: self.attempt,
            subtask: self.subtask,
            kind: self.kind.tag(),
            store: self.store.clone(),
            range: Some(RangeWire::of(self.range)),
            max_parallelism: self.max_parallelism.get().into(),
            base: self.base.map(CheckpointId::get),
            next_generation: self.next_generation,
            schema: Some(self.schema.to_wire()),
            files: self.files.iter().map(FileRef::to_wire).collect(),
            created_unix_millis: self.created_unix_millis,
            event_time_first: known(self.event_time.first()),
            event_time: known(self.event_time.now()),
        };
        envelope::seal_for(
            RecordKind::Manifest,
            min_reader(&self.schema),
            &wire.encode_to_vec(),
        )
    }

    /// Reads the object named `object`.
    ///
    /// # Errors
    /// `Corrupt` when the bytes are not a whole manifest, or contradict themselves.
    pub fn decode(bytes: &[u8], object: &str) -> Result<Self> {
        let payload = envelope::open(RecordKind::Manifest, bytes, object)?;
        let wire: ManifestWire = envelope::decode_message(payload, object)?;
        let range = RangeWire::parse(wire.range, object)?;
        let max_parallelism = max_parallelism_from_wire(wire.max_parallelism, object)?;
        if !max_parallelism.all().covers(range) {
            return Err(Error::corrupt(format!(
                "{object}: key groups {range} are not among {max_parallelism}"
            )));
        }
        let mut names = BTreeSet::new();
        let mut files = Vec::new();
        for file in wire.files {
            let file = FileRef::from_wire(file, object)?;
            if !names.insert(file.name.clone()) {
                return Err(Error::corrupt(format!(
                    "{object} lists file {:?} twice",
                    file.name
                )));
            }
            files.push(file);
        }
        Ok(Self {
            checkpoint: CheckpointId(wire.checkpoint),
            attempt: wire.attempt,
            subtask: wire.subtask,
            kind: SnapshotKind::from_tag(wire.kind, object)?,
            store: wire.store,
            range,
            max_parallelism,
            base: wire.base.map(CheckpointId),
            next_generation: wire.next_generation,
            schema: KeyedSchema::from_wire(wire.schema, object)?,
            files,
            created_unix_millis: wire.created_unix_millis,
            event_time: Moment::of_stream(
                wire.event_time_first.unwrap_or(i64::MIN),
                wire.event_time.unwrap_or(i64::MIN),
            ),
            job: wire.job,
        })
    }
}

/// The oldest format version whose readers give no wrong values of these states.
fn min_reader(schema: &KeyedSchema) -> u16 {
    let is_bare = |state: &StateSchema| {
        let value = &state.value;
        state.ttl.is_none() && value.type_version.is_none() && value.older.is_empty()
    };
    if schema.states.iter().all(is_bare) {
        envelope::MIN_READER
    } else {
        STAMPS_AND_FORMS
    }
}

/// A time that was told.
fn known(time: i64) -> Option<i64> {
    (time != i64::MIN).then_some(time)
}

#[derive(Clone, PartialEq, Message)]
struct ManifestWire {
    #[prost(string, tag = "1")]
    job: String,
    #[prost(uint64, tag = "2")]
    checkpoint: u64,
    #[prost(uint64, tag = "3")]
    attempt: u64,
    #[prost(uint32, tag = "4")]
    subtask: u32,
    #[prost(uint32, tag = "5")]
    kind: u32,
    #[prost(string, tag = "6")]
    store: String,
    #[prost(message, optional, tag = "7")]
    range: Option<RangeWire>,
    #[prost(uint32, tag = "8")]
    max_parallelism: u32,
    #[prost(uint64, optional, tag = "9")]
    base: Option<u64>,
    #[prost(uint64, tag = "10")]
    next_generation: u64,
    #[prost(message, optional, tag = "11")]
    schema: Option<KeyedSchemaWire>,
    #[prost(message, repeated, tag = "12")]
    files: Vec<FileRefWire>,
    #[prost(sint64, tag = "13")]
    created_unix_millis: i64,
    #[prost(sint64, optional, tag = "14")]
    event_time_first: Option<i64>,
    #[prost(sint64, optional, tag = "15")]
    event_time: Option<i64>,
}

/// A range of key groups as it is stored.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RangeWire {
    #[prost(uint32, tag = "1")]
    first: u32,
    #[prost(uint32, tag = "2")]
    last: u32,
}

impl RangeWire {
    pub(crate) fn of(range: KeyGroupRange) -> Self {
        Self {
            first: range.first().get().into(),
            last: range.last().get().into(),
        }
    }

    pub(crate) fn parse(wire: Option<Self>, what: &str) -> Result<KeyGroupRange> {
        let wire = wire.ok_or_else(|| Error::corrupt(format!("{what}: key groups are missing")))?;
        let (first, last) = (u16::try_from(wire.first), u16::try_from(wire.last));
        if let (Ok(first), Ok(last)) = (first, last)
            && let Ok(range) = KeyGroupRange::new(first, last)
        {
            return Ok(range);
        }
        Err(Error::corrupt(format!(
            "{what}: {}-{} are not key groups",
            wire.first, wire.last
        )))
    }
}

/// The number of key groups in a field that should have it.
pub(crate) fn max_parallelism_from_wire(groups: u32, what: &str) -> Result<MaxParallelism> {
    MaxParallelism::new(groups).map_err(|error| Error::corrupt(format!("{what}: {error}")))
}
