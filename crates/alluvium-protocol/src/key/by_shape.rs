//! Reads and writes key bytes by the shape that was recorded with them, for tools without the key's type.

use super::{EncodeKey as _, Key, KeyReader};
use crate::error::{Error, Result};
use crate::shape::Shape;
use crate::value::Value;

/// Reads one key of a shape, and nothing that follows it.
///
/// # Errors
/// `Corrupt` when the bytes are no key of that shape; `Incompatible` when the shape has a part that no
/// codec of this crate writes in keys, such as a float, a map, or an opaque part.
pub fn decode_shape(shape: &Shape, input: &mut KeyReader<'_>) -> Result<Value> {
    Ok(match shape {
        Shape::Unit => Value::Null,
        Shape::Bool => Value::Bool(bool::decode_key(input)?),
        Shape::I8 => Value::Int(i8::decode_key(input)?.into()),
        Shape::I16 => Value::Int(i16::decode_key(input)?.into()),
        Shape::I32 => Value::Int(i32::decode_key(input)?.into()),
        Shape::I64 => Value::Int(i64::decode_key(input)?.into()),
        Shape::I128 => Value::Int(i128::decode_key(input)?),
        Shape::U8 => Value::Uint(u8::decode_key(input)?.into()),
        Shape::U16 => Value::Uint(u16::decode_key(input)?.into()),
        Shape::U32 => Value::Uint(u32::decode_key(input)?.into()),
        Shape::U64 => Value::Uint(u64::decode_key(input)?.into()),
        Shape::U128 => Value::Uint(u128::decode_key(input)?),
        Shape::Char => Value::Char(char::decode_key(input)?),
        Shape::Str => Value::Str(String::decode_key(input)?),
        Shape::Bytes => Value::Bytes(Vec::decode_key(input)?),
        Shape::Option(of) => match input.byte()? {
            0 => Value::Null,
            1 => decode_shape(of, input)?,
            other => {
                return Err(Error::corrupt(format!(
                    "byte {other} where a key has an option"
                )));
            }
        },
        Shape::Tuple(parts) => {
            let items = parts.iter().map(|part| decode_shape(part, input));
            Value::Seq(items.collect::<Result<_>>()?)
        }
        Shape::Struct { name, fields } => {
            let fields = fields
                .iter()
                .map(|(field, shape)| Ok((field.clone(), decode_shape(shape, input)?)));
            Value::Struct {
                fields: fields.collect::<Result<_>>()?,
                name: name.clone(),
            }
        }
        Shape::Enum { name, variants } => {
            let number = input.byte()?;
            let Some((_, variant, payload)) = variants
                .iter()
                .find(|(known, ..)| *known == u32::from(number))
            else {
                return Err(Error::corrupt(format!(
                    "enum {name} has no variant {number}"
                )));
            };
            Value::Enum {
                name: name.clone(),
                variant: variant.clone(),
                payload: Box::new(decode_shape(payload, input)?),
            }
        }
        Shape::F32
        | Shape::F64
        | Shape::Seq(_)
        | Shape::Map(..)
        | Shape::Recursive(_)
        | Shape::Opaque => {
            return Err(Error::incompatible(format!(
                "a key with a part of shape {shape} can only be read by the codec that wrote it"
            )));
        }
    })
}

/// Appends the key bytes of a value of this shape: what [`decode_shape`] reads back as the same value.
///
/// `Null` is an option without a value, also where options are nested.
///
/// # Errors
/// `Invalid` when the value is none of that shape; `Incompatible` as [`decode_shape`].
pub fn encode_shape(shape: &Shape, value: &Value, out: &mut Vec<u8>) -> Result<()> {
    match (shape, value) {
        (Shape::Unit, Value::Null) => {}
        (Shape::Bool, Value::Bool(value)) => value.encode_key(out),
        (Shape::I8, _) => integer::<i8>(shape, value)?.encode_key(out),
        (Shape::I16, _) => integer::<i16>(shape, value)?.encode_key(out),
        (Shape::I32, _) => integer::<i32>(shape, value)?.encode_key(out),
        (Shape::I64, _) => integer::<i64>(shape, value)?.encode_key(out),
        (Shape::I128, _) => integer::<i128>(shape, value)?.encode_key(out),
        (Shape::U8, _) => integer::<u8>(shape, value)?.encode_key(out),
        (Shape::U16, _) => integer::<u16>(shape, value)?.encode_key(out),
        (Shape::U32, _) => integer::<u32>(shape, value)?.encode_key(out),
        (Shape::U64, _) => integer::<u64>(shape, value)?.encode_key(out),
        (Shape::U128, _) => integer::<u128>(shape, value)?.encode_key(out),
        (Shape::Char, Value::Char(value)) => value.encode_key(out),
        (Shape::Str, Value::Str(value)) => value.encode_key(out),
        (Shape::Bytes, Value::Bytes(value)) => value.encode_key(out),
        (Shape::Option(_), Value::Null) => out.push(0),
        (Shape::Option(of), value) => {
            out.push(1);
            encode_shape(of, value, out)?;
        }
        (Shape::Tuple(parts), Value::Seq(items)) if parts.len() == items.len() => {
            let mut parts = parts.iter().zip(items);
            parts.try_for_each(|(part, item)| encode_shape(part, item, out))?;
        }
        (Shape::Struct { fields, .. }, Value::Struct { fields: values, .. }) => {
            for (name, field) in fields {
                let value = values.iter().find(|(known, _)| known == name);
                let (_, value) = value.ok_or_else(|| mismatch(shape, &format!("no `{name}`")))?;
                encode_shape(field, value, out)?;
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
            let number = u8::try_from(*number)
                .map_err(|e| Error::incompatible(format!("variant {variant} of a key: {e}")))?;
            out.push(number);
            encode_shape(of, payload, out)?;
        }
        (
            Shape::F32
            | Shape::F64
            | Shape::Seq(_)
            | Shape::Map(..)
            | Shape::Recursive(_)
            | Shape::Opaque,
            _,
        ) => {
            return Err(Error::incompatible(format!(
                "a key with a part of shape {shape} can only be written by its own codec"
            )));
        }
        (shape, value) => return Err(mismatch(shape, &value.to_string())),
    }
    Ok(())
}

fn mismatch(shape: &Shape, found: &str) -> Error {
    Error::invalid(format!("{found} where a key has {shape}"))
}

fn integer<T: TryFrom<i128> + TryFrom<u128>>(shape: &Shape, value: &Value) -> Result<T> {
    let fits = value.integer();
    fits.ok_or_else(|| mismatch(shape, &value.to_string()))
}
