//! Rows: fields by position, with a bit for each that tells whether it is null.
//!
//! ```text
//! row   mask value*     the mask's bits from the highest of a byte down: two of the row's kind, the low one first, if the
//!                       snapshot says that rows have kinds; one for each field, set if it is null; values of the others
//! ```

use alluvium_protocol::value::Value;

use super::collection::{bit, variant, write_mask};
use super::decode;
use super::encode::{self, mismatch, of};
use super::output::Output;
use crate::cursor::Cursor;
use crate::error::Result;
use crate::serializer::Serializer;

/// The kinds of changes, by number: a row that is inserted is a plain row.
pub(super) const KINDS: [&str; 4] = ["INSERT", "UPDATE_BEFORE", "UPDATE_AFTER", "DELETE"];

/// The type that a row of another kind is a variant of.
pub(super) const KIND: &str = "RowKind";

pub(super) fn of_kind<O: Output>(kind: u8, row: O) -> O {
    match KINDS.get(usize::from(kind)) {
        Some(name) if kind != 0 => O::variant(KIND, name, row),
        _ => row,
    }
}

/// The number of a row's kind, and the row.
pub(super) fn kind_of(value: &Value) -> Result<(u8, &Value)> {
    let Some((name, row)) = variant(value) else {
        return Ok((0, value));
    };
    let kind = KINDS.iter().position(|kind| *kind == name);
    match kind.and_then(|kind| u8::try_from(kind).ok()) {
        Some(kind) => Ok((kind, row)),
        None => Err(mismatch("a row's kind", format!("{name:?}"))),
    }
}

/// How many bits the kind has.
const fn bits(kinds: bool) -> usize {
    if kinds { 2 } else { 0 }
}

pub(super) fn read<O: Output>(
    kinds: bool,
    fields: &[Serializer],
    cursor: &mut Cursor<'_>,
) -> Result<O> {
    let first = bits(kinds);
    let mask = cursor.bytes((first + fields.len()).div_ceil(8), "a row's mask")?;
    let mut parts = Vec::new();
    for (n, field) in fields.iter().enumerate() {
        parts.push(match bit(mask, first + n) {
            true => O::value(|| Value::Null),
            false => decode::read(field, cursor)?,
        });
    }
    let kind = match kinds {
        true => u8::from(bit(mask, 0)) | u8::from(bit(mask, 1)) << 1,
        false => 0,
    };
    Ok(of_kind(kind, O::seq(parts)))
}

pub(super) fn write(
    kinds: bool,
    fields: &[Serializer],
    value: &Value,
    out: &mut Vec<u8>,
) -> Result<()> {
    let (kind, row) = kind_of(value)?;
    if kind != 0 && !kinds {
        return Err(mismatch("a row without a kind", "one with"));
    }
    let parts = match row {
        Value::Seq(parts) if parts.len() == fields.len() => parts,
        other => {
            let expected = format!("a row of {} fields", fields.len());
            return Err(mismatch(expected, of(other)));
        }
    };
    let of_kind = [kind & 1 != 0, kind & 2 != 0].into_iter().take(bits(kinds));
    write_mask(
        of_kind.chain(parts.iter().map(|part| *part == Value::Null)),
        out,
    );
    for (field, part) in fields.iter().zip(parts) {
        if *part != Value::Null {
            encode::write(field, part, out)?;
        }
    }
    Ok(())
}
