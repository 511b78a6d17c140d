//! Numbers of any size.
//!
//! ```text
//! BigInteger    00000000 null, 00000001 zero, 00000002 one, 00000003 ten; else length+4:i32 and two's complement
//! BigDecimal    BigInteger scale:i32; null is only 00000000
//! SQL's         unscaled:i64 up to 18 digits; else length:i32 and two's complement
//! ```
//!
//! The short forms are written of Java's constants alone: a zero that was computed may have the long form of it, which is not
//! told from the tree and is written back short. Java reads both alike.
//!
//! They are text, as Java writes it: `toString()` of a `BigDecimal` tells its digits and its scale, so that it can be read back.
//! A number of more than [`BYTES_MAX`] bytes is shown as its bytes (a `BigDecimal` with the scale beside them): its digits take
//! time that grows with their square.

mod digits;

use alluvium_protocol::value::Value;

use self::digits::{decimal, integer_bytes, parse_decimal, text};
use super::encode::{count, integer, mismatch, of};
use super::output::Output;
use crate::cursor::Cursor;
use crate::error::Result;

/// Of how many bytes numbers are shown as digits: about 2,400 of them.
const BYTES_MAX: usize = 1000;

/// Up to how many digits SQL's decimals are longs.
pub(super) const COMPACT_DIGITS_MAX: u32 = 18;

/// Two's complement of a `BigInteger`; `None` for null.
fn read_bytes<'a>(cursor: &mut Cursor<'a>) -> Result<Option<&'a [u8]>> {
    let at = cursor.clone();
    Ok(match cursor.i32("a big integer")? {
        0 => None,
        1 => Some(&[0]),
        2 => Some(&[1]),
        3 => Some(&[10]),
        length => {
            let length = length
                .checked_sub(4)
                .and_then(|length| usize::try_from(length).ok())
                .filter(|length| *length > 0)
                .ok_or_else(|| at.corrupt(format!("a big integer of length {length}")))?;
            Some(cursor.bytes(length, "a big integer")?)
        }
    })
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let code: i32 = match bytes {
        [0] => 1,
        [1] => 2,
        [10] => 3,
        _ => {
            count(bytes.len().saturating_add(4), out)?;
            out.extend_from_slice(bytes);
            return Ok(());
        }
    };
    out.extend(code.to_be_bytes());
    Ok(())
}

pub(super) fn read_integer<O: Output>(cursor: &mut Cursor<'_>) -> Result<O> {
    let bytes = read_bytes(cursor)?;
    Ok(O::value(|| match bytes {
        None => Value::Null,
        Some(bytes) if bytes.len() > BYTES_MAX => Value::Bytes(bytes.to_vec()),
        Some(bytes) => Value::Str(text(bytes)),
    }))
}

pub(super) fn write_integer(value: &Value, out: &mut Vec<u8>) -> Result<()> {
    if *value == Value::Null {
        out.extend([0; 4]);
        return Ok(());
    }
    write_bytes(&bytes_of(value)?, out)
}

fn bytes_of(value: &Value) -> Result<Vec<u8>> {
    match value {
        Value::Bytes(bytes) if !bytes.is_empty() => Some(bytes.clone()),
        Value::Int(number) => integer_bytes(&number.to_string(), BYTES_MAX),
        Value::Uint(number) => integer_bytes(&number.to_string(), BYTES_MAX),
        Value::Str(text) => integer_bytes(text, BYTES_MAX),
        _ => None,
    }
    .ok_or_else(|| mismatch("an integer's digits", of(value)))
}

pub(super) fn read_decimal<O: Output>(cursor: &mut Cursor<'_>) -> Result<O> {
    let Some(bytes) = read_bytes(cursor)? else {
        return Ok(O::value(|| Value::Null));
    };
    let scale = cursor.i32("the scale of a big decimal")?;
    Ok(O::value(|| match bytes.len() > BYTES_MAX {
        true => Value::Seq(vec![Value::Bytes(bytes.to_vec()), Value::Int(scale.into())]),
        false => Value::Str(decimal(&text(bytes), scale)),
    }))
}

