//! Damaged objects of jobs on RocksDB stores are named, at whatever byte.

#![cfg(test)]

use std::sync::Arc;

use alluvium::store::StoreFactory;
use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};
use alluvium_testing::damage;

fn stores() -> Arc<dyn StoreFactory> {
    Arc::new(RocksStoreFactory::new(RocksOptions::default()).unwrap())
}

#[test]
fn a_damaged_object_of_a_checkpoint_is_named() {
    damage::a_damaged_object_of_a_checkpoint_is_named(&stores());
}

#[test]
fn a_damaged_object_of_a_savepoint_is_named() {
    damage::a_damaged_object_of_a_savepoint_is_named(&stores());
}
