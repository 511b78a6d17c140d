//! The codec whose bytes are what Flink's serializers write.

use std::sync::{Arc, LazyLock};

use alluvium::codec::{Codec, trace};
use alluvium::{Error, Result};
use alluvium_protocol::schema;
use alluvium_protocol::shape::{DEPTH_MAX, Shape};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::decode::Decoder;
use super::encode::Encoder;
use crate::cursor::Cursor;

/// The name that bytes without a file have in messages.
static VALUE: LazyLock<Arc<str>> = LazyLock::new(|| "a value by Flink's serializers".into());

/// Values as Flink's serializers write them.
///
/// | Rust | Flink's serializer |
/// |---|---|
/// | `bool`, `i8`, `i16`, `i32`, `i64`, `f32`, `f64`, `char` | Boolean, Byte, Short, Int, Long, Float, Double, Char |
/// | `String` | String |
/// | tuples, arrays, tuple structs | Tuple; `(i64, i64)` is a `TimeWindow`, too |
/// | `Vec<T>` | List, arrays of numbers |
/// | maps | Map |
/// | structs | Pojo: the fields in the order they are declared, which has to be Flink's (by name) |
/// | enums without payloads | Enum: the variants in the order they are declared |
/// | `()` | Void, `VoidNamespace` |
/// | `Option<T>` | null in a field or a map's value; elsewhere Nullable, without padding |
/// | byte strings (`serde_bytes`) | `byte[]` |
///
/// Any field may be null in Flink, so that a field of type `T` and one of type `Option<T>` have the same bytes and the same
/// recorded shape; a null that meets a `T` is an error. Unsigned numbers do not exist in Java. There is nothing in the bytes
/// that says what they are, so that a restore refuses every other type.
///
/// ```
/// use alluvium::ValueState;
/// use alluvium::codec::Codec;
/// use alluvium_flink::codec::Flink;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct Account {
///     balance: i64,
///     owner: Option<String>,
/// }
///
/// const ACCOUNT: ValueState<Account, (), Flink> = ValueState::new("account").codec();
/// # let _ = ACCOUNT;
///
/// let mut bytes = Vec::new();
/// Flink::encode(&Account { balance: 7, owner: None }, &mut bytes)?;
/// // An object of the class itself; a field that is not null, and one that is.
/// assert_eq!(bytes, [2, 0, 0, 0, 0, 0, 0, 0, 0, 7, 1]);
/// # let read: Account = Flink::decode(&bytes)?;
/// # assert_eq!(read, Account { balance: 7, owner: None });
/// # Ok::<(), alluvium::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a codec is a name without fields"
)]
pub struct Flink;

impl<T: Serialize + DeserializeOwned> Codec<T> for Flink {
    const NAME: &'static str = schema::FLINK;

    fn encode(value: &T, out: &mut Vec<u8>) -> Result<()> {
        value.serialize(&mut Encoder::new(out)).map_err(|failure| {
            Error::invalid("encode as Flink does: choose a codec that can hold this type")
                .with_source(failure)
        })
    }

    fn decode(bytes: &[u8]) -> Result<T> {
        let corrupt = || Error::corrupt("decode a value by Flink's serializers");
        let mut decoder = Decoder::new(Cursor::new(bytes, &VALUE, 0));
        let value =
            T::deserialize(&mut decoder).map_err(|failure| corrupt().with_source(failure))?;
        decoder
            .finish()
            .map_err(|error| corrupt().with_source(error))?;
        Ok(value)
    }

    fn shape() -> Shape {
        let shape = with_nulls(trace::<T>());
        // What a snapshot records must be readable again.
        if shape.depth() > DEPTH_MAX - 2 {
            return Shape::Opaque;
        }
        shape
    }
}

/// The shape with an option wherever Flink's bytes tell null, and tuples where they do not.
pub(crate) fn with_nulls(shape: Shape) -> Shape {
    let nullable = |shape| match with_nulls(shape) {
        known @ Shape::Option(_) => known,
        other => Shape::option(other),
    };
    match shape {
        Shape::Option(of) => Shape::option(with_nulls(*of)),
        Shape::Seq(of) => Shape::seq(with_nulls(*of)),
        Shape::Map(key, value) => Shape::map(with_nulls(*key), nullable(*value)),
        Shape::Tuple(parts) => Shape::Tuple(parts.into_iter().map(with_nulls).collect()),
        Shape::Struct { name, fields } if is_tuple(&fields) => {
            let fields = fields
                .into_iter()
                .map(|(field, of)| (field, with_nulls(of)));
            let fields = fields.collect();
            Shape::Struct { name, fields }
        }
        Shape::Struct { name, fields } => {
            let fields = fields.into_iter().map(|(field, of)| (field, nullable(of)));
            let fields = fields.collect();
            Shape::Struct { name, fields }
        }
        other => other,
    }
}

/// Whether fields are called as those of tuple structs are.
fn is_tuple(fields: &[(String, Shape)]) -> bool {
    let mut names = fields.iter().enumerate();
    !fields.is_empty() && names.all(|(position, (name, _))| *name == position.to_string())
}

#[cfg(test)]
mod tests;
