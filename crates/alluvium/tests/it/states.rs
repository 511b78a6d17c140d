//! What each kind of state does, told on the memory store: once with room for everything, once with a budget
//! so small that nearly every row goes through the store.

#![cfg(test)]

use std::sync::Arc;

use alluvium::protocol::key::Key;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium::{Backend, Builder, Options};
use tempfile::TempDir;

mod collections;
mod folds;
mod model;
mod scopes;
mod timers;

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

/// Tells the story with much memory and with little.
fn with_any_budget<K: Key>(story: impl Fn(&mut Backend<K>)) {
    for options in [
        Options::default(),
        Options::default().memory_budget_bytes(TINY_BYTES),
    ] {
        story(&mut open(options).backend);
    }
}
