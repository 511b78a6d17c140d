//! The backend on encoded keys: for engines that bring their own serializers, and below the typed one.
//!
//! An entry is addressed by its state, its key group and the bytes of its key and namespace, which must be
//! self-delimiting for lists, maps and timers (no key ‖ namespace is the beginning of another), as
//! the codecs of [`alluvium_protocol::key`] are.
//!
//! One writer, synchronous, `Send`. Snapshots are prepared here and uploaded elsewhere
//! ([`PreparedSnapshot`](crate::PreparedSnapshot)).

use std::path::PathBuf;
use std::sync::Arc;

use alluvium_protocol::key_group::{KeyGroup, KeyGroupRange, MaxParallelism};
use alluvium_protocol::row::{StateId, push_prefix};
use alluvium_protocol::schema::{StateKind, StateSchema};

use crate::buffer::Buffer;
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::lifetimes::Lifetimes;
use crate::lifetimes::sweep::Sweep;
use crate::local::LocalCopies;
use crate::options::Options;
use crate::snapshot::history::History;
use crate::store::StoreSize;
use crate::tidying::Tidying;
use crate::working_directory::WorkingDirectory;
use elements::Elements;
use expiring::Passing;
use registry::Registry;
use timers::TimerQueue;

pub use crate::buffer::Update;
pub use batch::{KeyBatch, ValueBatch, WriteBatch};
pub use collections::{VisitEntry, VisitRow};
pub use entries::EntryLength;
pub use migration::ChangeValue;
pub use registry::StateDeclaration;
pub use timers::VisitTimer;

mod batch;
mod chunks;
mod collections;
pub(crate) mod elements;
pub(crate) mod entries;
mod expiring;
mod merging;
mod migration;
mod pieces;
mod ranges;
mod registration;
pub(crate) mod registry;
pub(crate) mod reused;
pub(crate) mod rewrite;
mod timers;

/// A registered state of one backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateIndex(u16);

impl StateIndex {
    fn position(self) -> usize {
        usize::from(self.0)
    }
}

/// Where an entry is.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::exhaustive_structs,
    reason = "callers build it for each access"
)]
pub struct Address<'a> {
    /// The state.
    pub state: StateIndex,
    /// The key's key group.
    pub group: KeyGroup,
    /// The encoded key, then the encoded namespace.
    pub key: &'a [u8],
}

/// Keyed state of one subtask, on encoded keys.
#[derive(Debug)]
pub struct BytesBackend {
    pub(crate) instance: u32,
    pub(crate) job: String,
    pub(crate) subtask: u32,
    pub(crate) range: KeyGroupRange,
    pub(crate) max_parallelism: MaxParallelism,
    pub(crate) store_kind: &'static str,
    pub(crate) registry: Registry,
    timers: Vec<Option<TimerQueue>>,
    pub(crate) history: History,
    pub(crate) local: Option<LocalCopies>,
    pub(crate) options: Options,
    pub(crate) environment: Environment,
    row: Vec<u8>,
    timer: Vec<u8>,
    elements: Elements,
    passing: Passing,
    pub(crate) lifetimes: Arc<Lifetimes>,
    /// Why no snapshot may be taken, if none may: rows or a list are half written.
    broken: Option<String>,
    /// Only of a restored store.
    pub(crate) tidying: Option<Tidying>,
    pub(crate) sweep: Sweep,
    /// Tidying, the sweep and the buffer go before the directory that its store lives in: fields drop in this order.
    pub(crate) buffer: Buffer,
    pub(crate) directory: Arc<WorkingDirectory>,
}

/// What a [`BytesBackend`] is put together from.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) job: String,
    pub(crate) subtask: u32,
    pub(crate) range: KeyGroupRange,
    pub(crate) max_parallelism: MaxParallelism,
    pub(crate) store_kind: &'static str,
    pub(crate) registry: Registry,
    pub(crate) history: History,
    pub(crate) local: Option<LocalCopies>,
    pub(crate) options: Options,
    pub(crate) environment: Environment,
    pub(crate) lifetimes: Arc<Lifetimes>,
    pub(crate) tidying: Option<Tidying>,
    pub(crate) sweep: Sweep,
    pub(crate) buffer: Buffer,
    pub(crate) directory: Arc<WorkingDirectory>,
}

impl BytesBackend {
    pub(crate) fn assemble(parts: Parts) -> Self {
        let instance = u32::try_from(parts.environment.random.bits() & 0xffff_ffff).unwrap_or(0);
        Self {
            instance,
            job: parts.job,
            subtask: parts.subtask,
            range: parts.range,
            max_parallelism: parts.max_parallelism,
            store_kind: parts.store_kind,
            registry: parts.registry,
            timers: Vec::new(),
            history: parts.history,
            local: parts.local,
            options: parts.options,
            environment: parts.environment,
            row: Vec::new(),
            timer: Vec::new(),
            elements: Elements::default(),
            passing: Passing::default(),
            lifetimes: parts.lifetimes,
            broken: None,
            tidying: parts.tidying,
            sweep: parts.sweep,
            buffer: parts.buffer,
            directory: parts.directory,
        }
    }

    /// A number that tells this backend's handles from those of another.
    #[must_use]
    pub const fn instance(&self) -> u32 {
        self.instance
    }

    /// The key groups whose state is here.
    #[must_use]
    pub const fn range(&self) -> KeyGroupRange {
        self.range
    }

