//! A block of the log: records one behind the other, all of one generation.
//!
//! ```text
//!   begin ──► active, changes in place ── freeze ──► frozen, may be shared with the flusher
//! ```
//!
//! Invariant: a frozen block never changes, so that the flusher reads it without a lock. Its bytes stay where they were.
//! When a block begins, is frozen and goes is the log's business.

use std::sync::Arc;

use super::record::{self, Head, Record, UNIT};
use super::table::ALLOCATION_OVERHEAD;

/// Where a record begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct At(u32);

/// Low bits of an [`At`]: units within a block. The others number the block.
const UNIT_BITS: u32 = 13;

/// Blocks are as large as an [`At`] can tell, 64 KiB, once a generation is large: small enough that a block is dropped
/// in the time of a few records, and that what memory holds is decided finely. A record that is larger than a block has
/// one to itself and begins at its beginning.
pub(crate) const BLOCK_BYTES_MAX: usize = UNIT << UNIT_BITS;

/// Bytes that a block takes beside its records: its entry, what it shares with the flusher, and two allocations.
pub(crate) const BLOCK_OVERHEAD: usize =
    size_of::<Block>() + size_of::<Records>() + 2 * size_of::<usize>() + 2 * ALLOCATION_OVERHEAD;

/// There are no more blocks than this: 32 GiB of large ones.
pub(crate) const BLOCKS_MAX: usize = (1 << (u32::BITS - UNIT_BITS)) - 1;

impl At {
    /// No record is there.
    pub(crate) const NOWHERE: Self = Self(u32::MAX);

    pub(crate) fn new(block: usize, offset: usize) -> Self {
        // Both fit: there are at most `BLOCKS_MAX` blocks, and records begin within the first `BLOCK_BYTES_MAX` bytes.
        let block = u32::try_from(block).unwrap_or(u32::MAX);
        let unit = u32::try_from(offset / UNIT).unwrap_or(0);
        Self(block << UNIT_BITS | unit)
    }

    #[inline]
    pub(crate) const fn block(self) -> usize {
        (self.0 >> UNIT_BITS) as usize
    }

    #[inline]
    pub(crate) const fn offset(self) -> usize {
        (self.0 & ((1 << UNIT_BITS) - 1)) as usize * UNIT
    }
}

/// The bytes of a block, and how many of them are records.
#[derive(Debug, Default)]
pub(crate) struct Records {
    bytes: Box<[u8]>,
    used: usize,
    len: usize,
}

impl Records {
    /// Number of records.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The records, and where in the block they begin.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, Record<'_>)> {
        let mut rest = self.bytes.get(..self.used).unwrap_or_default();
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let offset = self.used - rest.len();
            let record = Record::read(rest);
            let bytes = Head::read(rest).record_bytes();
            rest = rest.get(bytes..).unwrap_or_default();
            Some((offset, record))
        })
    }

    /// The record that begins at `offset`, and what comes after it.
    #[inline]
    pub(crate) fn tail(&self, offset: usize) -> &[u8] {
        self.bytes.get(offset..).unwrap_or_default()
    }
}

#[derive(Debug)]
enum Held {
    Active(Records),
    Frozen(Arc<Records>),
}

impl Default for Held {
    fn default() -> Self {
        Self::Active(Records::default())
    }
}

/// What became of a value that was to be replaced where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replaced {
    /// Nothing has changed: there is no room for it, or its block is frozen.
    No,
    /// It was replaced, in a block that had something to flush already.
    InPlace,
    /// It was replaced, and its block has something to flush since.
    InCleanBlock,
}

/// One that has no bytes is none: where a block was that is gone.
#[derive(Debug, Default)]
pub(crate) struct Block {
    held: Held,
    /// Which one it was begun in.
    pub(crate) generation: u64,
    /// Whether a record of it was written, and not only read from the store.
    pub(crate) dirty: bool,
    /// Records that were replaced by others.
    superseded: usize,
}

impl Block {
    /// An empty block in these bytes.
    pub(crate) const fn new(bytes: Box<[u8]>, generation: u64) -> Self {
        Self {
            held: Held::Active(Records {
                bytes,
                used: 0,
                len: 0,
            }),
            generation,
            dirty: false,
            superseded: 0,
        }
    }

    #[inline]
    pub(crate) fn records(&self) -> &Records {
        match &self.held {
            Held::Active(records) => records,
            Held::Frozen(records) => records,
        }
    }

    /// Bytes of memory.
    pub(crate) fn bytes(&self) -> usize {
        self.records().bytes.len() + BLOCK_OVERHEAD
    }

    /// Bytes of its records.
    pub(crate) fn used(&self) -> usize {
        self.records().used
    }

    /// Whether all of its records were replaced by others.
    pub(crate) fn is_dead(&self) -> bool {
        self.superseded == self.records().len
    }

    /// Writes a record of `bytes` bytes behind the others. Returns where it begins, or nothing if there is no room for it.
    #[inline]
    pub(crate) fn append(&mut self, record: Record<'_>, bytes: usize) -> Option<usize> {
        let Held::Active(records) = &mut self.held else {
            return None;
        };
        let offset = records.used;
        record.write(records.bytes.get_mut(offset..offset + bytes)?);
        records.used += bytes;
        records.len += 1;
        self.dirty |= record.dirty;
        Some(offset)
    }

    /// Replaces a record's value and makes the record dirty.
    #[inline]
    pub(crate) fn replace(&mut self, offset: usize, value: Option<&[u8]>) -> Replaced {
        if let Held::Active(records) = &mut self.held
            && let Some(tail) = records.bytes.get_mut(offset..)
            && record::replace(tail, value)
        {
            return if std::mem::replace(&mut self.dirty, true) {
                Replaced::InPlace
            } else {
                Replaced::InCleanBlock
            };
        }
        Replaced::No
    }

    /// Whether records are added and replaced.
    #[inline]
    pub(crate) const fn is_active(&self) -> bool {
        matches!(self.held, Held::Active(_))
    }

    /// There is a newer record for the row of this one, which needs no flush then if it was not frozen.
    pub(crate) fn supersede(&mut self, offset: usize) {
        if let Held::Active(records) = &mut self.held
            && let Some(tail) = records.bytes.get_mut(offset..)
        {
            record::supersede(tail);
        }
        self.superseded += 1;
    }

    /// Nothing here changes from now on. Returns the records.
    pub(crate) fn freeze(&mut self) -> Arc<Records> {
        let records = match std::mem::take(&mut self.held) {
            Held::Active(records) => Arc::new(records),
            Held::Frozen(records) => records,
        };
        self.held = Held::Frozen(Arc::clone(&records));
        records
    }

    /// The bytes of a block that is no more, unless the flusher still has them.
    pub(crate) fn into_bytes(self) -> Option<Box<[u8]>> {
        match self.held {
            Held::Active(records) => Some(records.bytes),
            Held::Frozen(records) => Some(Arc::into_inner(records)?.bytes),
        }
    }
}
