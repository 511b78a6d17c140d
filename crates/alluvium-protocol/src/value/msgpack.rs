//! Reads MessagePack bytes, which say themselves what they are.
//!
//! What `rmp-serde` writes with names comes back as it was but for details the format does not keep:
//! structs are maps, unit structs empty sequences, enums maps of one entry or text, and integers that
//! are not negative unsigned. An extension is a struct of its `type` and its `data`.

mod encode;

pub use encode::encode;

use super::input::Input;
use super::{DEPTH_MAX, Value};
use crate::error::{Error, Result};

/// Decodes one value that takes up all the bytes.
///
/// # Errors
/// `Corrupt` when the bytes are no MessagePack, go on after one value, hold text that is not UTF-8, or
/// nest deeper than [`DEPTH_MAX`].
pub fn decode(bytes: &[u8]) -> Result<Value> {
    let mut input = Input::new(bytes);
    let value = value(&mut input, DEPTH_MAX)?;
    input.finish()?;
    Ok(value)
}

fn value(input: &mut Input<'_>, levels: usize) -> Result<Value> {
    let Some(levels) = levels.checked_sub(1) else {
        return Err(Error::corrupt(format!(
            "a value nests deeper than {DEPTH_MAX} levels"
        )));
    };
    Ok(match input.byte()? {
        small @ 0x00..=0x7f => Value::Uint(small.into()),
        map @ 0x80..=0x8f => entries(input, (map & 0x0f).into(), levels)?,
        array @ 0x90..=0x9f => items(input, (array & 0x0f).into(), levels)?,
        text @ 0xa0..=0xbf => Value::Str(input.text((text & 0x1f).into())?.to_owned()),
        0xc0 => Value::Null,
        0xc1 => return Err(Error::corrupt("byte 0xc1, which MessagePack never uses")),
        0xc2 => Value::Bool(false),
        0xc3 => Value::Bool(true),
        width @ 0xc4..=0xc6 => {
            let length = length(input, width - 0xc4)?;
            Value::Bytes(input.slice(length)?.to_vec())
        }
        width @ 0xc7..=0xc9 => {
            let length = length(input, width - 0xc7)?;
            extension(input, length)?
        }
        0xca => Value::Float32(f32::from_be_bytes(input.array()?)),
        0xcb => Value::Float(f64::from_be_bytes(input.array()?)),
        0xcc => Value::Uint(input.byte()?.into()),
        0xcd => Value::Uint(u16::from_be_bytes(input.array()?).into()),
        0xce => Value::Uint(u32::from_be_bytes(input.array()?).into()),
        0xcf => Value::Uint(u64::from_be_bytes(input.array()?).into()),
        0xd0 => Value::Int(i8::from_be_bytes(input.array()?).into()),
        0xd1 => Value::Int(i16::from_be_bytes(input.array()?).into()),
        0xd2 => Value::Int(i32::from_be_bytes(input.array()?).into()),
        0xd3 => Value::Int(i64::from_be_bytes(input.array()?).into()),
        power @ 0xd4..=0xd8 => extension(input, 1 << (power - 0xd4))?,
        width @ 0xd9..=0xdb => {
            let length = length(input, width - 0xd9)?;
            Value::Str(input.text(length)?.to_owned())
        }
        width @ 0xdc..=0xdd => {
            let count = length(input, width - 0xdc + 1)?;
            items(input, count, levels)?
        }
        width @ 0xde..=0xdf => {
            let count = length(input, width - 0xde + 1)?;
            entries(input, count, levels)?
        }
        negative @ 0xe0..=0xff => Value::Int(negative.cast_signed().into()),
    })
}

/// A length or count of one, two or four bytes, for a width of 0, 1 or 2.
fn length(input: &mut Input<'_>, width: u8) -> Result<u64> {
    Ok(match width {
        0 => input.byte()?.into(),
        1 => u16::from_be_bytes(input.array()?).into(),
        _ => u32::from_be_bytes(input.array()?).into(),
    })
}

// Nothing is reserved for a count: each element takes a byte at least, so the input bounds them.

fn items(input: &mut Input<'_>, count: u64, levels: usize) -> Result<Value> {
    (0..count)
        .map(|_| value(input, levels))
        .collect::<Result<_>>()
        .map(Value::Seq)
}

fn entries(input: &mut Input<'_>, count: u64, levels: usize) -> Result<Value> {
    (0..count)
        .map(|_| Ok((value(input, levels)?, value(input, levels)?)))
        .collect::<Result<_>>()
        .map(Value::Map)
}

fn extension(input: &mut Input<'_>, length: u64) -> Result<Value> {
    let kind = i8::from_be_bytes(input.array()?);
    let data = input.slice(length)?.to_vec();
    Ok(Value::Struct {
        name: "extension".into(),
        fields: vec![
            ("type".into(), Value::Int(kind.into())),
            ("data".into(), Value::Bytes(data)),
        ],
    })
}
