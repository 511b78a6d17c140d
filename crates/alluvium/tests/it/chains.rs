//! Whatever befalls a job on memory stores at whatever operation, it goes on from its checkpoints, and
//! storage holds what they need and nothing else.

use std::sync::Arc;

use alluvium::store::StoreFactory;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium_testing::chain::{self, Chain, Effect, Fate, Step};

#[test]
fn random_chains_agree_with_the_oracle_and_leave_storage_clean() {
    let factory = || -> Arc<dyn StoreFactory> { Arc::new(MemoryStoreFactory::new()) };

    chain::check(&factory, 25);
}

#[test]
fn a_change_that_arrives_after_its_checkpoint_was_dropped_changes_nothing() {
    let checkpoint = || Step::Checkpoint {
        full: false,
        fate: Fate::Completed,
    };
    // Each of the first checkpoint's operations once: which of them commits is not for this test to know.
    for at in 0..24 {
        let steps = vec![
            Step::Hiccup(at, Effect::Late(u8::MAX)),
            checkpoint(),
            checkpoint(),
            checkpoint(),
            Step::Retain(1),
        ];
        let chain = Chain {
            names: 1,
            parallelism: 1,
            memory_budget_bytes: 1 << 20,
            transfer_threads: 1,
            steps,
        };

        chain::run(Arc::new(MemoryStoreFactory::new()), &chain);
    }
}
