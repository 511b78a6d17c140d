//! A restore into memory stores that is cancelled or killed can be made again, and leaves nothing.

use std::sync::Arc;

use alluvium::store::StoreFactory;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium_testing::interruption;

fn factory() -> Arc<dyn StoreFactory> {
    Arc::new(MemoryStoreFactory::new())
}

#[test]
fn a_restore_that_is_cancelled_anywhere_says_so_leaves_nothing_and_can_be_repeated() {
    interruption::cancelled(&factory);
}

#[test]
fn a_restore_that_is_killed_anywhere_changes_nothing_in_storage_and_can_be_repeated() {
    interruption::killed(
        &factory,
        "interruptions::does_its_part_when_it_is_the_child",
        3,
    );
}

#[test]
fn a_job_that_is_killed_anywhere_goes_on_from_what_it_committed() {
    interruption::killed_at_work(
        &factory,
        "interruptions::does_its_part_when_it_is_the_child",
        24,
    );
}

/// Not a test of its own: what the processes run that the other one kills.
#[test]
fn does_its_part_when_it_is_the_child() {
    interruption::child(factory());
}
