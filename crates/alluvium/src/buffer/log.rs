//! A log of records in blocks: the newest are appended, the oldest dropped, a block at a time.
//!
//! ```text
//!   oldest                                          newest
//!   block  block  block │ block  block  block │ block  block
//!   flushed             │ frozen              │ active
//! ```
//!
//! Invariants:
//! - each block belongs to one generation, and only those of the active one change;
//! - a freeze takes no time in proportion to records;
//! - records do not move. A value that outgrows its record, or belongs to an older generation, gets a new record, and the
//!   old one's bytes count until its block is dropped.
//!
//! Knows nothing of hashes or of what the store has: who wants to find a record keeps its [`At`], and who drops a
//! block knows that it may.

use std::collections::VecDeque;
use std::sync::Arc;

use super::block::{At, BLOCK_BYTES_MAX, BLOCK_OVERHEAD, BLOCKS_MAX, Block, Records, Replaced};
use super::record::{Head, Record, UNIT};

/// The first block of a generation is small: there are generations with a handful of records.
const BLOCK_BYTES_MIN: usize = 1 << 10;

#[derive(Debug)]
pub(crate) struct Log {
    /// By number; those whose number is free are empty.
    blocks: Vec<Block>,
    free: Vec<usize>,
    /// Numbers of the blocks in use, oldest first.
    order: VecDeque<usize>,
    /// That of the newest, or of one that is gone.
    newest: usize,
    bytes: usize,
    generation: u64,
    /// Bytes of all blocks that were begun in this generation, those that are gone included.
    begun_bytes: usize,
    /// Bytes of those blocks of this generation that have something to flush.
    dirty_bytes: usize,
    /// Of a block that was dropped: for the next one. Does not count, as there is at most one.
    spare: Option<Box<[u8]>>,
}

impl Log {
    pub(crate) const fn new(generation: u64) -> Self {
        Self {
            blocks: Vec::new(),
            free: Vec::new(),
            order: VecDeque::new(),
            newest: 0,
            bytes: 0,
            generation,
            begun_bytes: 0,
            dirty_bytes: 0,
            spare: None,
        }
    }

    /// Bytes of all blocks.
    #[inline]
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes of the blocks that a freeze would give to the flusher.
    #[inline]
    pub(crate) const fn dirty_bytes(&self) -> usize {
        self.dirty_bytes
    }

    /// Bytes that one more small record may add.
    #[inline]
    pub(crate) const fn growth_bytes(&self) -> usize {
        self.next_block_bytes() + BLOCK_OVERHEAD
    }

    /// Bytes for records that the next block has at least: a quarter of what the generation has, so that small ones stay small.
    #[inline]
    const fn next_block_bytes(&self) -> usize {
        let generation_bytes = if self.begun_bytes < self.bytes {
            self.begun_bytes
        } else {
            self.bytes
        };
        let quarter = (generation_bytes / 4).next_multiple_of(UNIT);
        if quarter < BLOCK_BYTES_MIN {
            BLOCK_BYTES_MIN
        } else if quarter > BLOCK_BYTES_MAX {
            BLOCK_BYTES_MAX
        } else {
            quarter
        }
    }

