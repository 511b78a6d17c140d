//! What the store wants to be told again about each of its files when it opens them.
//!
//! ```text
//! data file     1 ‖ level u8 ‖ smallest sequence number u64 ‖ largest sequence number u64
//! bookkeeping   2 ‖ length u64 ‖ CRC-32C u32
//! data file     3 ‖ as 1 ‖ ranges, in order and disjoint, to the end
//!
//! range         bytes from ‖ 0 (to the end of all rows) or 1 ‖ bytes to
//! bytes         length u32 ‖ that many bytes
//! ```
//!
//! The third kind is that of a file which may have rows that are not its store's any more: only those in
//! the ranges count (docs/design/0005). Files with the same ranges belong together.
//!
//! Integers are big-endian; the first byte is a tag. On disk (in manifests); never renumber.
//!
//! A data file's blocks carry checksums of their own, and the MANIFEST knows its length and
//! identity. A MANIFEST that was cut short, however, reads as an older state of the store without
//! any error: hence the second kind.

use alluvium::protocol::row::RowRange;
use alluvium::{Error, Result};

const DATA: u8 = 1;
const BOOKKEEPING: u8 = 2;
const DATA_IN_VIEW: u8 = 3;

/// The meaning of a pinned file's `note`.
#[derive(Debug, Clone, PartialEq, Eq)]
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
        /// The only rows of it that count, in order; none if all do.
        view: Vec<RowRange>,
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
                view,
            } => {
                let tag = if view.is_empty() { DATA } else { DATA_IN_VIEW };
                note.extend([tag, *level]);
                note.extend(smallest_sequence.to_be_bytes());
                note.extend(largest_sequence.to_be_bytes());
                for range in view {
                    push_bytes(&mut note, range.from());
                    note.push(u8::from(range.to().is_some()));
                    range.to().iter().for_each(|to| push_bytes(&mut note, to));
                }
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
            Some((&DATA, rest)) => read_data(rest, |rest| rest.is_empty().then(Vec::new)),
            Some((&DATA_IN_VIEW, rest)) => read_data(rest, read_ranges),
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

fn push_bytes(note: &mut Vec<u8>, bytes: &[u8]) {
    // Bounds of views are those of key groups: nobody has four gigabytes of them.
    note.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    note.extend(bytes);
}

fn read_data(rest: &[u8], view: impl FnOnce(&[u8]) -> Option<Vec<RowRange>>) -> Option<FileNote> {
    let (&level, rest) = rest.split_first()?;
    let (smallest, rest) = rest.split_first_chunk()?;
    let (largest, rest) = rest.split_first_chunk()?;
    Some(FileNote::Data {
        level,
        smallest_sequence: u64::from_be_bytes(*smallest),
        largest_sequence: u64::from_be_bytes(*largest),
        view: view(rest)?,
    })
}

fn read_ranges(mut rest: &[u8]) -> Option<Vec<RowRange>> {
    let mut ranges: Vec<RowRange> = Vec::new();
    while !rest.is_empty() {
        let (from, after) = read_bytes(rest)?;
        let (&bounded, after) = after.split_first()?;
        let (to, after) = match bounded {
            0 => (None, after),
            1 => read_bytes(after).map(|(to, after)| (Some(to.to_vec()), after))?,
            _ => return None,
        };
        let range = RowRange::new(from.to_vec(), to);
        let follows = ranges
            .last()
            .is_none_or(|last| last.to().is_some_and(|to| to <= range.from()));
        if range.is_empty() || !follows {
            return None;
        }
        ranges.push(range);
        rest = after;
    }
    (!ranges.is_empty()).then_some(ranges)
}

fn read_bytes(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = rest.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
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

    fn examples() -> [(FileNote, Vec<u8>); 3] {
        let data = |view| FileNote::Data {
            level: 6,
            smallest_sequence: 1,
            largest_sequence: 0x0203,
            view,
        };
        let ranges = [
            RowRange::new(vec![7], Some(vec![8, 9])),
            RowRange::new(vec![9], None),
        ];
        let numbers = [6, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 3];
        let of_ranges = [
            0, 0, 0, 1, 7, 1, 0, 0, 0, 2, 8, 9, // from 7 to 8 9
            0, 0, 0, 1, 9, 0, // from 9 on
        ];
        [
            (data(Vec::new()), [&[1], &numbers[..]].concat()),
            (
                data(ranges.to_vec()),
                [&[3], &numbers[..], &of_ranges].concat(),
            ),
            (
                FileNote::Bookkeeping {
                    bytes: 16,
                    crc32c: 0xdead_beef,
                },
                vec![2, 0, 0, 0, 0, 0, 0, 0, 16, 0xde, 0xad, 0xbe, 0xef],
            ),
        ]
    }

    #[test]
    fn notes_have_these_bytes() {
        for (note, bytes) in examples() {
            assert_eq!(note.encode(), bytes);
            assert_eq!(FileNote::decode(&bytes, "000012.sst").unwrap(), note);
        }
    }

    #[test]
    fn ranges_out_of_order_or_empty_are_refused() {
        let note = |from: u8, to: u8, then: u8| {
            let numbers = [3; 18];
            let ranges = [0, 0, 0, 1, from, 1, 0, 0, 0, 1, to, 0, 0, 0, 1, then, 0];
            [&numbers[..], &ranges].concat()
        };

        assert!(FileNote::decode(&note(1, 2, 2), "000012.sst").is_ok());
        for wrong in [note(1, 2, 1), note(2, 2, 3), note(2, 1, 3)] {
            assert!(FileNote::decode(&wrong, "000012.sst").is_err());
        }
    }

    #[test]
    fn a_note_of_another_length_or_tag_is_refused_by_file_name() {
        let mut wrong: Vec<Vec<u8>> = vec![vec![], vec![0], vec![4, 1, 2]];
        for (_, bytes) in examples() {
            wrong.push(bytes[..bytes.len() - 1].to_vec());
            wrong.push([&bytes[..], &[0]].concat());
        }

        for note in wrong {
            let error = FileNote::decode(&note, "000012.sst").unwrap_err();
            assert_eq!(error.kind(), alluvium::ErrorKind::Corrupt);
            assert!(error.to_string().contains("000012.sst"), "{error}");
        }
    }
}
