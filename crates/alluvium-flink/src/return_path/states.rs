//! Which state of the Rust job becomes which of Flink's, decided before rows are read.

use std::collections::BTreeMap;

use alluvium_protocol::schema::{self, BYTES, FLINK, KeyedSchema, StateSchema};
use alluvium_protocol::shape::{Shape, difference};
use alluvium_protocol::stamp::{Moment, Stamp};
use alluvium_protocol::ttl::TimeDomain;

use super::conform::conform;
use crate::error::{Error, Result};
use crate::import::{Form, key_shape, value_shape, without_time};
use crate::keyed::composite::Layout;
use crate::keyed::{KeyedMeta, StateKind, StateMeta};
use crate::serializer::{Kind, Serializer};

/// A state, as it is written back.
#[derive(Debug)]
pub(super) struct StateReturn {
    pub(super) schema: StateSchema,
    pub(super) namespace: Serializer,
    pub(super) map_key: Option<Serializer>,
    pub(super) layout: Layout,
    /// Of a value, without the time of access; none of timers.
    value: Option<Serializer>,
    has_time: bool,
    /// Whether a map's values are options in Rust.
    nullable: bool,
    /// What stands for a time of access that is not known.
    now: i64,
}

/// Decides what becomes of each state of `schema`; in the order of Flink's.
pub(super) fn states(
    schema: &KeyedSchema,
    meta: &KeyedMeta,
    renames: &BTreeMap<String, String>,
    max_parallelism: alluvium_protocol::key_group::MaxParallelism,
    now: i64,
) -> Result<Vec<StateReturn>> {
    same(key_shape(&meta.key), &schema.key).map_err(|why| why.context("keys"))?;
    let mut found: Vec<StateReturn> = Vec::new();
    for state in &meta.states {
        let name = renames.get(&state.name).unwrap_or(&state.name);
        let Some(own) = schema.states.iter().find(|own| own.name == *name) else {
            let names: Vec<_> = schema.states.iter().map(|own| own.name.as_str()).collect();
            return Err(Error::invalid(format!(
                "Flink's state {} is not in the savepoint, which has: {}; give its name there, or leave it out",
                state.name,
                names.join(", ")
            )));
        };
        let one = one(own, state, meta, max_parallelism, now)
            .map_err(|error| error.context(format!("state {name} cannot go back to Flink")))?;
        found.push(one);
    }
    let is_found = |id| found.iter().any(|known| known.schema.id == id);
    if let Some(left) = schema.states.iter().find(|own| !is_found(own.id)) {
        return Err(Error::invalid(format!(
            "state {} is not one of the operator's in the snapshot, which does not say how Flink would write it",
            left.name
        )));
    }
    Ok(found)
}

