//! Handles of the changelog backend: snapshots now and then, and in between what changed.
//!
//! ```text
//! 8, 14   range of key groups, i64 bytes, i32 n keyed handles (snapshots), i32 n keyed handles (9, 10 or 13),
//!         i64 id of the snapshots, [14] i64 id of the checkpoint, utf id of the handle
//! 9       range, i64 from, i64 to, i32 n changes: i32 key group (-1: of metadata), i32 length, bytes; utf id
//! 10, 13  range, i32 n files: i64 offset, stream; i64 bytes, i64 bytes added, utf id, [13] utf storage
//! ```

use alluvium_protocol::key_group::KeyGroupRange;

use super::super::fields::list;
use super::super::key_groups::{read_range, write_range};
use super::super::output::Output;
use super::super::stream::StreamHandle;
use super::KeyedHandle;
use crate::cursor::Cursor;
use crate::error::Result;

/// Snapshots, and what changed since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changelog {
    /// The key groups it has.
    pub key_groups: Option<KeyGroupRange>,
    /// The bytes that the checkpoint added, by Flink's account.
    pub checkpointed_bytes: i64,
    /// The state as of the last materialization.
    pub materialized: Vec<KeyedHandle>,
    /// What changed since, oldest first.
    pub changes: Vec<KeyedHandle>,
    /// Which materialization.
    pub materialization_id: i64,
    /// Which checkpoint; not told by the oldest form (code 8).
    pub checkpoint_id: Option<i64>,
    /// The handle's id.
    pub id: String,
}

/// What changed, in the handle itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByteChanges {
    /// The key groups it has.
    pub key_groups: Option<KeyGroupRange>,
    /// The number of the first change.
    pub from: i64,
    /// The number behind the last change.
    pub to: i64,
    /// The changes.
    pub changes: Vec<Change>,
    /// The handle's id.
    pub id: String,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its key group; -1 for one of metadata.
    pub key_group: i32,
    /// The change, in the changelog's format.
    pub bytes: Vec<u8>,
}

/// What changed, in files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChanges {
    /// The key groups it has.
    pub key_groups: Option<KeyGroupRange>,
    /// The files.
    pub files: Vec<LoggedFile>,
    /// All their bytes, by Flink's account.
    pub state_bytes: i64,
    /// The bytes that the checkpoint added, by Flink's account.
    pub checkpointed_bytes: i64,
    /// The handle's id.
    pub id: String,
    /// Which kind of storage wrote them; `None` in the oldest form (code 10), which is `filesystem`.
    pub storage: Option<String>,
}

/// One file of a changelog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedFile {
    /// Where the changes begin in it.
    pub offset: i64,
    /// The file.
    pub stream: StreamHandle,
}

impl Changelog {
    pub(super) fn read(
        cursor: &mut Cursor<'_>,
        code: u8,
        nested: impl Fn(&mut Cursor<'_>) -> Result<KeyedHandle>,
    ) -> Result<Self> {
        Ok(Self {
            key_groups: read_range(cursor)?,
            checkpointed_bytes: cursor.i64("the bytes that a checkpoint added")?,
            materialized: list(cursor, 1, "materialized handles", &nested)?,
            changes: list(cursor, 1, "handles of changes", &nested)?,
            materialization_id: cursor.i64("the id of a materialization")?,
            checkpoint_id: (code == 14)
                .then(|| cursor.i64("the id of a checkpoint"))
                .transpose()?,
            id: cursor.utf("the id of a keyed handle")?,
        })
    }

    pub(super) fn write(
        &self,
        out: &mut Output,
        nested: impl Fn(&mut Output, &KeyedHandle) -> Result<()>,
    ) -> Result<()> {
        write_range(self.key_groups, out);
        out.i64(self.checkpointed_bytes);
        out.list(&self.materialized, "materialized handles", &nested)?;
        out.list(&self.changes, "handles of changes", &nested)?;
        out.i64(self.materialization_id);
        if let Some(checkpoint_id) = self.checkpoint_id {
            out.i64(checkpoint_id);
        }
        out.utf(&self.id, "the id of a keyed handle")
    }
}

impl ByteChanges {
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        Ok(Self {
            key_groups: read_range(cursor)?,
            from: cursor.i64("the number of the first change")?,
            to: cursor.i64("the number behind the last change")?,
            changes: list(cursor, 8, "changes", |cursor| {
                Ok(Change {
                    key_group: cursor.i32("the key group of a change")?,
                    bytes: cursor.sized("a change")?.to_vec(),
                })
            })?,
            id: cursor.utf("the id of a keyed handle")?,
        })
    }

    pub(super) fn write(&self, out: &mut Output) -> Result<()> {
        write_range(self.key_groups, out);
        out.i64(self.from);
        out.i64(self.to);
        out.list(&self.changes, "changes", |out, change| {
            out.i32(change.key_group);
            out.sized(&change.bytes, "a change")
        })?;
        out.utf(&self.id, "the id of a keyed handle")
    }
}

impl FileChanges {
    pub(super) fn read(cursor: &mut Cursor<'_>, code: u8) -> Result<Self> {
        Ok(Self {
            key_groups: read_range(cursor)?,
            files: list(cursor, 9, "files of changes", |cursor| {
                Ok(LoggedFile {
                    offset: cursor.i64("the first byte of changes")?,
                    stream: StreamHandle::read(cursor, "changes")?,
                })
            })?,
            state_bytes: cursor.i64("the bytes of changes")?,
            checkpointed_bytes: cursor.i64("the bytes that a checkpoint added")?,
            id: cursor.utf("the id of a keyed handle")?,
            storage: (code == 13)
                .then(|| cursor.utf("the storage of changes"))
                .transpose()?,
        })
    }

    pub(super) fn write(&self, out: &mut Output) -> Result<()> {
        write_range(self.key_groups, out);
        out.list(&self.files, "files of changes", |out, file| {
            out.i64(file.offset);
            file.stream.write(out)
        })?;
        out.i64(self.state_bytes);
        out.i64(self.checkpointed_bytes);
        out.utf(&self.id, "the id of a keyed handle")?;
        match &self.storage {
            Some(storage) => out.utf(storage, "the storage of changes"),
            None => Ok(()),
        }
    }
}
