//! Writes MessagePack bytes the way `rmp-serde` does with names: what [`decode`](super::decode) reads back.

use super::super::{DEPTH_MAX, Value};
use crate::error::{Error, Result};

/// Encodes a value: structs as maps from names, variants without a payload as text and others as a map of one entry,
/// integers and lengths in as few bytes as there are.
///
/// # Errors
/// `Invalid` when it nests deeper than [`DEPTH_MAX`], an integer has more than 64 bits (`rmp-serde` writes those as
/// bytes), or something is longer than 4 GiB.
pub fn encode(value: &Value) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    push(value, DEPTH_MAX, &mut out)?;
    Ok(out)
}

fn push(value: &Value, levels: usize, out: &mut Vec<u8>) -> Result<()> {
    let Some(levels) = levels.checked_sub(1) else {
        return Err(Error::invalid(format!(
            "a value nests deeper than {DEPTH_MAX} levels"
        )));
    };
    match value {
        Value::Null => out.push(0xc0),
        Value::Bool(value) => out.push(if *value { 0xc3 } else { 0xc2 }),
        Value::Uint(value) => unsigned(*value, out)?,
        Value::Int(value) => match u128::try_from(*value) {
            Ok(value) => unsigned(value, out)?,
            Err(_negative) => negative(*value, out)?,
        },
        Value::Float32(value) => {
            out.push(0xca);
            out.extend_from_slice(&value.to_be_bytes());
        }
        Value::Float(value) => {
            out.push(0xcb);
            out.extend_from_slice(&value.to_be_bytes());
        }
        Value::Char(value) => text(value.encode_utf8(&mut [0; 4]), out)?,
        Value::Str(value) => text(value, out)?,
        Value::Bytes(bytes) => {
            head(bytes.len(), None, [Some(0xc4), Some(0xc5), Some(0xc6)], out)?;
            out.extend_from_slice(bytes);
        }
        Value::Seq(items) => {
            head(
                items.len(),
                Some((0x90, 15)),
                [None, Some(0xdc), Some(0xdd)],
                out,
            )?;
            items.iter().try_for_each(|item| push(item, levels, out))?;
        }
        Value::Map(entries) => {
            map(entries.len(), out)?;
            for (key, value) in entries {
                push(key, levels, out)?;
                push(value, levels, out)?;
            }
        }
        Value::Struct { fields, .. } => {
            map(fields.len(), out)?;
            for (name, value) in fields {
                text(name, out)?;
                push(value, levels, out)?;
            }
        }
        Value::Enum {
            variant, payload, ..
        } => match **payload {
            Value::Null => text(variant, out)?,
            _ => {
                map(1, out)?;
                text(variant, out)?;
                push(payload, levels, out)?;
            }
        },
    }
    Ok(())
}

fn map(entries: usize, out: &mut Vec<u8>) -> Result<()> {
    head(
        entries,
        Some((0x80, 15)),
        [None, Some(0xde), Some(0xdf)],
        out,
    )
}

fn text(text: &str, out: &mut Vec<u8>) -> Result<()> {
    head(
        text.len(),
        Some((0xa0, 31)),
        [Some(0xd9), Some(0xda), Some(0xdb)],
        out,
    )?;
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

/// A length: in the marker itself up to some number, or after the marker for one, two or four bytes.
fn head(
    length: usize,
    small: Option<(u8, u8)>,
    [one, two, four]: [Option<u8>; 3],
    out: &mut Vec<u8>,
) -> Result<()> {
    let short = u8::try_from(length).ok();
    if let (Some((marker, most)), Some(short)) = (small, short)
        && short <= most
    {
        out.push(marker | short);
    } else if let (Some(marker), Some(short)) = (one, short) {
        out.extend_from_slice(&[marker, short]);
    } else if let (Some(marker), Ok(length)) = (two, u16::try_from(length)) {
        out.push(marker);
        out.extend_from_slice(&length.to_be_bytes());
    } else if let (Some(marker), Ok(length)) = (four, u32::try_from(length)) {
        out.push(marker);
        out.extend_from_slice(&length.to_be_bytes());
    } else {
        return Err(Error::invalid(format!(
            "{length} bytes or elements, more than MessagePack can say"
        )));
    }
    Ok(())
}

fn unsigned(value: u128, out: &mut Vec<u8>) -> Result<()> {
    if let Ok(small @ 0..=0x7f) = u8::try_from(value) {
        out.push(small);
    } else if let Ok(value) = u8::try_from(value) {
        out.extend_from_slice(&[0xcc, value]);
    } else if let Ok(value) = u16::try_from(value) {
        out.push(0xcd);
        out.extend_from_slice(&value.to_be_bytes());
    } else if let Ok(value) = u32::try_from(value) {
        out.push(0xce);
        out.extend_from_slice(&value.to_be_bytes());
    } else {
        let value = u64::try_from(value).map_err(|e| too_wide(value, e))?;
        out.push(0xcf);
        out.extend_from_slice(&value.to_be_bytes());
    }
    Ok(())
}

fn negative(value: i128, out: &mut Vec<u8>) -> Result<()> {
    if let Ok(small @ -32..) = i8::try_from(value) {
        out.extend_from_slice(&small.to_be_bytes());
    } else if let Ok(value) = i8::try_from(value) {
        out.push(0xd0);
        out.extend_from_slice(&value.to_be_bytes());
    } else if let Ok(value) = i16::try_from(value) {
        out.push(0xd1);
        out.extend_from_slice(&value.to_be_bytes());
    } else if let Ok(value) = i32::try_from(value) {
        out.push(0xd2);
        out.extend_from_slice(&value.to_be_bytes());
    } else {
        let value = i64::try_from(value).map_err(|e| too_wide(value, e))?;
        out.push(0xd3);
        out.extend_from_slice(&value.to_be_bytes());
    }
    Ok(())
}

fn too_wide(value: impl std::fmt::Display, why: std::num::TryFromIntError) -> Error {
    Error::invalid(format!("integer {value} in MessagePack: {why}"))
}
