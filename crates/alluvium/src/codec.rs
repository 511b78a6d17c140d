//! Codecs: how the values of a state become bytes, and what a snapshot records of them.
//!
//! A codec is a type without values, named in a state's descriptor: [`Postcard`] unless the program says
//! otherwise, [`MsgPackNamed`] where fields come and go, [`Versioned`] where types change in any other way, [`Bytes`] for
//! programs that encode by themselves. Each records the [`Shape`] of what it writes, so that a restore can compare it with what the
//! program declares, and so that tools can print it.
//!
//! Invariants: `decode` takes all of its input or fails with `Corrupt`; `encode` only appends.
//! Does not encode keys, namespaces and map keys, whose bytes must keep their order
//! ([`alluvium_protocol::key`]), and does not decide whether two shapes fit
//! ([`alluvium_protocol::schema`]).

use alluvium_protocol::schema::ValueSchema;
use alluvium_protocol::shape::Shape;

use crate::error::Result;

mod bytes;
mod msgpack;
mod postcard;
mod trace;
mod versioned;

pub use bytes::Bytes;
pub use msgpack::MsgPackNamed;
pub use postcard::Postcard;
pub use trace::trace;
pub use versioned::{Evolving, First, Versioned};

/// Appends the newest form of a value to a buffer and returns true, or false if it has that form. The buffer is not always empty.
/// What it is given is what the codec wrote, without anything that a state adds, such as a stamp.
///
/// Gives the same each time, and may run on any thread. An error leaves the value as it is.
pub type UpgradeValue = dyn Fn(&[u8], &mut Vec<u8>) -> Result<bool> + Send + Sync;

/// An [`UpgradeValue`] that a codec has.
pub type UpgradeBytes = fn(&[u8], &mut Vec<u8>) -> Result<bool>;

/// Turns values of `T` into bytes and back.
///
/// A program that brings its own format implements it for a type of its own:
///
/// ```
/// use alluvium::codec::Codec;
/// use alluvium::{Error, Result};
/// use alluvium_protocol::shape::Shape;
///
/// /// Text as UTF-8, without a length.
/// #[derive(Debug)]
/// struct Utf8;
///
/// impl Codec<String> for Utf8 {
///     const NAME: &'static str = "utf8";
///
///     fn encode(value: &String, out: &mut Vec<u8>) -> Result<()> {
///         out.extend_from_slice(value.as_bytes());
///         Ok(())
///     }
///
///     fn decode(bytes: &[u8]) -> Result<String> {
///         let text = std::str::from_utf8(bytes);
///         text.map(str::to_owned).map_err(|error| Error::corrupt("decode text").with_source(error))
///     }
///
///     fn shape() -> Shape {
///         Shape::Opaque
///     }
/// }
/// # let mut bytes = Vec::new();
/// # Utf8::encode(&"ü".to_owned(), &mut bytes).unwrap();
/// # assert_eq!(Utf8::decode(&bytes).unwrap(), "ü");
/// ```
pub trait Codec<T>: 'static {
    /// The codec's name in schemas. On disk: it never changes meaning.
    const NAME: &'static str;

    /// The version that schemas record when the descriptor gives none.
    const VERSION: u32 = 1;

    /// How values of an older form get the newest one when a store writes their rows again, as a read and a write would do it.
    /// `None` leaves them as they are until the program writes them: right for a codec that cannot tell a value's form at
    /// a look.
    const UPGRADE: Option<UpgradeBytes> = None;

    /// Appends the bytes of `value` to `out`.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) when the format has no bytes for this value. What
    /// was appended by then is of no use.
    fn encode(value: &T, out: &mut Vec<u8>) -> Result<()>;

    /// The value that all of `bytes` stand for.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) when `bytes` are not what `encode` writes for a
    /// value of `T`, trailing bytes included.
    fn decode(bytes: &[u8]) -> Result<T>;

    /// What the bytes hold, as far as it can be known: [`Shape::Opaque`] otherwise.
    fn shape() -> Shape;

    /// What a snapshot records of values of `T`.
    #[must_use]
    fn schema() -> ValueSchema {
        ValueSchema {
            codec: Self::NAME.to_owned(),
            version: Self::VERSION,
            type_name: std::any::type_name::<T>().to_owned(),
            shape: Self::shape(),
            type_version: None,
            older: Vec::new(),
        }
    }
}
