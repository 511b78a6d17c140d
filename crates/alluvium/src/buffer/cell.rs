//! Cells: what one generation knows of one entry.
//!
//! A cell says what changed here (*dirty*, the flusher writes it) and what was read from below
//! (*clean*, a cache). Clean parts may be forgotten, dirty ones may not.

use std::collections::BTreeMap;

use super::table::{ALLOCATION_OVERHEAD, HeapBytes};

/// What a list cell knows of the elements below it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ListBase {
    /// Nothing: older generations and the store may have elements that come first.
    #[default]
    Unknown,
    /// The list was cleared here: nothing below counts, and the flusher deletes it.
    Replaced,
    /// The elements below were read, and are the first `clean` bytes of this cell's elements.
    Loaded,
}

/// A list: elements that this generation appended, framed as in a chunk.
#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) base: ListBase,
    pub(crate) elements: Vec<u8>,
    /// Leading bytes of `elements` that are stored below already.
    pub(crate) clean: usize,
}

impl List {
    pub(crate) fn is_dirty(&self) -> bool {
        self.base == ListBase::Replaced || self.clean < self.elements.len()
    }

    /// What the flusher writes as chunks of this generation.
    pub(crate) fn dirty_elements(&self) -> &[u8] {
        self.elements.get(self.clean..).unwrap_or_default()
    }
}

impl HeapBytes for List {
    fn heap_bytes(&self) -> usize {
        match self.elements.capacity() {
            // As in a new cell, which nobody has counted.
            0 => 0,
            bytes => bytes + ALLOCATION_OVERHEAD,
        }
    }
}

/// One map entry, or one timer.
#[derive(Debug)]
pub(crate) struct Touched {
    /// `None` when the entry does not exist.
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) dirty: bool,
}

/// A map: the entries that this generation wrote or read, in the order of their keys.
#[derive(Debug, Default)]
pub(crate) struct Map {
    /// The map was cleared here: nothing below counts, and the flusher deletes it.
    pub(crate) cleared: bool,
    pub(crate) touched: BTreeMap<Box<[u8]>, Touched>,
    touched_bytes: usize,
    dirty: bool,
}

/// What an entry of a B-tree costs beside its key's and value's bytes: its slot, at two thirds
/// full nodes, and two allocations.
const TOUCHED_OVERHEAD: usize = 64 + 2 * ALLOCATION_OVERHEAD;

impl Map {
    pub(crate) fn is_dirty(&self) -> bool {
        self.dirty
    }

    pub(crate) fn clear(&mut self) {
        *self = Self {
            cleared: true,
            dirty: true,
            ..Self::default()
        };
    }

    pub(crate) fn put(&mut self, map_key: &[u8], value: Option<Vec<u8>>, dirty: bool) {
        self.dirty |= dirty;
        let bytes = value.as_ref().map_or(0, Vec::capacity);
        if let Some(touched) = self.touched.get_mut(map_key) {
            self.touched_bytes -= touched.value.as_ref().map_or(0, Vec::capacity);
            *touched = Touched {
                value,
                dirty: dirty || touched.dirty,
            };
        } else {
            self.touched_bytes += map_key.len() + TOUCHED_OVERHEAD;
            self.touched
                .insert(map_key.into(), Touched { value, dirty });
        }
        self.touched_bytes += bytes;
    }
}

impl HeapBytes for Map {
    fn heap_bytes(&self) -> usize {
        self.touched_bytes
    }
}
