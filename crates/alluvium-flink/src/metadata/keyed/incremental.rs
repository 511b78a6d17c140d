//! Handles of the files of a RocksDB, or of what uses its files: incremental checkpoints and native savepoints.
//!
//! ```text
//! i64 id of the checkpoint, utf uuid of the backend, range of key groups as in `key_groups`
//! [code 11] i64 bytes that this checkpoint added
//! meta stream: the names, kinds and serializers of the states
//! i32 number of shared files (tables), each: utf name in RocksDB's directory, stream
//! i32 number of private files (the rest), each the same
//! [code 11] utf id of the handle
//! ```
//!
//! Invariant: a name in RocksDB's directory has one part, so that writing the file under it cannot leave that directory.

use std::path::{Component, Path};

use alluvium_protocol::key_group::KeyGroupRange;

use super::super::fields::list;
use super::super::key_groups::{read_range, write_range};
use super::super::output::Output;
use super::super::stream::StreamHandle;
use crate::cursor::Cursor;
use crate::error::Result;

/// The files of a RocksDB, and a stream that says what is in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incremental {
    /// The checkpoint that wrote it.
    pub checkpoint_id: i64,
    /// Which backend's files they are: only those of one are shared between checkpoints.
    pub backend: String,
    /// The key groups it has.
    pub key_groups: Option<KeyGroupRange>,
    /// What handles have since Flink 1.15.
    pub account: Option<IncrementalAccount>,
    /// The stream with the names and serializers of the states.
    pub meta: StreamHandle,
    /// Tables, which other checkpoints may refer to.
    pub shared: Vec<LocalFile>,
    /// The other files: `CURRENT`, the manifest, the options, and without incremental checkpoints tables, too.
    pub private: Vec<LocalFile>,
}

/// What handles of RocksDB's files have since Flink 1.15.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncrementalAccount {
    /// The bytes that the checkpoint added; -1 where they were not counted.
    pub checkpointed_bytes: i64,
    /// The handle's id, unique in the job.
    pub id: String,
}

/// A file of RocksDB's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalFile {
    /// Its name there: `000034.sst`, `CURRENT`. One part, never `..`.
    pub name: String,
    /// Its bytes.
    pub stream: StreamHandle,
}

impl Incremental {
    pub(super) fn read(cursor: &mut Cursor<'_>, code: u8) -> Result<Self> {
        let has_account = code == 11;
        let checkpoint_id = cursor.i64("the id of a checkpoint")?;
        let backend = cursor.utf("the id of a backend")?;
        let key_groups = read_range(cursor)?;
        let checkpointed_bytes = has_account
            .then(|| cursor.i64("the bytes that a checkpoint added"))
            .transpose()?;
        let meta = StreamHandle::read(cursor, "the names of states")?;
        let shared = list(cursor, 3, "shared files", LocalFile::read)?;
        let private = list(cursor, 3, "private files", LocalFile::read)?;
        let account = match checkpointed_bytes {
            Some(checkpointed_bytes) => Some(IncrementalAccount {
                checkpointed_bytes,
                id: cursor.utf("the id of a keyed handle")?,
            }),
            None => None,
        };
        Ok(Self {
            checkpoint_id,
            backend,
            key_groups,
            account,
            meta,
            shared,
            private,
        })
    }

    pub(super) fn write(&self, out: &mut Output) -> Result<()> {
        out.i64(self.checkpoint_id);
        out.utf(&self.backend, "the id of a backend")?;
        write_range(self.key_groups, out);
        if let Some(account) = &self.account {
            out.i64(account.checkpointed_bytes);
        }
        self.meta.write(out)?;
        out.list(&self.shared, "shared files", |out, file| file.write(out))?;
        out.list(&self.private, "private files", |out, file| file.write(out))?;
        match &self.account {
            Some(account) => out.utf(&account.id, "the id of a keyed handle"),
            None => Ok(()),
        }
    }

    /// Shared and private files.
    pub fn files(&self) -> impl Iterator<Item = &LocalFile> {
        self.shared.iter().chain(&self.private)
    }
}

impl LocalFile {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        let start = cursor.clone();
        let name = cursor.utf("the name of a file")?;
        let mut parts = Path::new(&name).components();
        let is_one_part = matches!(parts.next(), Some(Component::Normal(part)) if part == name.as_str())
            && !name.contains('\0');
        if !is_one_part {
            return Err(start.corrupt(format!(
                "{name:?} is not the name of a file in RocksDB's directory"
            )));
        }
        let stream = StreamHandle::read(cursor, "a file of RocksDB")?;
        Ok(Self { name, stream })
    }

    fn write(&self, out: &mut Output) -> Result<()> {
        out.utf(&self.name, "the name of a file")?;
        self.stream.write(out)
    }
}
