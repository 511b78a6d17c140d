//! Shapes: what the bytes of a key or value consist of, as a snapshot records it.
//!
//! A shape is what a tool needs to print typed state that it was not compiled for
//! ([`crate::key::decode_shape`], [`crate::value`]), and what a restore compares to find that a type has
//! changed ([`difference()`]). It names fields and variants, but not the codec: that is the schema's.
//!
//! Conventions, which whoever derives shapes from types follows:
//! - a newtype struct has the shape of what it wraps, since codecs write it so;
//! - a tuple struct is a struct whose fields are named `0`, `1`, …;
//! - the payload of an enum's variant is `Unit`, the one type it wraps, a tuple, or a struct with the
//!   variant's name;
//! - a type that contains itself is written out once; inside, it is `Recursive` with its name;
//! - `Opaque` is anything that only the user's codec can read.
//!
//! Does not decide whether a difference can be lived with (`schema::resolve`).

mod difference;
mod display;
pub(crate) mod wire;

pub use difference::difference;

/// How many levels a shape may have: [`Shape::decode`] refuses deeper ones as corrupt.
pub const DEPTH_MAX: usize = 64;

/// The structure of a type. Prints in a notation close to Rust's: `{tail: str, delay: option<i32>}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Shape {
    /// Nothing: `()` or a unit struct.
    Unit,
    /// `bool`.
    Bool,
    /// `i8`.
    I8,
    /// `i16`.
    I16,
    /// `i32`.
    I32,
    /// `i64`.
    I64,
    /// `i128`.
    I128,
    /// `u8`.
    U8,
    /// `u16`.
    U16,
    /// `u32`.
    U32,
    /// `u64`.
    U64,
    /// `u128`.
    U128,
    /// `f32`.
    F32,
    /// `f64`.
    F64,
    /// `char`.
    Char,
    /// Text.
    Str,
    /// A byte string, as opposed to a sequence of `u8`.
    Bytes,
    /// A value or none.
    Option(Box<Self>),
    /// Any number of values of one shape.
    Seq(Box<Self>),
    /// Any number of entries.
    Map(Box<Self>, Box<Self>),
    /// A fixed number of values, each with a shape of its own; an array too.
    Tuple(Vec<Self>),
    /// Named fields, in the order they are declared.
    Struct {
        /// The type's name.
        name: String,
        /// Each field's name and shape.
        fields: Vec<(String, Self)>,
    },
    /// One of several variants.
    Enum {
        /// The type's name.
        name: String,
        /// Each variant's number, name and payload.
        variants: Vec<(u32, String, Self)>,
    },
    /// The struct or enum of this name that encloses it.
    Recursive(String),
    /// Bytes only the user's codec can read.
    Opaque,
}

impl Shape {
    /// An option of this shape.
    #[must_use]
    pub fn option(of: Self) -> Self {
        Self::Option(Box::new(of))
    }

    /// A sequence of this shape.
    #[must_use]
    pub fn seq(of: Self) -> Self {
        Self::Seq(Box::new(of))
    }

    /// A map from keys of one shape to values of another.
    #[must_use]
    pub fn map(key: Self, value: Self) -> Self {
        Self::Map(Box::new(key), Box::new(value))
    }

    /// The number of levels: 1 for a shape that contains no other. At most [`DEPTH_MAX`] can be recorded.
    #[must_use]
    pub fn depth(&self) -> usize {
        let below = match self {
            Self::Option(of) | Self::Seq(of) => of.depth(),
            Self::Map(key, value) => key.depth().max(value.depth()),
            Self::Tuple(parts) => parts.iter().map(Self::depth).max().unwrap_or(0),
            Self::Struct { fields, .. } => fields
                .iter()
                .map(|(_, field)| field.depth())
                .max()
                .unwrap_or(0),
            Self::Enum { variants, .. } => variants
                .iter()
                .map(|(.., payload)| payload.depth())
                .max()
                .unwrap_or(0),
            _ => 0,
        };
        below + 1
    }

    /// The name of a struct or enum, which `Recursive` shapes inside may refer to.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Struct { name, .. } | Self::Enum { name, .. } => Some(name),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
