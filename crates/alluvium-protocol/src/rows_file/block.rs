//! Blocks of a rows file: rows with what they share left out, compressed where that helps.

use std::ops::Range;

use super::varint::{push, take, take_bytes};
use super::{BLOCK_BYTES_MAX, BlockEntry, Change, ROW_BYTES_MAX, ROW_OVERHEAD_MAX};
use crate::error::{Error, Result};

/// Lengths and codec before the stored rows.
const HEAD_BYTES: usize = 9;

/// What a block takes beside its stored rows: its head and its checksum.
pub(super) const BLOCK_OVERHEAD_BYTES: u32 = 13;

/// How the rows of a block are stored. On disk; never renumber.
const PLAIN: u8 = 0;
const LZ4: u8 = 1;

/// No LZ4 sequence makes more bytes from one.
const LZ4_RATIO_MAX: usize = 255;

/// What a row does. On disk; never renumber.
const PUT: u8 = 0;
const DELETE: u8 = 1;

/// Collects the rows of one block.
#[derive(Debug, Default)]
pub(super) struct BlockBuilder {
    raw: Vec<u8>,
    rows: u32,
    first: Vec<u8>,
    last: Vec<u8>,
}

impl BlockBuilder {
    pub(super) const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The key of the row pushed last.
    pub(super) fn last(&self) -> &[u8] {
        &self.last
    }

    /// Raw bytes that the block would have at most with one row more.
    pub(super) const fn bytes_with(&self, row: &[u8], change: Change<'_>) -> usize {
        self.raw.len() + row_bytes(row, change) + ROW_OVERHEAD_MAX
    }

    /// Adds a row. Its key is after that of the last: the encoder's business.
    ///
    /// # Errors
    /// `Invalid` when the row is longer than [`ROW_BYTES_MAX`].
    pub(super) fn push(&mut self, row: &[u8], change: Change<'_>) -> Result<()> {
        let (tag, value) = match change {
            Change::Put(value) => (PUT, value),
            Change::Delete => (DELETE, &[][..]),
        };
        let bytes = row_bytes(row, change);
        let (true, Ok(row_length), Ok(value_length)) = (
            bytes <= ROW_BYTES_MAX,
            u32::try_from(row.len()),
            u32::try_from(value.len()),
        ) else {
            return Err(Error::invalid(format!(
                "a row of {bytes} bytes: a row, key and value together, has at most {ROW_BYTES_MAX}"
            )));
        };
        let shared = if self.is_empty() {
            0
        } else {
            shared_bytes(&self.last, row)
        };
        let rest = row.get(usize::try_from(shared).unwrap_or(0)..);
        push(&mut self.raw, shared);
        push(&mut self.raw, row_length - shared);
        self.raw.push(tag);
        if tag == PUT {
            push(&mut self.raw, value_length);
        }
        self.raw.extend_from_slice(rest.unwrap_or_default());
        self.raw.extend_from_slice(value);
        if self.is_empty() {
            self.first.extend_from_slice(row);
        }
        self.last.clear();
        self.last.extend_from_slice(row);
        self.rows += 1;
        Ok(())
    }

    /// Appends the block to `out` and starts the next. `offset` is where the block begins in the file.
    ///
    /// # Errors
    /// `Invalid` when the block is longer than [`BLOCK_BYTES_MAX`], which one row alone never is.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>, offset: u64) -> Result<BlockEntry> {
        let begin = out.len();
        let too_long = |e| Error::invalid(format!("a block of {} bytes: {e}", self.raw.len()));
        let raw_length = u32::try_from(self.raw.len()).map_err(too_long)?;
        let packed = lz4_flex::block::compress(&self.raw);
        // A plain block is read without work; less than an eighth is not worth giving that up.
        let (codec, stored) = if packed.len() < self.raw.len() - self.raw.len() / 8 {
            (LZ4, &packed)
        } else {
            (PLAIN, &self.raw)
        };
        let stored_length = u32::try_from(stored.len()).map_err(too_long)?;
        out.extend_from_slice(&raw_length.to_be_bytes());
        out.extend_from_slice(&stored_length.to_be_bytes());
        out.push(codec);
        out.extend_from_slice(stored);
        let checksum = crc32c::crc32c(out.get(begin..).unwrap_or_default());
        out.extend_from_slice(&checksum.to_be_bytes());
        let first = std::mem::take(&mut self.first);
        let rows = std::mem::take(&mut self.rows);
        self.raw.clear();
        Ok(BlockEntry {
            first,
            offset,
            bytes: stored_length + BLOCK_OVERHEAD_BYTES,
            rows,
        })
    }
}

const fn row_bytes(row: &[u8], change: Change<'_>) -> usize {
    match change {
        Change::Put(value) => row.len() + value.len(),
        Change::Delete => row.len(),
    }
}

/// How many bytes both begin with.
fn shared_bytes(one: &[u8], other: &[u8]) -> u32 {
    let mut shared = 0;
    for (a, b) in one.iter().zip(other) {
        if a != b {
            break;
        }
        shared += 1;
    }
    shared
}

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
