//! A memory store that writes all rows again before each read shows what any other does.

#![cfg(test)]

use std::sync::Arc;

use alluvium::storage;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium_testing::rewriting::RewritingFactory;
use alluvium_testing::trial::{Trial, steps, trials};
use proptest::prelude::*;

fn stores() -> RewritingFactory {
    RewritingFactory::new(Arc::new(MemoryStoreFactory::new()), 1)
}

mod lifetimes {
    alluvium_testing::ttl_conformance!(super::stores());
}

mod migrations {
    alluvium_testing::migration_conformance!(super::stores());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(trials(100)))]

    #[test]
    fn state_survives_snapshots_failures_and_rescaling(steps in steps(120)) {
        let mut trial = Trial::new(Arc::new(stores()), storage::in_memory(), 4 << 10).unwrap();

        trial.run(&steps).unwrap();
    }
}
