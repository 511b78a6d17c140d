//! Rows as typed entries: key, namespace, map key, time and value, decoded by recorded shapes.
//!
//! Chunks of one list that follow each other become one entry. What no shape explains (a user's
//! codec) is shown as bytes; what contradicts its shape is damage, and an error.

use alluvium_protocol::chunk::{Elements, NUMBER_BYTES};
use alluvium_protocol::key::{KeyReader, decode_shape};
use alluvium_protocol::row::split_prefix;
use alluvium_protocol::schema::{KeyedSchema, StateKind, StateSchema};
use alluvium_protocol::shape::Shape;
use alluvium_protocol::stamp::{Moment, Stamp, split};
use alluvium_protocol::timer::split_time;
use alluvium_protocol::value::Value;
use anyhow::{Context as _, Result};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::exit::Failure;
use crate::time::format_rfc3339;

/// One entry of a state, or one element of a list. What has expired and was not cleaned is an entry like any other.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Entry {
    /// Whose state it is, in snapshots of Flink, which have several operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operator: Option<String>,
    pub(crate) state: String,
    pub(crate) kind: String,
    pub(crate) key_group: u16,
    #[serde(serialize_with = "raw")]
    pub(crate) key: Value,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "raw_option")]
    pub(crate) namespace: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "raw_option")]
    pub(crate) map_key: Option<Value>,
    /// Position in its list, from 0 on, where elements are entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) index: Option<u64>,
    /// When a timer fires, in milliseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time: Option<i64>,
    /// When a value with a TTL expires, in milliseconds of its state's time, unless that follows from the first event
    /// time. A list does with the last of its elements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "raw_option")]
    pub(crate) value: Option<Value>,
    /// When a value was accessed last, where Flink's time to live wants to know: milliseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) accessed: Option<i64>,
}

impl Entry {
    /// The entry as cells of a table.
    pub(crate) fn cells(&self) -> Vec<String> {
        let text =
            |value: &Option<Value>| value.as_ref().map_or_else(String::new, Value::to_string);
        vec![
            self.state.clone(),
            self.key_group.to_string(),
            self.key.to_string(),
            text(&self.namespace),
            text(&self.map_key),
            self.time.map_or_else(String::new, format_rfc3339),
            self.expires.map_or_else(String::new, format_rfc3339),
            text(&self.value),
        ]
    }
}

/// A value's own JSON text: integers keep all their digits.
pub(crate) fn raw<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(value.to_string())
        .map_err(serde::ser::Error::custom)?
        .serialize(serializer)
}

/// As [`raw`], and `null` for none.
pub(crate) fn raw_option<S: Serializer>(
    value: &Option<Value>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => raw(value, serializer),
        None => serializer.serialize_none(),
    }
}

/// How the chunks of a list are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lists {
    /// As one entry, whose value is the sequence of its elements.
    Whole,
    /// As one entry for each element: no list is held in memory.
    ByElement,
}

/// Turns rows, given in order, into entries.
pub(crate) struct Entries<'a> {
    schema: &'a KeyedSchema,
    /// Only entries of this encoded key.
    key: Option<&'a [u8]>,
    lists: Lists,
    list: Option<OpenList>,
}

/// A list whose chunks are still coming.
struct OpenList {
    /// The rows' common beginning.
    address: Vec<u8>,
    entry: Entry,
    elements: Vec<Value>,
    /// Elements seen so far.
    count: u64,
    /// Whether all elements seen so far tell when they expire.
    expire: bool,
}

impl<'a> Entries<'a> {
    /// A reader of rows of this schema.
    pub(crate) const fn new(schema: &'a KeyedSchema, key: Option<&'a [u8]>, lists: Lists) -> Self {
        Self {
            schema,
            key,
            lists,
            list: None,
        }
    }

    /// The entries that are complete with this row.
    ///
    /// # Errors
    /// When the row contradicts the schema.
    pub(crate) fn take(&mut self, row: &[u8], value: &[u8]) -> Result<Vec<Entry>> {
        let (_, id, _) = split_prefix(row)?;
        let state = self.schema.states.iter().find(|state| state.id == id);
        let state = state.ok_or_else(|| {
            Failure::problem(format!(
                "a row of state {id}, which the manifest does not describe"
            ))
        })?;
        let decoded = decode(self.schema, state, row)?;
        if self.key.is_some_and(|key| decoded.key_bytes != key) {
            return Ok(Vec::new());
        }
        let entry = decoded.entry;
        match state.kind {
            StateKind::List => self.take_chunk(list_address(row), entry, state, value),
            StateKind::EventTimers | StateKind::ProcessingTimers => Ok(self.flushed_then(entry)),
            StateKind::Value | StateKind::Map | StateKind::Reducing | StateKind::Aggregating => {
                let (expires, value) = (expires(state, value)?, decode_value(state, value)?);
                Ok(self.flushed_then(Entry {
                    expires,
                    value: Some(value),
                    ..entry
                }))
            }
        }
    }

    /// The entry that had to wait for the end.
    pub(crate) fn finish(mut self) -> Option<Entry> {
        self.flush()
    }