fn one(
    own: &StateSchema,
    state: &StateMeta,
    meta: &KeyedMeta,
    max_parallelism: alluvium_protocol::key_group::MaxParallelism,
    now: i64,
) -> Result<StateReturn> {
    let missing = || Error::unknown("its serializers are not known");
    let kind_fits = match own.kind {
        schema::StateKind::Value => state.kind() == StateKind::Value,
        schema::StateKind::List => state.kind() == StateKind::List,
        schema::StateKind::Map => state.kind() == StateKind::Map,
        schema::StateKind::Reducing => state.kind() == StateKind::Reducing,
        schema::StateKind::Aggregating => state.kind() == StateKind::Aggregating,
        schema::StateKind::EventTimers | schema::StateKind::ProcessingTimers => {
            state.kind() == StateKind::PriorityQueue
        }
    };
    if !kind_fits {
        return Err(Error::invalid(format!(
            "it holds {}, Flink's state is of kind {:?}",
            own.kind,
            state.kind()
        )));
    }
    let namespace = match state.timer() {
        Some((key, namespace)) if *key == meta.key => namespace,
        Some(_) => return Err(Error::unknown("its timers have other keys")),
        None => state.namespace().ok_or_else(missing)?,
    };
    same(key_shape(namespace), &own.namespace).map_err(|why| why.context("namespaces"))?;
    let map_key = state.entry().map(|(map_key, _)| map_key);
    if let (Some(map_key), Some(shape)) = (map_key, &own.map_key) {
        same(key_shape(map_key), shape).map_err(|why| why.context("keys of maps"))?;
    }
    let stored = match own.kind {
        schema::StateKind::List => Some(state.element().ok_or_else(missing)?),
        schema::StateKind::Map => Some(state.entry().ok_or_else(missing)?.1),
        kind if kind.is_timers() => None,
        _ => Some(state.value().ok_or_else(missing)?),
    };
    let value = stored.map(without_time);
    let nullable =
        own.kind == schema::StateKind::Map && matches!(own.value.shape, Shape::Option(_));
    if let Some(value) = value.filter(|_| own.value.codec == FLINK) {
        let shape = value_shape(value, Form::Flink);
        let shape = if nullable {
            shape.map(Shape::option)
        } else {
            shape
        };
        same(shape, &own.value.shape).map_err(|why| why.context("values"))?;
    }
    if own.ttl.is_some_and(|ttl| ttl.time == TimeDomain::Event) {
        return Err(Error::unknown(
            "its values live by event time, which Flink's do not",
        ));
    }
    Ok(StateReturn {
        schema: own.clone(),
        layout: Layout::new(max_parallelism, &meta.key, namespace),
        namespace: namespace.clone(),
        map_key: map_key.cloned(),
        has_time: stored.is_some_and(|stored| matches!(stored.unmarked().kind(), Kind::Ttl(_))),
        value: value.cloned(),
        nullable,
        now,
    })
}

/// That Flink's type is the one that is stored.
fn same(flink: Option<Shape>, stored: &Shape) -> Result<()> {
    let Some(flink) = flink else {
        return Err(Error::unknown("Flink's type has none in Rust"));
    };
    match difference(stored, &flink) {
        None => Ok(()),
        Some(difference) => Err(Error::unknown(format!("not of Flink's type: {difference}"))),
    }
}

impl StateReturn {
    /// Appends a value as Flink stores it.
    pub(super) fn value(&self, stored: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let Some(serializer) = &self.value else {
            return Err(Error::corrupt("a value where there is none"));
        };
        let (expiry, bytes) = match &self.schema.ttl {
            None => (None, stored),
            Some(ttl) => {
                let (stamp, bytes) =
                    alluvium_protocol::stamp::split(stored).map_err(alluvium::Error::from)?;
                (Some((stamp, ttl)), bytes)
            }
        };
        let is_raw = matches!(self.schema.value.codec.as_str(), FLINK | BYTES);
        let (is_null, bytes) = match bytes.split_first() {
            Some((null, rest)) if self.nullable && is_raw => (*null != 0, rest),
            _ => (false, bytes),
        };
        let value = if is_raw {
            None
        } else {
            let value = self
                .schema
                .value
                .decode(bytes)
                .map_err(alluvium::Error::from)?;
            Some(conform(serializer, value))
        };
        let is_null = is_null || (self.nullable && value.as_ref().is_some_and(is_nothing));
        if self.schema.kind == schema::StateKind::Map {
            out.push(u8::from(is_null));
            if is_null {
                return Ok(());
            }
        }
        if self.has_time {
            out.extend(self.accessed(expiry).to_be_bytes());
        }
        match value {
            None => out.extend_from_slice(bytes),
            Some(value) => serializer.encode(&value, out)?,
        }
        Ok(())
    }

    /// When a value was last used: its expiry less how long it lives.
    fn accessed(&self, expiry: Option<(Stamp, &alluvium_protocol::ttl::Ttl)>) -> i64 {
        let known = expiry.and_then(|(stamp, ttl)| {
            let lives = i64::try_from(ttl.millis).unwrap_or(i64::MAX);
            Some(stamp.time(Moment::BEFORE_TIME)?.saturating_sub(lives))
        });
        known.unwrap_or(self.now)
    }
}

fn is_nothing(value: &alluvium_protocol::value::Value) -> bool {
    *value == alluvium_protocol::value::Value::Null
}
