//! Keys of one fixed width: integers, `bool`, `char`, and `()` of no width at all.

use super::{EncodeKey, Key, KeyReader};
use crate::error::{Error, Result};
use crate::shape::Shape;

macro_rules! unsigned {
    ($($integer:ident => $shape:ident),*) => {$(
        impl EncodeKey for $integer {
            type Key = Self;

            #[inline]
            fn encode_key(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }
        }

        impl Key for $integer {
            fn decode_key(input: &mut KeyReader<'_>) -> Result<Self> {
                input.array().map(Self::from_be_bytes)
            }

            fn shape() -> Shape {
                Shape::$shape
            }
        }
    )*};
}

/// With the sign bit flipped, negative numbers sort before the others.
macro_rules! signed {
    ($($integer:ident => $shape:ident),*) => {$(
        impl EncodeKey for $integer {
            type Key = Self;

            #[inline]
            fn encode_key(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&(self ^ Self::MIN).to_be_bytes());
            }
        }

        impl Key for $integer {
            fn decode_key(input: &mut KeyReader<'_>) -> Result<Self> {
                input.array().map(|bytes| Self::from_be_bytes(bytes) ^ Self::MIN)
            }

            fn shape() -> Shape {
                Shape::$shape
            }
        }
    )*};
}

unsigned!(u8 => U8, u16 => U16, u32 => U32, u64 => U64, u128 => U128);
signed!(i8 => I8, i16 => I16, i32 => I32, i64 => I64, i128 => I128);

impl EncodeKey for bool {
    type Key = Self;

    fn encode_key(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl Key for bool {
    fn decode_key(input: &mut KeyReader<'_>) -> Result<Self> {
        match input.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Error::corrupt(format!(
                "byte {other} where a key has a bool"
            ))),
        }
    }

    fn shape() -> Shape {
        Shape::Bool
    }
}

impl EncodeKey for char {
    type Key = Self;

    fn encode_key(&self, out: &mut Vec<u8>) {
        u32::from(*self).encode_key(out);
    }
}

impl Key for char {
    fn decode_key(input: &mut KeyReader<'_>) -> Result<Self> {
        let number = u32::decode_key(input)?;
        Self::from_u32(number).ok_or_else(|| {
            Error::corrupt(format!(
                "{number:#x} where a key has a char is no character"
            ))
        })
    }

    fn shape() -> Shape {
        Shape::Char
    }
}

impl EncodeKey for () {
    type Key = Self;

    fn encode_key(&self, _: &mut Vec<u8>) {}
}

impl Key for () {
    fn decode_key(_: &mut KeyReader<'_>) -> Result<Self> {
        Ok(())
    }

    fn shape() -> Shape {
        Shape::Unit
    }
}
