//! Whatever must hold when a program's types change holds on RocksDB stores.

#![cfg(test)]

use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};

alluvium_testing::migration_conformance!(RocksStoreFactory::new(RocksOptions::default()).unwrap());
