//! All single rows in memory: a [`Log`] of records, and an [`Index`] of the newest one of each row.
//!
//! Invariants:
//! - the index has one entry a row, and it is the newest record; where it has none, the store is right;
//! - a block is dropped only when the store has what it says: it is clean or flushed.
//!
//! What stays is decided as blocks are dropped, oldest first: a row that was asked for again since it came is appended once more, as
//! clean, and others go. So the log holds what is recent and what recurs, whether it was read or written; a row that is
//! in use costs one copy for each time that the whole log passes.
//!
//! What is large and read once is not kept at all where memory is full ([`Admission`]).
//!
//! Memory and flushing are the buffer's business: it asks for bytes and says when.

use std::sync::Arc;

use super::admission::Admission;
use super::block::{At, Block, Records, Replaced};
use super::index::Index;
use super::log::Log;
use super::record::Record;
use super::table::Hashing;

/// Of a block's bytes, rows that were asked for again are spared until this share was: every block that is dropped gives
/// memory back.
const SPARED_SHARE: (usize, usize) = (3, 4);

#[derive(Debug)]
pub(crate) struct Rows {
    index: Index,
    log: Log,
    admission: Admission,
}

impl Rows {
    pub(crate) fn new(generation: u64) -> Self {
        Self {
            index: Index::default(),
            log: Log::new(generation),
            admission: Admission::default(),
        }
    }

    /// Bytes of memory.
    #[inline]
    pub(crate) const fn bytes(&self) -> usize {
        self.index_bytes() + self.log.bytes()
    }

    /// Of those, the ones that dropped blocks do not give back.
    #[inline]
    pub(crate) const fn index_bytes(&self) -> usize {
        self.index.bytes() + self.admission.bytes()
    }

    /// Bytes that one more small row may add.
    #[inline]
    pub(crate) const fn growth_bytes(&self) -> usize {
        self.index.growth_bytes() + self.log.growth_bytes()
    }

    /// Bytes that the next block has at least.
    pub(crate) const fn block_bytes(&self) -> usize {
        self.log.growth_bytes()
    }

    /// Whether a row that was read from the store is to be kept though another one has to go for it: it was asked for before.
    pub(crate) fn admit(&mut self, hash: u64) -> bool {
        self.admission.admit(hash, self.index.len())
    }

    /// Bytes of the blocks that a freeze would give to the flusher.
    #[inline]
    pub(crate) const fn dirty_bytes(&self) -> usize {
        self.log.dirty_bytes()
    }

    /// Whether no further row fits, whatever memory there is.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.log.is_full()
    }

    /// Where the row's newest record is.
    #[inline]
    pub(crate) fn find(&mut self, hash: u64, row: &[u8]) -> Option<At> {
        let Self { index, log, .. } = self;
        index.touch(hash, |at| log.row(at) == row)
    }

    #[inline]
    pub(crate) fn record(&self, at: At) -> Record<'_> {
        self.log.record(at)
    }

    /// Adds a row that is not there.
    #[inline]
    pub(crate) fn insert(&mut self, hash: u64, record: Record<'_>) -> At {
        let at = self.log.push(record);
        self.index.insert(hash, at);
        at
    }

    /// Replaces the value of the row whose record is at `at`, and makes it dirty, unless that takes memory.
    #[inline]
    pub(crate) fn replace(&mut self, at: At, value: Option<&[u8]>) -> Replaced {
        self.log.replace(at, value)
    }

    /// Replaces the value of the row whose record is at `at` with a new record, which is dirty.
    pub(crate) fn rewrite(&mut self, hash: u64, at: At, row: &[u8], value: Option<&[u8]>) {
        let now = self.log.rewrite(at, row, value);
        self.index.relocate(hash, at, now);
    }

    /// Whether there is anything to flush since the last freeze.
    pub(crate) const fn is_dirty(&self) -> bool {
        self.log.dirty_bytes() > 0
    }

    /// Ends the generation. No work in proportion to rows.
    pub(crate) fn freeze(&mut self) -> FrozenRows {
        FrozenRows(self.log.freeze())
    }

    /// The oldest block.
    pub(crate) fn oldest(&self) -> Option<&Block> {
        self.log.oldest()
    }

    /// Number of blocks.
    pub(crate) fn blocks(&self) -> usize {
        self.log.len()
    }

    /// Drops the oldest block, of which the store has all. Rows that were asked for again since they came are spared, as
    /// far as their share allows.
    pub(crate) fn drop_oldest(&mut self, hashing: &Hashing) {
        let (share, of) = SPARED_SHARE;
        self.drop_oldest_sparing(hashing, |bytes| bytes / of * share, |touched| touched);
    }

    /// Drops the oldest block, of which the store has all, and spares every row of which it has the newest record.
    pub(crate) fn gather_oldest(&mut self, hashing: &Hashing) {
        self.drop_oldest_sparing(hashing, |bytes| bytes, |_| true);
    }

    fn drop_oldest_sparing(
        &mut self,
        hashing: &Hashing,
        share: impl FnOnce(usize) -> usize,
        spares: impl Fn(bool) -> bool,
    ) {
        let Some((number, oldest)) = self.log.take_oldest() else {
            return;
        };
        // The last block goes with all that it has: there is none for the spared ones to go to.
        let mut sparable_bytes = if self.log.is_empty() {
            0
        } else {
            share(oldest.used())
        };
        // Whose records were all replaced is in no slot of the index.
        let records = (!oldest.is_dead()).then(|| oldest.records().iter());
        for (offset, record) in records.into_iter().flatten() {
            let hash = hashing.of(record.row);
            let at = At::new(number, offset);
            let Some(touched) = self.index.spare(hash, at) else {
                // There is a newer one.
                continue;
            };
            let bytes = Record::bytes(record.row, record.value.map_or(0, <[u8]>::len));
            if spares(touched) && bytes <= sparable_bytes {
                sparable_bytes -= bytes;
                let dirty = false;
                let again = self.log.push(Record { dirty, ..record });
                self.index.relocate(hash, at, again);
            } else {
                self.index.remove(hash, at);
            }
        }
        self.log.release(number, oldest);
    }
}

/// The records of a generation's blocks that have something to flush.
#[derive(Debug, Default)]
pub(crate) struct FrozenRows(Vec<Arc<Records>>);

impl FrozenRows {
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of records, clean ones included.
    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|records| records.len()).sum()
    }

    /// Visits every record and where it is, in no order.
    pub(crate) fn each<'g>(&'g self, mut visit: impl FnMut(At, Record<'g>)) {
        for (number, records) in self.0.iter().enumerate() {
            for (offset, record) in records.iter() {
                visit(At::new(number, offset), record);
            }
        }
    }

    #[inline]
    pub(crate) fn record(&self, at: At) -> Record<'_> {
        let records = self.0.get(at.block());
        Record::read(records.map_or(&[], |records| records.tail(at.offset())))
    }
}

#[cfg(test)]
mod tests;
