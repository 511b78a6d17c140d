//! Timers that are due, of all keys.

use alluvium_protocol::key::Key;

use super::{Backend, key_and_namespace};
use crate::error::Result;
use crate::state::Timers;

/// A timer that was due and is gone.
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
}
