//! A keyed state backend for stream processing.

#![forbid(unsafe_code)]

pub mod codec;
pub mod environment;
mod error;
pub mod storage;
pub mod store;

pub use alluvium_protocol as protocol;
pub use error::{Error, ErrorKind, Result};
