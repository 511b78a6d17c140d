//! Alluvium's typed backend as the workloads use it.
//!
//! Timers are Alluvium's: rows like any other, in every checkpoint, with only the heads of their queues in memory.

use alluvium::protocol::key::Key;
use alluvium::state::{List, Map, Reducing, Timers, Value};
use alluvium::{Backend, EventTimers, KeyScope, ListState, MapState, ReducingState, ValueState};
use anyhow::Result;

use super::{Due, Handles, Keyed, Row, Scope};

/// Alluvium's own handles.
pub(crate) enum Typed {}

impl Handles for Typed {
    type Value<T: Row, N: Key> = Value<T, N>;
    type Reducing<T: Row, N: Key> = Reducing<T, N>;
    type List<T: Row, N: Key> = List<T, N>;
    type Map<M: Key, T: Row> = Map<M, T>;
    type Timers<N: Key> = Timers<N>;
}

impl<K: Key> Keyed<K> for Backend<K> {
    type Handles = Typed;
    type Scope<'a> = KeyScope<'a, K>;

    fn value<T: Row, N: Key>(&mut self, name: &'static str) -> Result<Value<T, N>> {
        Ok(self.register(ValueState::new(name).namespaced())?)
    }

    fn reducing<T: Row, N: Key>(
        &mut self,
        name: &'static str,
        reduce: fn(&T, &T) -> T,
    ) -> Result<Reducing<T, N>> {
        Ok(self.register(ReducingState::new(name, reduce).namespaced())?)
    }

    fn list<T: Row, N: Key>(&mut self, name: &'static str) -> Result<List<T, N>> {
        Ok(self.register(ListState::new(name).namespaced())?)
    }

    fn map<M: Key, T: Row>(&mut self, name: &'static str) -> Result<Map<M, T>> {
        Ok(self.register(MapState::new(name))?)
    }

    fn timers<N: Key>(&mut self, name: &'static str) -> Result<Timers<N>> {
        Ok(self.register(EventTimers::new(name).namespaced())?)
    }

    fn key(&mut self, key: &K) -> Result<KeyScope<'_, K>> {
        Ok(Self::key(self, key)?)
    }

    fn due<N: Key>(&mut self, timers: Timers<N>, up_to: i64) -> Result<Option<Due<K, N>>> {
        let due = Self::due(self, timers, up_to)?;
        Ok(due.map(|timer| Due {
            time: timer.time,
            key: timer.key,
            namespace: timer.namespace,
        }))
    }
}

impl<K: Key> Scope<Typed> for KeyScope<'_, K> {
    fn get<T: Row, N: Key>(&mut self, state: Value<T, N>, within: &N) -> Result<Option<T>> {
        Ok(self.within(within).value(state).get()?)
    }

    fn set<T: Row, N: Key>(&mut self, state: Value<T, N>, within: &N, value: &T) -> Result<()> {
        Ok(self.within(within).value(state).set(value)?)
    }

    fn update<T: Row, N: Key>(
        &mut self,
        state: Value<T, N>,
        within: &N,
        change: impl FnOnce(Option<T>) -> T,
    ) -> Result<T> {
        Ok(self.within(within).value(state).update(change)?)
    }

    fn take<T: Row, N: Key>(&mut self, state: Value<T, N>, within: &N) -> Result<Option<T>> {
        let mut scope = self.within(within);
        let mut value = scope.value(state);
        let taken = value.get()?;
        value.clear()?;
        Ok(taken)
    }

    fn add<T: Row, N: Key>(&mut self, state: Reducing<T, N>, within: &N, value: T) -> Result<()> {
        self.within(within).reducing(state).add(value)?;
        Ok(())
    }

    fn take_reduced<T: Row, N: Key>(
        &mut self,
        state: Reducing<T, N>,
        within: &N,
    ) -> Result<Option<T>> {
        let mut scope = self.within(within);
        let mut reduced = scope.reducing(state);
        let taken = reduced.get()?;
        reduced.clear()?;
        Ok(taken)
    }

    fn merge_reduced<T: Row, N: Key>(
        &mut self,
        state: Reducing<T, N>,
        into: &N,
        from: &[N],
    ) -> Result<()> {
        Ok(self.merge_namespaces(state, into, from)?)
    }

    fn push<T: Row, N: Key>(&mut self, state: List<T, N>, within: &N, element: &T) -> Result<()> {
        Ok(self.within(within).list(state).push(element)?)
    }

    fn elements<T: Row, N: Key>(
        &mut self,
        state: List<T, N>,
        within: &N,
        visit: impl FnMut(T),
    ) -> Result<()> {
        Ok(self.within(within).list(state).for_each(visit)?)
    }

    fn clear_list<T: Row, N: Key>(&mut self, state: List<T, N>, within: &N) -> Result<()> {
        Ok(self.within(within).list(state).clear()?)
    }

    fn merge_lists<T: Row, N: Key>(
        &mut self,
        state: List<T, N>,
        into: &N,
        from: &[N],
    ) -> Result<()> {
        Ok(self.merge_namespaces(state, into, from)?)
    }

    fn map_put<M: Key, T: Row>(&mut self, state: Map<M, T>, at: &M, value: &T) -> Result<()> {
        Ok(self.map(state).insert(at, value)?)
    }

    fn map_remove<M: Key, T: Row>(&mut self, state: Map<M, T>, at: &M) -> Result<()> {
        Ok(self.map(state).remove(at)?)
    }

    fn map_scan<M: Key + Ord, T: Row>(
        &mut self,
        state: Map<M, T>,
        first: M,
        last: M,
        visit: impl FnMut(M, T),
    ) -> Result<()> {
        Ok(self.map(state).for_each(first..=last, visit)?)
    }

    fn register<N: Key>(&mut self, timers: Timers<N>, within: &N, time: i64) -> Result<()> {
        Ok(self.within(within).timers(timers).register(time)?)
    }

    fn deregister<N: Key>(&mut self, timers: Timers<N>, within: &N, time: i64) -> Result<()> {
        Ok(self.within(within).timers(timers).deregister(time)?)
    }
}
