//! Values of Avro's schemas, in the encoding that Flink gives them.
//!
//! It is not Avro's own binary encoding: Flink hands Avro an encoder that writes as Java's `DataOutput` does.
//!
//! ```text
//! null                  nothing
//! boolean; int, enum, number of a union's variant; long; float; double       1; 4; 8; 4; 8 bytes, big-endian
//! bytes, string         length:i32 and bytes (UTF-8)
//! fixed                 bytes
//! array                 { count:varint element* }* 00
//! map                   { count:varint { key:string value }* }* 00
//! record                field*
//! varint                seven bits a byte, the lowest first, 80 set in all but the last
//! ```
//!
//! The variant of a union of null and one other is the value itself; of other unions, an enum of the variant's name.

use alluvium_protocol::value::Value;

use super::collection::variant;
use super::encode::{count, integer, mismatch, of};
use super::output::Output;
use super::{scalar, string};
use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::serializer::avro::{Avro, Schema, Shape};

/// How deep values may be nested: records that refer to themselves have no other bound.
const DEPTH_MAX: usize = 100;

/// What a union's variants are variants of.
const UNION: &str = "union";

#[cold]
fn without_schema(avro: &Avro) -> String {
    format!("a value of {}, whose schema is not understood", avro.class)
}

pub(super) fn read<O: Output>(avro: &Avro, cursor: &mut Cursor<'_>) -> Result<O> {
    match &avro.schema {
        Some(schema) => read_shape(schema, schema.root, cursor, 0),
        None => Err(cursor.unknown(without_schema(avro))),
    }
}

fn read_shape<O: Output>(
    schema: &Schema,
    shape: usize,
    cursor: &mut Cursor<'_>,
    depth: usize,
) -> Result<O> {
    if depth > DEPTH_MAX {
        let message = format!("a value of more than {DEPTH_MAX} levels");
        return Err(cursor.unknown(message));
    }
    let next = depth + 1;
    let int = |number: i64| Ok(O::value(|| Value::Int(number.into())));
    match schema.shape(shape) {
        Shape::Null => Ok(O::value(|| Value::Null)),
        Shape::Boolean => {
            let value = cursor.bool("a truth value")?;
            Ok(O::value(|| Value::Bool(value)))
        }
        Shape::Int => int(cursor.i32("an int")?.into()),
        Shape::Long => int(cursor.i64("a long")?),
        Shape::Float => {
            let value = f32::from_be_bytes(cursor.array("a float")?);
            Ok(O::value(|| Value::Float32(value)))
        }
        Shape::Double => {
            let value = f64::from_be_bytes(cursor.array("a double")?);
            Ok(O::value(|| Value::Float(value)))
        }
        Shape::Bytes => {
            let bytes = cursor.sized("bytes")?;
            Ok(O::value(|| Value::Bytes(bytes.to_vec())))
        }
        Shape::String => string::read_sql(cursor),
        Shape::Fixed(size) => {
            let bytes = cursor.bytes(*size, "bytes of a fixed length")?;
            Ok(O::value(|| Value::Bytes(bytes.to_vec())))
        }
        Shape::Enumeration { name, symbols } => {
            let symbol = pick(symbols, "symbol", cursor)?;
            Ok(O::variant(name, symbol, O::value(|| Value::Null)))
        }
        Shape::Union(variants) => {
            let (name, shape) = pick(variants, "variant", cursor)?;
            let value = read_shape(schema, *shape, cursor, next)?;
            Ok(match plain(schema, variants) || name == "null" {
                true => value,
                false => O::variant(UNION, name, value),
            })
        }
        Shape::Array(element) => {
            let mut parts = Vec::new();
            blocks(cursor, |cursor| {
                parts.push(read_shape(schema, *element, cursor, next)?);
                Ok(())
            })?;
            Ok(O::seq(parts))
        }
        Shape::Map(value) => {
            let mut entries = Vec::new();
            blocks(cursor, |cursor| {
                let key = string::read_sql(cursor)?;
                entries.push((key, read_shape(schema, *value, cursor, next)?));
                Ok(())
            })?;
            Ok(O::map(entries))
        }
        Shape::Record { name, fields } => {
            let mut values = Vec::new();
            for (_, shape) in fields {
                values.push(read_shape(schema, *shape, cursor, next)?);
            }
            let names = fields.iter().map(|(name, _)| name.as_str());
            Ok(O::fields(name, names, values))
        }
    }
}

/// The one whose number comes next.
fn pick<'s, T>(from: &'s [T], what: &str, cursor: &mut Cursor<'_>) -> Result<&'s T> {
    let start = cursor.clone();
    let number = cursor.i32("a number of a symbol or variant")?;
    let picked = usize::try_from(number).ok().and_then(|n| from.get(n));
    picked.ok_or_else(|| start.corrupt(format!("there is no {what} {number}")))
}

/// Whether a union is of null and one other.
fn plain(schema: &Schema, variants: &[(String, usize)]) -> bool {
    let is_null = |(_, shape): &&(String, usize)| *schema.shape(*shape) == Shape::Null;
    variants.len() == 2 && variants.iter().filter(is_null).count() == 1
}