/// The unscaled digits of a decimal, in two's complement, and its scale; `None` for null.
pub(super) fn parts(value: &Value) -> Result<Option<(Vec<u8>, i32)>> {
    Ok(Some(match value {
        Value::Null => return Ok(None),
        Value::Seq(parts) => match parts.as_slice() {
            [Value::Bytes(bytes), scale] if !bytes.is_empty() => {
                (bytes.clone(), integer(scale, "a scale")?)
            }
            _ => return Err(mismatch("a decimal number", of(value))),
        },
        Value::Str(text) => {
            let parsed = parse_decimal(text)
                .and_then(|(digits, scale)| Some((integer_bytes(&digits, BYTES_MAX)?, scale)));
            parsed.ok_or_else(|| mismatch("a decimal number", format!("{text:?}")))?
        }
        other => (bytes_of(other)?, 0),
    }))
}

pub(super) fn write_decimal(value: &Value, out: &mut Vec<u8>) -> Result<()> {
    match parts(value)? {
        None => out.extend([0; 4]),
        Some((bytes, scale)) => {
            write_bytes(&bytes, out)?;
            out.extend(scale.to_be_bytes());
        }
    }
    Ok(())
}

/// A decimal of SQL whose digits are in two's complement.
pub(super) fn of_unscaled(bytes: &[u8], scale: i32) -> Value {
    if bytes.len() > BYTES_MAX {
        return Value::Bytes(bytes.to_vec());
    }
    Value::Str(decimal(&text(bytes), scale))
}

/// The unscaled digits of a decimal that has a scale to keep to.
pub(super) fn unscaled(value: &Value, scale: i32) -> Result<Vec<u8>> {
    let expected = || format!("a number with {scale} digits after the point");
    match value {
        Value::Bytes(bytes) if !bytes.is_empty() => Ok(bytes.clone()),
        Value::Str(text) => {
            let parsed = parse_decimal(text).and_then(|(mut digits, found)| {
                let missing = usize::try_from(scale.checked_sub(found)?).ok()?;
                if missing > BYTES_MAX {
                    return None;
                }
                digits.extend(std::iter::repeat_n('0', missing));
                integer_bytes(&digits, BYTES_MAX)
            });
            parsed.ok_or_else(|| mismatch(expected(), format!("{text:?}")))
        }
        other => Err(mismatch(expected(), of(other))),
    }
}

/// Two's complement as a long.
pub(super) fn long(bytes: &[u8]) -> Option<i64> {
    let negative = bytes.first()? & 0x80 != 0;
    let mut long = [if negative { 0xFF } else { 0 }; 8];
    let start = long.len().checked_sub(bytes.len())?;
    long.get_mut(start..)?.copy_from_slice(bytes);
    Some(i64::from_be_bytes(long))
}

pub(super) fn read_sql<O: Output>(
    precision: u32,
    scale: i32,
    cursor: &mut Cursor<'_>,
) -> Result<O> {
    if precision <= COMPACT_DIGITS_MAX {
        let unscaled = cursor.i64("a decimal number")?;
        return Ok(O::value(|| of_unscaled(&unscaled.to_be_bytes(), scale)));
    }
    let bytes = cursor.sized("a decimal number")?;
    Ok(O::value(|| of_unscaled(bytes, scale)))
}

pub(super) fn write_sql(
    precision: u32,
    scale: i32,
    value: &Value,
    out: &mut Vec<u8>,
) -> Result<()> {
    let bytes = unscaled(value, scale)?;
    if precision <= COMPACT_DIGITS_MAX {
        let long = long(&bytes).ok_or_else(|| mismatch("18 digits", "more"))?;
        out.extend(long.to_be_bytes());
        return Ok(());
    }
    count(bytes.len(), out)?;
    out.extend_from_slice(&bytes);
    Ok(())
}
