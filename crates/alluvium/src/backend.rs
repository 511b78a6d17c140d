//! The typed backend: keys by their type, states by their descriptors.
//!
//! [`Backend`] adds types to a [`BytesBackend`] and holds no state of its own: it encodes a key once for each
//! scope, into a buffer it keeps, and values by their state's codec. Single writer, `Send`, synchronous.
//!
//! ```
//! use std::sync::Arc;
//!
//! use alluvium::store::memory::MemoryStoreFactory;
//! use alluvium::{Backend, Builder, EventTimers, MapState, ValueState};
//!
//! const VISITS: ValueState<u64> = ValueState::new("visits");
//! const DELAYS: MapState<String, i32> = MapState::new("delays");
//! const IDLE: EventTimers = EventTimers::new("idle");
//!
//! # let directory = tempfile::tempdir()?;
//! # let directory = directory.path();
//! let store = Arc::new(MemoryStoreFactory::default());
//! let mut backend = Backend::<String>::open(Builder::new("airport", store, directory))?;
//! let visits = backend.register(VISITS)?;
//! let delays = backend.register(DELAYS)?;
//! let idle = backend.register(IDLE)?;
//!
//! let mut gate = backend.key("A12")?; // A key scope: the key is encoded here, once.
//! gate.value(visits).update(|seen| seen.unwrap_or(0) + 1)?;
//! gate.map(delays).insert("LX38", &-4)?;
//! gate.timers(idle).register(60_000)?;
//! assert_eq!(gate.value(visits).get()?, Some(1));
//! assert_eq!(gate.map(delays).entries()?, [("LX38".to_owned(), -4)]);
//!
//! while let Some(timer) = backend.due(idle, 90_000)? {
//!     backend.key(&timer.key)?.value(visits).clear()?;
//! }
//! assert_eq!(backend.key("A12")?.value(visits).get()?, None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::sync::Arc;

use alluvium_protocol::key::{EncodeKey, Key, KeyReader};
use alluvium_protocol::key_group::{KeyGroup, KeyGroupRange, MaxParallelism};
use alluvium_protocol::manifest::{CheckpointId, SnapshotKind};

use crate::builder::Builder;
use crate::bytes::{BytesBackend, Metrics};
use crate::codec::Codec;
use crate::error::Result;
use crate::restore::{RestoreFrom, RestoreReport};
use crate::snapshot::PreparedSnapshot;
use crate::state::entry::{Entry, Scratch};
use crate::state::{Registered, State, Value};
use crate::storage::Cancel;
use crate::transfer::Progress;

pub use due::Timer;
pub use keys::{Counts, Keyed};
pub use merge::Merge;
pub use migration::{Rewrite, Values};
pub use scope::KeyScope;

mod due;
mod keys;
mod merge;
mod migration;
mod scope;

/// Keyed state of one subtask, for keys of type `K`. See the [module](self).
#[derive(Debug)]
pub struct Backend<K> {
    bytes: BytesBackend,
    /// The encoded key of the present scope, then its namespace.
    key: Vec<u8>,
    scratch: Scratch,
    keys: PhantomData<fn() -> K>,
}

impl<K: Key> Backend<K> {
    /// Opens an empty backend.
    ///
    /// # Errors
    /// As [`Builder::open`].
    pub fn open(builder: Builder) -> Result<Self> {
        builder.key_shape(K::shape()).open().map(Self::over)
    }

    /// Opens a backend with the state of a checkpoint or savepoint, as far as it belongs to its key groups.
    ///
    /// # Errors
    /// As [`Builder::restore`]; `Incompatible` when the stored keys are no `K`.
    pub fn restore(
        builder: Builder,
        from: &RestoreFrom,
        cancel: &Cancel,
        progress: &Arc<dyn Progress>,
    ) -> Result<(Self, RestoreReport)> {
        let builder = builder.key_shape(K::shape());
        let (bytes, report) = builder.restore(from, cancel, progress)?;
        Ok((Self::over(bytes), report))
    }

    fn over(bytes: BytesBackend) -> Self {
        Self {
            bytes,
            key: Vec::new(),
            scratch: Scratch::default(),
            keys: PhantomData,
        }
    }

