//! Whatever befalls a job on memory stores at whatever operation, it goes on from its checkpoints, and
//! storage holds what they need and nothing else.

use std::sync::Arc;

use alluvium::store::StoreFactory;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium_testing::chain;

#[test]
fn random_chains_agree_with_the_oracle_and_leave_storage_clean() {
    let factory = || -> Arc<dyn StoreFactory> { Arc::new(MemoryStoreFactory::new()) };

    chain::check(&factory, 25);
}
