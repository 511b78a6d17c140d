//! One schema from the manifests of several subtasks.
//!
//! Subtasks may know different states (one that never saw a key registers nothing), so the result is the
//! union. Where two know the same state they must agree, because their files become one database: rows
//! carry the state's number and nothing else. One of them may be a form ahead, since each migrates when its program
//! declares the state: then values have the forms of both.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::row::StateId;
use crate::schema::resolve::returns;
use crate::schema::{KeyedSchema, StateSchema, ValueSchema};
use crate::shape::difference;
use crate::ttl::TimeDomain;

/// The union of several schemas; states come in the order of their ids.
///
/// # Errors
/// `Invalid` when there is no schema at all. `Incompatible` when two schemas differ in the key's shape, in
/// the state that a number stands for, or in a state's kind, shapes or codec, or when a field comes back that values of one
/// of them still have from before.
pub fn merge(schemas: &[&KeyedSchema]) -> Result<KeyedSchema> {
    let (first, others) = schemas.split_first().ok_or_else(|| {
        Error::invalid("merge of no schemas: a restore needs at least one manifest")
    })?;
    let mut union = Union {
        states: BTreeMap::new(),
        ids: BTreeMap::new(),
    };
    union.add(first)?;
    for schema in others {
        if let Some(difference) = difference(&first.key, &schema.key) {
            return Err(Error::incompatible(format!(
                "two manifests differ in the key: {difference}: they are not of one operator"
            )));
        }
        union.add(schema)?;
    }
    let states = union.states.into_values().collect();
    Ok(KeyedSchema {
        key: first.key.clone(),
        states,
    })
}

struct Union<'a> {
    states: BTreeMap<StateId, StateSchema>,
    ids: BTreeMap<&'a str, StateId>,
}

impl<'a> Union<'a> {
    fn add(&mut self, schema: &'a KeyedSchema) -> Result<()> {
        schema
            .states
            .iter()
            .try_for_each(|state| self.add_state(state))
    }

    fn add_state(&mut self, state: &'a StateSchema) -> Result<()> {
        let name = state.name.as_str();
        let id = *self.ids.entry(name).or_insert(state.id);
        if id != state.id {
            return Err(Error::incompatible(format!(
                "state `{name}` has number {id} in one manifest and {} in another: register states in \
                 the same order in all subtasks",
                state.id
            )));
        }
        let known = self.states.entry(id).or_insert_with(|| state.clone());
        if let Some(text) = disagreement(known, state) {
            return Err(Error::incompatible(text));
        }
        if let Ok(joined) = joined(&known.value, &state.value) {
            known.value = joined;
        }
        Ok(())
    }
}

/// In what two descriptions of one state number differ. Type names are for people and may differ.
fn disagreement(known: &StateSchema, state: &StateSchema) -> Option<String> {
    let name = &state.name;
    if known.name != state.name {
        return Some(format!(
            "state number {} is `{}` in one manifest and `{name}` in another: register states in the \
             same order in all subtasks",
            state.id, known.name
        ));
    }
    if known.kind != state.kind {
        return Some(format!(
            "state `{name}` is a {} state in one manifest and a {} state in another",
            known.kind, state.kind
        ));
    }
    if (&known.value.codec, known.value.version) != (&state.value.codec, state.value.version) {
        return Some(format!(
            "state `{name}` is written by {} version {} in one manifest and by {} version {} in another",
            known.value.codec, known.value.version, state.value.codec, state.value.version
        ));
    }
    let times = [known.ttl, state.ttl].map(|ttl| ttl.map(|ttl| ttl.time));
    if let [one, other] = times
        && one != other
    {
        let told = |time: Option<TimeDomain>| {
            time.map_or_else(|| "no TTL".to_owned(), |time| format!("a TTL by {time}"))
        };
        return Some(format!(
            "state `{name}` has {} in one manifest and {} in another: its values are not stamped alike",
            told(one),
            told(other)
        ));
    }
    let map_keys = known.map_key.as_ref().zip(state.map_key.as_ref());
    [
        ("namespace", Some((&known.namespace, &state.namespace))),
        ("map key", map_keys),
    ]
    .into_iter()
    .find_map(|(part, shapes)| {
        let (known, state) = shapes?;
        let difference = difference(known, state)?;
        Some(format!(
            "state `{name}`: two manifests differ in the {part}: {difference}"
        ))
    })
    .or_else(|| {
        let why = joined(&known.value, &state.value).err()?;
        Some(format!(
            "state `{name}`: two manifests differ in the value: {why}"
        ))
    })
}

/// The schema of the values of two, if one of them follows upon the other, or why there is none.
///
/// Schemas do not tell when a form was written. A form that both have is taken for the same, though the values of
/// one may have left it and come back to it.
fn joined(one: &ValueSchema, other: &ValueSchema) -> Result<ValueSchema, String> {
    let follows = |ahead: &ValueSchema, behind: &ValueSchema| {
        let form = behind.form();
        if ahead.type_version != behind.type_version {
            return ahead
                .type_version
                .zip(behind.type_version)
                .is_some_and(|(ahead, behind)| ahead > behind);
        }
        ahead.forms().any(|known| known.is_written_like(&form))
    };
    let (ahead, behind) = if follows(one, other) {
        (one, other)
    } else if follows(other, one) {
        (other, one)
    } else {
        return Err(difference(&one.shape, &other.shape).unwrap_or_else(|| {
            "one tells the version of its type, the other does not".to_owned()
        }));
    };
    // Declaring what is ahead was compared with its own older forms, not with those of what is behind.
    for (older, between) in behind.forms().zip(behind.forms().skip(1)) {
        returns(&older, &between, ahead)?;
    }
    // Each may have a form of the other: then either may be ahead, and neither order may show what was dropped.
    if follows(behind, ahead) {
        for (older, between) in ahead.forms().zip(ahead.forms().skip(1)) {
            returns(&older, &between, behind)?;
        }
    }
    Ok(ahead.joined_by(behind))
}
