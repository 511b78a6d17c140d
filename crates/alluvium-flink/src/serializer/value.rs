//! The values that serializers write: read, written and measured.
//!
//! A value is a tree of `alluvium_protocol::value::Value`, as follows; the encodings are described where they are read.
//!
//! | Java's | tree |
//! |---|---|
//! | numbers, truth values, characters, text | their variants; text with a lone surrogate is `Bytes` of its UTF-16 units |
//! | null, `Void`, `VoidNamespace`, `GlobalWindow` | `Null` |
//! | big numbers, dates, times | text as `toString()` writes it, dates and instants in ISO 8601 |
//! | `byte[]` | `Bytes` |
//! | tuples, lists, sets, other arrays, rows, time windows | `Seq` |
//! | maps | `Map`, in the order they were written |
//! | objects by fields, nested rows of SQL, Avro's records, what Flink's runtime has in states of its own | `Struct` |
//! | constants of enums, either, Scala's options, rows that are not insertions | `Enum` |
//! | objects that Java serialized | `Struct` of the class and the bytes |
//!
//! Invariant: one function reads a family, and whether it builds a tree or nothing is its caller's choice ([`output::Output`]).

mod array;
mod avro;
mod big;
mod binary_array;
mod binary_row;
mod collection;
mod columns;
mod decode;
mod encode;
mod hash;
mod layout;
mod length;
mod murmur;
mod object;
mod output;
mod row;
mod scalar;
mod slots;
mod string;
mod time;

#[cfg(test)]
mod tests;

use alluvium_protocol::value::Value;

use super::{Kind, Serializer};
use crate::cursor::Cursor;
use crate::error::Result;

pub(crate) use string::{read_text, write_text};

/// A value, and when it was last used if its state has a time to live.
#[derive(Debug, Clone, PartialEq)]
pub struct Stamped {
    /// The user's value.
    pub value: Value,
    /// Milliseconds since 1970 of the last access.
    pub timestamp: Option<i64>,
}

impl Serializer {
    /// Moves the cursor behind one value.
    ///
    /// # Errors
    /// `Corrupt` when the bytes end early or are no such value, `Incompatible` when nobody knows where a value ends: it, or a
    /// part of it, is of a class that this crate does not know.
    pub(crate) fn skip(&self, cursor: &mut Cursor<'_>) -> Result<()> {
        decode::read(self, cursor)
    }

    /// Reads one value.
    ///
    /// # Errors
    /// As [`Self::skip`].
    pub(crate) fn decode(&self, cursor: &mut Cursor<'_>) -> Result<Value> {
        decode::read(self, cursor)
    }

    /// Reads one value, with the time of its last access apart from it.
    ///
    /// # Errors
    /// As [`Self::skip`].
    pub(crate) fn decode_stamped(&self, cursor: &mut Cursor<'_>) -> Result<Stamped> {
        let (timestamp, inner) = match &self.unmarked().kind {
            Kind::Ttl(inner) => (Some(cursor.i64("the time of the last access")?), &**inner),
            _ => (None, self),
        };
        Ok(Stamped {
            value: inner.decode(cursor)?,
            timestamp,
        })
    }

    /// Appends the bytes of one value. What was appended before an error stays.
    ///
    /// # Errors
    /// `Invalid` when the value is not of this type, `Incompatible` when the type is one whose values cannot be written.
    pub fn encode(&self, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        encode::write(self, value, out)
    }

    /// Appends the bytes of one value with the time of its last access, if there is one.
    ///
    /// # Errors
    /// As [`Self::encode`]; `Invalid` when there is a time and the type has no place for it, or the other way round.
    pub fn encode_stamped(&self, stamped: &Stamped, out: &mut Vec<u8>) -> Result<()> {
        match (&self.unmarked().kind, stamped.timestamp) {
            (Kind::Ttl(inner), Some(timestamp)) => {
                out.extend(timestamp.to_be_bytes());
                inner.encode(&stamped.value, out)
            }
            (Kind::Ttl(_), None) => Err(encode::mismatch("a value with a time of access", "none")),
            (_, Some(_)) => Err(encode::mismatch("a value", "one with a time of access")),
            (_, None) => self.encode(&stamped.value, out),
        }
    }

    /// How many bytes Flink says that every value has; `None` if it does not say.
    ///
    /// Flink's word is not always true (of a `VoidNamespace` it is 0, and there is 1 byte); it decides whether composite keys
    /// contain lengths, and nothing else.
    #[must_use]
    pub fn fixed_length(&self) -> Option<usize> {
        length::of(self)
    }

    /// What `hashCode()` of the Java object is, which decides a key's key group. `None` when the class decides it itself, or
    /// it differs between processes (enums, arrays).
    #[must_use]
    pub fn java_hash(&self, value: &Value) -> Option<i32> {
        hash::of(self, value)
    }
}
