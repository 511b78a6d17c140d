//! What becomes of each state: decided before a row is read.

use std::collections::{BTreeMap, BTreeSet};

use alluvium::Ttl;
use alluvium::bytes::StateDeclaration;
use alluvium_protocol::schema::{self, ValueSchema};
use alluvium_protocol::shape::Shape;

use super::shape::{Form, key_shape, value_shape};
use super::{Import, KeyGroups, Values};
use crate::error::{Error, Result};
use crate::keyed::StateKind;
use crate::scan::State;
use crate::serializer::{Kind, Serializer, Simple};

/// What Flink calls the timers of event time, and those of processing time.
const EVENT_TIMERS: &str = "_timer_state/event_";
const PROCESSING_TIMERS: &str = "_timer_state/processing_";

/// What becomes of the states of an operator.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Plan {
    /// The shape of the job's keys.
    pub key: Shape,
    /// Whether keys' groups in Flink are those of [`Java`](crate::codec::Java): every row is checked then. Where the Java class hashes
    /// in its own way, the Rust type has to implement [`JavaHash`](crate::codec::JavaHash) as it does.
    pub checks_groups: bool,
    /// The states, in the order of the snapshot.
    pub states: Vec<PlannedState>,
    /// What whoever imports ought to know.
    pub notes: Vec<String>,
    /// Which key groups rows are in.
    pub key_groups: KeyGroups,
    pub(super) key_serializer: Serializer,
}

/// What becomes of a state.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlannedState {
    /// Its name in Flink.
    pub from: String,
    /// What the Rust job declares.
    pub declaration: StateDeclaration,
    /// Of the value without a time of access; none of timers.
    pub(super) value: Option<Serializer>,
    /// Whether values have a time of access before them.
    pub(super) has_time: bool,
    /// Whether a map's values are options.
    pub(super) nullable: bool,
}

/// Decides what becomes of these states of one operator.
///
/// # Errors
/// `Invalid` when an option names a state that is not there or has no use for it, two states get one name, or there is nothing to import;
/// `Incompatible` when a state or the key cannot be imported as asked: the message says what can be.
pub fn plan(states: &[State], import: &Import) -> Result<Plan> {
    let Some(first) = states.first() else {
        return Err(Error::invalid(format!(
            "operator {} has no keyed state",
            import.operator
        )));
    };
    check_names(states, import)?;
    let key = key_shape(&first.key).ok_or_else(|| {
        Error::unknown(format!(
            "keys of {} cannot be imported: Alluvium orders keys, and has no order of these",
            first.key
        ))
    })?;
    let mut notes = Vec::new();
    let planned = states.iter().map(|state| {
        if state.key != first.key {
            return Err(Error::unknown(format!(
                "state {} has keys of {}, others have keys of {}",
                state.name, state.key, first.key
            )));
        }
        one(state, import, &mut notes)
            .map_err(|error| error.context(format!("state {} cannot be imported", state.name)))
    });
    let planned: Vec<PlannedState> = planned.collect::<Result<_>>()?;
    let mut names = BTreeSet::new();
    for state in &planned {
        if !names.insert(&state.declaration.name) {
            return Err(Error::invalid(format!(
                "two states would be called {}: rename one",
                state.declaration.name
            )));
        }
    }
    let checks_groups = import.key_groups == KeyGroups::Keep && hashes_as_java(&first.key);
    if import.key_groups == KeyGroups::Keep && !checks_groups {
        notes.push(format!(
            "key groups are kept: the Rust type of the key needs a `JavaHash` that returns what `hashCode()` of {} does",
            first.key
        ));
    }
    Ok(Plan {
        key,
        checks_groups,
        states: planned,
        notes,
        key_groups: import.key_groups,
        key_serializer: first.key.clone(),
    })
}

/// That every option is about a state that is there.
fn check_names(states: &[State], import: &Import) -> Result<()> {
    let named = import
        .renames
        .keys()
        .chain(import.lifetimes.keys())
        .chain(&import.nullable)
        .chain(&import.not_null);
    for name in named {
        if !states.iter().any(|state| state.name == *name) {
            let known: Vec<_> = states.iter().map(|state| state.name.as_str()).collect();
            return Err(Error::invalid(format!(
                "no state {name} is imported; there are: {}",
                known.join(", ")
            )));
        }
    }
    Ok(())
}

