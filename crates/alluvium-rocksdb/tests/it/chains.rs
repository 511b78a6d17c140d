//! Whatever befalls a job on RocksDB stores at whatever operation, it goes on from its checkpoints, and
//! storage holds what they need and nothing else.

use std::sync::Arc;

use alluvium::store::StoreFactory;
use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};
use alluvium_testing::chain;

#[test]
fn random_chains_agree_with_the_oracle_and_leave_storage_clean() {
    let factory = || -> Arc<dyn StoreFactory> {
        Arc::new(RocksStoreFactory::new(RocksOptions::default()).unwrap())
    };

    chain::check(&factory, 25);
}
