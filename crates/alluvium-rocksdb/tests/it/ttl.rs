//! Values with a TTL, on RocksDB: compaction drops what has expired.

use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};

alluvium_testing::ttl_conformance!(small_stores());

/// Stores that are quickly opened: the checks open hundreds.
#[expect(clippy::expect_used, reason = "these options are valid")]
fn small_stores() -> RocksStoreFactory {
    let mut options = RocksOptions::default();
    options.block_cache_bytes = 1 << 20;
    RocksStoreFactory::new(options).expect("valid options")
}
