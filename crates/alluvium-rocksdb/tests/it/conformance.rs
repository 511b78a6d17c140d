//! Whatever a store must do, the store on RocksDB does: with room, and with as little as it takes.

use alluvium_rocksdb::{Compression, RocksOptions, RocksStoreFactory};

mod with_default_options {
    alluvium_testing::store_conformance!(super::default_options());
}

/// Small buffers and files, so that even the suite's few rows are flushed, split and compacted.
mod with_little_room {
    alluvium_testing::store_conformance!(super::little_room());
}

#[expect(clippy::expect_used, reason = "the defaults are valid")]
fn default_options() -> RocksStoreFactory {
    RocksStoreFactory::new(RocksOptions::default()).expect("valid options")
}

#[expect(clippy::expect_used, reason = "these options are valid")]
fn little_room() -> RocksStoreFactory {
    let mut options = RocksOptions::default();
    options.block_cache_bytes = 1 << 20;
    options.run_bytes = 64 << 10;
    options.target_file_bytes = 64 << 10;
    options.open_files = Some(32);
    options.compression = Compression::Everywhere;
    RocksStoreFactory::new(options).expect("valid options")
}
