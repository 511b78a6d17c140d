//! A file of a snapshot: its identity for ever, where its bytes are, and what is known of them.
//!
//! ```text
//! message FileRef
//!  1  id           bytes   16 bytes: a number that is never given to other content
//!  2  object       string  name of the object, relative to the job's or the savepoint's folder
//!  3  name         string  name of the file in the store's directory: one path part
//!  4  shared       bool    whether later snapshots may refer to the object
//!  5  bytes        uint64  length
//!  6  crc32c       uint32  CRC32C of the content
//!  7  bounds       Bounds  absent when the file holds no rows
//!  8  note         bytes   what the store wants to be told again, opaque
//!  9  uploaded_by  uint64  checkpoint that uploaded the object
//!
//! message Bounds
//!  1  first        bytes   first row key in the file, deleted rows included
//!  2  last         bytes   last row key in the file; not before `first`
//! ```
//!
//! A file keeps its identity when it is linked into another directory, renamed there, or restored on
//! another machine; that is why a rescaled backend's first snapshot can still be incremental.
//!
//! Both names are checked when they are parsed: a manifest from anywhere cannot make a restore write
//! outside its directory.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::manifest::CheckpointId;

/// A file's identity: unique for ever, never given to other content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u128);

impl FileId {
    /// The identity with these bits, which the caller drew at random or read.
    #[must_use]
    pub const fn new(bits: u128) -> Self {
        Self(bits)
    }

    /// Its bits.
    #[must_use]
    pub const fn get(self) -> u128 {
        self.0
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileId({self})")
    }
}

impl FromStr for FileId {
    type Err = Error;

    /// Reads what [`Display`](fmt::Display) writes: exactly 32 lower-case hexadecimal digits.
    fn from_str(text: &str) -> Result<Self> {
        parse_hex(text).map(Self).ok_or_else(|| {
            Error::invalid(format!(
                "file id {text:?} is not 32 lower-case hexadecimal digits"
            ))
        })
    }
}

/// 128 bits from exactly 32 lower-case hexadecimal digits, so that each number has one spelling.
pub(crate) fn parse_hex(text: &str) -> Option<u128> {
    let digits = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if text.len() != 32 || !digits {
        return None;
    }
    u128::from_str_radix(text, 16).ok()
}

/// One file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "snapshots build it field by field"
)]
pub struct FileRef {
    /// Its identity.
    pub id: FileId,
    /// The object that holds its bytes, relative to the job's (or savepoint's) folder.
    pub object: String,
    /// Its name in the store's directory, such as `000012.sst`.
    pub name: String,
    /// Whether later snapshots may refer to the object instead of uploading the file again.
    pub shared: bool,
    /// Its length in bytes.
    pub bytes: u64,
    /// CRC32C of its content.
    pub crc32c: u32,
    /// First and last row key in it, deleted rows included; `None` when it holds no rows.
    pub bounds: Option<(Vec<u8>, Vec<u8>)>,
    /// What the store wants to be told again when it opens the file; opaque here.
    pub note: Vec<u8>,
    /// The checkpoint whose snapshot uploaded the object: a later one that names it, refers to it.
    pub uploaded_by: CheckpointId,
}

/// [`FileRef`] as it is stored.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct FileRefWire {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(string, tag = "2")]
    object: String,
    #[prost(string, tag = "3")]
    name: String,
    #[prost(bool, tag = "4")]
    shared: bool,
    #[prost(uint64, tag = "5")]
    bytes: u64,
    #[prost(uint32, tag = "6")]
    crc32c: u32,
    #[prost(message, optional, tag = "7")]
    bounds: Option<BoundsWire>,
    #[prost(bytes = "vec", tag = "8")]
    note: Vec<u8>,
    #[prost(uint64, tag = "9")]
    uploaded_by: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct BoundsWire {
    #[prost(bytes = "vec", tag = "1")]
    first: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    last: Vec<u8>,
}

impl FileRef {
    pub(crate) fn to_wire(&self) -> FileRefWire {
        FileRefWire {
            id: self.id.0.to_be_bytes().to_vec(),
            object: self.object.clone(),
            name: self.name.clone(),
            shared: self.shared,
            bytes: self.bytes,
            crc32c: self.crc32c,
            bounds: self
                .bounds
                .clone()
                .map(|(first, last)| BoundsWire { first, last }),
            note: self.note.clone(),
            uploaded_by: self.uploaded_by.get(),
        }
    }

