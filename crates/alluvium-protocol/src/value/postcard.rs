//! Reads postcard 1.x bytes by the shape that was recorded with them.
//!
//! ```text
//! u8, i8, bool             one byte
//! wider unsigned integer   LEB128, at most ⌈bits / 7⌉ bytes
//! wider signed integer     zigzag, then as unsigned
//! f32, f64                 little-endian
//! text, bytes              length as u64 ‖ bytes;  a char is the text of it
//! option                   0 | 1 ‖ value
//! sequence, map            count as u64 ‖ elements, or keys and values in turn
//! struct, tuple            field by field
//! enum                     variant's number as u32 ‖ payload
//! ```
//!
//! The bytes do not say what they are: with another shape than the writer's they give another value, or
//! an error, and nothing here can tell.

mod encode;

pub use encode::encode;

use super::input::Input;
use super::{DEPTH_MAX, Value};
use crate::error::{Error, Result};
use crate::shape::Shape;

/// Decodes one value that takes up all the bytes.
///
/// # Errors
/// `Corrupt` when the bytes are no value of that shape, go on after it, or nest deeper than
/// [`DEPTH_MAX`]; `Incompatible` when the shape is opaque or refers to a type that does not enclose it.
pub fn decode(shape: &Shape, bytes: &[u8]) -> Result<Value> {
    let mut decoder = Decoder {
        input: Input::new(bytes),
        allowance: ALLOWANCE_BASE.saturating_add(bytes.len().saturating_mul(ALLOWANCE_PER_BYTE)),
    };
    let value = decoder.value(shape, None, DEPTH_MAX)?;
    decoder.input.finish()?;
    Ok(value)
}

/// How many bytes of memory a tree may take: some, and more for each byte it is read from.
///
/// Values of no bytes, such as `()`, would otherwise let a few bytes of count make any number of them.
/// A struct of one-byte fields with names of 60 letters takes a seventh of it.
const ALLOWANCE_BASE: usize = 64 << 10;
const ALLOWANCE_PER_BYTE: usize = 1 << 10;

struct Decoder<'a> {
    input: Input<'a>,
    /// Bytes of memory that may still be taken.
    allowance: usize,
}

/// A shape and those that enclose it, which recursive shapes refer to.
struct Scope<'s> {
    shape: &'s Shape,
    outer: Option<&'s Self>,
}

