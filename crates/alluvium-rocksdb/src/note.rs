//! What the store wants to be told again about each of its files when it opens them.
//!
//! ```text
//! data file     1 ‖ level u8 ‖ smallest sequence number u64 ‖ largest sequence number u64
//! bookkeeping   2 ‖ length u64 ‖ CRC-32C u32
//! ```
//!
//! Integers are big-endian; the first byte is a tag. On disk (in manifests); never renumber.
//!
//! A data file's blocks carry checksums of their own, and the MANIFEST knows its length and
//! identity. A MANIFEST that was cut short, however, reads as an older state of the store without
//! any error: hence the second kind.

use alluvium::{Error, Result};

const DATA: u8 = 1;
const BOOKKEEPING: u8 = 2;

/// The meaning of a pinned file's `note`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileNote {
    /// A file of rows.
    Data {
        /// Level of the file in the store, 0 for the youngest.
        level: u8,
        /// Smallest sequence number of its rows. Of two files that hold the same row, the one with
        /// the larger numbers is newer.
        smallest_sequence: u64,
        /// Largest sequence number of its rows.
        largest_sequence: u64,
    },
    /// A file about the store: CURRENT, MANIFEST, OPTIONS.
    Bookkeeping {
        /// Length in bytes.
        bytes: u64,
        /// CRC-32C of the whole file.
        crc32c: u32,
    },
}

impl FileNote {
    /// The note's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut note = Vec::with_capacity(18);
        match self {
            Self::Data {
                level,
                smallest_sequence,
                largest_sequence,
            } => {
                note.extend([DATA, *level]);
                note.extend(smallest_sequence.to_be_bytes());
                note.extend(largest_sequence.to_be_bytes());
            }
            Self::Bookkeeping { bytes, crc32c } => {
                note.push(BOOKKEEPING);
                note.extend(bytes.to_be_bytes());
                note.extend(crc32c.to_be_bytes());
            }
        }
        note
    }

    /// Reads the note of the file `name`.
    ///
    /// # Errors
    /// `Corrupt` when these are not the bytes of a note; `name` is in the message.
    pub fn decode(note: &[u8], name: &str) -> Result<Self> {
        let read = match note.split_first() {
            Some((&DATA, rest)) => read_data(rest),
            Some((&BOOKKEEPING, rest)) => read_bookkeeping(rest),
            _ => None,
        };
        read.ok_or_else(|| {
            Error::corrupt(format!(
                "the note of file {name} is not one that this store wrote"
            ))
        })
    }
}

fn read_data(rest: &[u8]) -> Option<FileNote> {
    let (&level, rest) = rest.split_first()?;
    let (smallest, rest) = rest.split_first_chunk()?;
    let (largest, rest) = rest.split_first_chunk()?;
    rest.is_empty().then_some(FileNote::Data {
        level,
        smallest_sequence: u64::from_be_bytes(*smallest),
        largest_sequence: u64::from_be_bytes(*largest),
    })
}

fn read_bookkeeping(rest: &[u8]) -> Option<FileNote> {
    let (bytes, rest) = rest.split_first_chunk()?;
    let (crc32c, rest) = rest.split_first_chunk()?;
    rest.is_empty().then_some(FileNote::Bookkeeping {
        bytes: u64::from_be_bytes(*bytes),
        crc32c: u32::from_be_bytes(*crc32c),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLES: [(FileNote, &[u8]); 2] = [
        (
            FileNote::Data {
                level: 6,
                smallest_sequence: 1,
                largest_sequence: 0x0203,
            },
            &[1, 6, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 3],
        ),
        (
            FileNote::Bookkeeping {
                bytes: 16,
                crc32c: 0xdead_beef,
            },
            &[2, 0, 0, 0, 0, 0, 0, 0, 16, 0xde, 0xad, 0xbe, 0xef],
        ),
    ];

    #[test]
    fn notes_have_these_bytes() {
        for (note, bytes) in EXAMPLES {
            assert_eq!(note.encode(), bytes);
            assert_eq!(FileNote::decode(bytes, "000012.sst").unwrap(), note);
        }
    }

    #[test]
    fn a_note_of_another_length_or_tag_is_refused_by_file_name() {
        let mut wrong: Vec<Vec<u8>> = vec![vec![], vec![0], vec![3, 1, 2]];
        for (_, bytes) in EXAMPLES {
            wrong.push(bytes[..bytes.len() - 1].to_vec());
            wrong.push([bytes, &[0]].concat());
        }

        for note in wrong {
            let error = FileNote::decode(&note, "000012.sst").unwrap_err();
            assert_eq!(error.kind(), alluvium::ErrorKind::Corrupt);
            assert!(error.to_string().contains("000012.sst"), "{error}");
        }
    }
}
