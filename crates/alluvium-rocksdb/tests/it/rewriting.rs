//! A RocksDB store that compacts all rows before every fifth read shows what any other does.

#![cfg(test)]

use std::sync::Arc;

use alluvium::storage;
use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};
use alluvium_testing::rewriting::RewritingFactory;
use alluvium_testing::trial::{Trial, steps, trials};
use proptest::prelude::*;

fn stores() -> RewritingFactory {
    let mut options = RocksOptions::default();
    options.block_cache_bytes = 1 << 20;
    RewritingFactory::new(Arc::new(RocksStoreFactory::new(options).unwrap()), 5)
}

mod lifetimes {
    alluvium_testing::ttl_conformance!(super::stores());
}

mod migrations {
    alluvium_testing::migration_conformance!(super::stores());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(trials(20)))]

    #[test]
    fn state_survives_snapshots_failures_and_rescaling(steps in steps(60)) {
        let mut trial = Trial::new(Arc::new(stores()), storage::in_memory(), 4 << 10).unwrap();

        trial.run(&steps).unwrap();
    }
}
