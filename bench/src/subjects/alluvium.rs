//! Alluvium on RocksDB, through its typed interface.
//!
//! A budget is split as `RocksOptions::within` does it, so that write buffer and store together have no more.

use std::path::Path;
use std::sync::Arc;

use alluvium::protocol::key::Key;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium::{Backend, Builder, Options};
use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};
use anyhow::Result;

mod lists;
mod maps;
mod timers;
mod values;

pub(crate) use lists::LongLists;
pub(crate) use maps::LongMaps;
pub(crate) use timers::EventTimes;
pub(crate) use values::{ByteStrings, Longs};

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
