//! Whatever a store must do, the store on RocksDB does: with room, and with as little as it takes.

use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};

mod with_default_options {
    alluvium_testing::store_conformance!(super::factory(super::RocksOptions::default()));
}

/// Small buffers and files, so that even the suite's few rows are flushed, split and compacted.
mod with_little_room {
    alluvium_testing::store_conformance!(super::factory(super::little_room()));
}

fn factory(options: RocksOptions) -> RocksStoreFactory {
    RocksStoreFactory::new(options).unwrap()
}

fn little_room() -> RocksOptions {
    let mut options = RocksOptions::default();
    options.block_cache_bytes = 1 << 20;
    options.write_buffer_bytes = 64 << 10;
    options.target_file_bytes = 64 << 10;
    options.open_files = Some(32);
    options.compression = alluvium_rocksdb::Compression::Everywhere;
    options
}