fn one(state: &State, import: &Import, notes: &mut Vec<String>) -> Result<PlannedState> {
    let kind = kind_of(state)?;
    let namespace = match &state.namespace {
        None => Shape::Unit,
        Some(namespace) => key_shape(namespace)
            .ok_or_else(|| Error::unknown(format!("its namespaces are {namespace}")))?,
    };
    let map_key = match &state.map_key {
        None => None,
        Some(map_key) => {
            let shape = key_shape(map_key);
            let shape = shape.ok_or_else(|| {
                Error::unknown(format!(
                    "its maps have keys of {map_key}, which Alluvium has no order of"
                ))
            })?;
            Some(shape)
        }
    };
    if map_key.is_some() != (kind == schema::StateKind::Map) {
        return Err(Error::unknown("its maps cannot be taken apart"));
    }
    let value = state.value.as_ref().map(without_time);
    let ttl = ttl_of(state, import, notes)?;
    let nullable = import.nullable.contains(&state.name);
    if nullable && kind != schema::StateKind::Map {
        return Err(Error::invalid("null is a value in maps alone"));
    }
    let mut schema = match value {
        None => empty(),
        Some(value) => value_schema(value, kind, import, &state.name)?,
    };
    if nullable && schema.codec != schema::BYTES {
        schema.shape = Shape::option(schema.shape);
    }
    let name = import.renames.get(&state.name).unwrap_or(&state.name);
    Ok(PlannedState {
        from: state.name.clone(),
        declaration: StateDeclaration {
            name: name.clone(),
            kind,
            namespace,
            map_key,
            value: schema,
            ttl,
        },
        value: value.cloned(),
        has_time: state.has_ttl(),
        nullable,
    })
}

fn kind_of(state: &State) -> Result<schema::StateKind> {
    Ok(match state.kind {
        StateKind::Value => schema::StateKind::Value,
        StateKind::List => schema::StateKind::List,
        StateKind::Map => schema::StateKind::Map,
        StateKind::Reducing => schema::StateKind::Reducing,
        StateKind::Aggregating => schema::StateKind::Aggregating,
        StateKind::PriorityQueue if state.name.starts_with(EVENT_TIMERS) => {
            schema::StateKind::EventTimers
        }
        StateKind::PriorityQueue if state.name.starts_with(PROCESSING_TIMERS) => {
            schema::StateKind::ProcessingTimers
        }
        StateKind::PriorityQueue => {
            return Err(Error::unknown(
                "it is a queue of something else than timers",
            ));
        }
        StateKind::Unknown => return Err(Error::unknown("its kind is not known")),
    })
}

fn ttl_of(state: &State, import: &Import, notes: &mut Vec<String>) -> Result<Option<Ttl>> {
    let ttl = import.lifetimes.get(&state.name).copied();
    match (ttl, state.has_ttl()) {
        (Some(_), false) => Err(Error::invalid(
            "its values have no times of access, so that nobody knows when they expire",
        )),
        (None, true) => {
            notes.push(format!(
                "state {}: the times of the last access are dropped; give the state's time to live to keep them",
                state.name
            ));
            Ok(None)
        }
        _ => Ok(ttl),
    }
}

/// What the values of a state become.
fn value_schema(
    value: &Serializer,
    kind: schema::StateKind,
    import: &Import,
    state: &str,
) -> Result<ValueSchema> {
    let form = match import.values {
        Values::Flink => Form::Flink,
        _ if import.not_null.contains(state) => Form::PlainTree,
        _ => Form::Tree,
    };
    let (codec, shape) = match (import.values, value_shape(value, form)) {
        (Values::Flink, Some(shape)) => (schema::FLINK, shape),
        (Values::Postcard, Some(shape)) => (schema::POSTCARD, shape),
        (Values::MsgPack, Some(shape)) => (schema::MSGPACK_NAMED, shape),
        (Values::Flink, None) => {
            // Nobody knows where an element ends, or one map's value.
            if kind == schema::StateKind::List && value.opaque().is_some() {
                return Err(Error::unknown(format!(
                    "its elements are {value}, which cannot be told apart"
                )));
            }
            (schema::BYTES, Shape::Bytes)
        }
        (_, None) => {
            return Err(Error::unknown(format!(
                "its values are {value}, which have no type in Rust: keep the bytes that Flink wrote"
            )));
        }
    };
    Ok(ValueSchema {
        codec: codec.to_owned(),
        version: 1,
        type_name: value.to_string(),
        shape,
        type_version: None,
        older: Vec::new(),
    })
}

/// Of timers, which have no values.
fn empty() -> ValueSchema {
    ValueSchema {
        codec: schema::BYTES.to_owned(),
        version: 1,
        type_name: "()".to_owned(),
        shape: Shape::Unit,
        type_version: None,
        older: Vec::new(),
    }
}

/// The user's value of one with a time of access.
pub(crate) fn without_time(serializer: &Serializer) -> &Serializer {
    match serializer.unmarked().kind() {
        Kind::Ttl(inner) => inner,
        _ => serializer,
    }
}

/// Whether the Rust type of a key hashes as the Java class does, by `JavaHash`.
pub(crate) fn hashes_as_java(key: &Serializer) -> bool {
    match key.unmarked().kind() {
        Kind::Simple(simple) => matches!(
            simple,
            Simple::Boolean
                | Simple::Byte
                | Simple::Short
                | Simple::Integer
                | Simple::Long
                | Simple::Character
                | Simple::String
        ),
        Kind::Tuple { fields, .. } => !fields.is_empty() && fields.iter().all(hashes_as_java),
        _ => false,
    }
}

impl Plan {
    /// The states by their names in Flink, with their positions.
    pub(super) fn by_name(&self) -> BTreeMap<&str, usize> {
        let states = self.states.iter().enumerate();
        states
            .map(|(position, state)| (state.from.as_str(), position))
            .collect()
    }
}
