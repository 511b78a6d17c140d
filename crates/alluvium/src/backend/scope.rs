//! The state of one key, and of one namespace within it.
//!
//! A scope borrows the backend, so there is one at a time and it cannot be stale: this takes the place
//! of a hidden "current key" that every call depends on.

use std::marker::PhantomData;

use alluvium_protocol::key::{EncodeKey, Key};
use alluvium_protocol::key_group::KeyGroup;

use super::Backend;
use super::merge::{self, Merge};
use crate::codec::Codec;
use crate::error::Result;
use crate::state::entry::Entry;
use crate::state::{
    Aggregate, Aggregating, AggregatingScope, List, ListScope, Map, MapScope, Reducing,
    ReducingScope, Registered, TimerScope, Timers, Value, ValueScope,
};

/// The state of one key in one namespace. From [`Backend::key`] and [`KeyScope::within`].
#[derive(Debug)]
pub struct KeyScope<'b, K, N = ()> {
    backend: &'b mut Backend<K>,
    group: KeyGroup,
    /// How much of the backend's key buffer is this scope's.
    length: usize,
    namespaces: PhantomData<fn() -> N>,
}

impl<'b, K: Key> KeyScope<'b, K> {
    pub(super) fn new(backend: &'b mut Backend<K>, group: KeyGroup) -> Self {
        let length = backend.key.len();
        Self {
            backend,
            group,
            length,
            namespaces: PhantomData,
        }
    }

    /// The same key's state in a namespace, such as a window.
    pub fn within<Q: EncodeKey + ?Sized>(&mut self, namespace: &Q) -> KeyScope<'_, K, Q::Key> {
        self.backend.key.truncate(self.length);
        namespace.encode_key(&mut self.backend.key);
        let length = self.backend.key.len();
        KeyScope {
            backend: self.backend,
            group: self.group,
            length,
            namespaces: PhantomData,
        }
    }

    /// Moves what namespaces of this key hold in one state into another namespace, as when session windows
    /// grow together: lists are appended in the order given, without decoding; reduced values and
    /// accumulators are folded. `into` itself among the sources, a source named twice and a source without
    /// state change nothing.
    ///
    /// # Errors
    /// `Invalid` when the handle is another backend's; `Corrupt` when stored bytes are not of the state's
    /// types; what [`BytesBackend::get`](crate::bytes::BytesBackend::get) says of the store.
    pub fn merge_namespaces<M: Merge>(
        &mut self,
        state: M,
        into: &M::Namespace,
        from: &[M::Namespace],
    ) -> Result<()> {
        merge::merge(self, &state, into, from)
    }
}

impl<K: Key, N: Key> KeyScope<'_, K, N> {
    /// The key group that the key belongs to.
    #[must_use]
    pub const fn group(&self) -> KeyGroup {
        self.group
    }

    /// The key's value of a state.
    pub fn value<T, C: Codec<T>>(&mut self, state: Value<T, N, C>) -> ValueScope<'_, T, C> {
        ValueScope::new(self.entry(state.state))
    }

    /// The key's list of a state.
    pub fn list<T, C: Codec<T>>(&mut self, state: List<T, N, C>) -> ListScope<'_, T, C> {
        ListScope::new(self.entry(state.state))
    }

    /// The key's map of a state.
    pub fn map<MK: Key, V, C: Codec<V>>(
        &mut self,
        state: Map<MK, V, N, C>,
    ) -> MapScope<'_, MK, V, C> {
        MapScope::new(self.entry(state.state))
    }

    /// The key's reduced value of a state.
    pub fn reducing<T, C: Codec<T>>(
        &mut self,
        state: Reducing<T, N, C>,
    ) -> ReducingScope<'_, T, C> {
        ReducingScope::new(self.entry(state.state), state.reduce)
    }

    /// The key's accumulator of a state.
    pub fn aggregating<A: Aggregate, C: Codec<A::Accumulator>>(
        &mut self,
        state: Aggregating<A, N, C>,
    ) -> AggregatingScope<'_, A, C> {
        AggregatingScope::new(self.entry(state.state))
    }

    /// The key's timers.
    pub fn timers(&mut self, timers: Timers<N>) -> TimerScope<'_> {
        TimerScope::new(self.entry(timers.state))
    }

    pub(super) fn entry(&mut self, state: Registered) -> Entry<'_> {
        self.backend.entry(state, self.group, self.length)
    }
}
