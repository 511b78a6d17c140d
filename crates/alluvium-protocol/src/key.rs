//! Codecs of keys, namespaces and map keys: bytes that sort as the values do.
//!
//! ```text
//! unsigned integer       big-endian, its own width
//! signed integer         big-endian, its own width, sign bit flipped
//! bool                   0 | 1
//! char                   its number as u32
//! ()                     nothing
//! text, bytes            each 0x00 as 0x00 0xff; then 0x00 0x00
//! Option                 0 | 1 ‖ value
//! struct, tuple, array   field by field
//! enum                   number of the variant, one byte ‖ payload
//! ```
//!
//! Three laws hold for every codec here, and must for a user's:
//! 1. *order*: encodings compare as bytes the way the values compare as `Ord`, so that maps iterate in
//!    the order of their keys and a range of keys is a range of rows;
//! 2. *self-delimiting*: no encoding is the beginning of another value's, so that key, namespace and
//!    map key stand one after the other without lengths between them;
//! 3. *one encoding a value*: equal values have equal bytes, and a decoder refuses all others.
//!
//! A namespace is an ordinary key: `()` where there is none, `(start, end)` for a window.
//!
//! Floating-point numbers are no keys, for they have no total order that users would expect. `usize` and
//! `isize` are none, for their width differs between machines: choose `u64` or `u32`.
//!
//! ```compile_fail
//! fn key<K: alluvium_protocol::key::Key>() {}
//! key::<usize>();
//! ```
//!
//! # Keys of your own
//!
//! For a newtype, [`key_newtype!`](crate::key_newtype) is enough. A struct implements both traits field
//! by field, as the tuple of its fields would be encoded; an enum as the table says, with variants
//! numbered in the order that `Ord` gives them. Keys written otherwise work too, but their shape has to be
//! [`Shape::Opaque`], and tools print their bytes only.
//!
//! ```
//! use alluvium_protocol::Result;
//! use alluvium_protocol::key::{self, EncodeKey, Key, KeyReader};
//! use alluvium_protocol::shape::Shape;
//!
//! #[derive(Debug, PartialEq, Eq, PartialOrd, Ord)] // Compares the fields in this order, too.
//! struct Leg {
//!     from: String,
//!     to: String,
//!     day: u32,
//! }
//!
//! impl EncodeKey for Leg {
//!     type Key = Self;
//!
//!     fn encode_key(&self, out: &mut Vec<u8>) {
//!         (&self.from, &self.to, self.day).encode_key(out);
//!     }
//! }
//!
//! impl Key for Leg {
//!     fn decode_key(input: &mut KeyReader<'_>) -> Result<Self> {
//!         let (from, to, day) = Key::decode_key(input)?;
//!         Ok(Self { from, to, day })
//!     }
//!
//!     fn shape() -> Shape {
//!         Shape::Struct {
//!             name: "Leg".into(),
//!             fields: vec![
//!                 ("from".into(), Shape::Str),
//!                 ("to".into(), Shape::Str),
//!                 ("day".into(), Shape::U32),
//!             ],
//!         }
//!     }
//! }
//!
//! let leg = Leg { from: "ZRH".into(), to: "OSL".into(), day: 20_000 };
//! assert_eq!(key::decode::<Leg>(&key::encode(&leg))?, leg);
//! # Ok::<(), alluvium_protocol::Error>(())
//! ```

mod by_shape;
mod compound;
mod newtype;
mod reader;
mod scalar;
mod text;

pub use self::by_shape::{decode_shape, encode_shape};
pub use self::reader::KeyReader;
use crate::error::Result;
use crate::key_group::KeyHash;
use crate::shape::Shape;

/// What can be written as a key: the key type itself, or a borrowed form of it, as `str` is of `String`.
pub trait EncodeKey {
    /// The type that the bytes are read back as.
    type Key: Key;

    /// Appends the encoding. See the module for the laws it keeps.
    fn encode_key(&self, out: &mut Vec<u8>);
}

/// A key: what a stream is keyed by, a namespace, or the key of a map's entry.
pub trait Key: EncodeKey<Key = Self> + Sized + 'static {
    /// Reads one value, and nothing that follows it.
    ///
    /// # Errors
    /// `Corrupt` when the bytes are no encoding of this type.
    fn decode_key(input: &mut KeyReader<'_>) -> Result<Self>;

    /// What the bytes consist of, as snapshots record it.
    #[must_use]
    fn shape() -> Shape;

    /// The hash that decides which key group a key belongs to, from its encoding.
    ///
    /// Part of what must never change while a checkpoint exists. A codec overrides it where keys have to
    /// meet those of another system in the same group.
    #[must_use]
    fn hash(encoded: &[u8]) -> KeyHash {
        KeyHash::of(encoded)
    }
}

/// The encoding of one key, in a buffer of its own.
#[must_use]
pub fn encode<K: EncodeKey + ?Sized>(key: &K) -> Vec<u8> {
    let mut out = Vec::new();
    key.encode_key(&mut out);
    out
}

/// Reads one key that takes up all the bytes.
///
/// # Errors
/// `Corrupt` when the bytes are no encoding of the type, or go on after it.
pub fn decode<K: Key>(bytes: &[u8]) -> Result<K> {
    let mut input = KeyReader::new(bytes);
    let key = K::decode_key(&mut input)?;
    input.finish()?;
    Ok(key)
}

#[cfg(test)]
mod tests;
