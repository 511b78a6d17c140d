//! `_metadata`: what a checkpoint or savepoint consists of, and where its bytes are.
//!
//! ```text
//! i32  0x4960672D
//! i32  version, 2 to 6
//! i64  checkpoint id, at least 0
//! i32  number of master states, each:
//!        i32 0xC96B1696, i32 length, then that many bytes: i32 version, utf name, i32 length, payload
//! i32  number of operators, each as in `operator`
//! to the end, since V4: a Java object with the properties of the checkpoint, see `properties`
//! ```
//!
//! Integers are big-endian; `utf` is what Java's `writeUTF` writes.
//!
//! | version | Flink writes it | what it adds |
//! |---|---|---|
//! | V2 | 1.3 to 1.10 | |
//! | V3 | 1.11 to 1.15 | coordinators, finished operators and subtasks, records in flight |
//! | V4 | 1.16 to 1.20 | properties |
//! | V5 | 2.0 | names and uids of operators |
//! | V6 | 2.1 and later | records in flight of several subtasks in one file |
//!
//! Invariants: reading never panics, and needs memory in proportion to the file; the order of everything is that of the file; what was read
//! at V4, V5 or V6 is written as the same bytes, except text with half a surrogate pair. The codes of handles do not depend on the version: V3 of Flink
//! 1.15 has some that V3 of 1.14 has not, so all are read in all.
//!
//! Does not look at the files that handles name (`files`) nor at what is in them (`keyed`, `section`).

mod channel;
mod fields;
mod key_groups;
mod keyed;
mod operator;
mod operator_id;
mod operator_state;
mod output;
mod properties;
mod stream;

use std::sync::Arc;

use crate::cursor::Cursor;
use crate::error::{Error, Result};

pub use channel::{ChannelHandle, ChannelPlace};
pub use key_groups::KeyGroupOffsets;
pub use keyed::{
    ByteChanges, Change, Changelog, FileChanges, Incremental, IncrementalAccount, KeyGroups,
    KeyGroupsKind, KeyedHandle, LocalFile, LoggedFile, Part, Role,
};
pub use operator::{Operator, Subtask, SubtaskState, Subtasks};
pub use operator_id::OperatorId;
pub use operator_state::{Distribution, MergedDirectories, OperatorHandle, PartitionedState};
pub use properties::{Kind, Properties, Retention};
pub use stream::{Scope, StreamHandle};

use fields::list;
use output::Output;

/// What a file begins with.
const MAGIC: i32 = 0x4960_672D;

/// What a master state begins with.
const MASTER_MAGIC: i32 = i32::from_be_bytes([0xC9, 0x6B, 0x16, 0x96]);

/// Handles in handles, at the most. Flink nests two deep: a changelog holds what it has materialized, and old wrappers hold one
/// stream.
const DEPTH_MAX: usize = 8;

/// The version of a `_metadata` file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Version {
    /// Flink 1.3 to 1.10. Only read.
    V2,
    /// Flink 1.11 to 1.15. Only read.
    V3,
    /// Flink 1.16 to 1.20.
    V4,
    /// Flink 2.0.
    V5,
    /// Flink 2.1 and later.
    V6,
}

impl Version {
    /// The number in the file.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
            Self::V4 => 4,
            Self::V5 => 5,
            Self::V6 => 6,
        }
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        let start = cursor.clone();
        match cursor.i32("the version of the metadata")? {
            1 => Err(start.unknown(
                "metadata of version 1 is of Flink 1.2 or older, which no current Flink reads either: restore it with Flink 1.3 \
                 to 1.10 and take a new savepoint",
            )),
            2 => Ok(Self::V2),
            3 => Ok(Self::V3),
            4 => Ok(Self::V4),
            5 => Ok(Self::V5),
            6 => Ok(Self::V6),
            other => Err(start.unknown(format!(
                "metadata of version {other}; versions 2 to 6 are known"
            ))),
        }
    }
}

