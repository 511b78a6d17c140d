//! Values with a TTL, on the memory store.

#![cfg(test)]

use alluvium::store::memory::MemoryStoreFactory;

mod bytes;

alluvium_testing::ttl_conformance!(MemoryStoreFactory::new());
