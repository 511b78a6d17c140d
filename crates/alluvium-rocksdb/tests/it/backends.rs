//! Whatever a backend must do, it does on RocksDB: with room for everything, and with a budget that everything outgrows.

#![cfg(test)]

use std::sync::Arc;

use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};

mod full_size;

mod with_room {
    use super::*;

    alluvium_testing::conformance!(
        small_stores,
        alluvium::Options::default().memory_budget_bytes
    );
}

mod with_little_room {
    use super::*;

    alluvium_testing::conformance!(small_stores, 64 << 10);
}

/// Stores that are quickly opened: rescales open dozens.
fn small_stores() -> Arc<RocksStoreFactory> {
    let mut options = RocksOptions::default();
    options.block_cache_bytes = 1 << 20;
    Arc::new(RocksStoreFactory::new(options).unwrap())
}
