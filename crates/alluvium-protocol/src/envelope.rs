//! The envelope around every metadata object: what it is, who can read it, and whether it is whole.
//!
//! ```text
//! offset  bytes  field
//!      0      8  magic: the ASCII letters ALLUVIUM
//!      8      1  kind of object (see the table)
//!      9      2  format version of the writer, big-endian
//!     11      2  oldest format version whose readers understand this object, big-endian
//!     13      8  length of the payload, big-endian
//!     21      n  payload: one protobuf message (proto3 encoding), by kind
//!   21+n      4  CRC32C (Castagnoli) of all bytes before it, big-endian
//! ```
//!
//! | kind | object |
//! |---|---|
//! | 1 | manifest of one snapshot |
//! | 2 | commit record of the log |
//! | 3 | fence record of the log |
//! | 4 | savepoint |
//! | 5 | record of a local copy |
//! | 6 | cut record of the log |
//!
//! Version 2 is that of states whose values have something in front of them, a stamp or the version of their type, or
//! have several forms: manifests with such a state need a reader of version 2, for one of version 1 would take all of
//! the bytes for a value of the newest form. All else is as in version 1.
//!
//! Nothing follows the checksum. The envelope itself never changes, so that every reader can check an
//! object before it asks whether it understands it. Writers add protobuf fields freely, which older
//! readers skip; they raise the *oldest* version only when skipping would be wrong.
//!
//! Does not know the payloads: those belong to the modules that parse them.

use prost::Message;

use crate::error::{Error, Result};

/// The format version this crate writes, and the newest that it reads. On disk.
pub const FORMAT_VERSION: u16 = 2;

/// The oldest format version whose readers understand what this crate writes, but for what says otherwise. On disk.
pub const MIN_READER: u16 = 1;

/// On disk; never change.
const MAGIC: &[u8; 8] = b"ALLUVIUM";

/// Magic, kind, both versions and the length.
const HEADER_BYTES: usize = 8 + 1 + 2 + 2 + 8;

const CHECKSUM_BYTES: usize = 4;

/// What an enveloped object is. On disk; never renumber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u8)]
pub enum RecordKind {
    /// The manifest of one snapshot.
    Manifest = 1,
    /// A log record: a checkpoint was committed.
    Commit = 2,
    /// A log record: an attempt took over.
    Fence = 3,
    /// What makes a savepoint's folder a savepoint.
    Savepoint = 4,
    /// What is noted of a local copy's files.
    LocalCopy = 5,
    /// A log record: what was there and below was dropped.
    Cut = 6,
}

impl RecordKind {
    const ALL: [Self; 6] = [
        Self::Manifest,
        Self::Commit,
        Self::Fence,
        Self::Savepoint,
        Self::LocalCopy,
        Self::Cut,
    ];

    const fn tag(self) -> u8 {
        self as u8
    }

    fn from_tag(tag: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.tag() == tag)
    }

    /// How messages call it, with its article.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Manifest => "a manifest",
            Self::Commit => "a commit record",
            Self::Fence => "a fence record",
            Self::Savepoint => "a savepoint",
            Self::LocalCopy => "a record of a local copy",
            Self::Cut => "a cut record",
        }
    }
}

/// Wraps a payload that every reader understands.
#[must_use]
pub fn seal(kind: RecordKind, payload: &[u8]) -> Vec<u8> {
    seal_for(kind, MIN_READER, payload)
}

/// Wraps a payload that readers of this format version or a newer one understand.
#[must_use]
pub fn seal_for(kind: RecordKind, min_reader: u16, payload: &[u8]) -> Vec<u8> {
    let mut object = Vec::with_capacity(HEADER_BYTES + payload.len() + CHECKSUM_BYTES);
    object.extend_from_slice(MAGIC);
    object.push(kind.tag());
    object.extend_from_slice(&FORMAT_VERSION.to_be_bytes());
    object.extend_from_slice(&min_reader.to_be_bytes());
    object.extend_from_slice(&(payload.len() as u64).to_be_bytes());
    object.extend_from_slice(payload);
    let checksum = crc32c::crc32c(&object);
    object.extend_from_slice(&checksum.to_be_bytes());
    object
}

