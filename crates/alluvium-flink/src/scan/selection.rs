//! What of a snapshot is scanned.

use alluvium_protocol::key_group::{KeyGroup, KeyGroupRange, MaxParallelism, flink_murmur};
use alluvium_protocol::value::Value;

use crate::error::{Error, Result};
use crate::metadata::Operator;
use crate::serializer::{Kind, Serializer, Simple};
use crate::snapshot::Snapshot;

/// What of a snapshot is scanned: all keyed state, unless something narrower is chosen.
#[derive(Debug, Clone, Default)]
#[expect(clippy::exhaustive_structs, reason = "callers build it")]
pub struct Selection {
    /// Operators by uid, id (32 hexadecimal digits) or name; all if there are none.
    pub operators: Vec<String>,
    /// States by name; all if there are none.
    pub states: Vec<String>,
    /// Key groups; all if `None`.
    pub key_groups: Option<KeyGroupRange>,
    /// One key, as [`Row::key`](super::Row::key) prints, or text without its quotes.
    pub key: Option<String>,
}

impl Selection {
    /// The chosen operators, in the order of the file.
    pub(crate) fn operators<'s>(&self, snapshot: &'s Snapshot) -> Result<Vec<&'s Operator>> {
        if self.operators.is_empty() {
            return Ok(snapshot.operators().iter().collect());
        }
        let named = self.operators.iter();
        let chosen: Vec<&Operator> = named
            .map(|named| snapshot.operator(named))
            .collect::<Result<_>>()?;
        let all = snapshot.operators().iter();
        let is_chosen = |operator: &&Operator| chosen.iter().any(|one| one.id == operator.id);
        Ok(all.filter(is_chosen).collect())
    }

    pub(crate) fn has_state(&self, name: &str) -> bool {
        self.states.is_empty() || self.states.iter().any(|state| state == name)
    }

    /// The part of `range` that is chosen.
    pub(crate) fn of_range(&self, range: Option<KeyGroupRange>) -> Option<KeyGroupRange> {
        let range = range?;
        self.key_groups
            .map_or(Some(range), |chosen| range.intersection(chosen))
    }

    /// That no state of these names was found among `known`.
    pub(crate) fn no_state(&self, known: &[String]) -> Option<Error> {
        let missing = self.states.iter().find(|state| !known.contains(state))?;
        Some(Error::invalid(format!(
            "no state is called {missing:?}; there are: {}",
            known.join(", ")
        )))
    }
}

/// One key that is looked for, in the terms of an operator.
#[derive(Debug)]
pub(crate) struct WantedKey {
    text: String,
    /// The key's bytes, where the text can be read as one.
    bytes: Option<Vec<u8>>,
    /// The only key group that can have it.
    pub(crate) group: Option<KeyGroup>,
}

impl WantedKey {
    pub(crate) fn new(text: &str, key: &Serializer, max_parallelism: MaxParallelism) -> Self {
        let value = value_of(text, key);
        let bytes = value.as_ref().and_then(|value| {
            let mut bytes = Vec::new();
            key.encode(value, &mut bytes).ok().map(|()| bytes)
        });
        let hash = value.as_ref().and_then(|value| key.java_hash(value));
        let group = hash.filter(|_| bytes.is_some());
        Self {
            text: text.to_owned(),
            bytes,
            group: group.map(|hash| max_parallelism.group_of(flink_murmur(hash))),
        }
    }

    /// The bytes that the key begins with in composite keys, if they are known.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        self.bytes.as_deref()
    }

    pub(crate) fn is(&self, key: &Value) -> bool {
        match key {
            Value::Str(text) if *text == self.text => true,
            Value::Char(char) if self.text.chars().eq([*char]) => true,
            other => other.to_string() == self.text,
        }
    }
}

/// The key that a text is, of types where that is plain.
fn value_of(text: &str, key: &Serializer) -> Option<Value> {
    let Kind::Simple(simple) = key.unmarked().kind() else {
        return None;
    };
    match simple {
        Simple::String | Simple::StringData => Some(Value::Str(text.to_owned())),
        Simple::Byte | Simple::Short | Simple::Integer | Simple::Long => {
            text.parse().ok().map(Value::Int)
        }
        _ => None,
    }
}
