//! The store on RocksDB, seen from outside.

mod conformance;
mod opening;
mod pinned_files;
mod stores;
mod trials;