/// Checks an object of a kind that the caller expects, and returns its payload.
///
/// `what` names the object in messages.
///
/// # Errors
/// As [`open_any`]; also `Corrupt` when the object is of another kind.
pub fn open<'a>(kind: RecordKind, bytes: &'a [u8], what: &str) -> Result<&'a [u8]> {
    let (found, payload) = open_any(bytes, what)?;
    if found == kind {
        return Ok(payload);
    }
    Err(Error::corrupt(format!(
        "{what} is {}, not {}",
        found.noun(),
        kind.noun()
    )))
}

/// Checks an object, and returns its kind and payload.
///
/// `what` names the object in messages.
///
/// # Errors
/// `Corrupt` when the bytes are not an enveloped object, are truncated or followed by others, fail
/// their checksum, or need a newer reader than this one.
pub fn open_any<'a>(bytes: &'a [u8], what: &str) -> Result<(RecordKind, &'a [u8])> {
    let Some((header, rest)) = Header::split(bytes) else {
        let known = bytes.len().min(MAGIC.len());
        let begins_well = known > 0 && bytes.get(..known) == MAGIC.get(..known);
        return Err(Error::corrupt(if begins_well {
            format!(
                "{what} is truncated: {} bytes, less than a header",
                bytes.len()
            )
        } else {
            format!("{what} is not an Alluvium object ({} bytes)", bytes.len())
        }));
    };
    if &header.magic != MAGIC {
        return Err(Error::corrupt(format!(
            "{what} is not an Alluvium object: it does not begin with ALLUVIUM"
        )));
    }
    let payload = whole_payload(&header, bytes, rest, what)?;
    // Only now: a damaged version must not send its reader off to look for an upgrade.
    let newer = || {
        Error::corrupt(format!(
            "{what} was written by a newer Alluvium (format {}, this reads up to {FORMAT_VERSION}): \
             upgrade",
            header.version
        ))
    };
    if header.min_reader > FORMAT_VERSION {
        return Err(newer());
    }
    match RecordKind::from_tag(header.tag) {
        Some(kind) => Ok((kind, payload)),
        None if header.version > FORMAT_VERSION => Err(newer()),
        None => Err(Error::corrupt(format!(
            "{what} is of an unknown kind ({})",
            header.tag
        ))),
    }
}

/// Encodes and wraps a message.
pub(crate) fn seal_message(kind: RecordKind, message: &impl Message) -> Vec<u8> {
    seal(kind, &message.encode_to_vec())
}

/// Decodes the payload of an object as the message of its kind.
pub(crate) fn decode_message<M: Message + Default>(payload: &[u8], what: &str) -> Result<M> {
    M::decode(payload)
        .map_err(|error| Error::corrupt(format!("{what} holds a malformed message: {error}")))
}

/// The fixed fields at an object's begin, unchecked.
struct Header {
    magic: [u8; 8],
    tag: u8,
    version: u16,
    min_reader: u16,
    payload_bytes: u64,
}

impl Header {
    fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (&[tag], rest) = rest.split_first_chunk::<1>()?;
        let (version, rest) = rest.split_first_chunk::<2>()?;
        let (min_reader, rest) = rest.split_first_chunk::<2>()?;
        let (length, rest) = rest.split_first_chunk::<8>()?;
        let header = Self {
            magic: *magic,
            tag,
            version: u16::from_be_bytes(*version),
            min_reader: u16::from_be_bytes(*min_reader),
            payload_bytes: u64::from_be_bytes(*length),
        };
        Some((header, rest))
    }
}

