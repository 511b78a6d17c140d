//! Maps in the buffer, and timers, which are maps from (time, key, namespace) to nothing.
//!
//! A scan merges the store with every layer that knows something of the map; the newest one that knows
//! an entry is right about it.

use std::collections::btree_map;
use std::iter::Peekable;
use std::ops::{Bound, ControlFlow};

use alluvium_protocol::row::RowRange;

use super::cell::{Map, Touched};
use super::generation::counted;
use super::{Buffer, check_row};
use crate::error::Result;
use crate::store::RowCursor;

/// Sees the encoded key and the value of a map's entry, or what else is a pair of bytes.
pub type Visit<'v> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>> + 'v;

impl Buffer {
    /// The value of one entry.
    pub(crate) fn map_get(&mut self, row: &[u8], map_key: &[u8]) -> Result<Option<&[u8]>> {
        self.make_room()?;
        let Self {
            active,
            layers,
            store,
            hashing,
            scratch,
            ..
        } = self;
        let hash = hashing.of(row);
        let cell = active
            .maps
            .find_or_insert(hash, row, || Ok::<_, crate::Error>(Map::default()))?;
        if !cell.cleared && !cell.touched.contains_key(map_key) {
            let mut value = None;
            let mut known = false;
            for below in layers.iter().filter_map(|layer| layer.maps.find(hash, row)) {
                if let Some(touched) = below.touched.get(map_key) {
                    value.clone_from(&touched.value);
                    known = true;
                }
                known |= below.cleared;
                if known {
                    break;
                }
            }
            if !known {
                scratch.clear();
                scratch.extend_from_slice(row);
                scratch.extend_from_slice(map_key);
                let mut stored = Vec::new();
                value = store.get(scratch, &mut stored)?.then_some(stored);
            }
            let ((), before, now) = counted(cell, |cell| cell.put(map_key, value, false));
            active.heap.recount(before, now);
        }
        Ok(cell
            .touched
            .get(map_key)
            .and_then(|touched| touched.value.as_deref()))
    }

    /// Sets one entry, or removes it.
    pub(crate) fn map_put(
        &mut self,
        row: &[u8],
        map_key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<()> {
        check_row(row.len() + map_key.len(), value.map_or(0, <[u8]>::len))?;
        self.change_map(row, |cell| {
            cell.put(map_key, value.map(<[u8]>::to_vec), true);
        })
    }

    /// Removes all entries.
    pub(crate) fn map_clear(&mut self, row: &[u8]) -> Result<()> {
        self.change_map(row, Map::clear)
    }

    fn change_map(&mut self, row: &[u8], change: impl FnOnce(&mut Map)) -> Result<()> {
        self.make_room()?;
        let hash = self.hashing.of(row);
        let cell = self
            .active
            .maps
            .find_or_insert(hash, row, || Ok::<_, crate::Error>(Map::default()))?;
        let ((), before, now) = counted(cell, change);
        self.active.heap.recount(before, now);
        self.active.mark_dirty();
        Ok(())
    }

    /// Visits the entries whose keys lie in `range`, in order, until the visitor breaks.
    pub(crate) fn map_scan(
        &mut self,
        row: &[u8],
        range: &RowRange,
        visit: &mut Visit<'_>,
    ) -> Result<()> {
        self.make_room()?;
        if range.to().is_some_and(|to| to <= range.from()) {
            return Ok(());
        }
        let hash = self.hashing.of(row);
        let mut sources = Vec::new();
        let mut cleared = false;
        let layers = self.layers.iter().map(|layer| layer.maps.find(hash, row));
        for cell in std::iter::once(self.active.maps.find(hash, row))
            .chain(layers)
            .flatten()
        {
            sources.push(entries(cell, range).peekable());
            if cell.cleared {
                cleared = true;
                break;
            }
        }
        let mut stored = None;
        if !cleared {
            let cursor = self.store.scan(&under(row, range))?;
            stored = Stored {
                cursor,
                key: Vec::new(),
                value: Vec::new(),
            }
            .advance(row.len())?;
        }
        loop {
            let newest = sources.iter_mut().filter_map(|source| source.peek());
            let Some(touched) = newest.map(|(key, _)| &***key).min() else {
                return visit_rest(stored, row.len(), visit);
            };
            match stored.take() {
                Some(entry) if *entry.key < *touched => {
                    if visit(&entry.key, &entry.value)?.is_break() {
                        return Ok(());
                    }
                    stored = entry.advance(row.len())?;
                }
                entry => {
                    // The store's row of the same key is an older version.
                    stored = match entry {
                        Some(same) if *same.key == *touched => same.advance(row.len())?,
                        other => other,
                    };
                    if let Some(value) = take(&mut sources, touched)
                        && visit(touched, value)?.is_break()
                    {
                        return Ok(());
                    }
                }
            }
        }
    }
}

/// Visits what the store has when no layer has more.
fn visit_rest(
    mut stored: Option<Stored<'_>>,
    prefix_bytes: usize,
    visit: &mut Visit<'_>,
) -> Result<()> {
    while let Some(entry) = stored {
        if visit(&entry.key, &entry.value)?.is_break() {
            return Ok(());
        }
        stored = entry.advance(prefix_bytes)?;
    }
    Ok(())
}

type Source<'a> = Peekable<btree_map::Range<'a, Box<[u8]>, Touched>>;

/// Takes `key` from every source; the first, newest one that has it says what it is.
fn take<'a>(sources: &mut [Source<'a>], key: &[u8]) -> Option<&'a [u8]> {
    let mut newest = None;
    for source in sources {
        if let Some((_, touched)) = source.next_if(|(next, _)| ***next == *key) {
            newest.get_or_insert(touched);
        }
    }
    newest.and_then(|touched: &Touched| touched.value.as_deref())
}

fn entries<'a>(cell: &'a Map, range: &RowRange) -> btree_map::Range<'a, Box<[u8]>, Touched> {
    let to = range.to().map_or(Bound::Unbounded, Bound::Excluded);
    cell.touched
        .range::<[u8], _>((Bound::Included(range.from()), to))
}

/// The rows of the map whose keys lie in `range`.
fn under(row: &[u8], range: &RowRange) -> RowRange {
    let all = RowRange::prefix(row);
    let from = [row, range.from()].concat();
    let to = range.to().map(|to| [row, to].concat());
    RowRange::new(from, to.or_else(|| all.to().map(<[u8]>::to_vec)))
}

/// The store's next entry of the map.
struct Stored<'s> {
    cursor: Box<dyn RowCursor + 's>,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl Stored<'_> {
    fn advance(mut self, prefix_bytes: usize) -> Result<Option<Self>> {
        let Some((row, value)) = self.cursor.next()? else {
            return Ok(None);
        };
        self.key.clear();
        self.key
            .extend_from_slice(row.get(prefix_bytes..).unwrap_or_default());
        self.value.clear();
        self.value.extend_from_slice(value);
        Ok(Some(self))
    }
}
