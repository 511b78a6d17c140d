//! Timers of all keys: those that are due, the earliest, and those of a key group.

use std::ops::ControlFlow;

use alluvium_protocol::key::Key;
use alluvium_protocol::key_group::KeyGroup;

use super::{Backend, key_and_namespace};
use crate::error::Result;
use crate::state::Timers;

/// A timer: from [`Backend::due`] one that is gone, from [`Backend::for_each_timer`] one that stays.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Timer<K, N = ()> {
    /// When it was to fire, in milliseconds.
    pub time: i64,
    /// The key that registered it.
    pub key: K,
    /// The namespace it was registered in.
    pub namespace: N,
}

impl<K: Key> Backend<K> {
    /// Takes the earliest timer at `up_to_millis` or before, of all keys; `None` when no more are due.
    ///
    /// Ask until there is none: a timer that is registered while others fire is found, too. Timers of the
    /// same time come by key group, then by key.
    ///
    /// # Errors
    /// `Invalid` when the handle is another backend's; `Corrupt` when stored bytes are no `K` and `N`; what
    /// [`BytesBackend::get`](crate::bytes::BytesBackend::get) says of the store.
    pub fn due<N: Key>(
        &mut self,
        timers: Timers<N>,
        up_to_millis: i64,
    ) -> Result<Option<Timer<K, N>>> {
        let state = timers.state;
        state.check(&self.bytes)?;
        let Some((time, _, bytes)) = self.bytes.pop_timer(state.index, up_to_millis)? else {
            return Ok(None);
        };
        let (key, namespace) = key_and_namespace(state, bytes)?;
        Ok(Some(Timer {
            time,
            key,
            namespace,
        }))
    }

    /// The time of the earliest timer of all keys, in milliseconds: when to ask for due ones next. `None` when there
    /// is no timer.
    ///
    /// # Errors
    /// As [`Backend::due`].
    pub fn first_timer<N: Key>(&mut self, timers: Timers<N>) -> Result<Option<i64>> {
        timers.state.check(&self.bytes)?;
        self.bytes.first_timer(timers.state.index)
    }

    /// Visits the timers of one key group in the order in which they fall due, until `visit` breaks or fails. They stay.
    ///
    /// Reads as it goes: memory does not depend on their number.
    ///
    /// # Errors
    /// `Invalid` when the key group is not this backend's; else as [`Backend::due`], and what `visit` returns.
    pub fn for_each_timer<N: Key>(
        &mut self,
        timers: Timers<N>,
        group: KeyGroup,
        mut visit: impl FnMut(Timer<K, N>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let state = timers.state;
        state.check(&self.bytes)?;
        self.bytes
            .for_each_timer(state.index, group, &mut |time, bytes| {
                let (key, namespace) = key_and_namespace(state, bytes)?;
                visit(Timer {
                    time,
                    key,
                    namespace,
                })
            })
    }
}
