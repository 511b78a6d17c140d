//! A frozen generation as one sorted run for the store.
//!
//! Clears are expanded here, off the task thread, into deletes of the rows that the store has: the
//! store never sees a range tombstone, and a file's bounds are the bounds of its rows.

use std::iter::Peekable;
use std::vec::IntoIter;

use alluvium_protocol::chunk::{self, Elements};
use alluvium_protocol::row::RowRange;

use super::cell::{List, ListBase, Map, MapBase};
use super::entries::Range;
use super::generation::Generation;
use super::rows::FrozenRows;
use super::sorted::Sorted;
use super::table::Entry;
use crate::error::Result;
use crate::store::{Change, RowCursor, SortedRun, Store};

/// Chunks are cut at about this many bytes, so that a reader of a long list holds little in memory.
pub(super) const CHUNK_BYTES: usize = 64 << 10;

/// The dirty cells of a generation in row order.
pub(crate) struct GenerationRun<'g> {
    number: u64,
    store: &'g dyn Store,
    singles: Sorted<'g>,
    lists: Peekable<IntoIter<&'g Entry<List>>>,
    maps: Peekable<IntoIter<&'g Entry<Map>>>,
    open: Open<'g>,
    row: Vec<u8>,
}

/// What the next cell is.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Single,
    List,
    Map,
}

/// The cell whose rows are being written.
enum Open<'g> {
    None,
    /// Deletes the chunks that the store has, then writes this generation's.
    List {
        prefix: &'g [u8],
        stored: Option<Stored<'g>>,
        rest: &'g [u8],
        part: u32,
    },
    /// Merges deletes of the rows that the store has with the entries touched here.
    Map {
        prefix: &'g [u8],
        stored: Option<Stored<'g>>,
        touched: Peekable<Range<'g>>,
    },
}

/// Row keys that the store has, one ahead.
struct Stored<'g> {
    cursor: Box<dyn RowCursor + 'g>,
    row: Vec<u8>,
}

impl<'g> Stored<'g> {
    fn open(store: &'g dyn Store, prefix: &[u8]) -> Result<Option<Self>> {
        let stored = Self {
            cursor: store.scan(&RowRange::prefix(prefix))?,
            row: Vec::new(),
        };
        stored.advance()
    }

    fn advance(mut self) -> Result<Option<Self>> {
        let Some((row, _)) = self.cursor.next()? else {
            return Ok(None);
        };
        self.row.clear();
        self.row.extend_from_slice(row);
        Ok(Some(self))
    }
}

impl<'g> GenerationRun<'g> {
    pub(crate) fn new(
        generation: &'g Generation,
        singles: &'g FrozenRows,
        store: &'g dyn Store,
    ) -> Self {
        Self {
            number: generation.number,
            store,
            singles: Sorted::new(singles),
            lists: by_row(generation.lists.iter().filter(|list| list.cell.is_dirty())),
            maps: by_row(generation.maps.iter().filter(|map| map.cell.is_dirty())),
            open: Open::None,
            row: Vec::new(),
        }
    }

    /// Which kind of cell comes next in the order of rows.
    fn next_kind(&mut self) -> Option<Kind> {
        let list = self.lists.peek().map(|list| (&*list.row, Kind::List));
        let map = self.maps.peek().map(|map| (&*map.row, Kind::Map));
        let single = self.singles.peek().map(|row| (row, Kind::Single));
        let first = [single, list, map]
            .into_iter()
            .flatten()
            .min_by_key(|(row, _)| *row);
        first.map(|(_, kind)| kind)
    }

    fn set_row(&mut self, prefix: &[u8], suffix: &[u8]) {
        self.row.clear();
        self.row.extend_from_slice(prefix);
        self.row.extend_from_slice(suffix);
    }

    fn open_list(&mut self) -> Result<()> {
        let Some(Entry { row, cell, .. }) = self.lists.next() else {
            return Ok(());
        };
        let replaced = cell.base == ListBase::Replaced;
        let stored = if replaced {
            Stored::open(self.store, row)?
        } else {
            None
        };
        self.open = Open::List {
            prefix: row,
            stored,
            rest: cell.dirty_elements(),
            part: 0,
        };
        Ok(())
    }

