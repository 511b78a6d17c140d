//! The value of a column of SQL, in a slot of a row or an array.
//!
//! | type | slot |
//! |---|---|
//! | boolean and numbers | the value |
//! | date; time | days since 1970; milliseconds of a day |
//! | text, binary | inline or a part |
//! | decimal | up to 18 digits: the unscaled number; else a part of 16 bytes, of which the size counts |
//! | timestamp | up to 3 digits of a second: milliseconds; else offset << 32 \| nanoseconds, the milliseconds at the offset |
//! | array, map, multiset, row, raw | a part |

use alluvium_protocol::value::Value;

use super::encode::{integer, mismatch, of};
use super::output::Output;
use super::slots::{Area, append, inline_or_append, reference};
use super::time::calendar::{Date, Time};
use super::{big, binary_array, binary_row, scalar, string, time};
use crate::error::{Error, Result};
use crate::java::logical_type::{LogicalType, Root};

/// How many bytes a decimal's part has.
const DECIMAL_PART: usize = 16;

/// How many bytes an element of this type has in an array.
pub(super) const fn width(root: &Root) -> usize {
    match root {
        Root::Boolean | Root::TinyInt => 1,
        Root::SmallInt => 2,
        Root::Integer | Root::Float | Root::Date | Root::Time | Root::Months => 4,
        _ => 8,
    }
}

fn first<const N: usize>(slot: [u8; 8]) -> [u8; N] {
    slot.first_chunk().copied().unwrap_or([0; N])
}

/// Reads a column that is not null. Narrow values are at the slot's start.
pub(super) fn read<O: Output>(
    column: &LogicalType,
    slot: [u8; 8],
    area: &mut Area<'_>,
) -> Result<O> {
    let int = |number: i64| Ok(O::value(|| Value::Int(number.into())));
    let number = i64::from_le_bytes(slot);
    let small = i32::from_le_bytes(first(slot));
    match &column.root {
        Root::Boolean => Ok(O::value(|| Value::Bool(first::<1>(slot) != [0]))),
        Root::TinyInt => int(i8::from_le_bytes(first(slot)).into()),
        Root::SmallInt => int(i16::from_le_bytes(first(slot)).into()),
        Root::Integer | Root::Months => int(small.into()),
        Root::BigInt | Root::Duration => int(number),
        Root::Float => Ok(O::value(|| Value::Float32(f32::from_le_bytes(first(slot))))),
        Root::Double => Ok(O::value(|| Value::Float(f64::from_le_bytes(slot)))),
        Root::Date => Ok(O::value(|| {
            shown(Date::of_days(small.into()), small.into())
        })),
        Root::Time => Ok(O::value(|| shown(Time::of_millis(small), small.into()))),
        Root::Text => {
            let part = area.inline_or_referred(slot)?;
            Ok(O::value(|| string::utf8(part.bytes())))
        }
        Root::Binary | Root::Raw => {
            let part = area.inline_or_referred(slot)?;
            Ok(O::value(|| Value::Bytes(part.bytes().to_vec())))
        }
        Root::Decimal { precision, scale } if *precision <= big::COMPACT_DIGITS_MAX => {
            Ok(O::value(|| big::of_unscaled(&number.to_be_bytes(), *scale)))
        }
        Root::Decimal { scale, .. } => {
            let part = area.referred(slot)?;
            Ok(O::value(|| big::of_unscaled(part.left(), *scale)))
        }
        Root::Timestamp { precision } | Root::Instant { precision } => {
            let (millis, nanos) = timestamp(*precision, slot, area)?;
            Ok(O::value(|| match column.root {
                Root::Instant { .. } => time::instant_of_sql(millis, nanos),
                _ => time::of_sql(millis, nanos),
            }))
        }
        Root::Array(element) => binary_array::read(element, area.referred(slot)?),
        Root::Map(key, value) => binary_array::read_map(key, value, area.referred(slot)?),
        Root::Multiset(element) => {
            binary_array::read_map(element, &binary_array::COUNT, area.referred(slot)?)
        }
        Root::Row(columns) => binary_row::read_nested(columns, area.referred(slot)?),
        Root::Null => Ok(O::value(|| Value::Null)),
        Root::Other(name) => {
            Err(area.unknown(format!("a column of the type {name}, which is not known")))
        }
    }
}

/// A date or a time as text, or the number if there is none such.
fn shown(existing: Option<impl std::fmt::Display>, number: i128) -> Value {
    existing.map_or(Value::Int(number), |existing| {
        Value::Str(existing.to_string())
    })
}

