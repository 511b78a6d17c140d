//! Rows of a snapshot: what is handed to whoever scans it.

use alluvium_protocol::value::Value;

use super::state::State;
use crate::metadata::Operator;
use crate::serializer::Stamped;

/// Where a row is from.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Place<'s> {
    /// Whose state it is.
    pub operator: &'s Operator,
    /// The subtask that stored it.
    pub subtask: u32,
    /// The state.
    pub state: &'s State,
}

/// One row of a state: a value, an element of a list, an entry of a map, or a timer.
///
/// The elements of one list come one after the other, in their order; so do the entries of one map.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// The key group it was stored in.
    pub key_group: u16,
    /// The key. If it is of an unknown serializer, its bytes; if these cannot be told from what is behind them either, the bytes
    /// of the whole composite key behind the key group.
    pub key: Value,
    /// The namespace: a window. `None` where the state has none (`VoidNamespace`), or it is in [`Self::key`].
    pub namespace: Option<Value>,
    /// The rest.
    pub content: Content,
}

/// What a row holds beside its key.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// A value, the result of reducing, or an accumulator.
    Value(Stamped),
    /// An element of a list.
    Element(Stamped),
    /// An entry of a map.
    Entry {
        /// Its key. If it is of an unknown serializer, its bytes; `Null` if it is in [`Row::key`] as bytes.
        map_key: Value,
        /// Its value.
        value: Stamped,
    },
    /// A timer: milliseconds since 1970.
    Timer(i64),
    /// What is of an unknown serializer, which [`State`] names. With a TTL, the time is at its beginning.
    Bytes(Vec<u8>),
}
