//! Whatever must hold when a program's types change holds on memory stores.

#![cfg(test)]

use alluvium::store::memory::MemoryStoreFactory;

alluvium_testing::migration_conformance!(MemoryStoreFactory::new());
