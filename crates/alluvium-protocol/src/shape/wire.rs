//! Shapes as records carry them: one protobuf message that nests itself.
//!
//! ```text
//! Shape { 1 kind: uint32, 2 name: string, 3 parts: repeated Shape, 4 label: string, 5 number: uint32 }
//! ```
//!
//! `name` is that of a struct, an enum, or the type a recursive shape refers to. `parts` are what an
//! option, sequence, map (key, value), tuple, struct (fields) or enum (payloads) consists of. `label` is
//! the field's or variant's name within the enclosing shape, `number` the variant's number.
//!
//! Invariant: a level of a shape is one level of messages, so that [`DEPTH_MAX`] levels, with the
//! messages around them, stay below the 100 levels at which prost refuses to decode.

use prost::Message;

use super::{DEPTH_MAX, Shape};
use crate::error::{Error, Result};

// On disk; never renumber. 0 is what a missing field reads as.
const UNIT: u32 = 1;
const BOOL: u32 = 2;
const I8: u32 = 3;
const I16: u32 = 4;
const I32: u32 = 5;
const I64: u32 = 6;
const I128: u32 = 7;
const U8: u32 = 8;
const U16: u32 = 9;
const U32: u32 = 10;
const U64: u32 = 11;
const U128: u32 = 12;
const F32: u32 = 13;
const F64: u32 = 14;
const CHAR: u32 = 15;
const STR: u32 = 16;
const BYTES: u32 = 17;
const OPTION: u32 = 18;
const SEQ: u32 = 19;
const MAP: u32 = 20;
const TUPLE: u32 = 21;
const STRUCT: u32 = 22;
const ENUM: u32 = 23;
const RECURSIVE: u32 = 24;
const OPAQUE: u32 = 25;

/// The message of a [`Shape`], to be a field of the records that name one.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct ShapeRecord {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(message, repeated, tag = "3")]
    parts: Vec<Self>,
    #[prost(string, tag = "4")]
    label: String,
    #[prost(uint32, tag = "5")]
    number: u32,
}

impl Shape {
    /// The bytes of this shape alone.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        ShapeRecord::from(self).encode_to_vec()
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// `Corrupt` when the bytes are no shape, or one nested deeper than [`DEPTH_MAX`].
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        ShapeRecord::decode(bytes)
            .map_err(|e| Error::corrupt(format!("a shape cannot be read: {e}")))?
            .try_into()
    }
}

impl From<&Shape> for ShapeRecord {
    fn from(shape: &Shape) -> Self {
        write(shape, DEPTH_MAX)
    }
}

impl TryFrom<ShapeRecord> for Shape {
    type Error = Error;

    fn try_from(record: ShapeRecord) -> Result<Self> {
        read(record, DEPTH_MAX)
    }
}

