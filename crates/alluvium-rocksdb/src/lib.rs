//! The Alluvium store on RocksDB.

#![forbid(unsafe_code)]
