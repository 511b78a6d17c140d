//! Alluvium on RocksDB, through its typed interface.
//!
//! A budget is split as `RocksOptions::within` does it, so that write buffer and store together have no more.

use std::path::Path;
use std::sync::Arc;

use alluvium::codec::Bytes;
use alluvium::protocol::key::Key;
use alluvium::state::Value;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium::{Backend, Builder, Options, ValueState};
use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};
use anyhow::Result;

use super::Values;
use crate::data;

pub(crate) const VERSION: &str = concat!("Alluvium ", env!("CARGO_PKG_VERSION"), ", RocksDB 11.12");

/// The name of the job that is measured.
pub(crate) const NAME: &str = "bench";

/// A backend of one subtask that owns all key groups, within a budget.
pub(crate) fn backend<K: Key>(directory: &Path, budget_bytes: usize) -> Result<Backend<K>> {
    Ok(Backend::open(builder(directory, budget_bytes)?)?)
}

/// What makes such a backend, for those who restore it or ask for more.
pub(crate) fn builder(directory: &Path, budget_bytes: usize) -> Result<Builder> {
    let (factory, options) = within(budget_bytes)?;
    Ok(Builder::new(NAME, factory, directory.join("working")).options(options))
}

/// The same on the memory store, without a bound: the heap backend's configuration.
pub(crate) fn in_memory<K: Key>(directory: &Path) -> Result<Backend<K>> {
    let factory = Arc::new(MemoryStoreFactory::new());
    let builder = Builder::new(NAME, factory, directory.join("working")).options(unbounded());
    Ok(Backend::open(builder)?)
}

/// Stores on RocksDB, and a backend's options, that together keep within a budget.
pub(crate) fn within(budget_bytes: usize) -> Result<(Arc<RocksStoreFactory>, Options)> {
    let (rocks, memory_budget_bytes) = RocksOptions::within(budget_bytes);
    let options = Options::default().memory_budget_bytes(memory_budget_bytes);
    Ok((Arc::new(RocksStoreFactory::new(rocks)?), options))
}

/// Options of a backend that may have all the memory there is.
pub(crate) fn unbounded() -> Options {
    Options::default().memory_budget_bytes(1 << 40)
}

const LONGS: ValueState<u64> = ValueState::new("longs");
const BYTES: ValueState<Vec<u8>> = ValueState::new("bytes");

/// A value state of longs.
#[derive(Debug)]
pub(crate) struct Longs {
    backend: Backend<u64>,
    state: Value<u64>,
}

impl Longs {
    pub(crate) fn new(mut backend: Backend<u64>) -> Result<Self> {
        let state = backend.register(LONGS)?;
        Ok(Self { backend, state })
    }
}

impl Values for Longs {
    fn get(&mut self, key: u64) -> Result<Option<u64>> {
        Ok(self.backend.key(&key)?.value(self.state).get()?)
    }

    fn read(&mut self, key: u64, out: &mut Vec<u8>) -> Result<bool> {
        let value = self.get(key)?;
        out.clear();
        out.extend_from_slice(&value.unwrap_or(0).to_le_bytes());
        Ok(value.is_some())
    }

    fn set(&mut self, key: u64, value: &[u8]) -> Result<()> {
        let value = data::first_word(value);
        Ok(self.backend.key(&key)?.value(self.state).set(&value)?)
    }

    fn add_one(&mut self, key: u64) -> Result<()> {
        let mut key = self.backend.key(&key)?;
        key.value(self.state)
            .update(|value: Option<u64>| value.unwrap_or(0).wrapping_add(1))?;
        Ok(())
    }

    fn settle(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A value state of byte strings.
#[derive(Debug)]
pub(crate) struct ByteStrings {
    backend: Backend<u64>,
    state: Value<Vec<u8>, (), Bytes>,
}

impl ByteStrings {
    pub(crate) fn new(mut backend: Backend<u64>) -> Result<Self> {
        let state = backend.register(BYTES.codec::<Bytes>())?;
        Ok(Self { backend, state })
    }

    /// For snapshots.
    pub(crate) const fn backend(&mut self) -> &mut Backend<u64> {
        &mut self.backend
    }

    /// Visits all keys.
    pub(crate) fn for_each(&mut self, mut visit: impl FnMut(u64)) -> Result<()> {
        let visited = self.backend.entries(self.state, |key, (), _| {
            visit(key);
            Ok(())
        });
        Ok(visited?)
    }
}

impl Values for ByteStrings {
    fn get(&mut self, key: u64) -> Result<Option<u64>> {
        let value = self.backend.key(&key)?.value(self.state).get()?;
        Ok(value.map(|value| data::first_word(&value)))
    }

    fn read(&mut self, key: u64, out: &mut Vec<u8>) -> Result<bool> {
        let value = self.backend.key(&key)?.value(self.state).get()?;
        let found = value.is_some();
        *out = value.unwrap_or_default();
        Ok(found)
    }

    fn set(&mut self, key: u64, value: &[u8]) -> Result<()> {
        let value = value.to_vec();
        Ok(self.backend.key(&key)?.value(self.state).set(&value)?)
    }

    fn add_one(&mut self, key: u64) -> Result<()> {
        let mut key = self.backend.key(&key)?;
        key.value(self.state).update(|value: Option<Vec<u8>>| {
            let mut value = value.unwrap_or_default();
            data::add_one(&mut value);
            value
        })?;
        Ok(())
    }

    fn settle(&mut self) -> Result<()> {
        Ok(())
    }
}
