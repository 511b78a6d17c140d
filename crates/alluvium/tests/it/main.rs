//! What the crate promises, told by behaviour: one module each.

mod budget;
mod catalog;
mod chains;
mod conformance;
mod damage;
mod evolution;
mod freeze;
mod instruction_budgets;
mod interruptions;
mod job;
mod local_copies;
mod memory_store;
mod migrated_states;
mod migrations;
mod protocol;
mod restores;
mod rewriting;
#[cfg(feature = "aws")]
mod s3;
mod savepoint_folders;
mod savepoints;
mod snapshots;
mod states;
mod storage;
mod transfers;
mod trials;
mod ttl;
mod unhurried;
mod uploads;
mod watched;
