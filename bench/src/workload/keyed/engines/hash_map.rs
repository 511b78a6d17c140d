//! Hash maps: what memory allows, without snapshots, files or a bound.
//!
//! Counts the bytes of keys and values, so that budgets can be chosen in proportion to a workload's state.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use anyhow::Result;

use super::{Engine, Place};

#[derive(Debug, Default)]
pub(crate) struct HashMaps {
    rows: HashMap<Vec<u8>, Vec<u8>>,
    maps: HashMap<Vec<u8>, BTreeMap<Vec<u8>, Vec<u8>>>,
    bytes: u64,
    peak_bytes: u64,
}

impl HashMaps {
    fn grew(&mut self, by: usize) {
        self.bytes += by as u64;
        self.peak_bytes = self.peak_bytes.max(self.bytes);
    }

    fn shrank(&mut self, by: usize) {
        self.bytes -= by as u64;
    }
}

impl Engine for HashMaps {
    fn get<R>(&mut self, row: &[u8], read: impl FnOnce(Option<&[u8]>) -> R) -> Result<R> {
        Ok(read(self.rows.get(row).map(Vec::as_slice)))
    }

    fn put(&mut self, row: &[u8], value: &[u8]) -> Result<()> {
        if let Some(old) = self.rows.get_mut(row) {
            let before = old.len();
            old.clear();
            old.extend_from_slice(value);
            self.shrank(before);
            self.grew(value.len());
        } else {
            self.rows.insert(row.to_vec(), value.to_vec());
            self.grew(row.len() + value.len());
        }
        Ok(())
    }

    fn delete(&mut self, row: &[u8]) -> Result<()> {
        if let Some(old) = self.rows.remove(row) {
            self.shrank(row.len() + old.len());
        }
        Ok(())
    }

    fn append(&mut self, row: &[u8], bytes: &[u8]) -> Result<()> {
        if let Some(list) = self.rows.get_mut(row) {
            list.extend_from_slice(bytes);
            self.grew(bytes.len());
            return Ok(());
        }
        self.put(row, bytes)
    }

    fn map_put(&mut self, place: Place<'_>, value: &[u8]) -> Result<()> {
        let (entry, map_key) = place.row.split_at(place.map_key);
        let map = match self.maps.get_mut(entry) {
            Some(map) => map,
            None => self.maps.entry(entry.to_vec()).or_default(),
        };
        let old = map.insert(map_key.to_vec(), value.to_vec());
        match old {
            Some(old) => self.shrank(old.len()),
            None => self.grew(place.row.len()),
        }
        self.grew(value.len());
        Ok(())
    }

    fn map_delete(&mut self, place: Place<'_>) -> Result<()> {
        let (entry, map_key) = place.row.split_at(place.map_key);
        let Some(map) = self.maps.get_mut(entry) else {
            return Ok(());
        };
        let old = map.remove(map_key);
        if map.is_empty() {
            self.maps.remove(entry);
        }
        if let Some(old) = old {
            self.shrank(place.row.len() + old.len());
        }
        Ok(())
    }

    fn map_scan(
        &mut self,
        from: Place<'_>,
        to: &[u8],
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<()>,
    ) -> Result<()> {
        let (entry, first) = from.row.split_at(from.map_key);
        let Some(map) = self.maps.get(entry) else {
            return Ok(());
        };
        let end = to.get(from.map_key..).unwrap_or_default();
        let range = (Bound::Included(first), Bound::Excluded(end));
        for (map_key, value) in map.range::<[u8], _>(range) {
            visit(map_key, value)?;
        }
        Ok(())
    }

    fn peak_bytes(&self) -> Option<u64> {
        Some(self.peak_bytes)
    }
}
