//! Packs rows into a block: what they share left out, compressed where that helps.

use super::block::{BLOCK_OVERHEAD_BYTES, DELETE, LZ4, PLAIN, PUT};
use super::{BlockEntry, Change, ROW_BYTES_MAX, ROW_OVERHEAD_MAX};
use crate::error::{Error, Result};
use crate::varint::push;

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
    /// `Invalid` when the block is longer than [`BLOCK_BYTES_MAX`](super::BLOCK_BYTES_MAX), which one row alone never is.
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
