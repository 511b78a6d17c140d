//! Values that consist of others.
//!
//! ```text
//! list          count:i32 element*
//! set           count:i32 { null:bool element? }*
//! linked list   count:i32 nulls? element*        nulls: a bit for each element, the highest of a byte first; then only the others
//! map           count:i32 { key null:bool value? }*
//! array         count:i32 { there:bool element? }*      the opposite of a set
//! tuple         field*, and 2A for the tuple without fields
//! nullable      null:bool value | padding
//! either        left:bool value
//! timer         time:i64 with the sign flipped, key, namespace
//! TTL           time:i64 value
//! ```

use alluvium_protocol::value::Value;

use super::decode::read;
use super::encode::{count, integer, mismatch, of, write};
use super::output::Output;
use crate::cursor::Cursor;
use crate::error::Result;
use crate::serializer::Serializer;

pub(super) fn read_list<O: Output>(element: &Serializer, cursor: &mut Cursor<'_>) -> Result<O> {
    let count = cursor.count(1, "elements")?;
    let mut parts = Vec::new();
    for _ in 0..count {
        parts.push(read(element, cursor)?);
    }
    Ok(O::seq(parts))
}

pub(super) fn write_list(element: &Serializer, value: &Value, out: &mut Vec<u8>) -> Result<()> {
    let parts = seq(value, "a list")?;
    count(parts.len(), out)?;
    parts.iter().try_for_each(|part| write(element, part, out))
}

fn seq<'v>(value: &'v Value, what: &'static str) -> Result<&'v [Value]> {
    match value {
        Value::Seq(parts) => Ok(parts),
        other => Err(mismatch(what, of(other))),
    }
}

pub(super) fn read_linked_list<O: Output>(
    nulls: bool,
    element: &Serializer,
    cursor: &mut Cursor<'_>,
) -> Result<O> {
    if !nulls {
        return read_list(element, cursor);
    }
    let start = cursor.clone();
    let count = usize::try_from(cursor.i32("a number of elements")?).map_err(|e| {
        start
            .corrupt("a negative number of elements")
            .with_source(e)
    })?;
    let mask = cursor.bytes(count.div_ceil(8), "which elements are null")?;
    let mut parts = Vec::new();
    for n in 0..count {
        parts.push(if bit(mask, n) {
            O::value(|| Value::Null)
        } else {
            read(element, cursor)?
        });
    }
    Ok(O::seq(parts))
}

pub(super) fn write_linked_list(
    nulls: bool,
    element: &Serializer,
    value: &Value,
    out: &mut Vec<u8>,
) -> Result<()> {
    if !nulls {
        return write_list(element, value, out);
    }
    let parts = seq(value, "a list")?;
    count(parts.len(), out)?;
    write_mask(parts.iter().map(|part| *part == Value::Null), out);
    parts
        .iter()
        .filter(|part| **part != Value::Null)
        .try_for_each(|part| write(element, part, out))
}

/// The `n`th bit, counted from the highest of the first byte.
pub(super) fn bit(mask: &[u8], n: usize) -> bool {
    mask.get(n / 8)
        .is_some_and(|byte| byte & (0x80 >> (n % 8)) != 0)
}

pub(super) fn write_mask(bits: impl Iterator<Item = bool>, out: &mut Vec<u8>) {
    for (n, set) in bits.enumerate() {
        if n % 8 == 0 {
            out.push(0);
        }
        if set && let Some(byte) = out.last_mut() {
            *byte |= 0x80 >> (n % 8);
        }
    }
}

pub(super) fn read_map<O: Output>(
    key: &Serializer,
    value: &Serializer,
    cursor: &mut Cursor<'_>,
) -> Result<O> {
    let count = cursor.count(2, "entries")?;
    let mut entries = Vec::new();
    for _ in 0..count {
        let key = read(key, cursor)?;
        let value = match cursor.bool("whether a value is null")? {
            true => O::value(|| Value::Null),
            false => read(value, cursor)?,
        };
        entries.push((key, value));
    }
    Ok(O::map(entries))
}

pub(super) fn write_map(
    key: &Serializer,
    inner: &Serializer,
    value: &Value,
    out: &mut Vec<u8>,
) -> Result<()> {
    let Value::Map(entries) = value else {
        return Err(mismatch("a map", of(value)));
    };
    count(entries.len(), out)?;
    for (this, value) in entries {
        write(key, this, out)?;
        out.push(u8::from(*value == Value::Null));
        if *value != Value::Null {
            write(inner, value, out)?;
        }
    }
    Ok(())
}

/// Reads an array, or a set, whose flag is true for null.
pub(super) fn read_array<O: Output>(
    flag_of_null: bool,
    element: &Serializer,
    cursor: &mut Cursor<'_>,
) -> Result<O> {
    let count = cursor.count(1, "elements")?;
    let mut parts = Vec::new();
    for _ in 0..count {
        let null = cursor.bool("whether an element is there")? == flag_of_null;
        parts.push(match null {
            true => O::value(|| Value::Null),
            false => read(element, cursor)?,
        });
    }
    Ok(O::seq(parts))
}

pub(super) fn write_array(
    flag_of_null: bool,
    element: &Serializer,
    value: &Value,
    out: &mut Vec<u8>,
) -> Result<()> {
    let parts = seq(value, "an array")?;
    count(parts.len(), out)?;
    for part in parts {
        let null = *part == Value::Null;
        out.push(u8::from(null == flag_of_null));
        if !null {
            write(element, part, out)?;
        }
    }
    Ok(())
}

