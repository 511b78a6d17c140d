//! Arrays and maps of SQL.
//!
//! ```text
//! value   length:i32 array | map
//! array   count:i32, a bit for each element that is set if it is null (the lowest first) in words of four bytes,
//!         elements of the type's width (`columns::width`), zeros up to a multiple of eight bytes, parts (`slots`)
//! map     length of keys:i32, array of keys, array of values
//! ```
//!
//! Everything but the length before a value is little-endian. A multiset is a map of elements to how many of them there are.

use std::borrow::Borrow;

use alluvium_protocol::value::Value;

use super::binary_row::{bit, set_bit};
use super::columns;
use super::encode::{count, mismatch, of};
use super::output::Output;
use super::slots::Area;
use crate::cursor::Cursor;
use crate::error::Result;
use crate::java::logical_type::{LogicalType, Root};

/// The type of a multiset's counts.
pub(super) const COUNT: LogicalType = LogicalType {
    nullable: false,
    root: Root::Integer,
};

fn sized<'a>(cursor: &mut Cursor<'a>) -> Result<Cursor<'a>> {
    let length = cursor.count(1, "bytes of an array or a map")?;
    let offset = cursor.offset();
    let file = cursor.file();
    Ok(Cursor::new(
        cursor.bytes(length, "an array or a map")?,
        file,
        offset,
    ))
}

pub(super) fn read_sized<O: Output>(element: &LogicalType, cursor: &mut Cursor<'_>) -> Result<O> {
    read(element, sized(cursor)?)
}

pub(super) fn read_sized_map<O: Output>(
    key: &LogicalType,
    value: &LogicalType,
    cursor: &mut Cursor<'_>,
) -> Result<O> {
    read_map(key, value, sized(cursor)?)
}

pub(super) fn read<O: Output>(element: &LogicalType, cursor: Cursor<'_>) -> Result<O> {
    read_elements(element, cursor).map(O::seq)
}

/// Where the elements of an array begin.
const fn head(count: usize) -> usize {
    4 + count.div_ceil(32) * 4
}

fn read_elements<O: Output>(element: &LogicalType, mut cursor: Cursor<'_>) -> Result<Vec<O>> {
    let mut area = Area::new(cursor.clone());
    let count = u32::from_le_bytes(cursor.array("the number of elements")?);
    let width = columns::width(&element.root);
    let count = usize::try_from(count)
        .ok()
        .filter(|count| count.saturating_mul(width) <= cursor.left().len())
        .ok_or_else(|| area.corrupt(format!("an array of {count} elements has fewer bytes")))?;
    let nulls = area.at(4, head(count) - 4)?;
    let elements = area.at(head(count), count * width)?;
    let mut parts = Vec::new();
    for (n, bytes) in elements.chunks(width).enumerate() {
        parts.push(match bit(nulls, n) {
            true => O::value(|| Value::Null),
            false => {
                let mut slot = [0; 8];
                for (place, byte) in slot.iter_mut().zip(bytes) {
                    *place = *byte;
                }
                columns::read(element, slot, &mut area)?
            }
        });
    }
    Ok(parts)
}

pub(super) fn read_map<O: Output>(
    key: &LogicalType,
    value: &LogicalType,
    mut cursor: Cursor<'_>,
) -> Result<O> {
    let start = cursor.clone();
    let length = u32::from_le_bytes(cursor.array("the length of a map's keys")?);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let (offset, file) = (cursor.offset(), start.file());
    let keys = Cursor::new(cursor.bytes(length, "a map's keys")?, file, offset);
    let keys: Vec<O> = read_elements(key, keys)?;
    let values = read_elements(value, cursor)?;
    if keys.len() != values.len() {
        return Err(start.corrupt(format!(
            "a map of {} keys and {} values",
            keys.len(),
            values.len()
        )));
    }
    Ok(O::map(keys.into_iter().zip(values).collect()))
}

fn append(array: Vec<u8>, out: &mut Vec<u8>) -> Result<()> {
    count(array.len(), out)?;
    out.extend(array);
    Ok(())
}

pub(super) fn write_sized(element: &LogicalType, value: &Value, out: &mut Vec<u8>) -> Result<()> {
    append(write(element, value)?, out)
}

pub(super) fn write_sized_map(
    key: &LogicalType,
    inner: &LogicalType,
    value: &Value,
    out: &mut Vec<u8>,
) -> Result<()> {
    append(write_map(key, inner, value)?, out)
}

pub(super) fn write(element: &LogicalType, value: &Value) -> Result<Vec<u8>> {
    match value {
        Value::Seq(parts) => write_elements(element, parts.len(), parts.iter()),
        other => Err(mismatch("an array", of(other))),
    }
}

fn write_elements(
    element: &LogicalType,
    count: usize,
    parts: impl Iterator<Item: Borrow<Value>>,
) -> Result<Vec<u8>> {
    let head = head(count);
    let width = columns::width(&element.root);
    let number = i32::try_from(count)
        .map_err(|e| mismatch("fewer than 2^31 elements", count).with_source(e))?;
    let mut array = number.to_le_bytes().to_vec();
    array.resize((head + count * width).next_multiple_of(8), 0);
    for (n, part) in parts.enumerate() {
        let part = part.borrow();
        if *part == Value::Null {
            set_bit(array.get_mut(4..head).unwrap_or_default(), n);
            continue;
        }
        let slot = columns::write(element, part, &mut array)?;
        let start = head + n * width;
        if let Some(place) = array.get_mut(start..start + width) {
            for (place, byte) in place.iter_mut().zip(slot) {
                *place = byte;
            }
        }
    }
    Ok(array)
}

pub(super) fn write_map(key: &LogicalType, inner: &LogicalType, value: &Value) -> Result<Vec<u8>> {
    let Value::Map(entries) = value else {
        return Err(mismatch("a map", of(value)));
    };
    let keys = write_elements(key, entries.len(), entries.iter().map(|(key, _)| key))?;
    let values = write_elements(inner, entries.len(), entries.iter().map(|(_, value)| value))?;
    let length = i32::try_from(keys.len())
        .map_err(|e| mismatch("keys of less than 2 GiB", keys.len()).with_source(e))?;
    let mut map = length.to_le_bytes().to_vec();
    map.extend(keys);
    map.extend(values);
    Ok(map)
}
