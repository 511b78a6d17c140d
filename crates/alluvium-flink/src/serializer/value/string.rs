//! Text.
//!
//! ```text
//! String        units+1:varint unit:varint*      units of UTF-16; 0 in place of the count is null
//! StringValue   units:varint unit:varint*
//! varint        seven bits a byte, the lowest first, 80 set in all but the last
//! SQL's text    bytes:i32 UTF-8
//! ```
//!
//! Text with half of a surrogate pair in it, which Java allows, is shown as the bytes of its UTF-16 units, so that nothing is
//! lost; bytes that are no UTF-8 are shown as such in the same way.

use alluvium_protocol::value::Value;

use super::encode::{count, mismatch, of};
use super::output::Output;
use crate::cursor::Cursor;
use crate::error::Result;

pub(super) fn read<O: Output>(cursor: &mut Cursor<'_>) -> Result<O> {
    let start = cursor.clone();
    let Some(length) = varint(cursor)?.checked_sub(1) else {
        return Ok(O::value(|| Value::Null));
    };
    read_units(length, &start, cursor)
}

pub(super) fn read_mutable<O: Output>(cursor: &mut Cursor<'_>) -> Result<O> {
    let start = cursor.clone();
    let length = varint(cursor)?;
    read_units(length, &start, cursor)
}

fn read_units<O: Output>(length: u32, start: &Cursor<'_>, cursor: &mut Cursor<'_>) -> Result<O> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > cursor.left().len() {
        let message = format!(
            "a text of {length} characters does not fit into the {} bytes left",
            cursor.left().len()
        );
        return Err(start.corrupt(message).short());
    }
    // Nearly all text is ASCII: a byte each.
    let ascii = cursor.left().get(..length).filter(|bytes| bytes.is_ascii());
    if let Some(text) = ascii.and_then(|bytes| str::from_utf8(bytes).ok()) {
        cursor.bytes(length, "a text")?;
        return Ok(O::value(|| Value::Str(text.to_owned())));
    }
    let mut units = Vec::with_capacity(length);
    for _ in 0..length {
        let at = cursor.clone();
        let unit = varint(cursor)?;
        units.push(u16::try_from(unit).map_err(|e| {
            at.corrupt(format!("a character of {unit:x} is beyond UTF-16"))
                .with_source(e)
        })?);
    }
    Ok(O::value(|| of_units(&units)))
}

fn of_units(units: &[u16]) -> Value {
    match String::from_utf16(units) {
        Ok(text) => Value::Str(text),
        Err(_lone) => Value::Bytes(units.iter().flat_map(|unit| unit.to_be_bytes()).collect()),
    }
}

fn varint(cursor: &mut Cursor<'_>) -> Result<u32> {
    let start = cursor.clone();
    let mut number = 0_u32;
    for shift in (0..32).step_by(7) {
        let byte = cursor.u8("a text")?;
        let bits = u32::from(byte & 0x7F);
        if shift == 28 && bits > 0x0F {
            break;
        }
        number |= bits << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(start.corrupt("a number of more than 32 bits in a text"))
}

/// The UTF-16 units of a text; `None` for null.
pub(super) fn units(value: &Value) -> Result<Option<Vec<u16>>> {
    match value {
        Value::Null => Ok(None),
        Value::Str(text) => Ok(Some(text.encode_utf16().collect())),
        Value::Bytes(bytes) if bytes.len() % 2 == 0 => Ok(Some(
            bytes
                .as_chunks()
                .0
                .iter()
                .map(|unit| u16::from_be_bytes(*unit))
                .collect(),
        )),
        other => Err(mismatch("a text", of(other))),
    }
}

pub(super) fn write(value: &Value, out: &mut Vec<u8>) -> Result<()> {
    let Some(units) = units(value)? else {
        out.push(0);
        return Ok(());
    };
    write_units(units.len() + 1, units.into_iter(), out)
}

pub(super) fn write_mutable(value: &Value, out: &mut Vec<u8>) -> Result<()> {
    match units(value)? {
        Some(units) => write_units(units.len(), units.into_iter(), out),
        None => Err(mismatch("a text", "null")),
    }
}

/// Appends a text that is not null.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) -> Result<()> {
    write_units(text.encode_utf16().count() + 1, text.encode_utf16(), out)
}

/// `count` is what is written of the number of units.
fn write_units(count: usize, units: impl Iterator<Item = u16>, out: &mut Vec<u8>) -> Result<()> {
    let length = u32::try_from(count)
        .ok()
        .filter(|length| *length <= i32::MAX.unsigned_abs())
        .ok_or_else(|| mismatch("a text of at most 2^31 characters", "a longer one"))?;
    write_varint(length, out);
    for unit in units {
        write_varint(unit.into(), out);
    }
    Ok(())
}

/// Reads a text.
pub(crate) fn read_text(cursor: &mut Cursor<'_>) -> Result<String> {
    let start = cursor.clone();
    match read(cursor)? {
        Value::Str(text) => Ok(text),
        Value::Null => Err(start.corrupt("null in the place of a text")),
        _ => Err(start.corrupt("a text with half of a surrogate pair, which is no text here")),
    }
}

fn write_varint(mut number: u32, out: &mut Vec<u8>) {
    loop {
        let [.., low] = number.to_be_bytes();
        number >>= 7;
        if number == 0 {
            out.push(low & 0x7F);
            return;
        }
        out.push(low | 0x80);
    }
}

pub(super) fn read_sql<O: Output>(cursor: &mut Cursor<'_>) -> Result<O> {
    let bytes = cursor.sized("a text")?;
    Ok(O::value(|| utf8(bytes)))
}

pub(super) fn utf8(bytes: &[u8]) -> Value {
    match str::from_utf8(bytes) {
        Ok(text) => Value::Str(text.to_owned()),
        Err(_other) => Value::Bytes(bytes.to_vec()),
    }
}

pub(super) fn utf8_bytes(value: &Value) -> Result<&[u8]> {
    match value {
        Value::Str(text) => Ok(text.as_bytes()),
        Value::Bytes(bytes) => Ok(bytes),
        other => Err(mismatch("a text", of(other))),
    }
}

pub(super) fn write_sql(value: &Value, out: &mut Vec<u8>) -> Result<()> {
    let bytes = utf8_bytes(value)?;
    count(bytes.len(), out)?;
    out.extend_from_slice(bytes);
    Ok(())
}