    /// The job's number of key groups.
    #[must_use]
    pub const fn max_parallelism(&self) -> MaxParallelism {
        self.max_parallelism
    }

    /// Where the store's files are. Belongs to the backend: it goes with it and its last snapshot.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    /// The value of a value, reducing or aggregating state's entry.
    ///
    /// # Errors
    /// `Invalid` when the address is not of this backend or the state is of another kind; `Corrupt` or
    /// `Unavailable` when the store cannot be read, or an earlier flush failed.
    pub fn get(&mut self, at: &Address<'_>) -> Result<Option<&[u8]>> {
        if self.locate(at, is_single)? {
            return self.get_stamped(at.state);
        }
        self.buffer.get(&self.row)
    }

    /// Sets the value of an entry.
    ///
    /// # Errors
    /// As [`BytesBackend::get`].
    pub fn put(&mut self, at: &Address<'_>, value: &[u8]) -> Result<()> {
        if self.locate(at, is_single)? {
            return self.put_stamped(at.state, value);
        }
        self.buffer.put(&self.row, Some(value))
    }

    /// Reads, changes and writes an entry with one look-up. `change` sees the old value and an empty
    /// buffer for the new one.
    ///
    /// # Errors
    /// As [`BytesBackend::get`], and what `change` returns; the entry stays as it was then.
    pub fn update<R>(
        &mut self,
        at: &Address<'_>,
        change: impl FnOnce(Option<&[u8]>, &mut Vec<u8>) -> Result<(Update, R)>,
    ) -> Result<R> {
        if self.locate(at, is_single)? {
            return self.update_stamped(at.state, change);
        }
        self.buffer.update(&self.row, change)
    }

    /// Removes an entry: a value, a whole list or a whole map.
    ///
    /// # Errors
    /// As [`BytesBackend::get`].
    pub fn clear(&mut self, at: &Address<'_>) -> Result<()> {
        self.locate(at, |kind| !is_timers(kind))?;
        match self.kind_of(at.state, |_| true)? {
            StateKind::List => self.buffer.list_replace(&self.row, &[]),
            StateKind::Map => self.buffer.map_clear(&self.row),
            _ => self.buffer.put(&self.row, None),
        }
    }

    /// Sizes, for people and metrics.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        Metrics {
            buffer_bytes: self.buffer.bytes(),
            buffer_budget_bytes: self.options.memory_budget_bytes,
            buffer_waits: self.buffer.waits(),
            store: self.buffer.store().size(),
        }
    }

    /// Puts the row prefix of `at` into `self.row`. Returns whether the state's values are stamped.
    #[inline]
    fn locate(&mut self, at: &Address<'_>, fits: impl FnOnce(StateKind) -> bool) -> Result<bool> {
        let schema = self.schema_of(at.state, fits)?;
        let (state, stamped) = (schema.id, schema.ttl.is_some());
        if !self.range.contains(at.group) {
            return Err(self.foreign_group(at.group));
        }
        self.row.clear();
        push_prefix(&mut self.row, at.group, state);
        self.row.extend_from_slice(at.key);
        Ok(stamped)
    }

    #[cold]
    pub(crate) fn foreign_group(&self, group: KeyGroup) -> Error {
        Error::invalid(format!(
            "key group {} is not among the key groups {} of subtask {} of job {:?}: route records by \
             MaxParallelism::subtask_of",
            group.get(),
            self.range,
            self.subtask,
            self.job
        ))
    }

    #[inline]
    fn schema_of(
        &self,
        state: StateIndex,
        fits: impl FnOnce(StateKind) -> bool,
    ) -> Result<&StateSchema> {
        let schema = self.registry.get(state.position());
        let schema = schema.ok_or_else(unknown_state)?;
        if fits(schema.kind) {
            Ok(schema)
        } else {
            Err(unfit(schema))
        }
    }

    fn state_id(&self, state: StateIndex, fits: impl FnOnce(StateKind) -> bool) -> Result<StateId> {
        self.schema_of(state, fits).map(|schema| schema.id)
    }

    fn kind_of(
        &self,
        state: StateIndex,
        fits: impl FnOnce(StateKind) -> bool,
    ) -> Result<StateKind> {
        self.schema_of(state, fits).map(|schema| schema.kind)
    }

    fn is_stamped(&self, state: StateIndex) -> bool {
        let schema = self.registry.get(state.position());
        schema.is_some_and(|schema| schema.ttl.is_some())
    }

    fn is_list(&self, state: StateIndex) -> bool {
        let schema = self.registry.get(state.position());
        schema.is_some_and(|schema| schema.kind == StateKind::List)
    }
}

#[cold]
fn unknown_state() -> Error {
    Error::invalid(
        "a state of another backend, or one that was migrated since: use the handle that `migrate` gave",
    )
}

#[cold]
fn unfit(schema: &StateSchema) -> Error {
    Error::invalid(format!(
        "state {:?} is of kind {:?}, which has no such operation",
        schema.name, schema.kind
    ))
}

fn is_single(kind: StateKind) -> bool {
    matches!(
        kind,
        StateKind::Value | StateKind::Reducing | StateKind::Aggregating
    )
}

const fn is_timers(kind: StateKind) -> bool {
    kind.is_timers()
}

/// Sizes of a backend at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Bytes of rows in the write buffer, all generations.
    pub buffer_bytes: usize,
    /// What it may have.
    pub buffer_budget_bytes: usize,
    /// How often a writer waited for the flusher.
    pub buffer_waits: u64,
    /// The store's files.
    pub store: StoreSize,
}
