//! Encodes a whole rows file, piece by piece, so that a writer holds one block in memory.

use super::builder::BlockBuilder;
use super::trailer::{header, push_trailer};
use super::{BLOCK_TARGET_BYTES, Change, Index};
use crate::error::{Error, Result};

/// Turns rows into the bytes of a file. Each call appends what is ready to `out`, which the caller
/// drains as it likes; the pieces in order are the file.
///
/// After an error the file is lost: rows may be missing from it.
#[derive(Debug, Default)]
pub struct Encoder {
    block: BlockBuilder,
    index: Index,
    rows: u64,
    /// Bytes appended so far, over all calls.
    bytes: u64,
}

/// What is in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Its length in bytes.
    pub bytes: u64,
    /// Number of its rows, deletes included.
    pub rows: u64,
    /// Its first and last row key, deletes included; `None` if it has no rows.
    pub bounds: Option<(Vec<u8>, Vec<u8>)>,
}

impl Encoder {
    /// Begins a file.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row.
    ///
    /// # Errors
    /// `Invalid` when the row's key is not after that of the row before, or the row is longer than
    /// [`ROW_BYTES_MAX`](super::ROW_BYTES_MAX).
    pub fn push(&mut self, row: &[u8], change: Change<'_>, out: &mut Vec<u8>) -> Result<()> {
        if self.rows > 0 && row <= self.block.last() {
            return Err(Error::invalid(format!(
                "row {} of a rows file is not after the one before it: rows are written in \
                 ascending order of their keys",
                self.rows
            )));
        }
        if !self.block.is_empty() && self.block.bytes_with(row, change) > BLOCK_TARGET_BYTES {
            self.finish_block(out)?;
        }
        self.block.push(row, change)?;
        self.rows += 1;
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// `Invalid` when the file has more than 2^32 blocks.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<Summary> {
        if self.block.is_empty() {
            self.begin(out);
        } else {
            self.finish_block(out)?;
        }
        self.index.last = self.block.last().to_vec();
        let index_offset = self.bytes;
        let begin = out.len();
        out.extend_from_slice(&self.index.encode()?);
        push_trailer(out, index_offset, self.rows);
        let bounds = self
            .index
            .bounds()
            .map(|(first, last)| (first.to_vec(), last.to_vec()));
        let bytes = index_offset + appended(out, begin);
        Ok(Summary {
            bytes,
            rows: self.rows,
            bounds,
        })
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if self.bytes == 0 {
            let header = header();
            out.extend_from_slice(&header);
            self.bytes = header.len() as u64;
        }
    }

    fn finish_block(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.begin(out);
        let begin = out.len();
        self.index.blocks.push(self.block.finish(out, self.bytes)?);
        self.bytes += appended(out, begin);
        Ok(())
    }
}

const fn appended(out: &[u8], begin: usize) -> u64 {
    (out.len() - begin) as u64
}
