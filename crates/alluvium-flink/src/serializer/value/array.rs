//! Arrays of numbers, and of texts.
//!
//! ```text
//! count:i32 element*      elements as values of their type; a text in an array may be null
//! ```

use alluvium_protocol::value::Value;

use super::encode::{count, mismatch, of};
use super::output::Output;
use super::scalar;
use crate::cursor::Cursor;
use crate::error::Result;
use crate::serializer::Simple;

/// What an array is of, if a type is one of arrays.
pub(super) const fn element(simple: Simple) -> Option<Simple> {
    Some(match simple {
        Simple::BooleanArray => Simple::Boolean,
        Simple::ByteArray => Simple::Byte,
        Simple::ShortArray => Simple::Short,
        Simple::IntegerArray => Simple::Integer,
        Simple::LongArray => Simple::Long,
        Simple::FloatArray => Simple::Float,
        Simple::DoubleArray => Simple::Double,
        Simple::CharacterArray => Simple::Character,
        Simple::StringArray => Simple::String,
        _ => return None,
    })
}

pub(super) fn read<O: Output>(element: Simple, cursor: &mut Cursor<'_>) -> Result<O> {
    if element == Simple::Byte {
        let bytes = cursor.sized("an array of bytes")?;
        return Ok(O::value(|| Value::Bytes(bytes.to_vec())));
    }
    let count = cursor.count(1, "elements")?;
    let mut parts = Vec::new();
    for _ in 0..count {
        parts.push(scalar::read(element, cursor)?);
    }
    Ok(O::seq(parts))
}

pub(super) fn write(element: Simple, value: &Value, out: &mut Vec<u8>) -> Result<()> {
    match value {
        Value::Bytes(bytes) if element == Simple::Byte => {
            count(bytes.len(), out)?;
            out.extend_from_slice(bytes);
            Ok(())
        }
        Value::Seq(parts) => {
            count(parts.len(), out)?;
            parts
                .iter()
                .try_for_each(|part| scalar::write(element, part, out))
        }
        other => Err(mismatch("an array", of(other))),
    }
}
