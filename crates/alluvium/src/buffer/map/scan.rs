//! Entries of a map in order: the store merged with every layer that knows something of the map.
//!
//! Invariant: the newest layer that knows an entry is right about it.

use std::convert::Infallible;
use std::iter::Peekable;
use std::ops::ControlFlow;

use alluvium_protocol::row::RowRange;

use crate::buffer::Buffer;
use crate::buffer::cell::{Map, MapBase};
use crate::buffer::entries::{ENTRY_BYTES, Range, Touched};
use crate::buffer::generation::counted;
use crate::error::Result;
use crate::store::RowCursor;

/// Sees the encoded key and the value of a map's entry, or what else is a pair of bytes.
pub type Visit<'v> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>> + 'v;

impl Buffer {
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
        let active = self.active.maps.find(hash, row);
        if let Some(cell) = active.filter(|cell| cell.is_complete()) {
            for (map_key, touched) in cell.entries.range(range) {
                if let Some(value) = touched.value()
                    && visit(map_key, value)?.is_break()
                {
                    break;
                }
            }
            return Ok(());
        }
        let mut seen = Seen::of(range, self.load_bytes_max());
        let ended = self.merge(hash, row, range, &mut |map_key, value| {
            seen.push(map_key, value);
            visit(map_key, value)
        })?;
        if ended && let Some(entries) = seen.entries {
            self.remember_map(hash, row, &entries);
        }
        Ok(())
    }

    /// Merges every layer that knows of the map with the store. Returns whether the visitor saw the end.
    fn merge(
        &self,
        hash: u64,
        row: &[u8],
        range: &RowRange,
        visit: &mut Visit<'_>,
    ) -> Result<bool> {
        let mut sources = Vec::new();
        let mut complete = self.store_is_empty;
        let layers = self.layers.iter().map(|layer| layer.maps.find(hash, row));
        for cell in std::iter::once(self.active.maps.find(hash, row))
            .chain(layers)
            .flatten()
        {
            sources.push(cell.entries.range(range).peekable());
            if cell.is_complete() {
                complete = true;
                break;
            }
        }
        let mut stored = None;
        if !complete {
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
            let Some(touched) = newest.map(|(key, _)| *key).min() else {
                return visit_rest(stored, row.len(), visit);
            };
            match stored.take() {
                Some(entry) if *entry.key < *touched => {
                    if visit(&entry.key, &entry.value)?.is_break() {
                        return Ok(false);
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
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Keeps a map that was read whole in the active generation.
    fn remember_map(&mut self, hash: u64, row: &[u8], entries: &[(Vec<u8>, Vec<u8>)]) {
        let make = || Ok::<_, Infallible>(Map::default());
        let Ok(cell) = self.active.maps.find_or_insert(hash, row, make);
        let ((), before, now) = counted(cell, |cell| {
            for (map_key, value) in entries {
                if cell.entries.get(map_key).is_none() {
                    cell.remember(map_key, Some(value));
                }
            }
            cell.base = MapBase::Loaded;
        });
        self.active.heap.recount(before, now);
    }
}

/// Entries seen so far, while they are all of the map's and few enough to keep.
struct Seen {
    entries: Option<Vec<(Vec<u8>, Vec<u8>)>>,
    bytes: usize,
    bytes_max: usize,
}

impl Seen {
    fn of(range: &RowRange, bytes_max: usize) -> Self {
        let whole = range.from().is_empty() && range.to().is_none();
        Self {
            entries: whole.then(Vec::new),
            bytes: 0,
            bytes_max,
        }
    }

    fn push(&mut self, map_key: &[u8], value: &[u8]) {
        self.bytes += map_key.len() + value.len() + ENTRY_BYTES;
        self.entries = self.entries.take().filter(|_| self.bytes <= self.bytes_max);
        if let Some(entries) = &mut self.entries {
            entries.push((map_key.to_vec(), value.to_vec()));
        }
    }
}

/// Visits what the store has when no layer has more. Returns whether the visitor saw the end.
fn visit_rest(
    mut stored: Option<Stored<'_>>,
    prefix_bytes: usize,
    visit: &mut Visit<'_>,
) -> Result<bool> {
    while let Some(entry) = stored {
        if visit(&entry.key, &entry.value)?.is_break() {
            return Ok(false);
        }
        stored = entry.advance(prefix_bytes)?;
    }
    Ok(true)
}

type Source<'a> = Peekable<Range<'a>>;

/// Takes `key` from every source; the first, newest one that has it says what it is.
fn take<'a>(sources: &mut [Source<'a>], key: &[u8]) -> Option<&'a [u8]> {
    let mut newest = None;
    for source in sources {
        if let Some((_, touched)) = source.next_if(|(next, _)| *next == key) {
            newest.get_or_insert(touched);
        }
    }
    newest.and_then(Touched::value)
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
