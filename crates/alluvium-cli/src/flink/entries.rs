//! Rows as the entries that all commands print: one of each value, list element, map entry and timer.

use alluvium_flink::scan::{Content, Place, Row};
use alluvium_protocol::value::Value;

use super::described::kind;
use crate::state::typed::Entry;

/// Makes entries of rows, and counts the elements of lists.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// Of the list at hand: its address, and the position of its last element.
    list: Option<(Address, u64)>,
}

type Address = (String, String, u16, Value, Option<Value>);

impl Entries {
    /// The entry that a row is.
    pub(super) fn entry(&mut self, operator: &str, place: &Place<'_>, row: &Row) -> Entry {
        let mut entry = Entry {
            operator: Some(operator.to_owned()),
            state: place.state.name.clone(),
            kind: kind(place.state).to_owned(),
            key_group: row.key_group,
            key: row.key.clone(),
            namespace: row.namespace.clone(),
            map_key: None,
            index: None,
            time: None,
            value: None,
            expires: None,
            accessed: None,
        };
        let stamped = match &row.content {
            Content::Value(stamped) => Some(stamped),
            Content::Element(stamped) => {
                entry.index = Some(self.index(operator, place, row));
                Some(stamped)
            }
            Content::Entry { map_key, value } => {
                entry.map_key = Some(map_key.clone());
                Some(value)
            }
            Content::Timer(time) => {
                entry.time = Some(*time);
                None
            }
            Content::Bytes(bytes) => {
                entry.value = Some(Value::Bytes(bytes.clone()));
                None
            }
            other => {
                entry.value = Some(Value::Str(format!("{other:?}")));
                None
            }
        };
        if let Some(stamped) = stamped {
            entry.value = Some(stamped.value.clone());
            entry.accessed = stamped.timestamp;
        }
        entry
    }

    fn index(&mut self, operator: &str, place: &Place<'_>, row: &Row) -> u64 {
        if let Some(((of, state, group, key, namespace), index)) = &mut self.list
            && *key == row.key
            && *namespace == row.namespace
            && *group == row.key_group
            && *state == place.state.name
            && of == operator
        {
            *index += 1;
            return *index;
        }
        let address = (
            operator.to_owned(),
            place.state.name.clone(),
            row.key_group,
            row.key.clone(),
            row.namespace.clone(),
        );
        self.list = Some((address, 0));
        0
    }
}
