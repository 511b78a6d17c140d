//! The fixed fields at both ends of a rows file: what it is, who can read it, where its index lies.
//!
//! They never change, so that every reader can check a file before it asks whether it understands it.

use super::{FORMAT_VERSION, HEADER_BYTES, MAGIC, MIN_READER, TRAILER_BYTES};
use crate::error::{Error, Result};

/// The trailer without its checksum and magic.
const FIELD_BYTES: usize = 16;

/// The header of a file that this crate writes.
pub(super) fn header() -> [u8; HEADER_BYTES] {
    let [m0, m1, m2, m3, m4, m5, m6, m7] = MAGIC;
    let [v0, v1] = FORMAT_VERSION.to_be_bytes();
    let [r0, r1] = MIN_READER.to_be_bytes();
    [m0, m1, m2, m3, m4, m5, m6, m7, v0, v1, r0, r1]
}

/// Appends the trailer of a file that begins with [`header`].
pub(super) fn push_trailer(out: &mut Vec<u8>, index_offset: u64, rows: u64) {
    let mut fields = index_offset.to_be_bytes().to_vec();
    fields.extend_from_slice(&rows.to_be_bytes());
    let checksum = checksum(&header(), &fields);
    out.extend_from_slice(&fields);
    out.extend_from_slice(&checksum.to_be_bytes());
    out.extend_from_slice(&MAGIC);
}

fn checksum(header: &[u8], fields: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(header), fields)
}

/// What a file's trailer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trailer {
    index_offset: u64,
    index_bytes: u64,
    rows: u64,
}

impl Trailer {
    /// Checks the two ends of a file of `file_bytes` bytes: its first [`HEADER_BYTES`] and its last
    /// [`TRAILER_BYTES`].
    ///
    /// # Errors
    /// `Corrupt` when the file is no rows file, is truncated or damaged at an end, or needs a newer
    /// reader than this one.
    pub fn decode(
        header: &[u8; HEADER_BYTES],
        trailer: &[u8; TRAILER_BYTES],
        file_bytes: u64,
    ) -> Result<Self> {
        let [magic @ .., v0, v1, r0, r1] = *header;
        if magic != MAGIC {
            return Err(Error::corrupt(
                "not a rows file: it does not begin with ALLUROWS",
            ));
        }
        let [fields @ .., c0, c1, c2, c3, _, _, _, _, _, _, _, _] = *trailer;
        if !trailer.ends_with(&MAGIC) {
            return Err(Error::corrupt("truncated: it does not end with a trailer"));
        }
        if u32::from_be_bytes([c0, c1, c2, c3]) != checksum(header, &fields) {
            return Err(Error::corrupt(
                "damaged: the checksum of header and trailer is wrong",
            ));
        }
        // Only now: a damaged version must not send its reader off to look for an upgrade.
        let (version, min_reader) = (u16::from_be_bytes([v0, v1]), u16::from_be_bytes([r0, r1]));
        if min_reader > FORMAT_VERSION {
            return Err(Error::corrupt(format!(
                "written by a newer Alluvium (rows format {version}, this reads up to \
                 {FORMAT_VERSION}): upgrade"
            )));
        }
        Self::from_fields(&fields, file_bytes)
    }

    fn from_fields(fields: &[u8; FIELD_BYTES], file_bytes: u64) -> Result<Self> {
        let [o0, o1, o2, o3, o4, o5, o6, o7, rows @ ..] = *fields;
        let index_offset = u64::from_be_bytes([o0, o1, o2, o3, o4, o5, o6, o7]);
        let rows = u64::from_be_bytes(rows);
        let index_end = file_bytes.checked_sub(TRAILER_BYTES as u64);
        let index_bytes = index_end.and_then(|end| end.checked_sub(index_offset));
        match index_bytes {
            Some(index_bytes) if index_offset >= HEADER_BYTES as u64 => Ok(Self {
                index_offset,
                index_bytes,
                rows,
            }),
            _ => Err(Error::corrupt(format!(
                "truncated: its index is at {index_offset}, its end at {file_bytes}"
            ))),
        }
    }

    /// Where the index begins, and the blocks end, in bytes from the file's begin.
    #[must_use]
    pub const fn index_offset(&self) -> u64 {
        self.index_offset
    }

    /// Length of the index in bytes: what lies between its offset and the trailer.
    #[must_use]
    pub const fn index_bytes(&self) -> u64 {
        self.index_bytes
    }

    /// Number of rows in the file, deletes included.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }
}
