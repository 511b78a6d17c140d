//! The bytes that outlive a process, and every decision taken from them, as pure functions.
//!
//! Facts in, plan out: no I/O, clock, task or `unsafe` here. Each format's specification is the doc
//! of the module that encodes it; `docs/format.md` is rendered from them.

#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing)]

pub mod catalog;
pub mod chunk;
pub mod envelope;
mod error;
pub mod file;
pub mod key;
pub mod key_group;
pub mod local_copy;
pub mod manifest;
pub mod plan;
pub mod row;
pub mod rows_file;
pub mod schema;
pub mod shape;
pub mod stamp;
pub mod timer;
pub mod ttl;
pub mod value;
mod varint;
pub mod verdict;
pub mod versioned;

pub use error::{Error, ErrorKind, Result};