    /// Whether there is no place for another record, whatever memory there is.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.order.len() + 1 >= BLOCKS_MAX
    }

    /// Adds a record to the active generation.
    #[inline]
    pub(crate) fn push(&mut self, record: Record<'_>) -> At {
        self.push_with_room(record, record.value.map_or(0, <[u8]>::len))
    }

    fn push_with_room(&mut self, record: Record<'_>, room: usize) -> At {
        let bytes = Record::bytes(record.row, room);
        let at = self.append(self.newest, record, bytes);
        at.unwrap_or_else(|| {
            let number = self.begin_block(bytes);
            let at = self.append(number, record, bytes);
            at.unwrap_or(At::NOWHERE)
        })
    }

    #[inline]
    fn append(&mut self, number: usize, record: Record<'_>, bytes: usize) -> Option<At> {
        let block = self.blocks.get_mut(number)?;
        let was_dirty = block.dirty;
        let offset = block.append(record, bytes)?;
        if block.dirty && !was_dirty {
            self.dirty_bytes += block.bytes();
        }
        Some(At::new(number, offset))
    }

    #[cold]
    fn begin_block(&mut self, record_bytes: usize) -> usize {
        let bytes = record_bytes.max(self.next_block_bytes());
        let spare = self.spare.take_if(|spare| spare.len() == bytes);
        let place = spare.unwrap_or_else(|| vec![0; bytes].into_boxed_slice());
        let block = Block::new(place, self.generation);
        self.bytes += block.bytes();
        self.begun_bytes += bytes;
        let number = self.free.pop().unwrap_or(self.blocks.len());
        match self.blocks.get_mut(number) {
            Some(free) => *free = block,
            None => self.blocks.push(block),
        }
        self.order.push_back(number);
        self.newest = number;
        number
    }

    /// Reads a record.
    #[inline]
    pub(crate) fn record(&self, at: At) -> Record<'_> {
        Record::read(self.tail(at))
    }

    /// The row of a record.
    #[inline]
    pub(crate) fn row(&self, at: At) -> &[u8] {
        Record::row_of(self.tail(at))
    }

    #[inline]
    fn tail(&self, at: At) -> &[u8] {
        match self.blocks.get(at.block()) {
            Some(block) => block.records().tail(at.offset()),
            None => &[],
        }
    }

    /// Replaces the value where it is, and makes the record dirty, unless there is no room for it or the record is of an
    /// older generation.
    #[inline]
    pub(crate) fn replace(&mut self, at: At, value: Option<&[u8]>) -> Replaced {
        let Some(block) = self.blocks.get_mut(at.block()) else {
            return Replaced::No;
        };
        let replaced = block.replace(at.offset(), value);
        if replaced == Replaced::InCleanBlock {
            self.dirty_bytes += block.bytes();
        }
        replaced
    }

    /// A new record, dirty, for the row of the one at `at`.
    pub(crate) fn rewrite(&mut self, at: At, row: &[u8], value: Option<&[u8]>) -> At {
        let mut room = value.map_or(0, <[u8]>::len);
        if let Some(block) = self.blocks.get_mut(at.block()) {
            if block.is_active() {
                // Half as large again: what grows step by step leaves no more than three times its size behind.
                let had = Head::read(block.records().tail(at.offset())).room;
                room = room.max(had + had / 2);
            }
            block.supersede(at.offset());
        }
        let dirty = true;
        self.push_with_room(Record { row, value, dirty }, room)
    }

    /// Ends the generation, and returns the records of those of its blocks that have to be flushed.
    pub(crate) fn freeze(&mut self) -> Vec<Arc<Records>> {
        let mut dirty = Vec::new();
        for &number in self.order.iter().rev() {
            let Some(block) = self
                .blocks
                .get_mut(number)
                .filter(|block| block.is_active())
            else {
                break;
            };
            let records = block.freeze();
            if block.dirty {
                dirty.push(records);
            }
        }
        self.generation += 1;
        self.begun_bytes = 0;
        self.dirty_bytes = 0;
        dirty
    }

    /// The oldest block.
    pub(crate) fn oldest(&self) -> Option<&Block> {
        self.blocks.get(*self.order.front()?)
    }

    /// Takes the oldest block out. Its number is not given to another one before [`Self::release`].
    pub(crate) fn take_oldest(&mut self) -> Option<(usize, Block)> {
        let number = self.order.pop_front()?;
        let block = std::mem::take(self.blocks.get_mut(number)?);
        self.bytes -= block.bytes();
        Some((number, block))
    }

    /// Number of blocks.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there is no block.
    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Frees a block that was taken out, and its number.
    pub(crate) fn release(&mut self, number: usize, block: Block) {
        self.free.push(number);
        if let Some(bytes) = block.into_bytes()
            && bytes.len() == BLOCK_BYTES_MAX
        {
            self.spare = Some(bytes);
        }
    }
}

#[cfg(test)]
mod tests;
