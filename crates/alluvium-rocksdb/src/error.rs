//! RocksDB's errors as this library's, sorted by what the caller can do.
//!
//! RocksDB says only in words what went wrong; the binding reads a kind off the front of them. The
//! words stay as the cause.

use std::fmt;

use alluvium::{Error, ErrorKind};
use rust_rocksdb::ErrorKind as Kind;

/// An error of a running store.
pub(crate) fn failed(operation: impl fmt::Display, source: rust_rocksdb::Error) -> Error {
    let kind = match source.kind() {
        Kind::Corruption => ErrorKind::Corrupt,
        Kind::InvalidArgument | Kind::NotSupported => ErrorKind::Invalid,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, operation.to_string()).with_source(source)
}

/// An error of opening placed files. What RocksDB finds missing, unreadable or contradictory there
/// is damage: the options are ours and do not change.
pub(crate) fn not_a_store(operation: impl fmt::Display, source: rust_rocksdb::Error) -> Error {
    let kind = match source.kind() {
        Kind::Corruption | Kind::InvalidArgument => ErrorKind::Corrupt,
        Kind::NotSupported => ErrorKind::Incompatible,
        // The kind of a missing file is the same as that of a failing device.
        Kind::IOError if source.as_ref().contains("No such file") => ErrorKind::Corrupt,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, operation.to_string()).with_source(source)
}
