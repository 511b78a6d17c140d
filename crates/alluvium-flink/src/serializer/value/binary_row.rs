//! Rows of SQL.
//!
//! ```text
//! value   length:i32 row
//! row     kind:u8, a bit for each column that is set if it is null (the lowest first), zeros up to a multiple of eight bytes
//!         slot:8 bytes, for each column        (`columns`)
//!         parts                                (`slots`)
//! ```
//!
//! Everything in a row is little-endian; the length before it is not. The row of another kind than insertion is a variant.
//!
//! Two things are not told from the tree that a row is read as, so that it is written back with other bytes: what a null's slot
//! has in it (generated code reserves the part of a decimal or timestamp for later updates), and the order of parts that a row
//! was updated with. Flink reads both alike.

use std::borrow::Borrow;

use alluvium_protocol::value::Value;

use super::columns;
use super::encode::{count, mismatch, of};
use super::output::Output;
use super::row::{kind_of, of_kind};
use super::slots::Area;
use crate::cursor::Cursor;
use crate::error::Result;
use crate::java::logical_type::LogicalType;

/// What nested rows are called: their types have no names.
const NAME: &str = "ROW";

pub(super) fn read_sized<O: Output>(types: &[LogicalType], cursor: &mut Cursor<'_>) -> Result<O> {
    let length = cursor.count(1, "bytes of a row")?;
    let at = cursor.clone();
    let bytes = cursor.bytes(length, "a row")?;
    let mut area = Area::new(Cursor::new(bytes, at.file(), at.offset()));
    let (kind, parts) = read(types.iter(), types.len(), &mut area)?;
    Ok(of_kind(kind, O::seq(parts)))
}

pub(super) fn read_nested<O: Output>(
    columns: &[(String, LogicalType)],
    cursor: Cursor<'_>,
) -> Result<O> {
    let types = columns.iter().map(|(_, column)| column);
    let (kind, parts) = read(types, columns.len(), &mut Area::new(cursor))?;
    let names = columns.iter().map(|(name, _)| name.as_str());
    Ok(of_kind(kind, O::fields(NAME, names, parts)))
}

/// How many bytes are before the slots: a bit for each column and eight for the kind, in words of eight bytes.
const fn head(columns: usize) -> usize {
    (columns + 8).div_ceil(64) * 8
}

fn read<O: Output>(
    types: impl Iterator<Item: Borrow<LogicalType>>,
    count: usize,
    area: &mut Area<'_>,
) -> Result<(u8, Vec<O>)> {
    let head = head(count);
    let nulls = area.at(0, head)?;
    let slots = area.at(head, count * 8)?;
    let kind = nulls.first().copied().unwrap_or(0);
    if kind > 3 {
        return Err(area.corrupt(format!("no row has the kind {kind}")));
    }
    let mut parts = Vec::new();
    for (n, (column, slot)) in types.zip(slots.as_chunks().0).enumerate() {
        parts.push(match bit(nulls, n + 8) {
            true => O::value(|| Value::Null),
            false => columns::read(column.borrow(), *slot, area)?,
        });
    }
    Ok((kind, parts))
}

/// The `n`th bit, counted from the lowest of the first byte.
pub(super) fn bit(bits: &[u8], n: usize) -> bool {
    bits.get(n / 8).is_some_and(|byte| byte >> (n % 8) & 1 != 0)
}

pub(super) fn set_bit(bits: &mut [u8], n: usize) {
    if let Some(byte) = bits.get_mut(n / 8) {
        *byte |= 1 << (n % 8);
    }
}

pub(super) fn write_sized(types: &[LogicalType], value: &Value, out: &mut Vec<u8>) -> Result<()> {
    let (kind, row) = kind_of(value)?;
    let Value::Seq(parts) = row else {
        return Err(mismatch("a row", of(row)));
    };
    let row = write(kind, types.iter(), types.len(), parts.iter(), parts.len())?;
    count(row.len(), out)?;
    out.extend(row);
    Ok(())
}

pub(super) fn write_nested(columns: &[(String, LogicalType)], value: &Value) -> Result<Vec<u8>> {
    let (kind, row) = kind_of(value)?;
    let types = columns.iter().map(|(_, column)| column);
    match row {
        Value::Struct { fields, .. } => {
            let parts = fields.iter().map(|(_, value)| value);
            write(kind, types, columns.len(), parts, fields.len())
        }
        Value::Seq(parts) => write(kind, types, columns.len(), parts.iter(), parts.len()),
        other => Err(mismatch("a row", of(other))),
    }
}

fn write<'t>(
    kind: u8,
    types: impl Iterator<Item = &'t LogicalType>,
    expected: usize,
    parts: impl Iterator<Item = &'t Value>,
    found: usize,
) -> Result<Vec<u8>> {
    if expected != found {
        return Err(mismatch(
            format!("a row of {expected} columns"),
            format!("one of {found}"),
        ));
    }
    let head = head(expected);
    let mut row = vec![0; head + expected * 8];
    if let Some(first) = row.first_mut() {
        *first = kind;
    }
    for (n, (column, value)) in types.zip(parts).enumerate() {
        if *value == Value::Null {
            set_bit(&mut row, n + 8);
            continue;
        }
        let slot = columns::write(column, value, &mut row)?;
        let start = head + n * 8;
        if let Some(place) = row.get_mut(start..start + 8) {
            place.copy_from_slice(&slot);
        }
    }
    Ok(row)
}
