//! A generation: all cells between two freezes.
//!
//! Invariant: once frozen (shared through an `Arc`) a generation does not change. Its number is larger
//! than that of every older generation of this state, restores included.

use super::cell::{List, Map};
use super::table::{HeapBytes, Table};

#[derive(Debug)]
pub(crate) struct Generation {
    pub(crate) number: u64,
    pub(crate) lists: Table<List>,
    pub(crate) maps: Table<Map>,
    pub(crate) heap: Heap,
    dirty: bool,
}

/// Bytes on the heap that the cells of a generation own.
#[derive(Debug, Default)]
pub(crate) struct Heap(usize);

impl Heap {
    /// Accounts for a cell whose heap went from `before` to `now`.
    pub(crate) const fn recount(&mut self, before: usize, now: usize) {
        self.0 = (self.0 + now).saturating_sub(before);
    }
}

impl Generation {
    pub(crate) fn new(number: u64) -> Self {
        Self {
            number,
            lists: Table::default(),
            maps: Table::default(),
            heap: Heap::default(),
            dirty: false,
        }
    }

    /// Whether the flusher has anything to write.
    pub(crate) const fn is_dirty(&self) -> bool {
        self.dirty
    }

    pub(crate) const fn mark_dirty(&mut self) {
        self.dirty = true;
    }

    /// Whether there is no cell at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.lists.len() + self.maps.len() == 0
    }

    /// Bytes of memory, tables and cells.
    pub(crate) fn bytes(&self) -> usize {
        self.lists.bytes() + self.maps.bytes() + self.heap.0
    }

    /// Bytes that one more cell may add, without the cell itself.
    #[inline]
    pub(crate) fn growth_bytes(&self) -> usize {
        self.lists.growth_bytes().max(self.maps.growth_bytes())
    }

    /// Bytes of memory when one more cell has its place in a table, whatever the cell itself then has.
    #[inline]
    pub(crate) fn bytes_to_grow(&self) -> usize {
        self.bytes() + self.growth_bytes()
    }
}

/// Runs `change` on a cell and returns its heap before and after.
pub(crate) fn counted<V: HeapBytes, R>(
    cell: &mut V,
    change: impl FnOnce(&mut V) -> R,
) -> (R, usize, usize) {
    let before = cell.heap_bytes();
    let result = change(cell);
    (result, before, cell.heap_bytes())
}
