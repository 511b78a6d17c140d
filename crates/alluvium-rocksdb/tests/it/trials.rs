//! Whatever happens to a job on RocksDB stores, its state is what the oracle says.

use std::sync::Arc;

use alluvium::storage;
use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};
use alluvium_testing::trial::{Trial, steps, trials};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(trials(50)))]

    #[test]
    fn state_survives_snapshots_failures_and_rescaling(steps in steps(120)) {
        let factory = Arc::new(RocksStoreFactory::new(RocksOptions::default()).unwrap());
        let mut trial = Trial::new(factory, storage::in_memory(), 1 << 20).unwrap();

        trial.run(&steps).unwrap();
    }

    #[test]
    fn a_buffer_that_always_spills_loses_nothing(steps in steps(120)) {
        let factory = Arc::new(RocksStoreFactory::new(RocksOptions::default()).unwrap());
        let mut trial = Trial::new(factory, storage::in_memory(), 4 << 10).unwrap();

        trial.run(&steps).unwrap();
    }
}
