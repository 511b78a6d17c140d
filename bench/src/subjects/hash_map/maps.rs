//! A `HashMap` of ordered maps of byte strings: ordered, as map states are.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;

use super::long;
use crate::subjects::Maps;

#[derive(Debug, Default)]
pub(crate) struct PlainMaps(HashMap<Vec<u8>, BTreeMap<Vec<u8>, Vec<u8>>>);

impl PlainMaps {
    fn entries(&self, key: u64) -> impl Iterator<Item = (u64, u64)> {
        let map = self.0.get(key.to_be_bytes().as_slice());
        let entries = map.into_iter().flatten();
        entries.map(|(map_key, value)| (long(map_key), long(value)))
    }

    fn value(&self, key: u64, map_key: u64) -> Option<&Vec<u8>> {
        self.0
            .get(key.to_be_bytes().as_slice())?
            .get(map_key.to_be_bytes().as_slice())
    }

    /// Puts entries into the key's map, or into a new one if there is none.
    fn extend(&mut self, key: u64, entries: &[(u64, u64)]) {
        match self.0.get_mut(key.to_be_bytes().as_slice()) {
            Some(map) => extend(map, entries),
            None => {
                let mut map = BTreeMap::new();
                extend(&mut map, entries);
                self.0.insert(key.to_be_bytes().to_vec(), map);
            }
        }
    }
}

impl Maps for PlainMaps {
    fn get(&mut self, key: u64, map_key: u64) -> Result<Option<u64>> {
        Ok(self.value(key, map_key).map(|value| long(value)))
    }

    fn contains(&mut self, key: u64, map_key: u64) -> Result<bool> {
        Ok(self.value(key, map_key).is_some())
    }

    fn is_empty(&mut self, key: u64) -> Result<bool> {
        let map = self.0.get(key.to_be_bytes().as_slice());
        Ok(map.is_none_or(BTreeMap::is_empty))
    }

    fn sum_keys(&mut self, key: u64) -> Result<u64> {
        let keys = self.entries(key).map(|(map_key, _)| map_key);
        Ok(keys.fold(0, u64::wrapping_add))
    }

    fn sum_values(&mut self, key: u64) -> Result<u64> {
        let values = self.entries(key).map(|(_, value)| value);
        Ok(values.fold(0, u64::wrapping_add))
    }

    fn sum_entries(&mut self, key: u64) -> Result<u64> {
        let entries = self.entries(key);
        Ok(entries.fold(0, |sum, (map_key, value)| {
            sum.wrapping_add(map_key).wrapping_add(value)
        }))
    }

    fn put(&mut self, key: u64, map_key: u64, value: u64) -> Result<()> {
        self.extend(key, &[(map_key, value)]);
        Ok(())
    }

    fn put_all(&mut self, key: u64, entries: &[(u64, u64)]) -> Result<()> {
        self.extend(key, entries);
        Ok(())
    }

    fn remove(&mut self, key: u64, map_key: u64) -> Result<()> {
        if let Some(map) = self.0.get_mut(key.to_be_bytes().as_slice()) {
            map.remove(map_key.to_be_bytes().as_slice());
        }
        Ok(())
    }

    fn read(&mut self, key: u64) -> Result<Vec<(u64, u64)>> {
        Ok(self.entries(key).collect())
    }
}

/// Puts entries; the values of map keys that are there already are written over.
fn extend(map: &mut BTreeMap<Vec<u8>, Vec<u8>>, entries: &[(u64, u64)]) {
    for (map_key, value) in entries {
        let (map_key, value) = (map_key.to_be_bytes(), value.to_be_bytes());
        match map.get_mut(map_key.as_slice()) {
            Some(old) => {
                old.clear();
                old.extend_from_slice(&value);
            }
            None => {
                map.insert(map_key.to_vec(), value.to_vec());
            }
        }
    }
}
