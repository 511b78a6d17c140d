//! How the rows of a savepoint are named under another number of key groups, or other types of keys and namespaces.
//!
//! The key stands in every row's name and decides its key group, so a change of either writes every row anew. What can
//! be decided without the program is decided here: the key group of a key is a hash of its bytes, and an integer
//! has one encoding in a wider integer.
//!
//! Invariants: different rows stay different; a row's value is not touched; bytes of a key whose type stays are not
//! touched. Rows come out in another order than they went in: sorting them is the caller's.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::key::{KeyReader, decode_shape, encode_shape};
use crate::key_group::{KeyHash, MaxParallelism};
use crate::row::{push_prefix, split_prefix};
use crate::schema::{KeyedSchema, StateSchema};
use crate::shape::{Shape, difference};
use crate::timer::TIME_BYTES;

/// What rows are to be named by.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "tools say what is to change")]
pub struct NewNames {
    /// The type of key; as it is if `None`.
    pub key: Option<Shape>,
    /// The types of the namespaces of these states; those of others stay.
    pub namespaces: BTreeMap<String, Shape>,
    /// The number of key groups.
    pub groups: MaxParallelism,
}

/// How rows are renamed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyMigration {
    stored: KeyedSchema,
    stored_groups: MaxParallelism,
    renamed: KeyedSchema,
    groups: MaxParallelism,
}

/// Plans to give other names to rows of this schema in so many key groups.
///
/// # Errors
/// `Incompatible` when a stored key or namespace is not a value of the other type as it is (integers may become wider,
/// also unsigned ones signed, within tuples, structs and options, whose fields may be renamed), or where a key ends is
/// known to the program alone; `Invalid` when a namespace is named of a state that is not there.
pub fn plan_key_migration(
    stored: &KeyedSchema,
    stored_groups: MaxParallelism,
    new: &NewNames,
) -> Result<KeyMigration> {
    let mut renamed = stored.clone();
    if stored.key == Shape::Opaque {
        return Err(Error::incompatible(
            "the stored keys are bytes of the program's own, and only it knows where they end: write the state \
             to a new job with the program",
        ));
    }
    if let Some(key) = &new.key {
        check_wider("keys", &stored.key, key)?;
        renamed.key = key.clone();
    }
    for (name, namespace) in &new.namespaces {
        let state = renamed.states.iter_mut().find(|state| state.name == *name);
        let state = state.ok_or_else(|| {
            let names: Vec<_> = stored.states.iter().map(|s| s.name.as_str()).collect();
            Error::invalid(format!(
                "there is no state `{name}`; there are: {}",
                names.join(", ")
            ))
        })?;
        let what = format!("namespaces of state `{name}`");
        check_wider(&what, &state.namespace, namespace)?;
        state.namespace = namespace.clone();
    }
    Ok(KeyMigration {
        stored: stored.clone(),
        stored_groups,
        renamed,
        groups: new.groups,
    })
}

fn check_wider(what: &str, from: &Shape, to: &Shape) -> Result<()> {
    if widens(from, to) {
        return Ok(());
    }
    Err(Error::incompatible(format!(
        "{what} of type {from} are not of type {to} as they are: integers alone can become wider; write the state to \
         a new job with the program"
    )))
}

impl KeyMigration {
    /// The schema of the renamed rows.
    #[must_use]
    pub const fn schema(&self) -> &KeyedSchema {
        &self.renamed
    }

    /// The number of key groups of the renamed rows.
    #[must_use]
    pub const fn groups(&self) -> MaxParallelism {
        self.groups
    }

