//! What keys and namespaces a state has, and what is done to all of them.
//!
//! Everything here reads lazily: memory does not depend on the number of keys. Keys come by key group, and within one in the
//! unsigned order of their encodings, which is the order of the type; of one key, namespaces come in their order. What is buffered is written to
//! the store first, which takes as long as a flush does: for tools, queries and changes of a job's logic, not for every
//! record.

use std::ops::ControlFlow;

use alluvium_protocol::key::{self, Key, KeyReader};

use super::Backend;
use crate::bytes::Address;
use crate::bytes::entries::EntryScan;
use crate::codec::Codec;
use crate::error::Result;
use crate::state::{Aggregate, Aggregating, List, Map, Reducing, Registered, Value};

/// A handle of a state that is kept for keys and namespaces: of every kind but timers. Sealed.
pub trait Keyed: sealed::Handle {
    /// The namespaces it is kept for.
    type Namespace: Key;
}

pub(super) mod sealed {
    use super::Registered;

    #[expect(unnameable_types, reason = "seals Keyed and Rewrite")]
    pub trait Handle: Copy {
        fn registered(&self) -> Registered;
    }
}

/// A handle of this kind is [`Keyed`].
macro_rules! keyed {
    ($handle:ident<$($parameter:ident $(: $bound:path)?),+> encodes $value:ty) => {
        impl<$($parameter $(: $bound)?,)+ N: Key, C: Codec<$value>> Keyed for $handle<$($parameter,)+ N, C> {
            type Namespace = N;
        }

        impl<$($parameter $(: $bound)?,)+ N: Key, C: Codec<$value>> sealed::Handle for $handle<$($parameter,)+ N, C> {
            fn registered(&self) -> Registered {
                self.state
            }
        }
    };
}

keyed!(Value<T> encodes T);
keyed!(List<T> encodes T);
keyed!(Map<MK: Key, V> encodes V);
keyed!(Reducing<T> encodes T);
keyed!(Aggregating<A: Aggregate> encodes A::Accumulator);

/// How much of a state there is in one backend.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Keys that have state in any namespace.
    pub keys: u64,
    /// Keys and namespaces: a list or map counts once, however long it is.
    pub entries: u64,
}

impl<K: Key> Backend<K> {
    /// Visits the keys that have state in a namespace, each once, until `visit` breaks or fails.
    ///
    /// ```
    /// # use std::ops::ControlFlow;
    /// # use std::sync::Arc;
    /// # use alluvium::{Backend, Builder, ValueState, store::memory::MemoryStoreFactory};
    /// # let directory = tempfile::tempdir()?;
    /// # let store = Arc::new(MemoryStoreFactory::default());
    /// # let mut backend = Backend::<String>::open(Builder::new("airport", store, directory.path()))?;
    /// const VISITS: ValueState<u64> = ValueState::new("visits");
    ///
    /// let visits = backend.register(VISITS)?;
    /// backend.key("A12")?.value(visits).set(&1)?;
    /// backend.key("B3")?.value(visits).set(&1)?;
    /// backend.key("B3")?.value(visits).clear()?;
    ///
    /// let mut gates = Vec::new();
    /// backend.keys(visits, &(), |gate| {
    ///     gates.push(gate);
    ///     Ok(ControlFlow::Continue(()))
    /// })?;
    /// assert_eq!(gates, ["A12"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` when the handle is another backend's, `Corrupt` when stored bytes are no `K` and namespace, `Unavailable`
    /// when the store cannot be written or read, and what `visit` returns.
    pub fn keys<S: Keyed>(
        &mut self,
        state: S,
        namespace: &S::Namespace,
        mut visit: impl FnMut(K) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        self.for_each_in(state, namespace, |_, key, _| visit(key))
    }

    /// Visits the keys and namespaces that have state, each pair once, until `visit` breaks or fails.
    ///
    /// # Errors
    /// As [`Backend::keys`].
    pub fn keys_and_namespaces<S: Keyed>(
        &mut self,
        state: S,
        mut visit: impl FnMut(K, S::Namespace) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let registered = state.registered();
        let scan = self.entry_scan(registered)?;
        let length_of = |bytes: &[u8]| length_of::<K, S::Namespace>(registered, bytes);
        scan.for_each(&length_of, &mut |_, entry| {
            let (key, namespace) = super::key_and_namespace(registered, entry)?;
            visit(key, namespace)
        })
    }