    pub(crate) fn from_wire(wire: FileRefWire, what: &str) -> Result<Self> {
        let id = FileId(u128_from_wire(&wire.id, || {
            format!("{what}: the id of {:?}", wire.name)
        })?);
        check_object_name(&wire.object)
            .and_then(|()| check_part(&wire.name))
            .map_err(|error| Error::corrupt(format!("{what}: file {id}: {error}")))?;
        let bounds = wire.bounds.map(|bounds| (bounds.first, bounds.last));
        if bounds.as_ref().is_some_and(|(first, last)| first > last) {
            return Err(Error::corrupt(format!(
                "{what}: the last row of file {id} comes before its first"
            )));
        }
        Ok(Self {
            id,
            object: wire.object,
            name: wire.name,
            shared: wire.shared,
            bytes: wire.bytes,
            crc32c: wire.crc32c,
            bounds,
            note: wire.note,
            uploaded_by: CheckpointId::new(wire.uploaded_by),
        })
    }
}

/// A 128-bit number from the 16 bytes of a field that `field` names.
pub(crate) fn u128_from_wire(bytes: &[u8], field: impl FnOnce() -> String) -> Result<u128> {
    match bytes.first_chunk::<16>() {
        Some(chunk) if bytes.len() == 16 => Ok(u128::from_be_bytes(*chunk)),
        _ => Err(Error::corrupt(format!(
            "{} has {} bytes instead of 16",
            field(),
            bytes.len()
        ))),
    }
}

/// Checks that an object's name is a relative path that stays below its folder.
pub(crate) fn check_object_name(name: &str) -> Result<()> {
    if name.split('/').all(is_part) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "object name {name:?} is not a plain relative path"
    )))
}

/// Checks that a name is one part of a path, on any system.
pub(crate) fn check_part(part: &str) -> Result<()> {
    if is_part(part) {
        return Ok(());
    }
    Err(Error::invalid(format!("{part:?} is not a plain file name")))
}

fn is_part(part: &str) -> bool {
    let special = |c: char| matches!(c, '/' | '\\' | ':') || c.is_control();
    !(part.is_empty() || part == "." || part == ".." || part.contains(special))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file() -> FileRef {
        FileRef {
            id: FileId::new(7),
            object: "shared/7-1".to_owned(),
            name: "000012.sst".to_owned(),
            shared: true,
            bytes: 10,
            crc32c: 99,
            bounds: Some((vec![0, 1], vec![0, 2])),
            note: vec![1],
            uploaded_by: CheckpointId::new(3),
        }
    }

    #[test]
    fn a_file_id_is_spelled_in_exactly_one_way() {
        let id: FileId = "000000000000000000000000000000ff".parse().unwrap();

        assert_eq!(id, FileId::new(255));
        for other in [
            "ff",
            "",
            "000000000000000000000000000000FF",
            "+00000000000000000000000000000ff",
        ] {
            assert!(other.parse::<FileId>().is_err(), "{other}");
        }
    }

    #[test]
    fn names_that_leave_their_folder_are_refused() {
        let outside = [
            "",
            "/etc/passwd",
            "../up",
            "a/../b",
            "a//b",
            "a/",
            ".",
            "a\\b",
            "c:\\x",
            "a\0",
        ];
        for name in outside {
            let by_object = FileRef {
                object: name.to_owned(),
                ..file()
            };
            let by_name = FileRef {
                name: name.to_owned(),
                ..file()
            };
            assert!(
                FileRef::from_wire(by_object.to_wire(), "m").is_err(),
                "object {name:?}"
            );
            assert!(
                FileRef::from_wire(by_name.to_wire(), "m").is_err(),
                "name {name:?}"
            );
        }
    }

    #[test]
    fn a_file_that_ends_before_it_begins_is_damage() {
        let file = FileRef {
            bounds: Some((vec![2], vec![1])),
            ..file()
        };

        let error = FileRef::from_wire(file.to_wire(), "m").unwrap_err();

        assert!(
            error.to_string().contains("comes before its first"),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn ids_survive_printing(bits: u128) {
            let id = FileId::new(bits);
            prop_assert_eq!(id.to_string().parse::<FileId>().unwrap(), id);
        }
    }
}
