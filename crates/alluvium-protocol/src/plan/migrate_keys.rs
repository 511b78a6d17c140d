//! How the rows of a savepoint are named under another number of key groups, or another type of key.
//!
//! The key stands in every row's name and decides its key group, so a change of either writes every row anew. What can
//! be decided without the program is decided here: the key group of a key is a hash of its bytes, and an integer
//! has one encoding in a wider integer.
//!
//! Invariants: different rows stay different; a row's value is not touched. Rows come out in another order than they
//! went in: sorting them is the caller's.

use crate::error::{Error, Result};
use crate::key::{KeyReader, decode_shape, encode_shape};
use crate::key_group::{KeyHash, MaxParallelism};
use crate::row::{push_prefix, split_prefix};
use crate::schema::{KeyedSchema, StateKind};
use crate::shape::{Shape, difference};
use crate::timer::TIME_BYTES;
use crate::value::Value;

/// How rows are renamed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyMigration {
    stored: KeyedSchema,
    stored_groups: MaxParallelism,
    key: Shape,
    groups: MaxParallelism,
    /// Whether keys are other bytes than they were.
    rekeyed: bool,
}

/// Plans to give rows of this schema, in so many key groups, the key type `key` and `groups` key groups.
///
/// # Errors
/// `Incompatible` when a stored key is not a value of the other type as it is (integers may become wider, also unsigned
/// ones signed, within tuples, structs and options, whose fields may be renamed), or where a key ends is known to the
/// program alone.
pub fn plan_key_migration(
    stored: &KeyedSchema,
    stored_groups: MaxParallelism,
    key: &Shape,
    groups: MaxParallelism,
) -> Result<KeyMigration> {
    if stored.key == Shape::Opaque {
        return Err(Error::incompatible(
            "the stored keys are bytes of the program's own, and only it knows where they end: write the state \
             to a new job with the program",
        ));
    }
    if !widens(&stored.key, key) {
        return Err(Error::incompatible(format!(
            "keys of type {} are not keys of type {key} as they are: integers alone can become wider; write the \
             state to a new job with the program",
            stored.key
        )));
    }
    Ok(KeyMigration {
        rekeyed: difference(&stored.key, key).is_some(),
        stored: stored.clone(),
        stored_groups,
        key: key.clone(),
        groups,
    })
}

impl KeyMigration {
    /// The schema of the renamed rows.
    #[must_use]
    pub fn schema(&self) -> KeyedSchema {
        KeyedSchema {
            key: self.key.clone(),
            states: self.stored.states.clone(),
        }
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
        let state = self.stored.states.iter().find(|state| state.id == id);
        let state = state.ok_or_else(|| {
            Error::corrupt(format!(
                "a row of state {id}, which the manifest does not describe"
            ))
        })?;
        let before = match state.kind {
            StateKind::EventTimers | StateKind::ProcessingTimers => TIME_BYTES,
            _ => 0,
        };
        let mut input = KeyReader::new(rest);
        let time = input.slice(before)?;
        let from_key = input.remaining();
        let value = decode_shape(&self.stored.key, &mut input)?;
        let rest = input.remaining();
        let length = from_key.len() - rest.len();
        let key = from_key.get(..length).unwrap_or_default();
        if self.stored_groups.group_of(KeyHash::of(key)) != group {
            return Err(Error::incompatible(format!(
                "key {value} of state `{}` is in key group {}, and its bytes say {}: the program hashes its keys \
                 itself, so write the state to a new job with the program",
                state.name,
                group.get(),
                self.stored_groups.group_of(KeyHash::of(key)).get()
            )));
        }
        let mut rekeyed = Vec::new();
        let key = if self.rekeyed {
            encode_shape(&self.key, &renamed(&self.key, value), &mut rekeyed)?;
            rekeyed.as_slice()
        } else {
            key
        };
        out.clear();
        push_prefix(out, self.groups.group_of(KeyHash::of(key)), id);
        for part in [time, key, rest] {
            out.extend_from_slice(part);
        }
        Ok(())
    }
}

/// Whether every key of one shape has the same meaning as a key of the other.
fn widens(from: &Shape, to: &Shape) -> bool {
    match (from, to) {
        (Shape::Option(from), Shape::Option(to)) => {
            // Both ways to have no value print alike, so nested options cannot be told apart once they were read.
            widens(from, to) && (from == to || !matches!(**from, Shape::Option(_) | Shape::Unit))
        }
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

/// The value with the names that the fields of this shape have.
fn renamed(shape: &Shape, value: Value) -> Value {
    match (shape, value) {
        (Shape::Struct { name, fields }, Value::Struct { fields: values, .. }) => {
            let fields = fields
                .iter()
                .zip(values)
                .map(|((name, shape), (_, value))| (name.clone(), renamed(shape, value)));
            Value::Struct {
                name: name.clone(),
                fields: fields.collect(),
            }
        }
        (Shape::Tuple(parts), Value::Seq(items)) => {
            let items = parts.iter().zip(items);
            Value::Seq(items.map(|(part, item)| renamed(part, item)).collect())
        }
        (Shape::Option(of), value) if value != Value::Null => renamed(of, value),
        (_, value) => value,
    }
}
