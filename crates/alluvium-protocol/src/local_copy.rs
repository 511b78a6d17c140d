//! What is noted of the local copy of a snapshot, beside its files: the file `RECORD`.
//!
//! ```text
//! message LocalRecord
//!  1  files                LocalFile[]  one for each file of the copy; at least one
//!
//! message LocalFile
//!  1  id                   bytes   16 bytes: which file it is; each at most once
//!  2  bytes                uint64  length
//!  3  crc32c               uint32  CRC32C of the content
//!  4  modified_unix_nanos  sint64  when it was last written, by the file system
//!  5  inode                uint64  its number in the file system
//! ```
//!
//! A file whose length, time and inode are still as noted was not written since the note, so that it need
//! not be read to know its checksum. The record is of one machine and never needed: without it files
//! are read.

use std::collections::BTreeSet;

use prost::Message;

use crate::envelope::{self, RecordKind};
use crate::error::{Error, Result};
use crate::file::{FileId, u128_from_wire};

/// What is noted of one local copy's files.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "local copies build it field by field"
)]
pub struct LocalRecord {
    /// Its files, each once.
    pub files: Vec<LocalFile>,
}

/// What is noted of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "local copies build it field by field"
)]
pub struct LocalFile {
    /// Which file it is.
    pub id: FileId,
    /// Its length in bytes.
    pub bytes: u64,
    /// CRC32C of its content.
    pub crc32c: u32,
    /// When it was last written, in nanoseconds since the Unix epoch, by the file system.
    pub modified_unix_nanos: i64,
    /// Its number in the file system.
    pub inode: u64,
}

#[derive(Clone, PartialEq, Message)]
struct LocalRecordWire {
    #[prost(message, repeated, tag = "1")]
    files: Vec<LocalFileWire>,
}

#[derive(Clone, PartialEq, Message)]
struct LocalFileWire {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(uint64, tag = "2")]
    bytes: u64,
    #[prost(uint32, tag = "3")]
    crc32c: u32,
    #[prost(sint64, tag = "4")]
    modified_unix_nanos: i64,
    #[prost(uint64, tag = "5")]
    inode: u64,
}

impl LocalRecord {
    /// The record's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let files = self.files.iter().map(|file| LocalFileWire {
            id: file.id.get().to_be_bytes().to_vec(),
            bytes: file.bytes,
            crc32c: file.crc32c,
            modified_unix_nanos: file.modified_unix_nanos,
            inode: file.inode,
        });
        let wire = LocalRecordWire {
            files: files.collect(),
        };
        envelope::seal_message(RecordKind::LocalCopy, &wire)
    }

    /// Reads the record that messages call `what`.
    ///
    /// # Errors
    /// `Corrupt` when the bytes are not a whole record, name a file twice, or name none.
    pub fn decode(bytes: &[u8], what: &str) -> Result<Self> {
        let payload = envelope::open(RecordKind::LocalCopy, bytes, what)?;
        let wire: LocalRecordWire = envelope::decode_message(payload, what)?;
        if wire.files.is_empty() {
            return Err(Error::corrupt(format!("{what} names no file")));
        }
        let mut seen = BTreeSet::new();
        let files = wire.files.into_iter().map(|file| {
            let id = FileId::new(u128_from_wire(&file.id, || format!("{what}: a file's id"))?);
            if !seen.insert(id) {
                return Err(Error::corrupt(format!("{what} names file {id} twice")));
            }
            Ok(LocalFile {
                id,
                bytes: file.bytes,
                crc32c: file.crc32c,
                modified_unix_nanos: file.modified_unix_nanos,
                inode: file.inode,
            })
        });
        Ok(Self {
            files: files.collect::<Result<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_names_a_file_twice_is_refused() {
        let file = LocalFile {
            id: FileId::new(7),
            bytes: 10,
            crc32c: 1,
            modified_unix_nanos: -1,
            inode: 3,
        };
        let record = LocalRecord {
            files: vec![file, LocalFile { bytes: 11, ..file }],
        };

        let error = LocalRecord::decode(&record.encode(), "RECORD").unwrap_err();

        let expected = format!("RECORD names file {} twice", file.id);
        assert_eq!(error.to_string(), expected);
    }
}