    /// Calls `apply` with every key that has state in a namespace, once, until it fails.
    ///
    /// `apply` has the backend, and may read, write and clear any state. What it does to the key that it is called with, or to other
    /// states, changes nothing about the visit. Every key that has state when the visit begins, and does not lose it before
    /// its turn, is visited; one that gets its first state during the visit is visited once or not at all.
    ///
    /// # Errors
    /// As [`Backend::keys`], and what `apply` returns; what it did to the keys before stays.
    pub fn for_each_key<S: Keyed>(
        &mut self,
        state: S,
        namespace: &S::Namespace,
        mut apply: impl FnMut(&mut Self, K) -> Result<()>,
    ) -> Result<()> {
        self.for_each_in(state, namespace, |backend, key, _| {
            apply(backend, key)?;
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Removes the state of all keys in a namespace, and returns of how many.
    ///
    /// Of one key it is `clear` of its scope: `backend.key(&key)?.within(&namespace)`.
    ///
    /// # Errors
    /// As [`Backend::keys`]; the state of some keys is removed then.
    pub fn clear_namespace<S: Keyed>(&mut self, state: S, namespace: &S::Namespace) -> Result<u64> {
        let mut cleared = 0;
        self.for_each_in(state, namespace, |backend, _, at| {
            backend.bytes.clear(at)?;
            cleared += 1;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(cleared)
    }

    /// How many keys and entries a state has, which are counted one by one.
    ///
    /// # Errors
    /// As [`Backend::keys`].
    pub fn counts<S: Keyed>(&mut self, state: S) -> Result<Counts> {
        let registered = state.registered();
        let scan = self.entry_scan(registered)?;
        let mut counts = Counts::default();
        let mut last = Vec::new();
        let entry_length = |bytes: &[u8]| length_of::<K, S::Namespace>(registered, bytes);
        scan.for_each(&entry_length, &mut |_, entry| {
            let length = length_of::<K, ()>(registered, entry)?;
            let key = entry.get(..length).unwrap_or_default();
            // Equal keys are in one key group, one behind the other.
            if counts.entries == 0 || last != key {
                counts.keys += 1;
                last.clear();
                last.extend_from_slice(key);
            }
            counts.entries += 1;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(counts)
    }

    /// Visits the entries of a namespace, while the backend is in use.
    fn for_each_in<S: Keyed>(
        &mut self,
        state: S,
        namespace: &S::Namespace,
        mut visit: impl FnMut(&mut Self, K, &Address<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let registered = state.registered();
        let namespace = key::encode(namespace);
        let scan = self.entry_scan(registered)?;
        let length_of = |bytes: &[u8]| length_of::<K, S::Namespace>(registered, bytes);
        scan.for_each(&length_of, &mut |group, entry| {
            let mut input = KeyReader::new(entry);
            let key = K::decode_key(&mut input).map_err(|error| registered.name_in(error))?;
            if input.remaining() != namespace {
                return Ok(ControlFlow::Continue(()));
            }
            let at = Address {
                state: registered.index,
                group,
                key: entry,
            };
            visit(self, key, &at)
        })
    }

    fn entry_scan(&mut self, state: Registered) -> Result<EntryScan> {
        state.check(&self.bytes)?;
        self.bytes.entry_scan(state.index)
    }
}

/// How many bytes key and namespace have at the beginning of `bytes`.
fn length_of<K: Key, N: Key>(state: Registered, bytes: &[u8]) -> Result<usize> {
    let read = || {
        let mut input = KeyReader::new(bytes);
        K::decode_key(&mut input)?;
        N::decode_key(&mut input)?;
        Ok::<_, alluvium_protocol::Error>(bytes.len() - input.remaining().len())
    };
    read().map_err(|error| state.name_in(error))
}