/// What a tuple without fields writes, so that it is something.
const EMPTY_TUPLE: u8 = 42;

pub(super) fn read_tuple<O: Output>(fields: &[Serializer], cursor: &mut Cursor<'_>) -> Result<O> {
    if fields.is_empty() {
        cursor.u8("a tuple without fields")?;
    }
    let mut parts = Vec::new();
    for field in fields {
        parts.push(read(field, cursor)?);
    }
    Ok(O::seq(parts))
}

pub(super) fn write_tuple(fields: &[Serializer], value: &Value, out: &mut Vec<u8>) -> Result<()> {
    let parts = seq(value, "a tuple")?;
    if parts.len() != fields.len() {
        let (expected, found) = (fields.len(), parts.len());
        return Err(mismatch(
            format!("a tuple of {expected}"),
            format!("one of {found}"),
        ));
    }
    if fields.is_empty() {
        out.push(EMPTY_TUPLE);
    }
    let mut pairs = fields.iter().zip(parts);
    pairs.try_for_each(|(field, part)| write(field, part, out))
}

pub(super) fn read_nullable<O: Output>(
    padding: usize,
    value: &Serializer,
    cursor: &mut Cursor<'_>,
) -> Result<O> {
    match cursor.bool("whether a value is null")? {
        true => {
            cursor.bytes(padding, "what is in a null's place")?;
            Ok(O::value(|| Value::Null))
        }
        false => read(value, cursor),
    }
}

pub(super) fn write_nullable(
    padding: usize,
    inner: &Serializer,
    value: &Value,
    out: &mut Vec<u8>,
) -> Result<()> {
    if *value == Value::Null {
        out.push(1);
        out.resize(out.len() + padding, 0);
        return Ok(());
    }
    out.push(0);
    write(inner, value, out)
}

pub(super) fn read_either<O: Output>(
    left: &Serializer,
    right: &Serializer,
    cursor: &mut Cursor<'_>,
) -> Result<O> {
    Ok(match cursor.bool("whether it is the left one")? {
        true => O::variant("Either", "Left", read(left, cursor)?),
        false => O::variant("Either", "Right", read(right, cursor)?),
    })
}

pub(super) fn write_either(
    left: &Serializer,
    right: &Serializer,
    value: &Value,
    out: &mut Vec<u8>,
) -> Result<()> {
    let (flag, serializer, payload) = match variant(value) {
        Some(("Left", payload)) => (1, left, payload),
        Some(("Right", payload)) => (0, right, payload),
        _ => return Err(mismatch("Left or Right", of(value))),
    };
    out.push(flag);
    write(serializer, payload, out)
}

pub(super) fn variant(value: &Value) -> Option<(&str, &Value)> {
    match value {
        Value::Enum {
            variant, payload, ..
        } => Some((variant, payload)),
        _ => None,
    }
}

/// The fields of an object, which has them in this order or another.
pub(super) fn fields<'v, const N: usize>(
    value: &'v Value,
    names: [&str; N],
) -> Result<[&'v Value; N]> {
    let Value::Struct { fields, .. } = value else {
        return Err(mismatch(format!("an object of {names:?}"), of(value)));
    };
    let mut found = [&Value::Null; N];
    for (place, name) in found.iter_mut().zip(names) {
        let field = fields.iter().find(|(field, _)| field == name);
        *place = field
            .map(|(_, value)| value)
            .ok_or_else(|| mismatch(format!("an object with {name}"), "one without"))?;
    }
    Ok(found)
}

pub(super) fn read_timer<O: Output>(
    key: &Serializer,
    namespace: &Serializer,
    cursor: &mut Cursor<'_>,
) -> Result<O> {
    let time = cursor.i64("a timer's time")? ^ i64::MIN;
    let time = O::value(|| Value::Int(time.into()));
    let key = read(key, cursor)?;
    let namespace = read(namespace, cursor)?;
    let names = ["timestamp", "key", "namespace"].into_iter();
    Ok(O::fields("Timer", names, vec![time, key, namespace]))
}

pub(super) fn write_timer(
    key: &Serializer,
    namespace: &Serializer,
    value: &Value,
    out: &mut Vec<u8>,
) -> Result<()> {
    let [time, this, inside] = fields(value, ["timestamp", "key", "namespace"])?;
    out.extend((integer::<i64>(time, "a timer's time")? ^ i64::MIN).to_be_bytes());
    write(key, this, out)?;
    write(namespace, inside, out)
}

pub(super) fn read_ttl<O: Output>(value: &Serializer, cursor: &mut Cursor<'_>) -> Result<O> {
    let time = cursor.i64("the time of the last access")?;
    let time = O::value(|| Value::Int(time.into()));
    let value = read(value, cursor)?;
    let names = ["timestamp", "value"].into_iter();
    Ok(O::fields("TtlValue", names, vec![time, value]))
}

pub(super) fn write_ttl(inner: &Serializer, value: &Value, out: &mut Vec<u8>) -> Result<()> {
    let [time, value] = fields(value, ["timestamp", "value"])?;
    out.extend(integer::<i64>(time, "a time of access")?.to_be_bytes());
    write(inner, value, out)
}
