//! Cells: what one generation knows of one entry.
//!
//! A cell says what changed here (*dirty*, the flusher writes it) and what was read from below
//! (*clean*, a cache). Clean parts may be forgotten, dirty ones may not.

use super::entries::Entries;
use super::table::{ALLOCATION_OVERHEAD, HeapBytes};

/// Memory that a list begins with: for a few short elements, so that each does not ask the allocator.
const SHORT_LIST_BYTES: usize = 16;

/// What a list cell knows of the elements below it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ListBase {
    /// Nothing: older generations and the store may have elements that come first.
    #[default]
    Unknown,
    /// The list was cleared here: nothing below counts, and the flusher deletes it.
    Replaced,
    /// The elements below are known, and are the first `clean` bytes of this cell's elements.
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
    /// A list without elements here.
    pub(crate) fn over(base: ListBase) -> Self {
        Self {
            base,
            ..Self::default()
        }
    }

    pub(crate) fn is_dirty(&self) -> bool {
        self.base == ListBase::Replaced || self.clean < self.elements.len()
    }

    /// Adds elements. Memory doubles, but by no more than `step_bytes` at once, so that a long list takes little that it has no
    /// elements for.
    pub(crate) fn append(&mut self, framed: &[u8], step_bytes: usize) {
        let elements = &mut self.elements;
        if elements.capacity() - elements.len() < framed.len() {
            let doubled = elements.len().min(step_bytes).max(SHORT_LIST_BYTES);
            elements.reserve_exact(framed.len().max(doubled));
        }
        elements.extend_from_slice(framed);
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

/// What a map cell knows of the entries below it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum MapBase {
    /// Nothing: older generations and the store may have entries that are not here.
    #[default]
    Unknown,
    /// There are none.
    Nothing,
    /// The map was cleared here: nothing below counts, and the flusher deletes it.
    Replaced,
    /// All of them are here, as clean entries.
    Loaded,
}

/// A map: the entries that this generation wrote or read, in the order of their keys.
#[derive(Debug, Default)]
pub(crate) struct Map {
    pub(crate) base: MapBase,
    pub(crate) entries: Entries,
    dirty: bool,
}

impl Map {
    /// A map of which nothing is known here, or one that did not exist before.
    pub(crate) fn over(base: MapBase) -> Self {
        Self {
            base,
            ..Self::default()
        }
    }

    pub(crate) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Whether every entry of the map is here, so that nobody has to look below.
    pub(crate) fn is_complete(&self) -> bool {
        self.base != MapBase::Unknown
    }

    pub(crate) fn clear(&mut self) {
        // Where nothing is below there is nothing for the flusher to delete.
        let base = match self.base {
            MapBase::Nothing => MapBase::Nothing,
            MapBase::Unknown | MapBase::Replaced | MapBase::Loaded => MapBase::Replaced,
        };
        *self = Self {
            dirty: true,
            ..Self::over(base)
        };
    }

    /// Sets an entry, or removes it.
    pub(crate) fn put(&mut self, map_key: &[u8], value: Option<&[u8]>) {
        self.dirty = true;
        if value.is_none() && matches!(self.base, MapBase::Nothing | MapBase::Replaced) {
            self.entries.remove(map_key);
        } else {
            self.entries.put(map_key, value, true);
        }
    }

    /// Keeps what was read of an entry below.
    pub(crate) fn remember(&mut self, map_key: &[u8], value: Option<&[u8]>) {
        self.entries.put(map_key, value, false);
    }
}

impl HeapBytes for Map {
    fn heap_bytes(&self) -> usize {
        self.entries.heap_bytes()
    }
}
