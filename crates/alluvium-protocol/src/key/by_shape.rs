//! Reads key bytes by the shape that was recorded with them, for tools without the key's type.

use super::{Key, KeyReader};
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
