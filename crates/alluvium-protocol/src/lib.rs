//! The bytes that outlive a process, and every decision taken from them, as pure functions.
//!
//! Facts in, plan out: no I/O, clock, task or `unsafe` here. Each format's specification is the doc
//! of the module that encodes it; `docs/format.md` is rendered from them.

#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing)]

pub mod chunk;
mod error;
pub mod key;
pub mod key_group;
pub mod row;
pub mod shape;
pub mod timer;

pub use error::{Error, ErrorKind, Result};