    /// Declares a state and returns its handle. Once for each state and backend: the type's shape is found
    /// out here, which takes a while.
    ///
    /// # Errors
    /// `Incompatible` when the state was restored or registered with other types; the message names the
    /// difference. Nothing changes then.
    pub fn register<S: State>(&mut self, state: S) -> Result<S::Handle> {
        let declaration = state.declaration();
        let name = state.name();
        let stamped = declaration.ttl.is_some();
        let index = self.bytes.register(declaration)?;
        if let Some(upgrade) = state.upgrade() {
            self.bytes.upgrade_stored(index, upgrade)?;
        }
        Ok(state.handle(Registered {
            name,
            index,
            instance: self.bytes.instance(),
            stamped,
        }))
    }

    /// The state of one key. The key is encoded here, once for all accesses through the scope.
    ///
    /// # Errors
    /// `Invalid` when the key's key group belongs to another subtask.
    pub fn key<Q: EncodeKey<Key = K> + ?Sized>(&mut self, key: &Q) -> Result<KeyScope<'_, K>> {
        self.key.clear();
        key.encode_key(&mut self.key);
        let group = self.bytes.max_parallelism().group_of(K::hash(&self.key));
        if !self.bytes.range().contains(group) {
            return Err(self.bytes.foreign_group(group));
        }
        Ok(KeyScope::new(self, group))
    }

    /// Visits every key's value of a state, by key group and then in the order of keys, until `visit` fails.
    /// Writes what is buffered to the store first and waits for it: for final results and tools, not for
    /// every record.
    ///
    /// # Errors
    /// `Invalid` when the handle is another backend's, `Corrupt` when stored bytes are not of the state's
    /// types, `Unavailable` when the store cannot be written or read, and what `visit` returns.
    pub fn entries<T, N: Key, C: Codec<T>>(
        &mut self,
        state: Value<T, N, C>,
        mut visit: impl FnMut(K, N, T) -> Result<()>,
    ) -> Result<()> {
        let state = state.state;
        state.check(&self.bytes)?;
        self.bytes.for_each_row(state.index, &mut |_, key, value| {
            let (key, namespace) = key_and_namespace(state, key)?;
            visit(key, namespace, state.decode::<T, C>(value)?)?;
            Ok(ControlFlow::Continue(()))
        })
    }

    /// The stream has come to this event time. See [`BytesBackend::advance_event_time`].
    pub fn advance_event_time(&mut self, time: i64) {
        self.bytes.advance_event_time(time);
    }

    /// Prepares a snapshot. See [`BytesBackend::snapshot`].
    ///
    /// # Errors
    /// As there.
    pub fn snapshot(&mut self, id: CheckpointId, kind: SnapshotKind) -> Result<PreparedSnapshot> {
        self.bytes.snapshot(id, kind)
    }

    /// Tells the backend that a checkpoint exists. See [`BytesBackend::notify_complete`].
    pub fn notify_complete(&mut self, id: CheckpointId) {
        self.bytes.notify_complete(id);
    }

    /// Tells the backend that a checkpoint will not exist. See [`BytesBackend::notify_aborted`].
    pub fn notify_aborted(&mut self, id: CheckpointId) {
        self.bytes.notify_aborted(id);
    }

    /// The key groups whose state is here.
    #[must_use]
    pub const fn range(&self) -> KeyGroupRange {
        self.bytes.range()
    }

    /// The job's number of key groups.
    #[must_use]
    pub const fn max_parallelism(&self) -> MaxParallelism {
        self.bytes.max_parallelism()
    }

    /// Sizes, for people and metrics.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.bytes.metrics()
    }

    /// The backend on encoded keys, which knows the same states.
    pub const fn bytes(&mut self) -> &mut BytesBackend {
        &mut self.bytes
    }

    /// Gives up the types.
    #[must_use]
    pub fn into_bytes(self) -> BytesBackend {
        self.bytes
    }

    /// A state's entry for the first `length` bytes of the key buffer.
    fn entry(&mut self, state: Registered, group: KeyGroup, length: usize) -> Entry<'_> {
        // A narrower scope, gone by now, may have left its namespace behind.
        self.key.truncate(length);
        Entry {
            bytes: &mut self.bytes,
            scratch: &mut self.scratch,
            state,
            group,
            key: &self.key,
        }
    }
}

/// Reads key and namespace from a row or timer of a state.
fn key_and_namespace<K: Key, N: Key>(state: Registered, bytes: &[u8]) -> Result<(K, N)> {
    let read = || {
        let mut input = KeyReader::new(bytes);
        let read = (K::decode_key(&mut input)?, N::decode_key(&mut input)?);
        input.finish()?;
        Ok::<_, alluvium_protocol::Error>(read)
    };
    read().map_err(|error| state.name_in(error))
}