/// The payload, once length and checksum agree with the bytes.
fn whole_payload<'a>(
    header: &Header,
    bytes: &'a [u8],
    rest: &'a [u8],
    what: &str,
) -> Result<&'a [u8]> {
    let stored = rest.len() as u64;
    let wanted = header.payload_bytes.saturating_add(CHECKSUM_BYTES as u64);
    if stored < wanted {
        return Err(Error::corrupt(format!(
            "{what} is truncated: {} bytes are missing",
            wanted - stored
        )));
    }
    if stored > wanted {
        return Err(Error::corrupt(format!(
            "{what} is followed by {} bytes that do not belong to it",
            stored - wanted
        )));
    }
    let (Some((payload, stored)), Some((covered, _))) = (
        rest.split_last_chunk::<CHECKSUM_BYTES>(),
        bytes.split_last_chunk::<CHECKSUM_BYTES>(),
    ) else {
        return Err(Error::corrupt(format!(
            "{what} is truncated: its checksum is missing"
        )));
    };
    let stored = u32::from_be_bytes(*stored);
    let computed = crc32c::crc32c(covered);
    if stored != computed {
        return Err(Error::corrupt(format!(
            "{what} is damaged: its checksum is {stored:08x}, its bytes give {computed:08x}"
        )));
    }
    Ok(payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(result: Result<&[u8]>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn an_object_gives_back_its_payload() {
        let object = seal(RecordKind::Commit, b"payload");

        assert_eq!(open(RecordKind::Commit, &object, "x").unwrap(), b"payload");
        assert_eq!(
            open_any(&object, "x").unwrap(),
            (RecordKind::Commit, &b"payload"[..])
        );
    }

    #[test]
    fn foreign_bytes_are_not_an_alluvium_object() {
        for foreign in [
            &b""[..],
            b"PK\x03\x04",
            b"{\"version\": 1, \"files\": [1, 2, 3]}",
        ] {
            let text = message(open(RecordKind::Manifest, foreign, "jobs/a/x"));

            assert!(
                text.starts_with("jobs/a/x is not an Alluvium object"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_cut_object_is_truncated_and_a_longer_one_has_bytes_that_do_not_belong() {
        let mut object = seal(RecordKind::Manifest, b"payload");

        for cut in 1..object.len() {
            let text = message(open(RecordKind::Manifest, &object[..cut], "m"));
            assert!(text.starts_with("m is truncated"), "{cut}: {text}");
        }
        object.push(0);
        let text = message(open(RecordKind::Manifest, &object, "m"));
        assert_eq!(text, "m is followed by 1 bytes that do not belong to it");
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let object = seal(RecordKind::Manifest, b"payload");

        for at in 0..object.len() {
            for bit in 0..8 {
                let mut damaged = object.clone();
                damaged[at] ^= 1 << bit;
                assert!(
                    open(RecordKind::Manifest, &damaged, "m").is_err(),
                    "byte {at} bit {bit}"
                );
            }
        }
    }

    #[test]
    fn an_object_of_another_kind_is_named() {
        let object = seal(RecordKind::Fence, b"");

        let text = message(open(RecordKind::Manifest, &object, "m"));

        assert_eq!(text, "m is a fence record, not a manifest");
    }

    /// An object as a later release may write it.
    fn written_by(tag: u8, version: u16, min_reader: u16) -> Vec<u8> {
        let mut object = seal(RecordKind::Manifest, b"payload");
        object.truncate(object.len() - CHECKSUM_BYTES);
        object[8] = tag;
        object[9..11].copy_from_slice(&version.to_be_bytes());
        object[11..13].copy_from_slice(&min_reader.to_be_bytes());
        let checksum = crc32c::crc32c(&object);
        object.extend_from_slice(&checksum.to_be_bytes());
        object
    }

    #[test]
    fn a_newer_format_asks_for_an_upgrade() {
        let remedy = "m was written by a newer Alluvium (format 7, this reads up to 2): upgrade";

        assert_eq!(
            message(open(RecordKind::Manifest, &written_by(1, 7, 3), "m")),
            remedy
        );
        assert_eq!(
            message(open(RecordKind::Manifest, &written_by(99, 7, 1), "m")),
            remedy
        );
    }

    #[test]
    fn a_newer_writer_that_kept_to_what_we_read_is_read() {
        let object = written_by(1, 7, 1);

        assert_eq!(
            open(RecordKind::Manifest, &object, "m").unwrap(),
            b"payload"
        );
    }
}
