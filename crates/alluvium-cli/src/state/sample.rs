//! Schemas that unit tests begin with.

use alluvium_protocol::row::StateId;
use alluvium_protocol::schema::{KeyedSchema, POSTCARD, StateKind, StateSchema, ValueSchema};
use alluvium_protocol::shape::Shape;

/// A state without namespace and TTL, whose map keys are text if it has any.
pub(crate) fn state(name: &str, kind: StateKind, value: Shape) -> StateSchema {
    StateSchema {
        id: StateId::new(1),
        name: name.into(),
        kind,
        namespace: Shape::Unit,
        map_key: (kind == StateKind::Map).then_some(Shape::Str),
        value: ValueSchema {
            codec: POSTCARD.into(),
            version: 1,
            type_name: String::new(),
            shape: value,
            type_version: None,
            older: Vec::new(),
        },
        ttl: None,
    }
}

/// These states, keyed by text.
pub(crate) fn schema(states: Vec<StateSchema>) -> KeyedSchema {
    KeyedSchema {
        key: Shape::Str,
        states,
    }
}
