//! Schemas as they are stored: see the specification in [`schema`](crate::schema).

use std::collections::BTreeSet;

use crate::error::{Error, Result};
use crate::row::StateId;
use crate::schema::{Form, KeyedSchema, StateKind, StateSchema, ValueSchema};
use crate::shape::Shape;
use crate::shape::wire::ShapeRecord;
use crate::ttl::wire::TtlWire;

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct KeyedSchemaWire {
    #[prost(message, optional, tag = "1")]
    key: Option<ShapeRecord>,
    #[prost(message, repeated, tag = "2")]
    states: Vec<StateSchemaWire>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct StateSchemaWire {
    #[prost(uint32, tag = "1")]
    id: u32,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(uint32, tag = "3")]
    kind: u32,
    #[prost(message, optional, tag = "4")]
    namespace: Option<ShapeRecord>,
    #[prost(message, optional, tag = "5")]
    map_key: Option<ShapeRecord>,
    #[prost(message, optional, tag = "6")]
    value: Option<ValueSchemaWire>,
    #[prost(message, optional, tag = "7")]
    ttl: Option<TtlWire>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ValueSchemaWire {
    #[prost(string, tag = "1")]
    codec: String,
    #[prost(uint32, tag = "2")]
    version: u32,
    #[prost(string, tag = "3")]
    type_name: String,
    #[prost(message, optional, tag = "4")]
    shape: Option<ShapeRecord>,
    #[prost(uint32, optional, tag = "5")]
    type_version: Option<u32>,
    #[prost(message, repeated, tag = "6")]
    older: Vec<FormWire>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct FormWire {
    #[prost(uint32, optional, tag = "1")]
    type_version: Option<u32>,
    #[prost(string, tag = "2")]
    type_name: String,
    #[prost(message, optional, tag = "3")]
    shape: Option<ShapeRecord>,
}

impl KeyedSchema {
    pub(crate) fn to_wire(&self) -> KeyedSchemaWire {
        KeyedSchemaWire {
            key: Some((&self.key).into()),
            states: self.states.iter().map(StateSchema::to_wire).collect(),
        }
    }

    pub(crate) fn from_wire(wire: Option<KeyedSchemaWire>, what: &str) -> Result<Self> {
        let wire = present(wire, || format!("{what}: the schema"))?;
        let key = parse_shape(wire.key, || format!("{what}: the key's shape"))?;
        let mut ids = BTreeSet::new();
        let mut names = BTreeSet::new();
        let mut states = Vec::new();
        for wire in wire.states {
            let state = StateSchema::from_wire(wire, what)?;
            if !ids.insert(state.id) || !names.insert(state.name.clone()) {
                return Err(Error::corrupt(format!(
                    "{what}: state `{}` ({}) is described twice",
                    state.name, state.id
                )));
            }
            states.push(state);
        }
        Ok(Self { key, states })
    }
}

impl StateSchema {
    fn to_wire(&self) -> StateSchemaWire {
        StateSchemaWire {
            id: self.id.get().into(),
            name: self.name.clone(),
            kind: self.kind.tag(),
            namespace: Some((&self.namespace).into()),
            map_key: self.map_key.as_ref().map(ShapeRecord::from),
            value: Some(self.value.to_wire()),
            ttl: self.ttl.as_ref().map(TtlWire::of),
        }
    }

    fn from_wire(wire: StateSchemaWire, what: &str) -> Result<Self> {
        let what = format!("{what}: state `{}`", wire.name);
        let id = u16::try_from(wire.id)
            .map_err(|error| Error::corrupt(format!("{what}: id {}: {error}", wire.id)))?;
        let kind = StateKind::from_tag(wire.kind).ok_or_else(|| {
            Error::corrupt(format!("{what} is of an unknown kind ({})", wire.kind))
        })?;
        if wire.map_key.is_some() != (kind == StateKind::Map) {
            return Err(Error::corrupt(format!(
                "{what}: exactly maps have a map key, and this is a {kind} state"
            )));
        }
        if wire.ttl.is_some() && kind.is_timers() {
            return Err(Error::corrupt(format!(
                "{what}: timers have no TTL, and this is a {kind} state"
            )));
        }
        let value = present(wire.value, || format!("{what}: the value's schema"))?;
        Ok(Self {
            id: StateId::new(id),
            kind,
            namespace: parse_shape(wire.namespace, || format!("{what}: the namespace's shape"))?,
            map_key: wire
                .map_key
                .map(|shape| parse_shape(Some(shape), || format!("{what}: the map key's shape")))
                .transpose()?,
            value: ValueSchema::from_wire(value, &what)?,
            ttl: wire.ttl.map(|ttl| ttl.parse(&what)).transpose()?,
            name: wire.name,
        })
    }
}

impl ValueSchema {
    fn to_wire(&self) -> ValueSchemaWire {
        ValueSchemaWire {
            codec: self.codec.clone(),
            version: self.version,
            type_name: self.type_name.clone(),
            shape: Some((&self.shape).into()),
            type_version: self.type_version,
            older: self.older.iter().map(Form::to_wire).collect(),
        }
    }

    fn from_wire(wire: ValueSchemaWire, what: &str) -> Result<Self> {
        let older = wire.older.into_iter();
        Ok(Self {
            codec: wire.codec,
            version: wire.version,
            type_name: wire.type_name,
            shape: parse_shape(wire.shape, || format!("{what}: the value's shape"))?,
            type_version: wire.type_version,
            older: older
                .map(|form| Form::from_wire(form, what))
                .collect::<Result<_>>()?,
        })
    }
}

impl Form {
    fn to_wire(&self) -> FormWire {
        FormWire {
            type_version: self.type_version,
            type_name: self.type_name.clone(),
            shape: Some((&self.shape).into()),
        }
    }

    fn from_wire(wire: FormWire, what: &str) -> Result<Self> {
        Ok(Self {
            type_version: wire.type_version,
            type_name: wire.type_name,
            shape: parse_shape(wire.shape, || format!("{what}: an older form's shape"))?,
        })
    }
}

fn parse_shape(wire: Option<ShapeRecord>, field: impl Fn() -> String) -> Result<Shape> {
    let wire = present(wire, &field)?;
    Shape::try_from(wire).map_err(|error| Error::new(error.kind(), format!("{}: {error}", field())))
}

fn present<T>(value: Option<T>, field: impl FnOnce() -> String) -> Result<T> {
    value.ok_or_else(|| Error::corrupt(format!("{} is missing", field())))
}
