//! Handles of keyed state: what one subtask has written of it.
//!
//! A handle begins with a byte that tells its kind:
//!
//! ```text
//!  0  none
//!  3  key groups, until Flink 1.14: range and offsets as in `key_groups`, stream
//! 12  key groups: the same, utf id of the handle
//!  7  key groups of a savepoint: as 3; always of canonical layout
//!  5, 11  files of RocksDB: see `incremental`
//!  8, 14, 9, 10, 13  a changelog: see `changelog`
//! ```
//!
//! Does not tell what is in the streams of 3 and 12: it may be the heap's layout, the canonical one, or raw timers.

mod changelog;
mod incremental;
mod part;

use alluvium_protocol::key_group::KeyGroupRange;

use super::DEPTH_MAX;
use super::key_groups::KeyGroupOffsets;
use super::output::Output;
use super::stream::StreamHandle;
use crate::cursor::Cursor;
use crate::error::Result;

pub use changelog::{ByteChanges, Change, Changelog, FileChanges, LoggedFile};
pub use incremental::{Incremental, IncrementalAccount, LocalFile};
pub use part::{Part, Role};

/// What one subtask has written of its keyed state.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyedHandle {
    /// One stream with the position of each key group.
    KeyGroups(KeyGroups),
    /// The files of a RocksDB, and a stream that says what is in them.
    Incremental(Incremental),
    /// Snapshots, and what changed since.
    Changelog(Changelog),
    /// What changed, in the handle itself.
    ByteChanges(ByteChanges),
    /// What changed, in files.
    FileChanges(FileChanges),
}

/// One stream with the position of each key group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyGroups {
    /// Which code it has, and what only that one has.
    pub kind: KeyGroupsKind,
    /// Where in the stream each key group begins.
    pub offsets: KeyGroupOffsets,
    /// The stream.
    pub stream: StreamHandle,
}

/// Which code a handle of key groups has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyGroupsKind {
    /// 3: a checkpoint, until Flink 1.14.
    Old,
    /// 12: a checkpoint, or a savepoint in the heap's own layout.
    Identified {
        /// The handle's id, unique in the job.
        id: String,
    },
    /// 7: a canonical savepoint.
    Savepoint,
}

impl KeyedHandle {
    /// The key groups it has; `None` for an empty range.
    #[must_use]
    pub const fn key_groups(&self) -> Option<KeyGroupRange> {
        match self {
            Self::KeyGroups(KeyGroups { offsets, .. }) => offsets.range(),
            Self::Incremental(Incremental { key_groups, .. })
            | Self::Changelog(Changelog { key_groups, .. })
            | Self::ByteChanges(ByteChanges { key_groups, .. })
            | Self::FileChanges(FileChanges { key_groups, .. }) => *key_groups,
        }
    }

    /// The code in the file.
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self {
            Self::KeyGroups(handle) => match handle.kind {
                KeyGroupsKind::Old => 3,
                KeyGroupsKind::Identified { .. } => 12,
                KeyGroupsKind::Savepoint => 7,
            },
            Self::Incremental(handle) if handle.account.is_some() => 11,
            Self::Incremental(_) => 5,
            Self::Changelog(handle) if handle.checkpoint_id.is_some() => 14,
            Self::Changelog(_) => 8,
            Self::ByteChanges(_) => 9,
            Self::FileChanges(handle) if handle.storage.is_some() => 13,
            Self::FileChanges(_) => 10,
        }
    }

    /// The class of Flink that it is.
    #[must_use]
    pub const fn class(&self) -> &'static str {
        match self {
            Self::KeyGroups(handle) => match handle.kind {
                KeyGroupsKind::Savepoint => "KeyGroupsSavepointStateHandle",
                _ => "KeyGroupsStateHandle",
            },
            Self::Incremental(_) => "IncrementalRemoteKeyedStateHandle",
            Self::Changelog(_) => "ChangelogStateBackendHandleImpl",
            Self::ByteChanges(_) => "InMemoryChangelogStateHandle",
            Self::FileChanges(_) => "ChangelogStateHandleStreamImpl",
        }
    }

    pub(super) fn read_optional(cursor: &mut Cursor<'_>) -> Result<Option<Self>> {
        Self::read_nested(cursor, DEPTH_MAX)
    }

    fn read_nested(cursor: &mut Cursor<'_>, depth: usize) -> Result<Option<Self>> {
        let start = cursor.clone();
        let code = cursor.u8("the code of a keyed handle")?;
        Ok(Some(match code {
            0 => return Ok(None),
            3 | 7 | 12 => Self::KeyGroups(KeyGroups::read(cursor, code)?),
            5 | 11 => Self::Incremental(Incremental::read(cursor, code)?),
            8 | 14 => {
                let Some(depth) = depth.checked_sub(1) else {
                    return Err(start.corrupt(format!(
                        "keyed handles are nested more than {DEPTH_MAX} deep"
                    )));
                };
                let nested = |cursor: &mut Cursor<'_>| {
                    let at = cursor.clone();
                    Self::read_nested(cursor, depth)?
                        .ok_or_else(|| at.corrupt("expected a handle of a changelog, found none"))
                };
                Self::Changelog(Changelog::read(cursor, code, nested)?)
            }
            9 => Self::ByteChanges(ByteChanges::read(cursor)?),
            10 | 13 => Self::FileChanges(FileChanges::read(cursor, code)?),
            other => {
                return Err(start.unknown(format!(
                    "keyed handle of code {other}; known are 0, 3, 5 and 7 to 14"
                )));
            }
        }))
    }

    fn write(&self, out: &mut Output) -> Result<()> {
        out.u8(self.code());
        match self {
            Self::KeyGroups(handle) => handle.write(out),
            Self::Incremental(handle) => handle.write(out),
            Self::Changelog(handle) => handle.write(out, |out, nested| nested.write(out)),
            Self::ByteChanges(handle) => handle.write(out),
            Self::FileChanges(handle) => handle.write(out),
        }
    }

    pub(super) fn write_optional(handle: Option<&Self>, out: &mut Output) -> Result<()> {
        if let Some(handle) = handle {
            return handle.write(out);
        }
        out.u8(0);
        Ok(())
    }
}

impl KeyGroups {
    fn read(cursor: &mut Cursor<'_>, code: u8) -> Result<Self> {
        let offsets = KeyGroupOffsets::read(cursor)?;
        let stream = StreamHandle::read(cursor, "key groups")?;
        let kind = match code {
            3 => KeyGroupsKind::Old,
            7 => KeyGroupsKind::Savepoint,
            _ => KeyGroupsKind::Identified {
                id: cursor.utf("the id of a keyed handle")?,
            },
        };
        Ok(Self {
            kind,
            offsets,
            stream,
        })
    }

    fn write(&self, out: &mut Output) -> Result<()> {
        self.offsets.write(out);
        self.stream.write(out)?;
        match &self.kind {
            KeyGroupsKind::Identified { id } => out.utf(id, "the id of a keyed handle"),
            KeyGroupsKind::Old | KeyGroupsKind::Savepoint => Ok(()),
        }
    }
}