/// The content of a `_metadata` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// The version it was read at and is written at.
    pub version: Version,
    /// The checkpoint's number in its job; savepoints are numbered with the checkpoints.
    pub checkpoint_id: u64,
    /// What hooks of the job manager stored; nearly always nothing.
    pub masters: Vec<MasterState>,
    /// The job's operators, those without state too.
    pub operators: Vec<Operator>,
    /// What Flink knows about the checkpoint itself; nothing before V4.
    pub properties: Option<Properties>,
}

/// What one hook of the job manager stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterState {
    /// The hook's name.
    pub name: String,
    /// The version of `bytes`, by the hook's own count.
    pub version: i32,
    /// What it stored.
    pub bytes: Vec<u8>,
}

impl Metadata {
    /// Reads a whole `_metadata` file. `file` is its name in messages.
    ///
    /// # Errors
    /// `Corrupt` when the bytes are not such a file, or not a whole one; `Incompatible` when it is of an unknown version or has a handle
    /// of an unknown code. The error names the byte.
    pub fn read(bytes: &[u8], file: &str) -> Result<Self> {
        let file: Arc<str> = file.into();
        let mut cursor = Cursor::new(bytes, &file, 0);
        let magic = cursor.clone();
        if cursor.i32("the magic number of a Flink checkpoint")? != MAGIC {
            return Err(magic.corrupt("this is not the metadata of a Flink checkpoint"));
        }
        let version = Version::read(&mut cursor)?;
        let checkpoint_id = fields::not_negative(&mut cursor, "the checkpoint's id")?;
        let masters = list(&mut cursor, 8, "master states", MasterState::read)?;
        let operators = list(&mut cursor, 28, "operators", |cursor| {
            Operator::read(cursor, version)
        })?;
        let properties = if version >= Version::V4 {
            Some(Properties::read(&mut cursor)?)
        } else {
            cursor.finish("the last operator")?;
            None
        };
        Ok(Self {
            version,
            checkpoint_id,
            masters,
            operators,
            properties,
        })
    }

    /// The file, at [`Self::version`].
    ///
    /// # Errors
    /// `Invalid` when the version is one that is only read, or the content is not one that the version can hold: no properties, records in flight of
    /// several subtasks in one file before V6, text of more than 65,535 bytes, more than 2³¹ of anything. Before V5, names and uids of
    /// operators are left out.
    pub fn write(&self) -> Result<Vec<u8>> {
        if self.version < Version::V4 {
            return Err(Error::invalid(format!(
                "metadata of version {} is only read: write version 4 (Flink 1.16 to 1.20), 5 (2.0) or 6 (2.1 and later)",
                self.version.number()
            )));
        }
        let properties = self.properties.as_ref().ok_or_else(|| {
            Error::invalid("metadata without properties cannot be written: Flink reads them back")
        })?;
        let mut out = Output::default();
        out.i32(MAGIC);
        out.i32(i32::from(self.version.number()));
        out.not_negative(self.checkpoint_id, "the checkpoint's id")?;
        out.list(&self.masters, "master states", |out, master| {
            master.write(out)
        })?;
        out.list(&self.operators, "operators", |out, operator| {
            operator.write(out, self.version)
        })?;
        out.bytes(properties.as_bytes());
        Ok(out.into_bytes())
    }
}

impl MasterState {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        let magic = cursor.clone();
        if cursor.i32("the magic number of a master state")? != MASTER_MAGIC {
            return Err(magic.corrupt("a master state does not begin with its magic number"));
        }
        let bytes = cursor.sized("a master state")?;
        let start = cursor.offset() - bytes.len() as u64;
        let mut part = Cursor::new(bytes, cursor.file(), start);
        let master = Self {
            version: part.i32("the version of a master state")?,
            name: part.utf("the name of a master state")?,
            bytes: part.sized("the payload of a master state")?.to_vec(),
        };
        part.finish("a master state")?;
        Ok(master)
    }

    fn write(&self, out: &mut Output) -> Result<()> {
        let mut part = Output::default();
        part.i32(self.version);
        part.utf(&self.name, "the name of a master state")?;
        part.sized(&self.bytes, "the payload of a master state")?;
        out.i32(MASTER_MAGIC);
        out.sized(&part.into_bytes(), "a master state")
    }
}
