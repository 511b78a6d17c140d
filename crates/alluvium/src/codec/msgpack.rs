//! The codec for types that change: MessagePack with field names.

use alluvium_protocol::schema;
use alluvium_protocol::shape::Shape;
use rmp_serde::decode::Error as DecodeError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Codec, trace};
use crate::error::{Error, Result};

/// Values as MessagePack maps with field and variant names: larger and slower than
/// [`Postcard`](super::Postcard), but fields may come (with `#[serde(default)]`), go and move.
///
/// Strict about the end: bytes behind the value are `Corrupt`.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a codec is a name without fields"
)]
pub struct MsgPackNamed;

impl<T: Serialize + DeserializeOwned> Codec<T> for MsgPackNamed {
    const NAME: &'static str = schema::MSGPACK_NAMED;

    fn encode(value: &T, out: &mut Vec<u8>) -> Result<()> {
        rmp_serde::encode::write_named(out, value)
            .map_err(|error| Error::invalid("encode as MessagePack").with_source(error))
    }

    fn decode(bytes: &[u8]) -> Result<T> {
        let mut reader = rmp_serde::Deserializer::from_read_ref(bytes);
        let value = T::deserialize(&mut reader)
            .map_err(|error| Error::corrupt("decode MessagePack").with_source(error))?;
        // The reader does not tell how far it came. One more read fails for want of a marker exactly when
        // nothing is left.
        match u8::deserialize(&mut reader) {
            Err(DecodeError::InvalidMarkerRead(_)) => Ok(value),
            _ => Err(Error::corrupt(
                "decode MessagePack: more bytes than one value",
            )),
        }
    }

    fn shape() -> Shape {
        trace::<T>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::ErrorKind;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Before {
        tail: String,
        delay: i32,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct After {
        delay: i32,
        #[serde(default)]
        gate: Option<String>,
    }

    fn encoded<T: Serialize + DeserializeOwned>(value: &T) -> Vec<u8> {
        let mut out = Vec::new();
        MsgPackNamed::encode(value, &mut out).unwrap();
        out
    }

    #[test]
    fn fields_may_come_and_go() {
        let bytes = encoded(&Before {
            tail: "D-ABCD".to_owned(),
            delay: -3,
        });

        let after: After = MsgPackNamed::decode(&bytes).unwrap();

        assert_eq!(
            after,
            After {
                delay: -3,
                gate: None
            }
        );
    }

    #[test]
    fn a_value_has_the_same_bytes_in_every_release() {
        let bytes = encoded(&Before {
            tail: "a".to_owned(),
            delay: 7,
        });

        assert_eq!(bytes, b"\x82\xa4tail\xa1a\xa5delay\x07");
    }

    #[test]
    fn bytes_behind_a_value_are_corrupt() {
        for trailing in [&[0x00][..], &[0xc0], &[0x91], &[0xcc], &[0xda]] {
            let mut bytes = encoded(&7_u64);
            bytes.extend_from_slice(trailing);

            let error = <MsgPackNamed as Codec<u64>>::decode(&bytes).unwrap_err();

            assert_eq!(error.kind(), ErrorKind::Corrupt, "{trailing:x?}");
        }
    }

    proptest! {
        #[test]
        fn decode_returns_what_was_encoded(value: (u64, Option<String>, Vec<(i8, bool)>)) {
            let decoded: (u64, Option<String>, Vec<(i8, bool)>) =
                MsgPackNamed::decode(&encoded(&value)).unwrap();

            prop_assert_eq!(decoded, value);
        }

        #[test]
        fn any_bytes_give_a_value_or_an_error(bytes: Vec<u8>) {
            drop(<MsgPackNamed as Codec<(u64, Option<String>)>>::decode(&bytes));
        }
    }
}
