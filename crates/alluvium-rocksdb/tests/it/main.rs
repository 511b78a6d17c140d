//! The store on RocksDB, seen from outside.

mod backends;
mod chains;
mod conformance;
mod damage;
mod families;
mod interruptions;
mod migrations;
mod opening;
mod pinned_files;
mod rewriting;
mod savepoints;
mod stores;
mod suspicion;
mod trials;
mod ttl;
