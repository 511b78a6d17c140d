//! Values of a few bytes.
//!
//! ```text
//! boolean, byte, short, int, long, float, double, char     1, 1, 2, 4, 8, 4, 8, 2 bytes, big-endian
//! sorted long                       8 bytes, the sign flipped
//! Void, VoidNamespace, GlobalWindow 00
//! time window                       start:i64 end:i64
//! count window                      number:i64
//! nothing                           no byte
//! bitmap                            length:i32 bytes
//! variant                           value:i32 metadata:i32 (lengths), then the bytes of both
//! ```

use alluvium_protocol::value::Value;

use super::collection::fields;
use super::encode::{count, integer, mismatch, of};
use super::output::Output;
use super::{big, object, string, time};
use crate::cursor::Cursor;
use crate::error::Result;
use crate::serializer::Simple;

const VARIANT: [&str; 2] = ["value", "metadata"];

pub(super) fn read<O: Output>(simple: Simple, cursor: &mut Cursor<'_>) -> Result<O> {
    let int = |number: i64| Ok(O::value(|| Value::Int(number.into())));
    match simple {
        Simple::Boolean => {
            let value = cursor.bool("a truth value")?;
            Ok(O::value(|| Value::Bool(value)))
        }
        Simple::Byte => int(i8::from_be_bytes(cursor.array("a byte")?).into()),
        Simple::Short => int(i16::from_be_bytes(cursor.array("a short")?).into()),
        Simple::Integer => int(cursor.i32("an int")?.into()),
        Simple::Long | Simple::CountWindow => int(cursor.i64("a long")?),
        Simple::SortedLong => int(cursor.i64("a long")? ^ i64::MIN),
        Simple::Float => {
            let value = f32::from_be_bytes(cursor.array("a float")?);
            Ok(O::value(|| Value::Float32(value)))
        }
        Simple::Double => {
            let value = f64::from_be_bytes(cursor.array("a double")?);
            Ok(O::value(|| Value::Float(value)))
        }
        Simple::Character => {
            let unit = cursor.u16("a character")?;
            Ok(O::value(|| character(unit)))
        }
        Simple::Void | Simple::VoidNamespace | Simple::GlobalWindow => {
            cursor.u8("a byte in nothing's place")?;
            Ok(O::value(|| Value::Null))
        }
        Simple::TimeWindow => {
            let start = cursor.i64("the start of a window")?;
            let end = cursor.i64("the end of a window")?;
            Ok(O::value(|| {
                Value::Seq(vec![Value::Int(start.into()), Value::Int(end.into())])
            }))
        }
        Simple::Nothing => Ok(O::value(|| Value::Null)),
        Simple::Bitmap => {
            let bytes = cursor.sized("a bitmap")?;
            Ok(O::value(|| Value::Bytes(bytes.to_vec())))
        }
        Simple::Variant => {
            let lengths = [
                cursor.count(1, "bytes of a variant")?,
                cursor.count(1, "bytes of a variant's names")?,
            ];
            let mut parts = Vec::new();
            for length in lengths {
                let bytes = cursor.bytes(length, "a variant")?;
                parts.push(O::value(|| Value::Bytes(bytes.to_vec())));
            }
            let names = VARIANT.into_iter();
            Ok(O::fields("Variant", names, parts))
        }
        Simple::JavaObject => object::read_java(cursor),
        Simple::String => string::read(cursor),
        Simple::StringValue => string::read_mutable(cursor),
        Simple::StringData => string::read_sql(cursor),
        Simple::BigInteger => big::read_integer(cursor),
        Simple::BigDecimal => big::read_decimal(cursor),
        _ => time::read(simple, cursor),
    }
}

/// A lone half of a character is a number: there is no such character.
pub(super) fn character(unit: u16) -> Value {
    match char::from_u32(unit.into()) {
        Some(char) => Value::Char(char),
        None => Value::Int(unit.into()),
    }
}

pub(super) fn write(simple: Simple, value: &Value, out: &mut Vec<u8>) -> Result<()> {
    match simple {
        Simple::Boolean => match value {
            Value::Bool(value) => out.push(u8::from(*value)),
            other => return Err(mismatch("a truth value", of(other))),
        },
        Simple::Byte => out.extend(integer::<i8>(value, "a byte")?.to_be_bytes()),
        Simple::Short => out.extend(integer::<i16>(value, "a short")?.to_be_bytes()),
        Simple::Integer => out.extend(integer::<i32>(value, "an int")?.to_be_bytes()),
        Simple::Long | Simple::CountWindow => {
            out.extend(integer::<i64>(value, "a long")?.to_be_bytes());
        }
        Simple::SortedLong => {
            out.extend((integer::<i64>(value, "a long")? ^ i64::MIN).to_be_bytes());
        }
        Simple::Float => out.extend(float32(value)?.to_be_bytes()),
        Simple::Double => out.extend(float64(value)?.to_be_bytes()),
        Simple::Character => out.extend(unit(value)?.to_be_bytes()),
        Simple::Void | Simple::VoidNamespace | Simple::GlobalWindow => match value {
            Value::Null => out.push(0),
            other => return Err(mismatch("nothing", of(other))),
        },
        Simple::TimeWindow => match value {
            Value::Seq(parts) if parts.len() == 2 => {
                for part in parts {
                    out.extend(integer::<i64>(part, "a window's time")?.to_be_bytes());
                }
            }
            other => return Err(mismatch("a window's start and end", of(other))),
        },
        Simple::Nothing => match value {
            Value::Null => {}
            other => return Err(mismatch("nothing", of(other))),
        },
        Simple::Bitmap => match value {
            Value::Bytes(bytes) => {
                count(bytes.len(), out)?;
                out.extend_from_slice(bytes);
            }
            other => return Err(mismatch("the bytes of a bitmap", of(other))),
        },
        Simple::Variant => {
            let parts = fields(value, VARIANT)?.map(|part| match part {
                Value::Bytes(bytes) => Ok(bytes),
                other => Err(mismatch("the bytes of a variant", of(other))),
            });
            let [value, metadata] = parts;
            let [value, metadata] = [value?, metadata?];
            count(value.len(), out)?;
            count(metadata.len(), out)?;
            out.extend_from_slice(value);
            out.extend_from_slice(metadata);
        }
        Simple::JavaObject => return object::write_java(value, out),
        Simple::String => return string::write(value, out),
        Simple::StringValue => return string::write_mutable(value, out),
        Simple::StringData => return string::write_sql(value, out),
        Simple::BigInteger => return big::write_integer(value, out),
        Simple::BigDecimal => return big::write_decimal(value, out),
        _ => return time::write(simple, value, out),
    }
    Ok(())
}

pub(super) fn unit(value: &Value) -> Result<u16> {
    let unit = match value {
        Value::Char(char) => u16::try_from(u32::from(*char)).ok(),
        Value::Str(text) => {
            let mut units = text.encode_utf16();
            units.next().filter(|_| units.next().is_none())
        }
        Value::Int(_) | Value::Uint(_) => return integer(value, "a character"),
        _ => None,
    };
    unit.ok_or_else(|| mismatch("a character of one UTF-16 unit", of(value)))
}

pub(super) fn float32(value: &Value) -> Result<f32> {
    match value {
        Value::Float32(value) => Ok(*value),
        other => Err(mismatch("a float", of(other))),
    }
}

/// A float is a double as well: whoever read it from JSON could not tell.
pub(super) fn float64(value: &Value) -> Result<f64> {
    match value {
        Value::Float(value) => Ok(*value),
        Value::Float32(value) => Ok(f64::from(*value)),
        other => Err(mismatch("a double", of(other))),
    }
}
