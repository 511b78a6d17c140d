//! Apache Flink's savepoints and checkpoints, read and written without a JVM.
//!
//! What is where, and the bytes in full: `docs/design/0011-flink.md`. Everything that reads foreign bytes is total: whatever they
//! are, there is a value or an error that names the file and the byte, and nothing is allocated that the input does not
//! justify.
//!
//! Leaves to others: how RocksDB's tables are read (`alluvium_rocksdb`), and what an Alluvium savepoint consists of
//! (`alluvium`).

#![forbid(unsafe_code)]

pub mod codec;
mod cursor;
mod error;
pub mod files;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod import;
mod java;
pub mod keyed;
pub mod metadata;
pub mod return_path;
pub mod scan;
mod section;
pub mod serializer;
pub mod snapshot;
#[cfg(test)]
#[path = "../tests/it/snapshots.rs"]
mod snapshots;
pub mod verify;
pub mod write;

pub use error::{Error, ErrorKind, Result};
pub use snapshot::Snapshot;
