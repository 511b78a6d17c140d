//! Puts the rows of a scan into a backend, as planned.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use alluvium::BytesBackend;
use alluvium::bytes::{Address, StateIndex};
use alluvium::storage::Cancel;
use alluvium_protocol::key::encode_shape;
use alluvium_protocol::key_group::{KeyGroup, KeyHash, MaxParallelism, flink_murmur};
use alluvium_protocol::schema::{BYTES, FLINK, MSGPACK_NAMED, StateKind};
use alluvium_protocol::shape::Shape;
use alluvium_protocol::value::{Value, msgpack, postcard};

use super::KeyGroups;
use super::access_clock::AccessClock;
use super::plan::{Plan, PlannedState};
use crate::error::{Error, ErrorKind, Result};
use crate::scan::{Content, Place, Problem, Report, Row, Visit};
use crate::serializer::Stamped;

/// Rows between two looks at whether the import was given up: some milliseconds.
const ROWS_BETWEEN_LOOKS: u64 = 1024;

/// Bytes of a time of access.
const TIME_BYTES: usize = 8;

/// A backend that rows go to.
pub(super) struct Load<'l> {
    backend: &'l mut BytesBackend,
    plan: &'l Plan,
    max_parallelism: MaxParallelism,
    clock: &'l AccessClock,
    cancel: &'l Cancel,
    told: &'l mut dyn FnMut(u64),
    positions: BTreeMap<&'l str, usize>,
    indices: Vec<StateIndex>,
    rows: Vec<u64>,
    total: u64,
    problem: Option<(ErrorKind, String)>,
    buffers: Buffers,
}

#[derive(Default)]
struct Buffers {
    key: Vec<u8>,
    map_key: Vec<u8>,
    value: Vec<u8>,
}

impl<'l> Load<'l> {
    /// Declares the states.
    pub(super) fn begin(
        backend: &'l mut BytesBackend,
        plan: &'l Plan,
        max_parallelism: MaxParallelism,
        clock: &'l AccessClock,
        cancel: &'l Cancel,
        told: &'l mut dyn FnMut(u64),
    ) -> Result<Self> {
        let mut indices = Vec::with_capacity(plan.states.len());
        for state in &plan.states {
            indices.push(backend.register(state.declaration.clone())?);
        }
        Ok(Self {
            backend,
            plan,
            max_parallelism,
            clock,
            cancel,
            told,
            positions: plan.by_name(),
            rows: vec![0; indices.len()],
            indices,
            total: 0,
            problem: None,
            buffers: Buffers::default(),
        })
    }

    /// How many rows of each state there are, once the scan has ended.
    ///
    /// # Errors
    /// The first problem of the scan.
    pub(super) fn finish(mut self, report: &Report) -> Result<BTreeMap<String, u64>> {
        if let Some(problem) = report.problems.first() {
            self.problem(problem);
        }
        self.check()?;
        (self.told)(self.total);
        let states = self.plan.states.iter().zip(&self.rows);
        Ok(states
            .map(|(state, rows)| (state.from.clone(), *rows))
            .collect())
    }

    fn check(&mut self) -> Result<()> {
        match self.problem.take() {
            Some((kind, message)) => Err(Error::new(kind, message)),
            None => Ok(()),
        }
    }

    fn take(&mut self, position: usize, row: &Row) -> Result<()> {
        let (Some(planned), Some(index), Some(rows)) = (
            self.plan.states.get(position),
            self.indices.get(position),
            self.rows.get_mut(position),
        ) else {
            return Ok(());
        };
        *rows += 1;
        let declaration = &planned.declaration;
        let Buffers {
            key,
            map_key,
            value,
        } = &mut self.buffers;
        key.clear();
        map_key.clear();
        value.clear();
        encoded_key(&self.plan.key, &row.key, "its key", key)?;
        let group = self.plan.group_of(row, key, self.max_parallelism)?;
        let namespace = row.namespace.as_ref().unwrap_or(&Value::Null);
        encoded_key(&declaration.namespace, namespace, "its namespace", key)?;
        let at = Address {
            state: *index,
            group,
            key,
        };
        let time = match &row.content {
            Content::Timer(time) => {
                return Ok(self.backend.register_timer(&at, *time)?);
            }
            Content::Value(stamped) | Content::Element(stamped) => planned.value(stamped, value)?,
            Content::Entry {
                map_key: found,
                value: stamped,
            } => {
                let shape = declaration.map_key.as_ref().unwrap_or(&Shape::Opaque);
                encoded_key(shape, found, "the key of an entry", map_key)?;
                planned.value(stamped, value)?
            }
            Content::Bytes(bytes) => planned.bytes(bytes, value)?,
        };
        match (declaration.ttl, time) {
            (Some(_), Some(time)) => self.clock.enter(time),
            (Some(_), None) => return Err(Error::corrupt("a value without a time of access")),
            (None, _) => {}
        }
        match declaration.kind {
            StateKind::List => self.backend.append(&at, value)?,
            StateKind::Map => self.backend.map_put(&at, map_key, value)?,
            _ => self.backend.put(&at, value)?,
        }
        Ok(())
    }
}

