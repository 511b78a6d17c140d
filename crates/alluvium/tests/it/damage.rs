//! Damaged objects of jobs on memory stores are named, at whatever byte.

#![cfg(test)]

use std::sync::Arc;

use alluvium::store::StoreFactory;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium_testing::damage;

fn stores() -> Arc<dyn StoreFactory> {
    Arc::new(MemoryStoreFactory::new())
}

#[test]
fn a_damaged_object_of_a_checkpoint_is_named() {
    damage::a_damaged_object_of_a_checkpoint_is_named(&stores());
}

#[test]
fn a_damaged_object_of_a_savepoint_is_named() {
    damage::a_damaged_object_of_a_savepoint_is_named(&stores());
}
