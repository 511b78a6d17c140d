//! Checks and unpacks a block of a rows file, and walks through its rows.

use std::ops::Range;

use super::{BLOCK_BYTES_MAX, BlockEntry, Change};
use crate::error::{Error, Result};
use crate::varint::{take, take_bytes};

/// Lengths and codec before the stored rows.
const HEAD_BYTES: usize = 9;

/// What a block takes beside its stored rows: its head and its checksum.
pub(super) const BLOCK_OVERHEAD_BYTES: u32 = 13;

/// How the rows of a block are stored. On disk; never renumber.
pub(super) const PLAIN: u8 = 0;
pub(super) const LZ4: u8 = 1;

/// No LZ4 sequence makes more bytes from one.
const LZ4_RATIO_MAX: usize = 255;

/// What a row does. On disk; never renumber.
pub(super) const PUT: u8 = 0;
pub(super) const DELETE: u8 = 1;

/// A block whose bytes were checked, and a position at one of its rows.
#[derive(Debug)]
pub struct Block {
    raw: Vec<u8>,
    /// Where the next row begins in `raw`.
    at: usize,
    rows_left: u32,
    /// The key of the row at the position; empty before the first.
    row: Vec<u8>,
    /// Where its value lies in `raw`; `None` if it is deleted.
    value: Option<Range<usize>>,
}

impl Block {
    /// Checks and unpacks the block that a file's index has as `entry`, positioned before its first
    /// row. Allocates at most 255 times the length of `bytes`, and at most
    /// [`BLOCK_BYTES_MAX`].
    ///
    /// # Errors
    /// `Corrupt` when the bytes are not that block, or fail their checksum.
    pub fn decode(bytes: &[u8], entry: &BlockEntry) -> Result<Self> {
        let damaged =
            |what: &str| Error::corrupt(format!("damaged: block at {} {what}", entry.offset));
        let Some((covered, checksum)) = bytes.split_last_chunk::<4>() else {
            return Err(damaged("is truncated"));
        };
        if u32::from_be_bytes(*checksum) != crc32c::crc32c(covered) {
            return Err(damaged("fails its checksum"));
        }
        let Some((head, stored)) = covered.split_first_chunk::<HEAD_BYTES>() else {
            return Err(damaged("is truncated"));
        };
        let &[r0, r1, r2, r3, s0, s1, s2, s3, codec] = head;
        let length = |bytes| usize::try_from(u32::from_be_bytes(bytes)).unwrap_or(usize::MAX);
        let (raw_length, stored_length) = (length([r0, r1, r2, r3]), length([s0, s1, s2, s3]));
        if stored_length != stored.len() || u32::try_from(bytes.len()) != Ok(entry.bytes) {
            return Err(damaged("has another length than its index says"));
        }
        let raw = match codec {
            _ if raw_length > BLOCK_BYTES_MAX => None,
            PLAIN => (raw_length == stored_length).then(|| stored.to_vec()),
            LZ4 => unpack(stored, raw_length),
            _ => {
                return Err(damaged(
                    "is packed by a codec that this version does not know",
                ));
            }
        };
        let raw = raw.ok_or_else(|| damaged("does not unpack to the length it names"))?;
        let first = EncodedRow::take(&mut raw.as_slice())
            .is_some_and(|row| row.shared == 0 && row.rest == entry.first);
        if !first {
            return Err(damaged("does not begin with the row that its index says"));
        }
        Ok(Self {
            raw,
            at: 0,
            rows_left: entry.rows,
            row: Vec::new(),
            value: None,
        })
    }

    /// Moves to the next row. Returns false at the end, where the position stays at the last row.
    ///
    /// # Errors
    /// `Corrupt` when the rows are malformed, are not in order, or are not as many as the index says.
    pub fn advance(&mut self) -> Result<bool> {
        let mut rest = self.raw.get(self.at..).unwrap_or_default();
        if self.rows_left == 0 {
            if rest.is_empty() {
                return Ok(false);
            }
            return Err(Error::corrupt(
                "malformed: a block goes on behind its last row",
            ));
        }
        let next = EncodedRow::take(&mut rest);
        let shared = next
            .as_ref()
            .and_then(|next| usize::try_from(next.shared).ok());
        let (Some(next), Some(shared)) = (next, shared.filter(|&n| n <= self.row.len())) else {
            return Err(Error::corrupt("malformed: a block ends within a row"));
        };
        // `at` is zero for the first row only, which has nothing to be after.
        if self.at > 0
            && self
                .row
                .get(shared..)
                .is_some_and(|before| next.rest <= before)
        {
            return Err(Error::corrupt(
                "malformed: the rows of a block are not in order",
            ));
        }
        self.row.truncate(shared);
        self.row.extend_from_slice(next.rest);
        self.at = self.raw.len() - rest.len();
        self.rows_left -= 1;
        self.value = match next.change {
            Change::Put(value) => Some(self.at - value.len()..self.at),
            Change::Delete => None,
        };
        Ok(true)
    }

    /// The key of the row at the position; empty before the first.
    #[must_use]
    pub fn row(&self) -> &[u8] {
        &self.row
    }

    /// What the file says of the row at the position.
    #[must_use]
    pub fn change(&self) -> Change<'_> {
        let value = self.value.clone();
        value.map_or(Change::Delete, |at| {
            Change::Put(self.raw.get(at).unwrap_or_default())
        })
    }
}

fn unpack(stored: &[u8], raw_length: usize) -> Option<Vec<u8>> {
    // The names of lengths come from outside; the bytes that are there justify only so many.
    if raw_length > stored.len().saturating_mul(LZ4_RATIO_MAX) {
        return None;
    }
    let mut raw = vec![0; raw_length];
    let unpacked = lz4_flex::block::decompress_into(stored, &mut raw).ok()?;
    (unpacked == raw_length).then_some(raw)
}

/// One row as it lies in a block.
struct EncodedRow<'a> {
    shared: u32,
    rest: &'a [u8],
    change: Change<'a>,
}

impl<'a> EncodedRow<'a> {
    fn take(input: &mut &'a [u8]) -> Option<Self> {
        let shared = take(input)?;
        let rest = take(input)?;
        let (&tag, after) = input.split_first()?;
        *input = after;
        let value = match tag {
            PUT => Some(take(input)?),
            DELETE => None,
            _ => return None,
        };
        let rest = take_bytes(input, rest)?;
        let change = match value {
            Some(length) => Change::Put(take_bytes(input, length)?),
            None => Change::Delete,
        };
        Some(Self {
            shared,
            rest,
            change,
        })
    }
}
