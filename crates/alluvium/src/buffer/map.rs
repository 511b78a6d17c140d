//! Maps in the buffer, and timers, which are maps from (time, key, namespace) to nothing: single entries.
//!
//! The newest layer that knows an entry is right about it. Leaves reading many entries to `scan`.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use super::cell::{Map, MapBase};
use super::entries::Touched;
use super::generation::{Generation, counted};
use super::{Buffer, check_row};
use crate::error::Result;

pub use scan::Visit;

mod scan;

impl Buffer {
    /// The value of one entry.
    pub(crate) fn map_get(&mut self, row: &[u8], map_key: &[u8]) -> Result<Option<&[u8]>> {
        self.make_room()?;
        let hash = self.hashing.of(row);
        let known = self.active.maps.find(hash, row).and_then(|cell| {
            let touched = cell.entries.get(map_key);
            match touched.map(Touched::value) {
                None => cell.is_complete().then_some(None),
                value => value,
            }
        });
        match known {
            Some(None) => Ok(None),
            Some(Some(value)) => {
                self.scratch.clear();
                self.scratch.extend_from_slice(value);
                Ok(Some(&self.scratch))
            }
            None => self.map_load(hash, row, map_key),
        }
    }

    /// Brings what the layers or the store know of an entry into the active generation.
    fn map_load(&mut self, hash: u64, row: &[u8], map_key: &[u8]) -> Result<Option<&[u8]>> {
        let mut found = None;
        for below in self
            .layers
            .iter()
            .filter_map(|layer| layer.maps.find(hash, row))
        {
            found = below.entries.get(map_key).map(Touched::value);
            if found.is_none() && below.is_complete() {
                found = Some(None);
            }
            if found.is_some() {
                break;
            }
        }
        let mut stored = Vec::new();
        let value = match found {
            Some(value) => value,
            None if self.store_is_empty => None,
            None => {
                self.scratch.clear();
                self.scratch.extend_from_slice(row);
                self.scratch.extend_from_slice(map_key);
                self.store
                    .get(&self.scratch, &mut stored)?
                    .then_some(&*stored)
            }
        };
        self.scratch.clear();
        self.scratch.extend_from_slice(value.unwrap_or_default());
        let value = value.is_some().then_some(&*self.scratch);
        let base = base(&self.layers, self.store_is_empty, hash, row);
        let make = || Ok::<_, Infallible>(Map::over(base));
        let Ok(cell) = self.active.maps.find_or_insert(hash, row, make);
        if !cell.is_complete() {
            let ((), before, now) = counted(cell, |cell| cell.remember(map_key, value));
            self.active.heap.recount(before, now);
        }
        Ok(value)
    }

    /// Sets one entry, or removes it.
    pub(crate) fn map_put(
        &mut self,
        row: &[u8],
        map_key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<()> {
        check_row(row.len() + map_key.len(), value.map_or(0, <[u8]>::len))?;
        self.change_map(row, |cell| cell.put(map_key, value))
    }

    /// Removes all entries.
    pub(crate) fn map_clear(&mut self, row: &[u8]) -> Result<()> {
        self.change_map(row, Map::clear)
    }

    fn change_map(&mut self, row: &[u8], change: impl FnOnce(&mut Map)) -> Result<()> {
        self.make_room()?;
        let hash = self.hashing.of(row);
        let Self {
            active,
            layers,
            store_is_empty,
            ..
        } = self;
        let make = || Ok::<_, Infallible>(Map::over(base(layers, *store_is_empty, hash, row)));
        let Ok(cell) = active.maps.find_or_insert(hash, row, make);
        let ((), before, now) = counted(cell, change);
        active.heap.recount(before, now);
        active.mark_dirty();
        Ok(())
    }
}

/// What a new cell of the active generation knows of the map.
fn base(
    layers: &VecDeque<Arc<Generation>>,
    store_is_empty: bool,
    hash: u64,
    row: &[u8],
) -> MapBase {
    let mut below = layers.iter().filter_map(|layer| layer.maps.find(hash, row));
    if store_is_empty && below.next().is_none() {
        MapBase::Nothing
    } else {
        MapBase::Unknown
    }
}