/// Writes at most `levels` of a shape. One that is nested deeper could not be read again: it is cut by
/// an opaque shape on the last level, which matches no declared shape but opaque itself.
fn write(shape: &Shape, levels: usize) -> ShapeRecord {
    let opaque = ShapeRecord {
        kind: OPAQUE,
        ..ShapeRecord::default()
    };
    let Some(levels) = levels.checked_sub(1) else {
        return opaque;
    };
    let (kind, name, parts) = match shape {
        Shape::Unit => (UNIT, "", Vec::new()),
        Shape::Bool => (BOOL, "", Vec::new()),
        Shape::I8 => (I8, "", Vec::new()),
        Shape::I16 => (I16, "", Vec::new()),
        Shape::I32 => (I32, "", Vec::new()),
        Shape::I64 => (I64, "", Vec::new()),
        Shape::I128 => (I128, "", Vec::new()),
        Shape::U8 => (U8, "", Vec::new()),
        Shape::U16 => (U16, "", Vec::new()),
        Shape::U32 => (U32, "", Vec::new()),
        Shape::U64 => (U64, "", Vec::new()),
        Shape::U128 => (U128, "", Vec::new()),
        Shape::F32 => (F32, "", Vec::new()),
        Shape::F64 => (F64, "", Vec::new()),
        Shape::Char => (CHAR, "", Vec::new()),
        Shape::Str => (STR, "", Vec::new()),
        Shape::Bytes => (BYTES, "", Vec::new()),
        Shape::Option(of) => (OPTION, "", vec![write(of, levels)]),
        Shape::Seq(of) => (SEQ, "", vec![write(of, levels)]),
        Shape::Map(key, value) => (MAP, "", vec![write(key, levels), write(value, levels)]),
        Shape::Tuple(parts) => (
            TUPLE,
            "",
            parts.iter().map(|part| write(part, levels)).collect(),
        ),
        Shape::Struct { name, fields } => {
            let part = |(label, field): &(String, Shape)| ShapeRecord {
                label: label.clone(),
                ..write(field, levels)
            };
            (STRUCT, name.as_str(), fields.iter().map(part).collect())
        }
        Shape::Enum { name, variants } => {
            let part = |(number, label, payload): &(u32, String, Shape)| ShapeRecord {
                label: label.clone(),
                number: *number,
                ..write(payload, levels)
            };
            (ENUM, name.as_str(), variants.iter().map(part).collect())
        }
        Shape::Recursive(name) => (RECURSIVE, name.as_str(), Vec::new()),
        Shape::Opaque => (OPAQUE, "", Vec::new()),
    };
    if levels == 0 && !parts.is_empty() {
        return opaque;
    }
    ShapeRecord {
        kind,
        name: name.into(),
        parts,
        ..ShapeRecord::default()
    }
}

fn read(record: ShapeRecord, levels: usize) -> Result<Shape> {
    let levels = levels.checked_sub(1).ok_or_else(|| {
        Error::corrupt(format!("a shape is nested deeper than {DEPTH_MAX} levels"))
    })?;
    let ShapeRecord {
        kind, name, parts, ..
    } = record;
    Ok(match kind {
        UNIT => Shape::Unit,
        BOOL => Shape::Bool,
        I8 => Shape::I8,
        I16 => Shape::I16,
        I32 => Shape::I32,
        I64 => Shape::I64,
        I128 => Shape::I128,
        U8 => Shape::U8,
        U16 => Shape::U16,
        U32 => Shape::U32,
        U64 => Shape::U64,
        U128 => Shape::U128,
        F32 => Shape::F32,
        F64 => Shape::F64,
        CHAR => Shape::Char,
        STR => Shape::Str,
        BYTES => Shape::Bytes,
        OPTION => {
            let [of] = exactly(parts, "an option")?;
            Shape::option(read(of, levels)?)
        }
        SEQ => {
            let [of] = exactly(parts, "a sequence")?;
            Shape::seq(read(of, levels)?)
        }
        MAP => {
            let [key, value] = exactly(parts, "a map")?;
            Shape::map(read(key, levels)?, read(value, levels)?)
        }
        TUPLE => {
            let parts = parts.into_iter().map(|part| read(part, levels));
            Shape::Tuple(parts.collect::<Result<_>>()?)
        }
        STRUCT => {
            let field =
                |mut part: ShapeRecord| Ok((std::mem::take(&mut part.label), read(part, levels)?));
            Shape::Struct {
                name,
                fields: parts.into_iter().map(field).collect::<Result<_>>()?,
            }
        }
        ENUM => {
            let variant = |mut part: ShapeRecord| {
                Ok((
                    part.number,
                    std::mem::take(&mut part.label),
                    read(part, levels)?,
                ))
            };
            Shape::Enum {
                name,
                variants: parts.into_iter().map(variant).collect::<Result<_>>()?,
            }
        }
        RECURSIVE => Shape::Recursive(name),
        OPAQUE => Shape::Opaque,
        unknown => {
            return Err(Error::corrupt(format!(
                "this version knows no shape of kind {unknown}"
            )));
        }
    })
}

fn exactly<const N: usize>(parts: Vec<ShapeRecord>, what: &str) -> Result<[ShapeRecord; N]> {
    <[ShapeRecord; N]>::try_from(parts).map_err(|parts| {
        Error::corrupt(format!(
            "the shape of {what} has {} parts instead of {N}",
            parts.len()
        ))
    })
}