/// Reads elements, each of which is at least a byte (or the schema is one of nothing, of which no more are read than bytes
/// are left).
fn blocks<'a>(
    cursor: &mut Cursor<'a>,
    mut element: impl FnMut(&mut Cursor<'a>) -> Result<()>,
) -> Result<()> {
    loop {
        let start = cursor.clone();
        let mut count = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = cursor.u8("a number of elements")?;
            count |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                break;
            }
        }
        if count == 0 {
            return Ok(());
        }
        if count > cursor.left().len() as u64 {
            let message = format!(
                "{count} elements do not fit into the {} bytes left",
                cursor.left().len()
            );
            return Err(start.corrupt(message).short());
        }
        for _ in 0..count {
            element(cursor)?;
        }
    }
}

pub(super) fn write(avro: &Avro, value: &Value, out: &mut Vec<u8>) -> Result<()> {
    match &avro.schema {
        Some(schema) => write_shape(schema, schema.root, value, out),
        None => Err(Error::unknown(without_schema(avro))),
    }
}

fn write_shape(schema: &Schema, shape: usize, value: &Value, out: &mut Vec<u8>) -> Result<()> {
    let wrong = |what: &'static str| Err(mismatch(what, of(value)));
    match (schema.shape(shape), value) {
        (Shape::Null, Value::Null) => {}
        (Shape::Null, _) => return wrong("null"),
        (Shape::Boolean, Value::Bool(value)) => out.push(u8::from(*value)),
        (Shape::Boolean, _) => return wrong("a truth value"),
        (Shape::Int, _) => out.extend(integer::<i32>(value, "an int")?.to_be_bytes()),
        (Shape::Long, _) => out.extend(integer::<i64>(value, "a long")?.to_be_bytes()),
        (Shape::Float, _) => out.extend(scalar::float32(value)?.to_be_bytes()),
        (Shape::Double, _) => out.extend(scalar::float64(value)?.to_be_bytes()),
        (Shape::Bytes, Value::Bytes(bytes)) => {
            count(bytes.len(), out)?;
            out.extend_from_slice(bytes);
        }
        (Shape::Bytes, _) => return wrong("bytes"),
        (Shape::String, _) => string::write_sql(value, out)?,
        (Shape::Fixed(size), Value::Bytes(bytes)) if bytes.len() == *size => {
            out.extend_from_slice(bytes);
        }
        (Shape::Fixed(_), _) => return wrong("bytes of the fixed length"),
        (Shape::Enumeration { symbols, .. }, Value::Enum { variant, .. }) => {
            number(symbols.iter().position(|symbol| symbol == variant), out)?;
        }
        (Shape::Enumeration { .. }, _) => return wrong("a symbol"),
        (Shape::Union(variants), _) => write_variant(schema, variants, value, out)?,
        (Shape::Array(element), Value::Seq(parts)) => {
            start_block(parts.len(), out);
            for part in parts {
                write_shape(schema, *element, part, out)?;
            }
            out.push(0);
        }
        (Shape::Array(_), _) => return wrong("a sequence"),
        (Shape::Map(inner), Value::Map(entries)) => {
            start_block(entries.len(), out);
            for (key, value) in entries {
                string::write_sql(key, out)?;
                write_shape(schema, *inner, value, out)?;
            }
            out.push(0);
        }
        (Shape::Map(_), _) => return wrong("a map"),
        (Shape::Record { fields, .. }, Value::Struct { fields: values, .. }) => {
            for (name, shape) in fields {
                let found = values.iter().find(|(field, _)| field == name);
                let (_, value) = found.ok_or_else(|| {
                    mismatch(format!("an object with the field {name}"), "one without")
                })?;
                write_shape(schema, *shape, value, out)?;
            }
        }
        (Shape::Record { .. }, _) => return wrong("an object"),
    }
    Ok(())
}

fn number(position: Option<usize>, out: &mut Vec<u8>) -> Result<()> {
    let number = position.and_then(|position| i32::try_from(position).ok());
    let number = number.ok_or_else(|| mismatch("a symbol or variant of the schema", "another"))?;
    out.extend(number.to_be_bytes());
    Ok(())
}

fn write_variant(
    schema: &Schema,
    variants: &[(String, usize)],
    value: &Value,
    out: &mut Vec<u8>,
) -> Result<()> {
    let (wanted, inner) = match (plain(schema, variants), variant(value)) {
        (false, Some((name, payload))) => (Some(name), payload),
        _ => (None, value),
    };
    let position = variants.iter().position(|(name, shape)| match wanted {
        Some(wanted) => name == wanted,
        None => (*value == Value::Null) == (*schema.shape(*shape) == Shape::Null),
    });
    number(position, out)?;
    match position.and_then(|position| variants.get(position)) {
        Some((_, shape)) => write_shape(schema, *shape, inner, out),
        None => Ok(()),
    }
}

fn start_block(count: usize, out: &mut Vec<u8>) {
    let mut count = count;
    while count > 0 {
        let [.., low] = count.to_be_bytes();
        count >>= 7;
        out.push(if count > 0 { low | 0x80 } else { low });
    }
}