fn timestamp(precision: u32, slot: [u8; 8], area: &mut Area<'_>) -> Result<(i64, i32)> {
    if precision <= time::COMPACT_PRECISION_MAX {
        return Ok((i64::from_le_bytes(slot), 0));
    }
    let (offset, _) = reference(slot);
    let millis = area.part(offset, 8)?.left().first_chunk().copied();
    let millis = millis.ok_or_else(|| area.corrupt("a timestamp without milliseconds"))?;
    Ok((i64::from_le_bytes(millis), i32::from_le_bytes(first(slot))))
}

fn padded<const N: usize>(bytes: [u8; N]) -> [u8; 8] {
    let mut slot = [0; 8];
    for (place, byte) in slot.iter_mut().zip(bytes) {
        *place = byte;
    }
    slot
}

/// The slot of a value that is not null; parts are appended to the row or array that begins `out`.
pub(super) fn write(column: &LogicalType, value: &Value, out: &mut Vec<u8>) -> Result<[u8; 8]> {
    Ok(match &column.root {
        Root::Boolean => match value {
            Value::Bool(value) => padded([u8::from(*value)]),
            other => return Err(mismatch("a truth value", of(other))),
        },
        Root::TinyInt => padded(integer::<i8>(value, "a TINYINT")?.to_le_bytes()),
        Root::SmallInt => padded(integer::<i16>(value, "a SMALLINT")?.to_le_bytes()),
        Root::Integer | Root::Months => padded(integer::<i32>(value, "an INTEGER")?.to_le_bytes()),
        Root::BigInt | Root::Duration => integer::<i64>(value, "a BIGINT")?.to_le_bytes(),
        Root::Float => padded(scalar::float32(value)?.to_le_bytes()),
        Root::Double => scalar::float64(value)?.to_le_bytes(),
        Root::Date => padded(days(value)?.to_le_bytes()),
        Root::Time => padded(millis_of_day(value)?.to_le_bytes()),
        Root::Text => inline_or_append(string::utf8_bytes(value)?, out)?,
        Root::Binary => match value {
            Value::Bytes(bytes) => inline_or_append(bytes, out)?,
            other => return Err(mismatch("bytes", of(other))),
        },
        Root::Raw => match value {
            Value::Bytes(bytes) => append(bytes, bytes.len(), out)?,
            other => return Err(mismatch("bytes", of(other))),
        },
        Root::Decimal { precision, scale } => {
            let bytes = big::unscaled(value, *scale)?;
            if *precision <= big::COMPACT_DIGITS_MAX {
                let long = big::long(&bytes).ok_or_else(|| mismatch("18 digits", "more"))?;
                return Ok(long.to_le_bytes());
            }
            let mut part = bytes;
            let size = part.len();
            if size > DECIMAL_PART {
                return Err(mismatch("a DECIMAL of 16 bytes", format!("{size} bytes")));
            }
            part.resize(DECIMAL_PART, 0);
            append(&part, size, out)?
        }
        Root::Timestamp { precision } | Root::Instant { precision } => {
            let (millis, nanos) = time::sql_parts(value)?;
            match (*precision <= time::COMPACT_PRECISION_MAX, nanos) {
                (true, 0) => millis.to_le_bytes(),
                (true, _) => {
                    return Err(mismatch(
                        "a timestamp of milliseconds",
                        "one of nanoseconds",
                    ));
                }
                (false, _) => {
                    let size = usize::try_from(nanos)
                        .map_err(|e| mismatch("nanoseconds", nanos).with_source(e))?;
                    append(&millis.to_le_bytes(), size, out)?
                }
            }
        }
        Root::Array(element) => nested(&binary_array::write(element, value)?, out)?,
        Root::Map(key, inner) => nested(&binary_array::write_map(key, inner, value)?, out)?,
        Root::Multiset(element) => nested(
            &binary_array::write_map(element, &binary_array::COUNT, value)?,
            out,
        )?,
        Root::Row(columns) => nested(&binary_row::write_nested(columns, value)?, out)?,
        Root::Null => return Err(mismatch("null", of(value))),
        Root::Other(name) => {
            return Err(Error::unknown(format!(
                "a column of the type {name}, which is not known"
            )));
        }
    })
}

fn nested(part: &[u8], out: &mut Vec<u8>) -> Result<[u8; 8]> {
    append(part, part.len(), out)
}

fn days(value: &Value) -> Result<i32> {
    match value {
        Value::Str(text) => Date::parse(text)
            .and_then(|date| i32::try_from(date.days()).ok())
            .ok_or_else(|| mismatch("a date", format!("{text:?}"))),
        other => integer(other, "a DATE"),
    }
}

fn millis_of_day(value: &Value) -> Result<i32> {
    match value {
        Value::Str(text) => Time::parse(text)
            .filter(|time| time.nanos % 1_000_000 == 0)
            .and_then(|time| i32::try_from(time.nanos_of_day() / 1_000_000).ok())
            .ok_or_else(|| mismatch("a time of milliseconds", format!("{text:?}"))),
        other => integer(other, "a TIME"),
    }
}
