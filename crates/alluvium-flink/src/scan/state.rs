//! A state as a scan knows it: what its keys and values are, however its backend records them.

use std::fmt;

use alluvium_protocol::key_group::MaxParallelism;

use crate::keyed::composite::Layout;
use crate::keyed::{StateKind, StateMeta};
use crate::serializer::{Kind, Serializer};

/// A state of an operator.
#[derive(Clone)]
#[non_exhaustive]
pub struct State {
    /// Its name. Timers that are stored apart from the backend are called as the backend would call them.
    pub name: String,
    /// What kind of state it is.
    pub kind: StateKind,
    /// Of the key.
    pub key: Serializer,
    /// Of the namespace.
    pub namespace: Option<Serializer>,
    /// Of the value, a list's elements or a map's values, with a TTL if it has one; `None` of timers.
    pub value: Option<Serializer>,
    /// Of a map's keys.
    pub map_key: Option<Serializer>,
    /// The value as it is recorded and as heaps store it.
    pub(super) whole: Option<Serializer>,
    /// Whether a list's or map's parts are recorded instead of the list or map.
    pub(super) is_asynchronous: bool,
    /// How composite keys are made up.
    pub(super) layout: Option<Layout>,
}

impl State {
    pub(crate) fn new(meta: &StateMeta, key: &Serializer, max_parallelism: MaxParallelism) -> Self {
        let whole = meta.value().cloned();
        let mut state = Self {
            name: meta.name.clone(),
            kind: meta.kind(),
            key: key.clone(),
            namespace: meta.namespace().cloned(),
            value: whole.clone(),
            map_key: None,
            whole,
            is_asynchronous: meta.is_asynchronous(),
            layout: None,
        };
        match meta.kind() {
            StateKind::List => {
                if let Some(element) = meta.element() {
                    state.value = Some(element.clone());
                }
            }
            StateKind::Map => {
                if let Some((map_key, value)) = meta.entry() {
                    state.map_key = Some(map_key.clone());
                    state.value = Some(value.clone());
                }
            }
            StateKind::PriorityQueue => {
                if let Some((key, namespace)) = meta.timer() {
                    state.key = key.clone();
                    state.namespace = Some(namespace.clone());
                    state.value = None;
                }
            }
            _ => {}
        }
        let layout = |namespace| Layout::new(max_parallelism, &state.key, namespace);
        state.layout = state.namespace.as_ref().map(layout);
        state
    }

    /// Timers that are stored apart from the backend.
    pub(crate) fn of_raw_timers(
        service: &str,
        is_event_time: bool,
        key: &Serializer,
        namespace: &Serializer,
    ) -> Self {
        let time = if is_event_time { "event" } else { "processing" };
        Self {
            name: format!("_timer_state/{time}_{service}"),
            kind: StateKind::PriorityQueue,
            key: key.clone(),
            namespace: Some(namespace.clone()),
            value: None,
            map_key: None,
            whole: None,
            is_asynchronous: false,
            layout: None,
        }
    }

    /// Whether values have the time of their last access with them.
    #[must_use]
    pub fn has_ttl(&self) -> bool {
        let value = self.value.as_ref();
        value.is_some_and(|value| matches!(value.unmarked().kind(), Kind::Ttl(_)))
    }

    /// The first class in its keys, namespaces and values that cannot be read: what is of it is shown as bytes.
    #[must_use]
    pub fn opaque(&self) -> Option<&str> {
        let parts = [
            Some(&self.key),
            self.namespace.as_ref(),
            self.map_key.as_ref(),
            self.value.as_ref(),
        ];
        parts.into_iter().flatten().find_map(Serializer::opaque)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