    /// Puts the new name of a row into `out`, in place of what is there.
    ///
    /// # Errors
    /// `Corrupt` when the row is none of the stored schema; `Incompatible` when its key is in another key group than its
    /// bytes say: the program hashes its keys itself.
    pub fn rename(&self, row: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let (group, id, rest) = split_prefix(row)?;
        let mut states = self.stored.states.iter().zip(&self.renamed.states);
        let (state, renamed) = states.find(|(state, _)| state.id == id).ok_or_else(|| {
            Error::corrupt(format!(
                "a row of state {id}, which the manifest does not describe"
            ))
        })?;
        let before = if state.kind.is_timers() {
            TIME_BYTES
        } else {
            0
        };
        let mut input = KeyReader::new(rest);
        let time = input.slice(before)?;
        let from_key = input.remaining();
        let mut key = Vec::with_capacity(from_key.len() + 8);
        widen(&self.stored.key, &self.renamed.key, &mut input, &mut key)?;
        let length = from_key.len() - input.remaining().len();
        let stored_key = from_key.get(..length).unwrap_or_default();
        let due = self.stored_groups.group_of(KeyHash::of(stored_key));
        if due != group {
            let value = decode_shape(&self.stored.key, &mut KeyReader::new(stored_key))?;
            return Err(Error::incompatible(format!(
                "key {value} of state `{}` is in key group {}, and its bytes say {}: the program hashes its keys \
                 itself, so write the state to a new job with the program",
                state.name,
                group.get(),
                due.get()
            )));
        }
        out.clear();
        push_prefix(out, self.groups.group_of(KeyHash::of(&key)), id);
        out.extend_from_slice(time);
        out.extend_from_slice(&key);
        Self::push_namespace((state, renamed), &mut input, out)?;
        out.extend_from_slice(input.remaining());
        Ok(())
    }

    fn push_namespace(
        (state, renamed): (&StateSchema, &StateSchema),
        input: &mut KeyReader<'_>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        // A namespace that stays may be one that the program alone can read.
        if state.namespace == renamed.namespace {
            return Ok(());
        }
        widen(&state.namespace, &renamed.namespace, input, out)
    }
}

/// Whether every key of one shape has the same meaning as a key of the other.
fn widens(from: &Shape, to: &Shape) -> bool {
    match (from, to) {
        (Shape::Option(from), Shape::Option(to)) => widens(from, to),
        (Shape::Tuple(from), Shape::Tuple(to)) => {
            from.len() == to.len() && from.iter().zip(to).all(|(from, to)| widens(from, to))
        }
        (Shape::Struct { fields: from, .. }, Shape::Struct { fields: to, .. }) => {
            from.len() == to.len()
                && from
                    .iter()
                    .zip(to)
                    .all(|((_, from), (_, to))| widens(from, to))
        }
        _ => match (integer(from), integer(to)) {
            (Some((signed, bits)), Some((to_signed, to_bits))) => {
                (signed == to_signed && bits <= to_bits) || (to_signed && bits < to_bits)
            }
            _ => difference(from, to).is_none(),
        },
    }
}

/// Whether an integer has a sign, and its bits.
const fn integer(shape: &Shape) -> Option<(bool, u8)> {
    Some(match shape {
        Shape::I8 => (true, 8),
        Shape::I16 => (true, 16),
        Shape::I32 => (true, 32),
        Shape::I64 => (true, 64),
        Shape::I128 => (true, 128),
        Shape::U8 => (false, 8),
        Shape::U16 => (false, 16),
        Shape::U32 => (false, 32),
        Shape::U64 => (false, 64),
        Shape::U128 => (false, 128),
        _ => return None,
    })
}

/// Copies the key at hand, as one of the other shape, which [`widens`] it.
///
/// It goes from bytes to bytes: values read by their shape no longer tell apart which of two nested options is empty.
fn widen(from: &Shape, to: &Shape, input: &mut KeyReader<'_>, out: &mut Vec<u8>) -> Result<()> {
    match (from, to) {
        (Shape::Option(from), Shape::Option(to)) => match input.byte()? {
            0 => out.push(0),
            1 => {
                out.push(1);
                widen(from, to, input, out)?;
            }
            other => {
                return Err(Error::corrupt(format!(
                    "byte {other} where a key has an option"
                )));
            }
        },
        (Shape::Tuple(from), Shape::Tuple(to)) => {
            let mut parts = from.iter().zip(to);
            parts.try_for_each(|(from, to)| widen(from, to, input, out))?;
        }
        (Shape::Struct { fields: from, .. }, Shape::Struct { fields: to, .. }) => {
            let mut fields = from.iter().zip(to);
            fields.try_for_each(|((_, from), (_, to))| widen(from, to, input, out))?;
        }
        _ => {
            let before = input.remaining();
            let value = decode_shape(from, input)?;
            if integer(from).is_some() && from != to {
                return encode_shape(to, &value, out);
            }
            let length = before.len() - input.remaining().len();
            out.extend_from_slice(before.get(..length).unwrap_or_default());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