    fn open_map(&mut self) -> Result<()> {
        let Some(Entry { row, cell, .. }) = self.maps.next() else {
            return Ok(());
        };
        let stored = if cell.base == MapBase::Replaced {
            Stored::open(self.store, row)?
        } else {
            None
        };
        self.open = Open::Map {
            prefix: row,
            stored,
            touched: cell.entries.iter().peekable(),
        };
        Ok(())
    }

    /// Advances within the open cell. Returns false when it has no more rows.
    fn next_of_list(&mut self) -> Result<Option<Change<'g>>> {
        let Open::List {
            prefix,
            stored,
            rest,
            part,
        } = &mut self.open
        else {
            return Ok(None);
        };
        if let Some(old) = stored.take() {
            self.row.clone_from(&old.row);
            *stored = old.advance()?;
            return Ok(Some(Change::Delete));
        }
        if rest.is_empty() {
            return Ok(None);
        }
        let (this, later) = rest.split_at(chunk_end(rest)?);
        let (prefix, number) = (*prefix, chunk::number(self.number, *part));
        *rest = later;
        *part += 1;
        self.set_row(prefix, &number);
        Ok(Some(Change::Put(this)))
    }

    fn next_of_map(&mut self) -> Result<Option<Change<'g>>> {
        let Open::Map {
            prefix,
            stored,
            touched,
        } = &mut self.open
        else {
            return Ok(None);
        };
        let prefix = *prefix;
        loop {
            let ahead = touched.peek().map(|(map_key, _)| *map_key);
            let old = stored
                .as_ref()
                .and_then(|stored| stored.row.get(prefix.len()..));
            match (old, ahead) {
                // A stored row that was not touched since the map was cleared: gone.
                (Some(old), ahead) if ahead.is_none_or(|ahead| old < ahead) => {
                    if let Some(old) = stored.take() {
                        self.row.clone_from(&old.row);
                        *stored = old.advance()?;
                    }
                    return Ok(Some(Change::Delete));
                }
                (old, Some(ahead)) => {
                    if old == Some(ahead)
                        && let Some(same) = stored.take()
                    {
                        *stored = same.advance()?;
                    }
                    let Some((map_key, entry)) = touched.next() else {
                        return Ok(None);
                    };
                    if entry.dirty {
                        self.set_row(prefix, map_key);
                        let put = entry.value().map_or(Change::Delete, Change::Put);
                        return Ok(Some(put));
                    }
                }
                (_, None) => return Ok(None),
            }
        }
    }
}

/// Entries in the order of their rows.
fn by_row<'g, V>(entries: impl Iterator<Item = &'g Entry<V>>) -> Peekable<IntoIter<&'g Entry<V>>> {
    let mut entries: Vec<&Entry<V>> = entries.collect();
    entries.sort_unstable_by_key(|entry| &*entry.row);
    entries.into_iter().peekable()
}

/// Where to cut a chunk off the front of `elements`: at an element's end near [`CHUNK_BYTES`].
fn chunk_end(elements: &[u8]) -> Result<usize> {
    if elements.len() <= CHUNK_BYTES {
        return Ok(elements.len());
    }
    let mut reader = Elements::new(elements);
    while elements.len() - reader.remaining() < CHUNK_BYTES {
        if reader.next().transpose()?.is_none() {
            break;
        }
    }
    Ok(elements.len() - reader.remaining())
}

impl SortedRun for GenerationRun<'_> {
    fn next(&mut self) -> Result<Option<(&[u8], Change<'_>)>> {
        loop {
            let change = match &self.open {
                Open::None => None,
                Open::List { .. } => self.next_of_list()?,
                Open::Map { .. } => self.next_of_map()?,
            };
            if let Some(change) = change {
                return Ok(Some((&self.row, change)));
            }
            self.open = Open::None;
            match self.next_kind() {
                None => return Ok(None),
                Some(Kind::Single) => {
                    return Ok(self.singles.next().map(|record| {
                        let change = record.value.map_or(Change::Delete, Change::Put);
                        (record.row, change)
                    }));
                }
                Some(Kind::List) => self.open_list()?,
                Some(Kind::Map) => self.open_map()?,
            }
        }
    }
}
