//! Entries of Flink's HashMap backend, as the rows that its RocksDB backend would have for them.
//!
//! ```text
//! value, reducing, aggregating: namespace key value            ──► one row
//! list:                         namespace key i32 n elements   ──► one row, elements with a comma between them
//! map:                          namespace key i32 n entries    ──► a row for each entry; a null's is its flag alone
//! timer:                        time key namespace             ──► a row without a value
//! ```
//!
//! Nothing is decoded but to find its end. Empty lists and maps have no row.

use alluvium_protocol::key_group::{KeyGroup, MaxParallelism};

use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::keyed::composite::{Layout, Parts};
use crate::keyed::{KeyedMeta, StateKind, StateMeta};
use crate::serializer::Serializer;

/// Between two elements of a list.
const DELIMITER: u8 = b',';

pub(super) struct Row {
    pub(super) key: Vec<u8>,
    pub(super) value: Vec<u8>,
}

/// What the entries of one key group consist of.
pub(super) struct Shapes<'m> {
    meta: &'m KeyedMeta,
    group: KeyGroup,
    max_parallelism: MaxParallelism,
}

impl<'m> Shapes<'m> {
    pub(super) const fn new(
        meta: &'m KeyedMeta,
        group: KeyGroup,
        max_parallelism: MaxParallelism,
    ) -> Self {
        Self {
            meta,
            group,
            max_parallelism,
        }
    }

    /// The rows of the entry of a state that is next.
    pub(super) fn rows(&self, number: u16, cursor: &mut Cursor<'_>) -> Result<Vec<Row>> {
        let state = self.meta.states.get(usize::from(number));
        let state = state.ok_or_else(|| {
            let states = self.meta.states.len();
            cursor.corrupt(format!("state {number} of {states} states"))
        })?;
        if state.kind() == StateKind::PriorityQueue {
            return self.timer(state, cursor).map(|row| vec![row]);
        }
        let namespace_of = state
            .namespace()
            .ok_or_else(|| lacks(state, "namespaces"))?;
        let namespace = measured(namespace_of, cursor)?;
        let key = measured(&self.meta.key, cursor)?;
        let layout = Layout::new(self.max_parallelism, &self.meta.key, namespace_of);
        let row = |map_key, value| {
            let mut row = Row {
                key: Vec::new(),
                value,
            };
            let parts = Parts {
                group: self.group.get(),
                key,
                namespace,
                map_key,
            };
            layout.compose(parts, &mut row.key)?;
            Ok(row)
        };
        match state.kind() {
            StateKind::List => {
                let element = state.element().ok_or_else(|| lacks(state, "elements"))?;
                let joined = joined(element, cursor)?;
                joined.into_iter().map(|value| row(&[], value)).collect()
            }
            StateKind::Map => {
                let (map_key, value) = state.entry().ok_or_else(|| lacks(state, "entries"))?;
                let count = cursor.count(2, "entries of a map")?;
                let mut rows = Vec::new();
                for _ in 0..count {
                    let map_key = measured(map_key, cursor)?;
                    let is_null = cursor.bool("whether a map's value is null")?;
                    let mut stored = vec![u8::from(is_null)];
                    if !is_null {
                        stored.extend_from_slice(measured(value, cursor)?);
                    }
                    rows.push(row(map_key, stored)?);
                }
                Ok(rows)
            }
            _ => {
                let value = state.value().ok_or_else(|| lacks(state, "values"))?;
                Ok(vec![row(&[], measured(value, cursor)?.to_vec())?])
            }
        }
    }

    fn timer(&self, state: &StateMeta, cursor: &mut Cursor<'_>) -> Result<Row> {
        let (key_of, namespace_of) = state.timer().ok_or_else(|| lacks(state, "timers"))?;
        let mut end = cursor.clone();
        end.i64("the time of a timer")?;
        key_of.skip(&mut end)?;
        namespace_of.skip(&mut end)?;
        let timer = cursor.bytes(cursor.left().len() - end.left().len(), "a timer")?;
        let parts = Parts {
            group: self.group.get(),
            key: &[],
            namespace: &[],
            map_key: timer,
        };
        let mut row = Row {
            key: Vec::new(),
            value: Vec::new(),
        };
        Layout::of_timers(self.max_parallelism).compose(parts, &mut row.key)?;
        Ok(row)
    }
}

/// The elements of a list, joined; nothing of an empty one.
fn joined(element: &Serializer, cursor: &mut Cursor<'_>) -> Result<Option<Vec<u8>>> {
    let count = cursor.count(1, "elements of a list")?;
    let mut joined = Vec::new();
    for nth in 0..count {
        if nth > 0 {
            joined.push(DELIMITER);
        }
        joined.extend_from_slice(measured(element, cursor)?);
    }
    Ok((count > 0).then_some(joined))
}

fn measured<'a>(serializer: &Serializer, cursor: &mut Cursor<'a>) -> Result<&'a [u8]> {
    let mut end = cursor.clone();
    serializer.skip(&mut end)?;
    cursor.bytes(cursor.left().len() - end.left().len(), "a value")
}

fn lacks(state: &StateMeta, what: &str) -> Error {
    Error::unknown(format!(
        "it is not recorded how the {what} of state {} were written",
        state.name
    ))
}
