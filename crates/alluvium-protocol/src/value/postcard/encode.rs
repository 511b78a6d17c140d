//! Writes postcard 1.x bytes by a recorded shape: what [`decode`](super::decode) reads back as the same value.

use super::super::{DEPTH_MAX, Value};
use super::Scope;
use crate::error::{Error, Result};
use crate::shape::Shape;

/// Encodes a value of this shape.
///
/// `Null` is an option without a value, also where options are nested: what is printed of a value does not tell which
/// of them is empty.
///
/// # Errors
/// `Invalid` when the value is none of that shape, or nests deeper than [`DEPTH_MAX`]; `Incompatible` when the shape is
/// opaque or refers to a type that does not enclose it.
pub fn encode(shape: &Shape, value: &Value) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    push(shape, value, None, DEPTH_MAX, &mut out)?;
    Ok(out)
}

fn push(
    shape: &Shape,
    value: &Value,
    outer: Option<&Scope<'_>>,
    levels: usize,
    out: &mut Vec<u8>,
) -> Result<()> {
    let Some(levels) = levels.checked_sub(1) else {
        return Err(Error::invalid(format!(
            "a value nests deeper than {DEPTH_MAX} levels"
        )));
    };
    match (shape, value) {
        (Shape::Unit, Value::Null) => {}
        (Shape::Bool, Value::Bool(value)) => out.push((*value).into()),
        (Shape::I8, _) => {
            let value: i8 = integer(shape, value)?;
            out.extend_from_slice(&value.to_be_bytes());
        }
        (Shape::U8, _) => out.push(integer(shape, value)?),
        (Shape::I16, _) => signed(integer::<i16>(shape, value)?.into(), out),
        (Shape::I32, _) => signed(integer::<i32>(shape, value)?.into(), out),
        (Shape::I64, _) => signed(integer::<i64>(shape, value)?.into(), out),
        (Shape::I128, _) => signed(integer(shape, value)?, out),
        (Shape::U16, _) => varint(integer::<u16>(shape, value)?.into(), out),
        (Shape::U32, _) => varint(integer::<u32>(shape, value)?.into(), out),
        (Shape::U64, _) => varint(integer::<u64>(shape, value)?.into(), out),
        (Shape::U128, _) => varint(integer(shape, value)?, out),
        (Shape::F32, Value::Float32(value)) => out.extend_from_slice(&value.to_le_bytes()),
        (Shape::F64, Value::Float(value)) => out.extend_from_slice(&value.to_le_bytes()),
        (Shape::Char, Value::Char(value)) => bytes(value.encode_utf8(&mut [0; 4]).as_bytes(), out)?,
        (Shape::Str, Value::Str(value)) => bytes(value.as_bytes(), out)?,
        (Shape::Bytes, Value::Bytes(value)) => bytes(value, out)?,
        (Shape::Option(_), Value::Null) => out.push(0),
        (Shape::Option(of), value) => {
            out.push(1);
            push(of, value, outer, levels, out)?;
        }
        (Shape::Seq(of), Value::Seq(items)) => {
            count(items.len(), out)?;
            for item in items {
                push(of, item, outer, levels, out)?;
            }
        }
        (Shape::Map(key, of), Value::Map(entries)) => {
            count(entries.len(), out)?;
            for (entry, value) in entries {
                push(key, entry, outer, levels, out)?;
                push(of, value, outer, levels, out)?;
            }
        }
        (Shape::Tuple(parts), Value::Seq(items)) if parts.len() == items.len() => {
            for (part, item) in parts.iter().zip(items) {
                push(part, item, outer, levels, out)?;
            }
        }
        (Shape::Struct { fields, .. }, Value::Struct { fields: values, .. }) => {
            let scope = Scope { shape, outer };
            for (name, field) in fields {
                let value = values.iter().find(|(known, _)| known == name);
                let (_, value) = value.ok_or_else(|| mismatch(shape, &format!("no `{name}`")))?;
                push(field, value, Some(&scope), levels, out)?;
            }
        }
        (
            Shape::Enum { variants, .. },
            Value::Enum {
                variant, payload, ..
            },
        ) => {
            let found = variants.iter().find(|(_, name, _)| name == variant);
            let (number, _, of) = found.ok_or_else(|| mismatch(shape, variant))?;
            varint((*number).into(), out);
            push(of, payload, Some(&Scope { shape, outer }), levels, out)?;
        }
        (Shape::Recursive(name), value) => {
            let scope = Scope::enclosing(outer, name)?;
            push(scope.shape, value, scope.outer, levels, out)?;
        }
        (Shape::Opaque, _) => {
            return Err(Error::incompatible(
                "the shape of a value is opaque: only the codec that writes it can",
            ));
        }
        (shape, value) => return Err(mismatch(shape, &value.to_string())),
    }
    Ok(())
}

fn mismatch(shape: &Shape, found: &str) -> Error {
    Error::invalid(format!("{found} where {shape} is due"))
}

fn integer<T: TryFrom<i128> + TryFrom<u128>>(shape: &Shape, value: &Value) -> Result<T> {
    let fits = value.integer();
    fits.ok_or_else(|| mismatch(shape, &value.to_string()))
}

fn bytes(bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
    count(bytes.len(), out)?;
    out.extend_from_slice(bytes);
    Ok(())
}

fn count(count: usize, out: &mut Vec<u8>) -> Result<()> {
    let count = u64::try_from(count).map_err(|e| Error::invalid(format!("a length: {e}")))?;
    varint(count.into(), out);
    Ok(())
}

fn signed(value: i128, out: &mut Vec<u8>) {
    varint(((value << 1) ^ (value >> 127)).cast_unsigned(), out);
}

fn varint(mut value: u128, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or(0));
}
