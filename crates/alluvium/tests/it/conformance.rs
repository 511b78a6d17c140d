//! Whatever a backend must do, it does on memory stores: with room for everything, with a budget that everything outgrows, and
//! with one so small that nearly every row goes through the store. And the table of it is complete.

#![cfg(test)]

use std::sync::Arc;

use alluvium::store::memory::MemoryStoreFactory;

mod table;

mod with_room {
    use super::*;

    alluvium_testing::conformance!(
        memory_stores,
        alluvium::Options::default().memory_budget_bytes
    );
}

mod with_little_room {
    use super::*;

    alluvium_testing::conformance!(memory_stores, 64 << 10);
}

mod with_hardly_any_room {
    use super::*;

    alluvium_testing::conformance!(memory_stores, 256);
}

fn memory_stores() -> Arc<MemoryStoreFactory> {
    Arc::new(MemoryStoreFactory::default())
}
