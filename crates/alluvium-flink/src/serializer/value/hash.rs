//! `hashCode()` of the Java objects that values stand for.
//!
//! Key groups are made of it, so a wrong one would lose a key. What is not specified by Java or Flink's own classes is `None`:
//! objects by fields (their class decides), enums and arrays (it differs between processes).

use alluvium_protocol::value::Value;

use super::time::calendar::{Date, Time, parse_instant};
use super::{big, encode, murmur, scalar, string};
use crate::java::hash::{self, list, long};
use crate::serializer::{Kind, Serializer, Simple};

pub(super) fn of(serializer: &Serializer, value: &Value) -> Option<i32> {
    if *value == Value::Null {
        return Some(0);
    }
    match &serializer.kind {
        // Flink's own mutable numbers, of which some have other codes.
        Kind::Simple(_) if serializer.class.ends_with("ValueSerializerSnapshot") => None,
        Kind::Simple(simple) => of_simple(*simple, value),
        // Scala's case classes and tuples have another one, which differs between Scala's versions.
        Kind::Tuple { .. } if serializer.class.contains(".scala.") => None,
        Kind::Tuple { fields, .. } => {
            let parts = parts(value, fields.len())?;
            let mut pairs = fields.iter().zip(parts);
            let first = match pairs.next() {
                Some((field, part)) => of(field, part)?,
                None => return Some(0),
            };
            pairs.try_fold(first, |hash, (field, part)| {
                Some(hash.wrapping_mul(31).wrapping_add(of(field, part)?))
            })
        }
        Kind::List(element) => match value {
            Value::Seq(parts) => list(1, parts.iter().map(|part| of(element, part))),
            _ => None,
        },
        Kind::Set(element) => match value {
            Value::Seq(parts) => sum(parts.iter().map(|part| of(element, part))),
            _ => None,
        },
        Kind::Map(key, inner) => match value {
            Value::Map(entries) => sum(entries
                .iter()
                .map(|(this, value)| Some(of(key, this)? ^ of(inner, value)?))),
            _ => None,
        },
        Kind::Row { fields, .. } => {
            let (kind, row) = super::row::kind_of(value).ok()?;
            let parts = parts(row, fields.len())?;
            let fields = fields
                .iter()
                .zip(parts)
                .map(|(field, part)| in_row(field, part));
            Some(list(1, fields)?.wrapping_add(i32::from(kind) * 31))
        }
        Kind::Either(left, right) => match super::collection::variant(value)? {
            ("Left", payload) => of(left, payload),
            (_, payload) => of(right, payload),
        },
        Kind::Nullable { value: inner, .. } | Kind::Marked(inner) => of(inner, value),
        Kind::RowData(_) | Kind::BinaryRowData { .. } => {
            let mut bytes = Vec::new();
            encode::write(serializer, value, &mut bytes).ok()?;
            bytes.get(4..).map(murmur::hash)
        }
        _ => None,
    }
}

/// A row does not take its fields' codes as they are.
fn in_row(serializer: &Serializer, value: &Value) -> Option<i32> {
    match (&serializer.unmarked().kind, value) {
        (_, Value::Null) => Some(0),
        (Kind::List(element), Value::Seq(parts)) => {
            list(1, parts.iter().map(|part| in_row(element, part)))
        }
        (Kind::Nullable { value: inner, .. }, value) => in_row(inner, value),
        (Kind::Map(..) | Kind::Set(_), _) => None,
        _ => Some(of(serializer, value)?.wrapping_add(31)),
    }
}

fn parts(value: &Value, count: usize) -> Option<&[Value]> {
    match value {
        Value::Seq(parts) if parts.len() == count => Some(parts),
        _ => None,
    }
}

fn sum(mut hashes: impl Iterator<Item = Option<i32>>) -> Option<i32> {
    hashes.try_fold(0_i32, |sum, hash| Some(sum.wrapping_add(hash?)))
}

fn of_simple(simple: Simple, value: &Value) -> Option<i32> {
    let integer = || match value {
        Value::Int(number) => i64::try_from(*number).ok(),
        Value::Uint(number) => i64::try_from(*number).ok(),
        _ => None,
    };
    let text = || match value {
        Value::Str(text) => Some(text.as_str()),
        _ => None,
    };
    match simple {
        Simple::Boolean => match value {
            Value::Bool(value) => Some(hash::boolean(*value)),
            _ => None,
        },
        Simple::Byte | Simple::Short | Simple::Integer => i32::try_from(integer()?).ok(),
        Simple::Long | Simple::SortedLong => Some(long(integer()?)),
        Simple::Float => scalar::float32(value).ok().map(hash::float),
        Simple::Double => scalar::float64(value).ok().map(hash::double),
        Simple::Character => scalar::unit(value).ok().map(i32::from),
        Simple::String => {
            let units = string::units(value).ok()??;
            Some(hash::units(units))
        }
        Simple::BigInteger => {
            let (bytes, _) = big::parts(value).ok()??;
            Some(hash::big_integer(&bytes))
        }
        Simple::BigDecimal => {
            let (bytes, scale) = big::parts(value).ok()??;
            let unscaled = hash::big_integer(&bytes);
            Some(unscaled.wrapping_mul(31).wrapping_add(scale))
        }
        Simple::Date | Simple::SqlDate | Simple::SqlTime | Simple::Timestamp => {
            // The milliseconds come first.
            let mut bytes = Vec::new();
            super::time::write(simple, value, &mut bytes).ok()?;
            Some(long(i64::from_be_bytes(*bytes.first_chunk()?)))
        }
        Simple::Instant => {
            let (seconds, nanos) = parse_instant(text()?)?;
            Some(long(seconds).wrapping_add(nanos.wrapping_mul(51)))
        }
        Simple::LocalDate => date(Date::parse(text()?)?),
        Simple::LocalTime => Some(long(Time::parse(text()?)?.nanos_of_day())),
        Simple::LocalDateTime => {
            let (day, time) = text()?.split_once('T')?;
            Some(date(Date::parse(day)?)? ^ long(Time::parse(time)?.nanos_of_day()))
        }
        _ => None,
    }
}

fn date(date: Date) -> Option<i32> {
    let year = i32::try_from(date.year).ok()?;
    let low = year
        .wrapping_shl(11)
        .wrapping_add(i32::from(date.month) << 6)
        .wrapping_add(i32::from(date.day));
    Some((year & !0x7FF) ^ low)
}
