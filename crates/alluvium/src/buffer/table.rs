//! A hash table from row prefixes to cells, with its memory counted.
//!
//! The hash is computed once by the caller ([`Hashing`]) and used for the same row in every
//! generation. Iteration order is not part of the contract: the flusher sorts.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use smallvec::SmallVec;

/// The one hash function of the buffer. Seeded for each backend, so that keys chosen by a stranger do
/// not collide on purpose.
#[derive(Debug, Clone)]
pub(crate) struct Hashing(FixedState);

impl Hashing {
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self(FixedState::with_seed(seed))
    }

    #[inline]
    pub(crate) fn of(&self, row: &[u8]) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write(row);
        hasher.finish()
    }
}

/// A cell's memory outside the table itself.
pub(crate) trait HeapBytes {
    /// Bytes on the heap that this value owns.
    fn heap_bytes(&self) -> usize;
}

#[derive(Debug)]
pub(crate) struct Entry<V> {
    hash: u64,
    pub(crate) row: Row,
    pub(crate) cell: V,
}

/// What the allocator adds to a small allocation, on average.
pub(crate) const ALLOCATION_OVERHEAD: usize = 16;

/// A row of at most 24 bytes, as those of numbers are, needs no memory of its own.
type Row = SmallVec<[u8; 24]>;

#[derive(Debug)]
pub(crate) struct Table<V> {
    entries: HashTable<Entry<V>>,
    /// Of rows that have memory of their own.
    row_bytes: usize,
    /// As [`HashTable::allocation_size`] says, which reckons it each time.
    table_bytes: usize,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self {
            entries: HashTable::new(),
            row_bytes: 0,
            table_bytes: 0,
        }
    }
}

impl<V> Table<V> {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of the table and its rows; the cells' heap is counted by the generation.
    pub(crate) fn bytes(&self) -> usize {
        self.table_bytes + self.row_bytes
    }

    /// What the table takes in addition when one more entry is put there: a full one doubles.
    #[inline]
    pub(crate) fn growth_bytes(&self) -> usize {
        if self.entries.len() < self.entries.capacity() {
            return 0;
        }
        self.table_bytes
    }

    #[inline]
    pub(crate) fn find(&self, hash: u64, row: &[u8]) -> Option<&V> {
        self.entries
            .find(hash, |entry| *entry.row == *row)
            .map(|entry| &entry.cell)
    }

    /// The row's cell; where there is none, the one that `make` returns is put there first.
    #[inline]
    pub(crate) fn find_or_insert<E>(
        &mut self,
        hash: u64,
        row: &[u8],
        make: impl FnOnce() -> Result<V, E>,
    ) -> Result<&mut V, E> {
        match self.entries.find_entry(hash, |entry| *entry.row == *row) {
            Ok(found) => Ok(&mut found.into_mut().cell),
            Err(absent) => {
                let entry = Entry {
                    hash,
                    row: Row::from_slice(row),
                    cell: make()?,
                };
                if entry.row.spilled() {
                    self.row_bytes += row.len() + ALLOCATION_OVERHEAD;
                }
                let table = absent.into_table();
                if table.len() == table.capacity() {
                    table.reserve(1, |entry| entry.hash);
                    self.table_bytes = table.allocation_size();
                }
                Ok(&mut table
                    .insert_unique(hash, entry, |entry| entry.hash)
                    .into_mut()
                    .cell)
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry<V>> {
        self.entries.iter()
    }
}
