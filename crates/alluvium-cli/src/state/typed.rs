//! Rows as typed entries: key, namespace, map key, time and value, decoded by recorded shapes.
//!
//! Chunks of one list that follow each other become one entry. What no shape explains (a user's
//! codec) is shown as bytes; what contradicts its shape is damage, and an error.

use alluvium_protocol::chunk::{Elements, NUMBER_BYTES};
use alluvium_protocol::key::{KeyReader, decode_shape};
use alluvium_protocol::row::split_prefix;
use alluvium_protocol::schema::{KeyedSchema, MSGPACK_NAMED, POSTCARD, StateKind, StateSchema};
use alluvium_protocol::shape::Shape;
use alluvium_protocol::timer::split_time;
use alluvium_protocol::value::{self, Value};
use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::exit::Failure;
use crate::time::format_rfc3339;

/// One entry of a state.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    state: String,
    kind: String,
    key_group: u16,
    key: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    map_key: Option<Box<RawValue>>,
    /// When a timer fires, in milliseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Box<RawValue>>,
}

impl Entry {
    /// The entry as cells of a table.
    pub(super) fn cells(&self) -> Vec<String> {
        let text = |value: &Option<Box<RawValue>>| {
            value
                .as_ref()
                .map_or_else(String::new, |v| v.get().to_owned())
        };
        vec![
            self.state.clone(),
            self.key_group.to_string(),
            self.key.get().to_owned(),
            text(&self.namespace),
            text(&self.map_key),
            self.time.map_or_else(String::new, format_rfc3339),
            text(&self.value),
        ]
    }
}

/// Turns rows, given in order, into entries.
pub(super) struct Entries<'a> {
    schema: &'a KeyedSchema,
    /// Only entries of this encoded key.
    key: Option<&'a [u8]>,
    list: Option<OpenList>,
}

/// A list whose chunks are still coming.
struct OpenList {
    /// The rows' common beginning.
    address: Vec<u8>,
    entry: Entry,
    elements: Vec<Value>,
}

impl<'a> Entries<'a> {
    /// A reader of rows of this schema.
    pub(super) const fn new(schema: &'a KeyedSchema, key: Option<&'a [u8]>) -> Self {
        Self {
            schema,
            key,
            list: None,
        }
    }

    /// The entries that are complete with this row.
    ///
    /// # Errors
    /// When the row contradicts the schema.
    pub(super) fn take(&mut self, row: &[u8], value: &[u8]) -> Result<Vec<Entry>> {
        let (group, id, rest) = split_prefix(row)?;
        let state = self
            .schema
            .states
            .iter()
            .find(|state| state.id == id)
            .ok_or_else(|| {
                Failure::problem(format!(
                    "a row of state {id}, which the manifest does not describe"
                ))
            })?;
        let decoded = decode(self.schema, state, rest)
            .with_context(|| format!("a row of state `{}`", state.name))?;
        if self.key.is_some_and(|key| decoded.key_bytes != key) {
            return Ok(Vec::new());
        }
        let entry = Entry {
            state: state.name.clone(),
            kind: state.kind.to_string(),
            key_group: group.get(),
            key: raw(&decoded.key)?,
            namespace: decoded.namespace.as_ref().map(raw).transpose()?,
            map_key: decoded.map_key.as_ref().map(raw).transpose()?,
            time: decoded.time,
            value: None,
        };
        match state.kind {
            StateKind::List => {
                let address = row
                    .get(..row.len().saturating_sub(NUMBER_BYTES))
                    .unwrap_or(row)
                    .to_vec();
                self.take_chunk(address, entry, state, value)
            }
            StateKind::EventTimers | StateKind::ProcessingTimers => Ok(self.flushed_then(entry)),
            StateKind::Value | StateKind::Map | StateKind::Reducing | StateKind::Aggregating => {
                let value = decode_value(state, value)?;
                Ok(self.flushed_then(Entry {
                    value: Some(raw(&value)?),
                    ..entry
                }))
            }
        }
    }

    /// The entry that had to wait for the end.
    pub(super) fn finish(mut self) -> Option<Entry> {
        self.flush()
    }

    fn take_chunk(
        &mut self,
        address: Vec<u8>,
        entry: Entry,
        state: &StateSchema,
        chunk: &[u8],
    ) -> Result<Vec<Entry>> {
        let mut done = None;
        if self
            .list
            .as_ref()
            .is_none_or(|list| list.address != address)
        {
            done = self.flush();
            self.list = Some(OpenList {
                address,
                entry,
                elements: Vec::new(),
            });
        }
        if let Some(list) = &mut self.list {
            for element in Elements::new(chunk) {
                list.elements.push(decode_value(state, element?)?);
            }
        }
        Ok(done.into_iter().collect())
    }

    fn flushed_then(&mut self, entry: Entry) -> Vec<Entry> {
        self.flush().into_iter().chain([entry]).collect()
    }

    fn flush(&mut self) -> Option<Entry> {
        let list = self.list.take()?;
        let value = raw(&Value::Seq(list.elements)).ok();
        Some(Entry {
            value,
            ..list.entry
        })
    }
}

struct Decoded<'a> {
    key_bytes: &'a [u8],
    key: Value,
    namespace: Option<Value>,
    map_key: Option<Value>,
    time: Option<i64>,
}

fn decode<'a>(schema: &KeyedSchema, state: &StateSchema, rest: &'a [u8]) -> Result<Decoded<'a>> {
    let (time, rest) = match state.kind {
        StateKind::EventTimers | StateKind::ProcessingTimers => {
            let (time, rest) = split_time(rest)?;
            (Some(time), rest)
        }
        _ => (None, rest),
    };
    let mut input = KeyReader::new(rest);
    let key = decode_shape(&schema.key, &mut input)?;
    let key_length = rest.len() - input.remaining().len();
    let key_bytes = rest.get(..key_length).unwrap_or(rest);
    let namespace = decode_shape(&state.namespace, &mut input)?;
    let namespace = (state.namespace != Shape::Unit).then_some(namespace);
    let map_key = state
        .map_key
        .as_ref()
        .map(|shape| decode_shape(shape, &mut input))
        .transpose()?;
    if state.kind == StateKind::List {
        input.slice(NUMBER_BYTES)?;
    }
    input.finish()?;
    Ok(Decoded {
        key_bytes,
        key,
        namespace,
        map_key,
        time,
    })
}

fn decode_value(state: &StateSchema, bytes: &[u8]) -> Result<Value> {
    let decoded = match state.value.codec.as_str() {
        MSGPACK_NAMED => value::msgpack::decode(bytes),
        POSTCARD if state.value.shape != Shape::Opaque => {
            value::postcard::decode(&state.value.shape, bytes)
        }
        _ => return Ok(Value::Bytes(bytes.to_vec())),
    };
    decoded.with_context(|| format!("a value of state `{}`", state.name))
}

/// A value's own JSON text: integers keep all their digits.
fn raw(value: &Value) -> Result<Box<RawValue>> {
    Ok(RawValue::from_string(value.to_string())?)
}
