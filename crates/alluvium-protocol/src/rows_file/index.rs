//! The index of a rows file: its blocks, and which of them hold the rows of a range.

use std::ops::Range;

use super::block::BLOCK_OVERHEAD_BYTES;
use super::{HEADER_BYTES, Trailer};
use crate::error::{Error, Result};
use crate::row::RowRange;
use crate::varint::{push, take, take_bytes, take_u32};

/// One block of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockEntry {
    pub(super) first: Vec<u8>,
    pub(super) offset: u64,
    pub(super) bytes: u32,
    pub(super) rows: u32,
}

impl BlockEntry {
    /// The key of its first row.
    #[must_use]
    pub fn first(&self) -> &[u8] {
        &self.first
    }

    /// Where it begins, in bytes from the file's begin.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Its length in bytes, head and checksum included.
    #[must_use]
    pub const fn bytes(&self) -> u32 {
        self.bytes
    }

    /// Number of its rows, deletes included; at least 1.
    #[must_use]
    pub const fn rows(&self) -> u32 {
        self.rows
    }
}

/// The blocks of a file, in the order of their rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    pub(super) blocks: Vec<BlockEntry>,
    pub(super) last: Vec<u8>,
}

impl Index {
    /// The blocks, in the order of their rows.
    #[must_use]
    pub fn blocks(&self) -> &[BlockEntry] {
        &self.blocks
    }

    /// The first and the last row key in the file, deletes included; `None` if it has no rows.
    #[must_use]
    pub fn bounds(&self) -> Option<(&[u8], &[u8])> {
        Some((&self.blocks.first()?.first, &self.last))
    }

    /// Number of rows in the file, deletes included.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.blocks.iter().map(|block| u64::from(block.rows)).sum()
    }

    /// The blocks that can hold rows of the range: positions in [`blocks`](Self::blocks).
    #[must_use]
    pub fn blocks_for(&self, range: &RowRange) -> Range<usize> {
        if range.is_empty() || range.from() > self.last.as_slice() {
            return 0..0;
        }
        // The block before the first that begins behind the bound may hold it.
        let begun = self
            .blocks
            .partition_point(|block| block.first.as_slice() <= range.from());
        let before = |to: &[u8]| {
            self.blocks
                .partition_point(|block| block.first.as_slice() < to)
        };
        let end = range.to().map_or(self.blocks.len(), before);
        begun.saturating_sub(1).min(end)..end
    }

    /// The bytes between the blocks and the trailer.
    ///
    /// # Errors
    /// `Invalid` when a count or length exceeds its field.
    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        let count = u32::try_from(self.blocks.len());
        let count = count.map_err(|e| Error::invalid(format!("too many blocks: {e}")))?;
        let mut out = count.to_be_bytes().to_vec();
        if count > 0 {
            push_key(&mut out, &self.last)?;
        }
        for block in &self.blocks {
            push_key(&mut out, &block.first)?;
            out.extend_from_slice(&block.bytes.to_be_bytes());
            out.extend_from_slice(&block.rows.to_be_bytes());
        }
        let checksum = crc32c::crc32c(&out);
        out.extend_from_slice(&checksum.to_be_bytes());
        Ok(out)
    }

    /// Reads the index of the file that `trailer` ends: the bytes at its
    /// [`index_offset`](Trailer::index_offset).
    ///
    /// # Errors
    /// `Corrupt` when the bytes fail their checksum or do not describe blocks that fill the file.
    pub fn decode(bytes: &[u8], trailer: &Trailer) -> Result<Self> {
        let Some((mut input, stored)) = bytes.split_last_chunk::<4>() else {
            return Err(Error::corrupt(
                "damaged: its index is shorter than a checksum",
            ));
        };
        if u32::from_be_bytes(*stored) != crc32c::crc32c(input) {
            return Err(Error::corrupt(
                "damaged: the checksum of its index is wrong",
            ));
        }
        let malformed = || Error::corrupt("malformed: its index ends within an entry");
        let count = take_u32(&mut input).ok_or_else(malformed)?;
        let last = if count > 0 {
            take_key(&mut input).ok_or_else(malformed)?
        } else {
            Vec::new()
        };
        // Grows with the entries that are found: the count alone is no reason to allocate.
        let mut index = Self {
            blocks: Vec::new(),
            last,
        };
        let mut offset = HEADER_BYTES as u64;
        for _ in 0..count {
            let block = take_entry(&mut input, offset).ok_or_else(malformed)?;
            offset += u64::from(block.bytes);
            index.blocks.push(block);
        }
        if !input.is_empty() {
            return Err(Error::corrupt(
                "malformed: its index goes on behind its last entry",
            ));
        }
        index.check(offset, trailer)?;
        Ok(index)
    }

    fn check(&self, blocks_end: u64, trailer: &Trailer) -> Result<()> {
        if blocks_end != trailer.index_offset() {
            return Err(Error::corrupt(format!(
                "malformed: its blocks end at {blocks_end}, its index begins at {}",
                trailer.index_offset()
            )));
        }
        if self.rows() != trailer.rows() {
            return Err(Error::corrupt(format!(
                "malformed: its blocks have {} rows, the file {}",
                self.rows(),
                trailer.rows()
            )));
        }
        let whole = |block: &BlockEntry| block.rows > 0 && block.bytes > BLOCK_OVERHEAD_BYTES;
        if !self.blocks.iter().all(whole) {
            return Err(Error::corrupt(
                "malformed: its index has a block without rows",
            ));
        }
        let ascend = self.blocks.is_sorted_by(|one, next| one.first < next.first);
        let ended = self
            .blocks
            .last()
            .is_none_or(|block| block.first <= self.last);
        if !ascend || !ended {
            return Err(Error::corrupt(
                "malformed: its blocks are not in the order of their rows",
            ));
        }
        Ok(())
    }
}

fn push_key(out: &mut Vec<u8>, key: &[u8]) -> Result<()> {
    let length = u32::try_from(key.len());
    push(
        out,
        length.map_err(|e| Error::invalid(format!("a row key is too long: {e}")))?,
    );
    out.extend_from_slice(key);
    Ok(())
}

fn take_key(input: &mut &[u8]) -> Option<Vec<u8>> {
    let length = take(input)?;
    take_bytes(input, length).map(<[u8]>::to_vec)
}

fn take_entry(input: &mut &[u8], offset: u64) -> Option<BlockEntry> {
    let first = take_key(input)?;
    Some(BlockEntry {
        first,
        offset,
        bytes: take_u32(input)?,
        rows: take_u32(input)?,
    })
}
