//! The buffer's budget: who gives way, and when a writer waits.
//!
//! Invariants:
//! - all that the buffer has, and one more small entry, is within the budget after room was made, unless nothing is left that could go;
//! - what goes is in the store: it was flushed, or only read;
//! - a writer waits only for the flusher, and only when nothing can go at once.

use super::Buffer;
use super::block::Block;
use crate::error::Result;

/// The active generation is frozen when it has this share of the budget: a half. The larger the runs that reach the store,
/// the less often it rewrites what it has (docs/design/0007); a run is flushed while the other half is filled.
const ACTIVE_SHARE: usize = 2;

/// Blocks that there may be without small ones being gathered: as many as take little beside the smallest budget.
const SMALL_BLOCKS: usize = 16;

/// A block that is gathered has no more: moving its records takes microseconds.
const SMALL_BLOCK_BYTES: usize = 4 << 10;

/// A list or map that was read whole is kept in memory if it has no more than this share of the budget: others are there, too.
const LOAD_SHARE: usize = 8;

/// Nor if it has more bytes than this: it would be copied for each generation.
const LOAD_BYTES_MAX: usize = 64 << 10;

/// A list takes no more than this share of the budget for elements that are still to come.
const LIST_STEP_SHARE: usize = 32;

impl Buffer {
    /// Bytes that a list takes for elements to come, at the most.
    pub(super) const fn list_step_bytes(&self) -> usize {
        self.budget_bytes / LIST_STEP_SHARE
    }

    /// Bytes of the largest list or map that is kept in memory after it was read whole.
    pub(super) fn load_bytes_max(&self) -> usize {
        LOAD_BYTES_MAX.min(self.budget_bytes / LOAD_SHARE)
    }

    /// Keeps the buffer within its budget before an entry that takes memory is read or written.
    #[inline]
    pub(super) fn make_room(&mut self) -> Result<()> {
        self.make_room_for(0)
    }

    /// The same, before a list grows, which may take so many bytes at once.
    #[inline]
    pub(super) fn make_room_for(&mut self, bytes: usize) -> Result<()> {
        if self.has_room_for(bytes) {
            return Ok(());
        }
        self.make_room_now(bytes)
    }

    /// Whether one more small entry is within the budget.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.has_room_for(0)
    }

    /// Whether one more small entry, or an entry's growth by so many bytes, is within the budget.
    #[inline]
    fn has_room_for(&self, growth_bytes: usize) -> bool {
        let below_bytes = self.layer_bytes + self.flusher.unreleased_bytes_at_most();
        let bytes = self.active.bytes() + self.singles.bytes() + below_bytes;
        let growth_bytes = growth_bytes.max(self.growth_bytes());
        bytes + growth_bytes <= self.budget_bytes && !self.active_is_full()
    }

    /// Whether something has to go, now or within the next two blocks, for what comes.
    pub(super) fn is_tight(&self) -> bool {
        let bytes = self.bytes() + self.growth_bytes();
        bytes + 2 * self.singles.block_bytes() > self.budget_bytes
    }

    /// Bytes that one more small entry may add.
    #[inline]
    fn growth_bytes(&self) -> usize {
        let cells = self.active.growth_bytes();
        cells.max(self.singles.growth_bytes())
    }

    /// Whether what is active is as much as one run is to have. The index of rows serves all generations: the active one has
    /// its share of it.
    #[inline]
    fn active_is_full(&self) -> bool {
        let active_bytes = self.active.bytes_to_grow() + self.singles.dirty_bytes();
        let index_bytes = self.singles.index_bytes() / ACTIVE_SHARE;
        active_bytes + index_bytes >= self.budget_bytes / ACTIVE_SHARE || self.singles.is_full()
    }

    #[cold]
    pub(super) fn make_room_now(&mut self, growth_bytes: usize) -> Result<()> {
        if self.active_is_full() {
            self.freeze()?;
        }
        loop {
            let growth_bytes = growth_bytes.max(self.growth_bytes());
            let fits = self.bytes() + growth_bytes <= self.budget_bytes;
            if (fits && !self.singles.is_full()) || !self.give_way()? {
                break;
            }
        }
        self.flusher.look();
        Ok(())
    }

    /// Gives some memory back, or waits until some can be. Returns false if there is none but the active generation's.
    fn give_way(&mut self) -> Result<bool> {
        // Asked first: what is flushed while this looks around is a reason to look again.
        let before = self.flusher.flushed();
        // Of layers and single rows those give way that have more.
        if self.layer_bytes >= self.singles.bytes() && self.drop_oldest_layer()? {
            return Ok(true);
        }
        if self.drop_oldest_rows(|_| true) {
            return Ok(true);
        }
        let oldest = self.singles.oldest().map(|oldest| oldest.generation);
        if oldest == Some(self.active.number) {
            self.freeze()?;
        }
        if self.drop_oldest_layer()? {
            return Ok(true);
        }
        if before.through >= self.frozen && before.unreleased_bytes == 0 {
            return Ok(false);
        }
        self.waits += 1;
        self.flusher.wait_until(|later| later != before)?;
        Ok(true)
    }

    /// Drops the oldest block of single rows if the store has what it says and `may_go` says so.
    pub(super) fn drop_oldest_rows(&mut self, may_go: impl FnOnce(&Block) -> bool) -> bool {
        let goes = self.oldest_rows_may(may_go);
        if goes {
            self.singles.drop_oldest(&self.hashing);
        }
        goes
    }

    /// Moves what counts of the oldest block to the newest if there are many blocks, this one is small, and the store has
    /// what it says.
    pub(super) fn gather_oldest_rows(&mut self) -> bool {
        let gathers = self.singles.blocks() > SMALL_BLOCKS
            && self.oldest_rows_may(|oldest| oldest.bytes() <= SMALL_BLOCK_BYTES);
        if gathers {
            self.singles.gather_oldest(&self.hashing);
        }
        gathers
    }

    fn oldest_rows_may(&self, go: impl FnOnce(&Block) -> bool) -> bool {
        self.singles.oldest().is_some_and(|oldest| {
            let stored = !oldest.dirty || self.flusher.is_flushed(oldest.generation);
            stored && go(oldest)
        })
    }

    /// Drops the oldest layer if it is flushed.
    pub(super) fn drop_oldest_layer(&mut self) -> Result<bool> {
        let flushed = self
            .layers
            .back()
            .is_some_and(|oldest| self.flusher.is_flushed(oldest.number));
        if !flushed {
            return Ok(false);
        }
        if let Some(oldest) = self.layers.pop_back() {
            let bytes = oldest.bytes();
            self.layer_bytes -= bytes;
            self.flusher.release(oldest, bytes);
        }
        Ok(true)
    }
}
