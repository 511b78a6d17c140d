//! Kinds and types of states, as people read them.

use alluvium_flink::keyed::StateKind;
use alluvium_flink::scan::State;

/// The kind of a state, and whether its values have a time to live.
pub(super) fn kind(state: &State) -> &'static str {
    match (state.kind, state.has_ttl()) {
        (StateKind::Value, false) => "value",
        (StateKind::Value, true) => "ttl-value",
        (StateKind::List, false) => "list",
        (StateKind::List, true) => "ttl-list",
        (StateKind::Map, false) => "map",
        (StateKind::Map, true) => "ttl-map",
        (StateKind::Reducing, _) => "reducing",
        // Of aggregating state the accumulator is stored.
        (StateKind::Aggregating, _) => "aggregating-acc",
        (StateKind::PriorityQueue, _) => "timer",
        _ => "unknown",
    }
}

/// What a state holds for each key and namespace: `Map<String, TTL<Long>>`; nothing of timers.
pub(super) fn value_type(state: &State) -> String {
    let Some(value) = &state.value else {
        return String::new();
    };
    match (state.kind, &state.map_key) {
        (StateKind::Map, Some(map_key)) => format!("Map<{map_key}, {value}>"),
        (StateKind::List, _) => format!("List<{value}>"),
        _ => value.to_string(),
    }
}

/// The type of the namespace; nothing where there is none.
pub(super) fn namespace_type(state: &State) -> Option<String> {
    let namespace = state.namespace.as_ref()?.to_string();
    (namespace != "VoidNamespace").then_some(namespace)
}
