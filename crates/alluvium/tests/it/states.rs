//! Handles, scopes and random histories of every kind of state, on the memory store. What each kind does on every store and
//! with any budget is told in `alluvium_testing::conformance`.

#![cfg(test)]

use std::sync::Arc;

use alluvium::protocol::key::Key;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium::{Backend, Builder, Options};
use tempfile::TempDir;

mod long_lists;
mod model;
mod scopes;

/// Small enough that a few rows fill it.
const TINY_BYTES: usize = 256;

/// A backend that owns all key groups, in a directory that goes with it.
struct Opened<K> {
    backend: Backend<K>,
    _directory: TempDir,
}

fn open<K: Key>(options: Options) -> Opened<K> {
    open_subtask(options, 0, 1)
}

fn open_subtask<K: Key>(options: Options, subtask: u32, parallelism: u32) -> Opened<K> {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(MemoryStoreFactory::default());
    let builder = Builder::new("states", store, directory.path().join("work"))
        .options(options)
        .subtask(subtask, parallelism);
    Opened {
        backend: Backend::open(builder).unwrap(),
        _directory: directory,
    }
}
