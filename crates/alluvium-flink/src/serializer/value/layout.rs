//! Values of classes that are described by a layout.

use alluvium_protocol::value::Value;

use super::encode::{self, count, integer, mismatch, of};
use super::output::Output;
use super::{decode, string};
use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::serializer::Serializer;
use crate::serializer::layout::{Layout, Record};

pub(super) fn read<O: Output>(record: &Record, cursor: &mut Cursor<'_>) -> Result<O> {
    read_as(&record.class.layout, &record.parts, cursor)
}

fn read_as<O: Output>(layout: &Layout, parts: &[Serializer], cursor: &mut Cursor<'_>) -> Result<O> {
    match layout {
        Layout::Part(nth) => decode::read(part(parts, *nth)?, cursor),
        Layout::Bool => {
            let value = cursor.bool("a truth value")?;
            Ok(O::value(|| Value::Bool(value)))
        }
        Layout::Int => {
            let value = cursor.i32("a number")?;
            Ok(O::value(|| Value::Int(value.into())))
        }
        Layout::Long => {
            let value = cursor.i64("a number")?;
            Ok(O::value(|| Value::Int(value.into())))
        }
        Layout::Text => string::read(cursor),
        Layout::Fields(name, fields) => {
            let mut values = Vec::new();
            for (_, field) in *fields {
                values.push(read_as(field, parts, cursor)?);
            }
            let names = fields.iter().map(|(name, _)| name);
            Ok(O::fields(name, names, values))
        }
        Layout::List(element) => {
            let count = cursor.count(1, "elements")?;
            let mut elements = Vec::new();
            for _ in 0..count {
                elements.push(read_as(element, parts, cursor)?);
            }
            Ok(O::seq(elements))
        }
        Layout::Map(key, value) => {
            let count = cursor.count(2, "entries")?;
            let mut entries = Vec::new();
            for _ in 0..count {
                let key = read_as(key, parts, cursor)?;
                entries.push((key, read_as(value, parts, cursor)?));
            }
            Ok(O::map(entries))
        }
        Layout::Optional(inner) => match cursor.bool("whether a part is there")? {
            true => read_as(inner, parts, cursor),
            false => Ok(O::value(|| Value::Null)),
        },
        Layout::Nullable(inner) => match cursor.bool("whether a part is null")? {
            true => Ok(O::value(|| Value::Null)),
            false => read_as(inner, parts, cursor),
        },
        Layout::Tagged(name, variants) => {
            let start = cursor.clone();
            let tag = cursor.u8("which of several things it is")?;
            let found = variants.iter().find(|(known, ..)| *known == tag);
            let Some((_, variant, inner)) = found else {
                return Err(start.corrupt(format!("no {name} has the number {tag}")));
            };
            let payload = match inner {
                Some(inner) => read_as(inner, parts, cursor)?,
                None => O::value(|| Value::Null),
            };
            Ok(O::variant(name, variant, payload))
        }
    }
}

/// The number of serializers is that of the class, so that there is one.
fn part(parts: &[Serializer], nth: usize) -> Result<&Serializer> {
    parts
        .get(nth)
        .ok_or_else(|| Error::unknown(format!("there is no serializer {nth}")))
}

pub(super) fn write(record: &Record, value: &Value, out: &mut Vec<u8>) -> Result<()> {
    write_as(&record.class.layout, &record.parts, value, out)
}

fn write_as(layout: &Layout, parts: &[Serializer], value: &Value, out: &mut Vec<u8>) -> Result<()> {
    match layout {
        Layout::Part(nth) => return encode::write(part(parts, *nth)?, value, out),
        Layout::Bool => match value {
            Value::Bool(value) => out.push(u8::from(*value)),
            other => return Err(mismatch("a truth value", of(other))),
        },
        Layout::Int => out.extend(integer::<i32>(value, "an int")?.to_be_bytes()),
        Layout::Long => out.extend(integer::<i64>(value, "a long")?.to_be_bytes()),
        Layout::Text => return string::write(value, out),
        Layout::Fields(name, fields) => {
            let Value::Struct { fields: found, .. } = value else {
                return Err(mismatch(format!("an object of {name}"), of(value)));
            };
            for (name, layout) in *fields {
                let field = found.iter().find(|(found, _)| found == name);
                let Some((_, value)) = field else {
                    return Err(mismatch(format!("an object with {name}"), "one without"));
                };
                write_as(layout, parts, value, out)?;
            }
        }
        Layout::List(element) => match value {
            Value::Seq(values) => {
                count(values.len(), out)?;
                for value in values {
                    write_as(element, parts, value, out)?;
                }
            }
            other => return Err(mismatch("a list", of(other))),
        },
        Layout::Map(key, inner) => match value {
            Value::Map(entries) => {
                count(entries.len(), out)?;
                for (this, value) in entries {
                    write_as(key, parts, this, out)?;
                    write_as(inner, parts, value, out)?;
                }
            }
            other => return Err(mismatch("a map", of(other))),
        },
        Layout::Optional(inner) | Layout::Nullable(inner) => {
            let is_null = *value == Value::Null;
            let flag = is_null == matches!(layout, Layout::Nullable(_));
            out.push(u8::from(flag));
            if !is_null {
                return write_as(inner, parts, value, out);
            }
        }
        Layout::Tagged(name, variants) => {
            let Value::Enum {
                variant, payload, ..
            } = value
            else {
                return Err(mismatch(format!("a variant of {name}"), of(value)));
            };
            let found = variants.iter().find(|(_, known, _)| known == variant);
            let Some((tag, _, inner)) = found else {
                return Err(mismatch(
                    format!("a variant of {name}"),
                    format!("{variant:?}"),
                ));
            };
            out.push(*tag);
            if let Some(inner) = inner {
                return write_as(inner, parts, payload, out);
            }
        }
    }
    Ok(())
}

/// How many bytes Flink says that values have.
pub(super) fn length(record: &Record) -> Option<usize> {
    record
        .class
        .declares_length
        .then(|| length_of(&record.class.layout, &record.parts))?
}

fn length_of(layout: &Layout, parts: &[Serializer]) -> Option<usize> {
    match layout {
        Layout::Part(nth) => super::length::of(parts.get(*nth)?),
        Layout::Bool => Some(1),
        Layout::Int => Some(4),
        Layout::Long => Some(8),
        Layout::Fields(_, fields) => fields
            .iter()
            .map(|(_, field)| length_of(field, parts))
            .sum(),
        _ => None,
    }
}
