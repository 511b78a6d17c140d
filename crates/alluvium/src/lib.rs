//! A keyed state backend for stream processing.
//!
//! A [`Backend`] holds the typed state of one subtask of a keyed operator: of the keys whose key groups it owns.
//! The engine around it routes records by [key group](protocol::key_group), says when a snapshot is taken, and
//! commits checkpoints. Everything is synchronous: whoever calls decides on which thread.
//!
//! | module | what is there |
//! |---|---|
//! | [`state`] | the kinds of state a program declares, and their handles |
//! | [`backend`] | the typed backend: [`Backend`], [`KeyScope`], due timers |
//! | [`bytes`] | the same on encoded keys and values, for engines with their own serializers |
//! | [`codec`] | how values become bytes, and what is recorded of their types |
//! | [`snapshot`] | snapshots: prepared, then uploaded |
//! | [`catalog`] | a job's checkpoints: committing, fencing, retention, orphans, copies |
//! | [`savepoint`] | a savepoint's folder, which its owner copies, moves and deletes |
//! | [`storage`] | the seam to durable objects: directories and object stores |
//! | [`store`] | the seam to engines of rows below the write buffer; the memory store |
//! | [`environment`] | clock, randomness and threads, injected |
//! | [`protocol`] | formats and decisions, as pure functions |
//!
//! # What an engine does
//!
//! One checkpoint of a job with one subtask. With several, each prepares and uploads its snapshot, and one place commits
//! all their handles together.
//!
//! ```
//! # use std::collections::BTreeMap;
//! # use std::num::NonZeroUsize;
//! # use std::sync::Arc;
//! #
//! # use alluvium::catalog::{Catalog, Proposal};
//! # use alluvium::environment::Environment;
//! # use alluvium::protocol::key_group::MaxParallelism;
//! # use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
//! # use alluvium::storage::{self, Cancel};
//! # use alluvium::store::memory::MemoryStoreFactory;
//! # use alluvium::{Backend, Builder, LocalCopies, Ownership, Progress, RestoreFrom, SnapshotTarget, ValueState};
//! #
//! # const VISITS: ValueState<u64> = ValueState::new("visits");
//! # let directory = tempfile::tempdir()?;
//! # let directory = directory.path();
//! # let nobody: Arc<dyn Progress> = Arc::new(());
//! # let cancel = Cancel::new();
//! let environment = Environment::system();
//! let storage = storage::in_directory(&directory.join("checkpoints"))?;
//! let builder = Builder::new("clicks", Arc::new(MemoryStoreFactory::new()), directory.join("state"))
//!     .local_copies(LocalCopies::in_directory(&directory.join("copies"), "clicks")?);
//!
//! // Once for each attempt, before it reads anything: older attempts can commit nothing from here on.
//! let catalog = Catalog::open(storage.clone(), "clicks")?;
//! let attempt = catalog.start_attempt(&environment)?;
//! let mut backend = Backend::<String>::open(builder.clone())?;
//! let visits = backend.register(VISITS)?;
//! backend.key("alice")?.value(visits).set(&1)?;
//!
//! // At a barrier, on the task thread; then on any other.
//! let checkpoint = CheckpointId::new(1);
//! let snapshot = backend.snapshot(checkpoint, SnapshotKind::Incremental)?;
//! let target =
//!     SnapshotTarget { storage: storage.clone(), root: "clicks".into(), attempt: attempt.number };
//! let handle = snapshot.upload(&target, &cancel, &nobody)?;
//!
//! // When all subtasks have uploaded: the checkpoint exists once this returns.
//! let proposal = Proposal {
//!     checkpoint,
//!     kind: SnapshotKind::Incremental,
//!     max_parallelism: MaxParallelism::DEFAULT,
//!     manifests: vec![handle.manifest],
//!     bases: handle.base.into_iter().collect(),
//!     attachments: BTreeMap::from([("offset".into(), vec![42])]), // Comes back with the checkpoint.
//! };
//! catalog.commit(&attempt, &proposal, &environment)?;
//! backend.notify_complete(checkpoint); // The next snapshot refers to its files.
//! catalog.retain(&attempt, NonZeroUsize::MIN)?;
//! # drop(backend);
//!
//! // After a crash: a new attempt, from the newest checkpoint, with as many subtasks as there are now.
//! catalog.start_attempt(&environment)?;
//! let newest = catalog.latest()?.expect("one was committed");
//! let manifests = newest.manifests.iter().map(|part| catalog.manifest(part));
//! let from =
//!     RestoreFrom {
//!         storage,
//!         root: "clicks".into(),
//!         manifests: manifests.collect::<Result<_, _>>()?,
//!         ownership: Ownership::Own,
//!     };
//! let (mut backend, report) = Backend::<String>::restore(builder, &from, &cancel, &nobody)?;
//! let visits = backend.register(VISITS)?;
//! assert_eq!(backend.key("alice")?.value(visits).get()?, Some(1));
//! assert_eq!(report.files_downloaded, 0); // All files were linked from the local copy.
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Promises
//!
//! - **Durability is a checkpoint.** What was written after the last committed one is lost with the process, and the engine
//!   reads that part of its input again.
//! - **A snapshot holds the task thread up for a time that does not depend on the rows** ([`Backend::snapshot`]).
//! - **The write buffer keeps its budget** ([`Options::memory_budget_bytes`]); a store's own caches come on top.
//! - **Errors are sorted by remedy** ([`ErrorKind`]), and their messages name the object.
//! - No type of an object store, runtime, database or engine crate is in this interface.

#![forbid(unsafe_code)]

pub mod backend;
mod buffer;
mod builder;
pub mod bytes;
pub mod catalog;
pub mod codec;
mod copy;
pub mod environment;
mod error;
mod lifetimes;
mod local;
mod options;
mod restore;
pub mod rows_file;
pub mod savepoint;
pub mod snapshot;
pub mod state;
pub mod storage;
pub mod store;
mod suspicion;
mod tidying;
mod transfer;
mod working_directory;

pub use alluvium_protocol as protocol;
pub use backend::{Backend, KeyScope, Timer};
pub use builder::Builder;
pub use bytes::BytesBackend;
pub use copy::{CopyOptions, CopyReport};
pub use error::{Error, ErrorKind, Result};
pub use local::{LocalCopies, LocalCounts, LocalVerification};
pub use options::Options;
pub use restore::{Ownership, RestoreFrom, RestoreReport};
pub use snapshot::{PreparedSnapshot, SnapshotHandle, SnapshotReport, SnapshotTarget};
pub use state::{
    Aggregate, AggregatingState, EventTimers, ListState, MapState, ProcessingTimers, ReducingState,
    Ttl, ValueState,
};
pub use transfer::{Progress, TransferProgress};

/// The examples in the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct ReadmeDoctests;