impl<'s> Scope<'s> {
    /// The type that a recursive shape names.
    fn enclosing(outer: Option<&'s Self>, name: &str) -> Result<&'s Self> {
        std::iter::successors(outer, |scope| scope.outer)
            .find(|scope| scope.shape.name() == Some(name))
            .ok_or_else(|| {
                Error::incompatible(format!(
                    "a shape refers to the type {name}, which does not enclose it"
                ))
            })
    }
}

impl Decoder<'_> {
    fn value(&mut self, shape: &Shape, outer: Option<&Scope<'_>>, levels: usize) -> Result<Value> {
        let Some(levels) = levels.checked_sub(1) else {
            return Err(Error::corrupt(format!(
                "a value nests deeper than {DEPTH_MAX} levels"
            )));
        };
        self.charge(size_of::<Value>())?;
        Ok(match shape {
            Shape::Unit => Value::Null,
            Shape::Bool => Value::Bool(self.flag("a bool")?),
            Shape::I8 => Value::Int(i8::from_be_bytes(self.input.array()?).into()),
            Shape::I16 => Value::Int(self.signed(16)?),
            Shape::I32 => Value::Int(self.signed(32)?),
            Shape::I64 => Value::Int(self.signed(64)?),
            Shape::I128 => Value::Int(self.signed(128)?),
            Shape::U8 => Value::Uint(self.input.byte()?.into()),
            Shape::U16 => Value::Uint(self.varint(16)?),
            Shape::U32 => Value::Uint(self.varint(32)?),
            Shape::U64 => Value::Uint(self.varint(64)?),
            Shape::U128 => Value::Uint(self.varint(128)?),
            Shape::F32 => Value::Float32(f32::from_le_bytes(self.input.array()?)),
            Shape::F64 => Value::Float(f64::from_le_bytes(self.input.array()?)),
            Shape::Char => Value::Char(self.char()?),
            Shape::Str => Value::Str(self.text()?.to_owned()),
            Shape::Bytes => {
                let length = self.count()?;
                Value::Bytes(self.input.slice(length)?.to_vec())
            }
            Shape::Option(of) => {
                if self.flag("an option")? {
                    self.value(of, outer, levels)?
                } else {
                    Value::Null
                }
            }
            Shape::Seq(of) => {
                let items = (0..self.count()?).map(|_| self.value(of, outer, levels));
                Value::Seq(items.collect::<Result<_>>()?)
            }
            Shape::Map(key, value) => {
                let entries = (0..self.count()?).map(|_| {
                    Ok((
                        self.value(key, outer, levels)?,
                        self.value(value, outer, levels)?,
                    ))
                });
                Value::Map(entries.collect::<Result<_>>()?)
            }
            Shape::Tuple(parts) => {
                let items = parts.iter().map(|part| self.value(part, outer, levels));
                Value::Seq(items.collect::<Result<_>>()?)
            }
            Shape::Struct { name, fields } => {
                let scope = Scope { shape, outer };
                let fields = fields.iter().map(|(field, shape)| {
                    Ok((self.name(field)?, self.value(shape, Some(&scope), levels)?))
                });
                Value::Struct {
                    fields: fields.collect::<Result<_>>()?,
                    name: self.name(name)?,
                }
            }
            Shape::Enum { name, variants } => {
                let number = self.varint(32)?;
                let Some((_, variant, payload)) = variants
                    .iter()
                    .find(|(known, ..)| u128::from(*known) == number)
                else {
                    return Err(Error::corrupt(format!(
                        "enum {name} has no variant {number}"
                    )));
                };
                let payload = self.value(payload, Some(&Scope { shape, outer }), levels)?;
                Value::Enum {
                    name: self.name(name)?,
                    variant: self.name(variant)?,
                    payload: Box::new(payload),
                }
            }
            Shape::Recursive(name) => {
                let scope = Scope::enclosing(outer, name)?;
                self.value(scope.shape, scope.outer, levels)?
            }
            Shape::Opaque => {
                return Err(Error::incompatible(
                    "the shape of a value is opaque: only the codec that wrote it can read it",
                ));
            }
        })
    }

    /// Takes up memory that the tree is going to need.
    fn charge(&mut self, bytes: usize) -> Result<()> {
        self.allowance = self.allowance.checked_sub(bytes).ok_or_else(|| {
            Error::corrupt("a value holds far more elements than its bytes can stand for")
        })?;
        Ok(())
    }

    fn name(&mut self, name: &str) -> Result<String> {
        self.charge(size_of::<String>() + name.len())?;
        Ok(name.to_owned())
    }

    fn flag(&mut self, what: &str) -> Result<bool> {
        match self.input.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Error::corrupt(format!(
                "byte {other} where a value has {what}"
            ))),
        }
    }

    fn count(&mut self) -> Result<u64> {
        let count = self.varint(64)?;
        u64::try_from(count).map_err(|e| Error::corrupt(format!("a length of {count}: {e}")))
    }

    fn text(&mut self) -> Result<&str> {
        let length = self.count()?;
        self.input.text(length)
    }

    fn char(&mut self) -> Result<char> {
        let text = self.text()?;
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(char), None) => Ok(char),
            _ => Err(Error::corrupt(format!(
                "{text:?} where a value has one character"
            ))),
        }
    }

    fn signed(&mut self, bits: u32) -> Result<i128> {
        let zigzag = self.varint(bits)?;
        let magnitude = (zigzag >> 1).cast_signed();
        Ok(if zigzag & 1 == 0 {
            magnitude
        } else {
            !magnitude
        })
    }

    fn varint(&mut self, bits: u32) -> Result<u128> {
        let mut value = 0_u128;
        for shift in (0..bits).step_by(7) {
            let byte = self.input.byte()?;
            let part = u128::from(byte & 0x7f);
            if part >> (bits - shift).min(7) != 0 {
                break;
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Error::corrupt(format!(
            "an integer of more than {bits} bits where {bits} are due"
        )))
    }
}
