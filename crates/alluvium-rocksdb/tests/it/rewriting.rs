//! A RocksDB store that compacts all rows before every fifth read shows what any other does, and one that is told to stop does.

#![cfg(test)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use alluvium::protocol::row::RowRange;
use alluvium::storage::{self, Cancel};
use alluvium::store::{RowFilter, Verdict};
use alluvium::{ErrorKind, Result};
use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};
use alluvium_testing::rewriting::RewritingFactory;
use alluvium_testing::trial::{Trial, steps, trials};
use proptest::prelude::*;

use crate::stores::{Stores, count};

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

/// Cancels as soon as it is asked, and counts how often it is.
#[derive(Debug, Default)]
struct Canceling {
    cancel: Cancel,
    asked: AtomicUsize,
}

impl RowFilter for Canceling {
    fn filter(&self, _: &[u8], _: &[u8], _: &mut Vec<u8>) -> Verdict {
        self.cancel.cancel();
        self.asked.fetch_add(1, Ordering::Relaxed);
        Verdict::Keep
    }
}

#[test]
fn a_rewrite_that_is_canceled_on_its_way_says_so_and_begins_no_other_file() -> Result<()> {
    for files in [1, 3] {
        let stores = Stores::new()?;
        let store = stores.create("rewritten")?;
        for file in 0..files {
            stores.load(&*store, file * 100..(file + 1) * 100, "a row")?;
        }
        let filter = Arc::new(Canceling::default());
        store.filter_rows(Arc::<Canceling>::clone(&filter));

        let rewritten = store.rewrite(&RowRange::all(), &filter.cancel);

        let kind = rewritten.err().map(|error| error.kind());
        assert_eq!(kind, Some(ErrorKind::Cancelled), "{files} files");
        assert_eq!(filter.asked.load(Ordering::Relaxed), 100, "{files} files");
        assert_eq!(count(&*store)?, usize::try_from(files * 100).unwrap());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(trials(20)))]

    #[test]
    fn state_survives_snapshots_failures_and_rescaling(steps in steps(60)) {
        let mut trial = Trial::new(Arc::new(stores()), storage::in_memory(), 4 << 10).unwrap();

        trial.run(&steps).unwrap();
    }
}