    fn take_chunk(
        &mut self,
        address: &[u8],
        entry: Entry,
        state: &StateSchema,
        chunk: &[u8],
    ) -> Result<Vec<Entry>> {
        let mut done = Vec::new();
        if self
            .list
            .as_ref()
            .is_none_or(|list| list.address != address)
        {
            done.extend(self.flush());
            self.list = Some(OpenList {
                address: address.to_vec(),
                entry,
                elements: Vec::new(),
                count: 0,
                expire: true,
            });
        }
        if let Some(list) = &mut self.list {
            for element in Elements::new(chunk) {
                let element = element?;
                let (expires, value) = (expires(state, element)?, decode_value(state, element)?);
                match self.lists {
                    Lists::Whole => {
                        list.expire &= expires.is_some();
                        list.entry.expires = list.entry.expires.max(expires);
                        list.elements.push(value);
                    }
                    Lists::ByElement => done.push(Entry {
                        index: Some(list.count),
                        expires,
                        value: Some(value),
                        ..list.entry.clone()
                    }),
                }
                list.count += 1;
            }
        }
        Ok(done)
    }

    fn flushed_then(&mut self, entry: Entry) -> Vec<Entry> {
        self.flush().into_iter().chain([entry]).collect()
    }

    fn flush(&mut self) -> Option<Entry> {
        let list = self.list.take()?;
        (self.lists == Lists::Whole).then_some(Entry {
            value: Some(Value::Seq(list.elements)),
            expires: list.entry.expires.filter(|_| list.expire),
            ..list.entry
        })
    }
}

/// What all chunk rows of one list begin with.
pub(crate) fn list_address(row: &[u8]) -> &[u8] {
    row.get(..row.len().saturating_sub(NUMBER_BYTES))
        .unwrap_or(row)
}

/// What a row's key says.
pub(crate) struct Decoded<'a> {
    /// The encoded key.
    pub(crate) key_bytes: &'a [u8],
    /// All of the entry but its value.
    pub(crate) entry: Entry,
}

/// Reads the key of a row of this state.
///
/// # Errors
/// When it contradicts the schema.
pub(crate) fn decode<'a>(
    schema: &KeyedSchema,
    state: &StateSchema,
    row: &'a [u8],
) -> Result<Decoded<'a>> {
    read_key(schema, state, row).with_context(|| format!("a row of state `{}`", state.name))
}

fn read_key<'a>(schema: &KeyedSchema, state: &StateSchema, row: &'a [u8]) -> Result<Decoded<'a>> {
    let (group, _, rest) = split_prefix(row)?;
    let (time, rest) = if state.kind.is_timers() {
        let (time, rest) = split_time(rest)?;
        (Some(time), rest)
    } else {
        (None, rest)
    };
    let mut entry = Entry {
        operator: None,
        accessed: None,
        state: state.name.clone(),
        kind: state.kind.to_string(),
        key_group: group.get(),
        key: Value::Null,
        namespace: None,
        map_key: None,
        index: None,
        time,
        expires: None,
        value: None,
    };
    let rest = match state.kind {
        StateKind::List => list_address(rest),
        _ => rest,
    };
    if schema.key == Shape::Opaque {
        // Only the program knows where such a key ends, so it is shown with what follows it.
        entry.key = Value::Bytes(rest.to_vec());
        return Ok(Decoded {
            key_bytes: rest,
            entry,
        });
    }
    let mut input = KeyReader::new(rest);
    entry.key = decode_shape(&schema.key, &mut input)?;
    let key_length = rest.len() - input.remaining().len();
    let namespace = decode_shape(&state.namespace, &mut input)?;
    entry.namespace = (state.namespace != Shape::Unit).then_some(namespace);
    let map_key = state.map_key.as_ref();
    entry.map_key = map_key
        .map(|shape| decode_shape(shape, &mut input))
        .transpose()?;
    input.finish()?;
    Ok(Decoded {
        key_bytes: rest.get(..key_length).unwrap_or(rest),
        entry,
    })
}

/// When a value of this state expires, as far as its stamp says it alone.
///
/// # Errors
/// As [`stamp`].
pub(crate) fn expires(state: &StateSchema, bytes: &[u8]) -> Result<Option<i64>> {
    let stamp = stamp(state, bytes)?;
    Ok(stamp.and_then(|stamp| stamp.time(Moment::BEFORE_TIME)))
}

/// What says when a value of this state expires; `None` if none of them does.
///
/// # Errors
/// When values of the state expire and these bytes do not say when.
pub(crate) fn stamp(state: &StateSchema, bytes: &[u8]) -> Result<Option<Stamp>> {
    if state.ttl.is_none() {
        return Ok(None);
    }
    let (stamp, _) = split(bytes).with_context(|| format!("a value of state `{}`", state.name))?;
    Ok(Some(stamp))
}

/// Reads a value (a list's element, a map's value, an accumulator) of this state, without its stamp.
///
/// # Errors
/// When the bytes contradict the recorded codec and shape.
pub(crate) fn decode_value(state: &StateSchema, bytes: &[u8]) -> Result<Value> {
    let decoded = state.value.decode(unstamped(state, bytes)?);
    decoded.with_context(|| format!("a value of state `{}`", state.name))
}

/// The bytes of a value without the time at which it expires.
///
/// # Errors
/// When values of the state expire and these bytes do not say when.
pub(crate) fn unstamped<'v>(state: &StateSchema, bytes: &'v [u8]) -> Result<&'v [u8]> {
    let bare = match state.ttl {
        None => return Ok(bytes),
        Some(_) => split(bytes).map(|(_, bare)| bare),
    };
    bare.with_context(|| format!("a value of state `{}`", state.name))
}
