//! A map state from longs to longs.

use std::path::Path;

use alluvium::state::Map;
use alluvium::{Backend, MapState};
use anyhow::Result;

use crate::subjects::Maps;

const STATE: MapState<u64, u64> = MapState::new("maps");

#[derive(Debug)]
pub(crate) struct LongMaps {
    backend: Backend<u64>,
    state: Map<u64, u64>,
}

impl LongMaps {
    pub(crate) fn open(directory: &Path, budget_bytes: usize) -> Result<Self> {
        let mut backend = super::backend(directory, budget_bytes)?;
        let state = backend.register(STATE)?;
        Ok(Self { backend, state })
    }

    fn sum(&mut self, key: u64, of: impl Fn(u64, u64) -> u64) -> Result<u64> {
        let mut sum = 0_u64;
        let mut key = self.backend.key(&key)?;
        key.map(self.state).for_each(.., |map_key, value| {
            sum = sum.wrapping_add(of(map_key, value));
        })?;
        Ok(sum)
    }
}

impl Maps for LongMaps {
    fn get(&mut self, key: u64, map_key: u64) -> Result<Option<u64>> {
        Ok(self.backend.key(&key)?.map(self.state).get(&map_key)?)
    }

    fn contains(&mut self, key: u64, map_key: u64) -> Result<bool> {
        Ok(self.backend.key(&key)?.map(self.state).contains(&map_key)?)
    }

    fn is_empty(&mut self, key: u64) -> Result<bool> {
        Ok(self.backend.key(&key)?.map(self.state).is_empty()?)
    }

    fn sum_keys(&mut self, key: u64) -> Result<u64> {
        let mut sum = 0_u64;
        let mut key = self.backend.key(&key)?;
        key.map(self.state)
            .for_each_key(.., |map_key| sum = sum.wrapping_add(map_key))?;
        Ok(sum)
    }

    fn sum_values(&mut self, key: u64) -> Result<u64> {
        self.sum(key, |_, value| value)
    }

    fn sum_entries(&mut self, key: u64) -> Result<u64> {
        self.sum(key, u64::wrapping_add)
    }

    fn put(&mut self, key: u64, map_key: u64, value: u64) -> Result<()> {
        let mut key = self.backend.key(&key)?;
        Ok(key.map(self.state).insert(&map_key, &value)?)
    }

    fn put_all(&mut self, key: u64, entries: &[(u64, u64)]) -> Result<()> {
        let mut key = self.backend.key(&key)?;
        let entries = entries.iter().map(|(map_key, value)| (map_key, value));
        Ok(key.map(self.state).extend(entries)?)
    }

    fn remove(&mut self, key: u64, map_key: u64) -> Result<()> {
        Ok(self.backend.key(&key)?.map(self.state).remove(&map_key)?)
    }

    fn read(&mut self, key: u64) -> Result<Vec<(u64, u64)>> {
        Ok(self.backend.key(&key)?.map(self.state).entries()?)
    }
}
