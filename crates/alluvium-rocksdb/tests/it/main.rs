//! The store on RocksDB, seen from outside.

mod conformance;
