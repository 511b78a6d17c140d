//! A keyed state backend for stream processing.

#![forbid(unsafe_code)]

pub mod backend;
mod buffer;
mod builder;
pub mod bytes;
pub mod catalog;
pub mod codec;
pub mod environment;
mod error;
mod local;
mod options;
mod restore;
pub mod rows_file;
pub mod snapshot;
pub mod state;
pub mod storage;
pub mod store;
mod transfer;
mod working_directory;

pub use alluvium_protocol as protocol;
pub use backend::{Backend, KeyScope, Timer};
pub use builder::Builder;
pub use bytes::BytesBackend;
pub use error::{Error, ErrorKind, Result};
pub use local::LocalCopies;
pub use options::Options;
pub use restore::{RestoreFrom, RestoreReport};
pub use snapshot::{PreparedSnapshot, SnapshotHandle, SnapshotReport, SnapshotTarget};
pub use state::{
    Aggregate, AggregatingState, EventTimers, ListState, MapState, ProcessingTimers, ReducingState,
    ValueState,
};
pub use transfer::Progress;