impl Visit for Load<'_> {
    fn row(&mut self, place: &Place<'_>, row: &Row) -> Result<ControlFlow<()>> {
        self.check()?;
        if self.total.is_multiple_of(ROWS_BETWEEN_LOOKS) {
            self.cancel.check("an import")?;
            (self.told)(self.total);
        }
        self.total += 1;
        let Some(position) = self.positions.get(place.state.name.as_str()).copied() else {
            return Ok(ControlFlow::Continue(()));
        };
        self.take(position, row).map_err(|error| {
            error.context(format!(
                "key group {} of state {}, key {}",
                row.key_group,
                place.state.name,
                short(&row.key)
            ))
        })?;
        Ok(ControlFlow::Continue(()))
    }

    fn problem(&mut self, problem: &Problem) {
        let first = || (problem.error.kind(), problem.to_string());
        self.problem.get_or_insert_with(first);
    }
}

impl Plan {
    /// The key group of a row whose encoded key this is.
    fn group_of(&self, row: &Row, key: &[u8], groups: MaxParallelism) -> Result<KeyGroup> {
        if self.key_groups == KeyGroups::Recompute {
            return Ok(groups.group_of(KeyHash::of(key)));
        }
        let group = KeyGroup::new(row.key_group);
        if !groups.all().contains(group) {
            return Err(Error::corrupt(format!("it is none of {groups}")));
        }
        let hash = self.key_serializer.java_hash(&row.key);
        let hash = hash.filter(|_| self.checks_groups);
        match hash.map(|hash| groups.group_of(flink_murmur(hash))) {
            Some(own) if own != group => Err(Error::corrupt(format!(
                "the key is not in its key group, which is {}",
                own.get()
            ))),
            _ => Ok(group),
        }
    }
}

impl PlannedState {
    /// Writes a value; returns the time of its last access.
    fn value(&self, stamped: &Stamped, out: &mut Vec<u8>) -> Result<Option<i64>> {
        let schema = &self.declaration.value;
        let value = &stamped.value;
        let Some(serializer) = &self.value else {
            return Err(Error::corrupt("a value where there is none"));
        };
        if *value == Value::Null && self.declaration.kind == StateKind::Map && !self.nullable {
            return Err(Error::invalid(
                "a map has null as a value: import the state as nullable",
            ));
        }
        match schema.codec.as_str() {
            FLINK | BYTES => {
                if self.nullable {
                    out.push(u8::from(*value == Value::Null));
                }
                match value {
                    Value::Null if self.nullable => {}
                    // Of a serializer that is not known.
                    Value::Bytes(bytes) if serializer.opaque().is_some() => {
                        out.extend_from_slice(bytes);
                    }
                    value => serializer.encode(value, out)?,
                }
            }
            MSGPACK_NAMED => {
                out.extend(msgpack::encode(value).map_err(alluvium::Error::from)?);
            }
            _ => {
                let encoded = postcard::encode(&schema.shape, value).map_err(|error| {
                    Error::from(alluvium::Error::from(error)).context(
                        "a value is not of the type that the state is given: one of its parts is null, or no text",
                    )
                })?;
                out.extend(encoded);
            }
        }
        Ok(stamped.timestamp)
    }

    /// Takes a value over as it is; returns the time of its last access.
    fn bytes(&self, bytes: &[u8], out: &mut Vec<u8>) -> Result<Option<i64>> {
        let single = !matches!(self.declaration.kind, StateKind::List | StateKind::Map);
        if !single || self.declaration.value.codec != BYTES {
            return Err(Error::unknown("its values cannot be taken apart"));
        }
        if self.has_time {
            let (time, rest) = bytes
                .split_first_chunk::<TIME_BYTES>()
                .ok_or_else(|| Error::corrupt("a value without a time of access"))?;
            out.extend_from_slice(rest);
            return Ok(Some(i64::from_be_bytes(*time)));
        }
        out.extend_from_slice(bytes);
        Ok(None)
    }
}

fn encoded_key(shape: &Shape, value: &Value, what: &'static str, out: &mut Vec<u8>) -> Result<()> {
    encode_shape(shape, value, out).map_err(|error| {
        Error::from(alluvium::Error::from(error)).context(format!("{what} cannot be a key here"))
    })
}

/// The beginning of a key, for messages.
fn short(key: &Value) -> String {
    const CHARS_MAX: usize = 60;
    let text = key.to_string();
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
