//! Values as trees: what tools make of the bytes of keys and values whose types they do not have.
//!
//! A tree is decoded from postcard by its recorded shape ([`postcard`]), from MessagePack without one
//! ([`msgpack`]), from key bytes by [`crate::key::decode_shape`]. It prints as one line of JSON.
//!
//! Invariant: decoders are total, nest at most [`DEPTH_MAX`] levels, and make no tree that is larger than
//! the bytes and the shape justify.
//!
//! The same modules encode trees, for tools that write state they have no types of.
//!
//! Does not find out which of them to use: [`ValueSchema::decode`](crate::schema::ValueSchema::decode) does.

mod input;
mod json;
pub mod msgpack;
pub mod postcard;

pub use json::append_json_text;

/// How many levels values may be nested in bytes that are read: deeper ones are refused.
///
/// Reading, printing and dropping a tree recurse; this many levels fit the stack of any thread.
pub const DEPTH_MAX: usize = 256;

/// A value of any type. Prints as compact JSON.
///
/// ```
/// use alluvium_protocol::shape::Shape;
/// use alluvium_protocol::value::postcard;
///
/// let shape = Shape::Struct {
///     name: "Visit".into(),
///     fields: vec![("tail".into(), Shape::Str), ("delay".into(), Shape::option(Shape::I32))],
/// };
/// let visit = postcard::decode(&shape, b"\x06LN-RGM\x01\x09")?;
///
/// assert_eq!(visit.to_string(), r#"{"tail":"LN-RGM","delay":-5}"#);
/// # Ok::<(), alluvium_protocol::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Nothing: `()`, a unit struct, or an option without a value.
    Null,
    /// A truth value.
    Bool(bool),
    /// A signed integer of any width.
    Int(i128),
    /// An unsigned integer of any width.
    Uint(u128),
    /// A number of 32 bits, kept apart so that it prints no digits it does not have.
    Float32(f32),
    /// A number of 64 bits.
    Float(f64),
    /// A character.
    Char(char),
    /// Text.
    Str(String),
    /// A byte string. Prints as text, `"0x00ff"`.
    Bytes(Vec<u8>),
    /// A sequence, a tuple or an array.
    Seq(Vec<Self>),
    /// Entries in the order they were found. Keys that are no text print as the text of their JSON.
    Map(Vec<(Self, Self)>),
    /// A struct: its type's name, which is not printed, and its fields.
    Struct {
        /// The type's name.
        name: String,
        /// Each field's name and value.
        fields: Vec<(String, Self)>,
    },
    /// An enum's value. Prints as the variant's name, or `{"variant":payload}` if there is a payload.
    Enum {
        /// The type's name.
        name: String,
        /// The variant's name.
        variant: String,
        /// What the variant carries; `Null` if nothing.
        payload: Box<Self>,
    },
}

impl Value {
    /// An integer that fits a type; `None` if it does not, or is no integer.
    ///
    /// ```
    /// use alluvium_protocol::value::Value;
    ///
    /// assert_eq!(Value::Int(-1).integer::<i8>(), Some(-1));
    /// assert_eq!(Value::Int(-1).integer::<u8>(), None);
    /// assert_eq!(Value::Uint(7).integer::<i64>(), Some(7));
    /// ```
    #[must_use]
    pub fn integer<T: TryFrom<i128> + TryFrom<u128>>(&self) -> Option<T> {
        match *self {
            Self::Int(value) => T::try_from(value).ok(),
            Self::Uint(value) => T::try_from(value).ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
