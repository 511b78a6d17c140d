//! Keyed state as the operators of the workloads use it: each operator is written once against these traits.
//!
//! [`Keyed`] is a backend, [`Scope`] the state of one key in it, and [`Handles`] the types of its states. Alluvium gives its
//! typed interface ([`typed`]); stores of rows get the codecs, row keys and timers that an engine would put around
//! them ([`encoded`]).
//!
//! Invariant: all subjects encode keys and values alike (Alluvium's key codecs, postcard), so that what differs is the backend.

use alluvium::protocol::key::Key;
use anyhow::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) mod encoded;
pub(crate) mod engines;
pub(crate) mod typed;

/// What a state may hold.
pub(crate) trait Row: Serialize + DeserializeOwned + 'static {}

impl<T: Serialize + DeserializeOwned + 'static> Row for T {}

/// How a backend refers to its states: of values `T`, kept for each namespace `N`.
pub(crate) trait Handles: 'static {
    type Value<T: Row, N: Key>: Copy;
    type Reducing<T: Row, N: Key>: Copy;
    type List<T: Row, N: Key>: Copy;
    type Map<M: Key, T: Row>: Copy;
    type Timers<N: Key>: Copy;
}

/// A backend of keys `K`.
pub(crate) trait Keyed<K: Key> {
    type Handles: Handles;
    type Scope<'a>: Scope<Self::Handles>
    where
        Self: 'a;

    fn value<T: Row, N: Key>(
        &mut self,
        name: &'static str,
    ) -> Result<<Self::Handles as Handles>::Value<T, N>>;

    fn reducing<T: Row, N: Key>(
        &mut self,
        name: &'static str,
        reduce: fn(&T, &T) -> T,
    ) -> Result<<Self::Handles as Handles>::Reducing<T, N>>;

    fn list<T: Row, N: Key>(
        &mut self,
        name: &'static str,
    ) -> Result<<Self::Handles as Handles>::List<T, N>>;

    fn map<M: Key, T: Row>(
        &mut self,
        name: &'static str,
    ) -> Result<<Self::Handles as Handles>::Map<M, T>>;

    fn timers<N: Key>(
        &mut self,
        name: &'static str,
    ) -> Result<<Self::Handles as Handles>::Timers<N>>;

    /// The state of one key.
    fn key(&mut self, key: &K) -> Result<Self::Scope<'_>>;

    /// Takes the earliest timer at `up_to` or before.
    fn due<N: Key>(
        &mut self,
        timers: <Self::Handles as Handles>::Timers<N>,
        up_to: i64,
    ) -> Result<Option<Due<K, N>>>;
}

/// A timer that was due and is gone.
#[derive(Debug)]
pub(crate) struct Due<K, N> {
    pub(crate) time: i64,
    pub(crate) key: K,
    pub(crate) namespace: N,
}

/// The state of one key.
pub(crate) trait Scope<H: Handles> {
    fn get<T: Row, N: Key>(&mut self, state: H::Value<T, N>, within: &N) -> Result<Option<T>>;
    fn set<T: Row, N: Key>(&mut self, state: H::Value<T, N>, within: &N, value: &T) -> Result<()>;
    /// Reads, changes and writes a value.
    fn update<T: Row, N: Key>(
        &mut self,
        state: H::Value<T, N>,
        within: &N,
        change: impl FnOnce(Option<T>) -> T,
    ) -> Result<T>;
    /// Reads a value and removes it.
    fn take<T: Row, N: Key>(&mut self, state: H::Value<T, N>, within: &N) -> Result<Option<T>>;

    fn add<T: Row, N: Key>(&mut self, state: H::Reducing<T, N>, within: &N, value: T)
    -> Result<()>;
    /// Reads a reduced value and removes it.
    fn take_reduced<T: Row, N: Key>(
        &mut self,
        state: H::Reducing<T, N>,
        within: &N,
    ) -> Result<Option<T>>;
    /// Moves what the namespaces `from` hold into another.
    fn merge_reduced<T: Row, N: Key>(
        &mut self,
        state: H::Reducing<T, N>,
        into: &N,
        from: &[N],
    ) -> Result<()>;

    /// Appends to a list without reading it.
    fn push<T: Row, N: Key>(&mut self, state: H::List<T, N>, within: &N, element: &T)
    -> Result<()>;
    fn elements<T: Row, N: Key>(
        &mut self,
        state: H::List<T, N>,
        within: &N,
        visit: impl FnMut(T),
    ) -> Result<()>;
    fn clear_list<T: Row, N: Key>(&mut self, state: H::List<T, N>, within: &N) -> Result<()>;
    /// Moves what the namespaces `from` hold into another.
    fn merge_lists<T: Row, N: Key>(
        &mut self,
        state: H::List<T, N>,
        into: &N,
        from: &[N],
    ) -> Result<()>;

    fn map_put<M: Key, T: Row>(&mut self, state: H::Map<M, T>, at: &M, value: &T) -> Result<()>;
    fn map_remove<M: Key, T: Row>(&mut self, state: H::Map<M, T>, at: &M) -> Result<()>;
    /// Visits the entries from `first` to `last`, both included, in order.
    fn map_scan<M: Key + Ord, T: Row>(
        &mut self,
        state: H::Map<M, T>,
        first: M,
        last: M,
        visit: impl FnMut(M, T),
    ) -> Result<()>;

    fn register<N: Key>(&mut self, timers: H::Timers<N>, within: &N, time: i64) -> Result<()>;
    fn deregister<N: Key>(&mut self, timers: H::Timers<N>, within: &N, time: i64) -> Result<()>;
}

#[cfg(test)]
mod tests;
