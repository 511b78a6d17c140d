//! The default codec: the postcard wire format, small and fast, by position.
//!
//! Positional bytes say nothing about themselves: a struct that gained, lost or moved a field would be read
//! as something else without an error. The recorded shape is what protects a restore from that.

use alluvium_protocol::schema;
use alluvium_protocol::shape::Shape;
use postcard::ser_flavors::Flavor;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Codec, trace};
use crate::error::{Error, Result};

/// Values as postcard writes them: compact, fields by position. The default.
///
/// Strict: bytes behind the value are `Corrupt`. A type whose fields change needs a migration; choose
/// [`MsgPackNamed`](super::MsgPackNamed) where that is expected.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a codec is a name without fields"
)]
pub struct Postcard;

impl<T: Serialize + DeserializeOwned> Codec<T> for Postcard {
    const NAME: &'static str = schema::POSTCARD;

    fn encode(value: &T, out: &mut Vec<u8>) -> Result<()> {
        postcard::serialize_with_flavor(value, Append(out)).map_err(|error| {
            Error::invalid("encode as postcard: choose a codec that can hold this type")
                .with_source(error)
        })
    }

    fn decode(bytes: &[u8]) -> Result<T> {
        let (value, rest) = postcard::take_from_bytes(bytes)
            .map_err(|error| Error::corrupt("decode postcard").with_source(error))?;
        if rest.is_empty() {
            return Ok(value);
        }
        let (found, known) = (bytes.len(), bytes.len() - rest.len());
        Err(Error::corrupt(format!(
            "decode postcard: {found} bytes hold a value of {known} bytes and something else"
        )))
    }

    fn shape() -> Shape {
        trace::<T>()
    }
}

/// Appends to a buffer that the caller keeps, so that its capacity is used again.
struct Append<'a>(&'a mut Vec<u8>);

impl Flavor for Append<'_> {
    type Output = ();

    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(data);
        Ok(())
    }

    fn try_push(&mut self, data: u8) -> postcard::Result<()> {
        self.0.push(data);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::ErrorKind;

    type Sample = (u64, Option<String>, Vec<i32>);

    #[test]
    fn a_value_has_the_same_bytes_in_every_release() {
        let value: Sample = (300, Some("ab".to_owned()), vec![-1, 2]);

        let mut out = Vec::new();
        Postcard::encode(&value, &mut out).unwrap();

        assert_eq!(out, [0xac, 0x02, 1, 2, b'a', b'b', 2, 1, 4]);
    }

    #[test]
    fn bytes_behind_a_value_are_corrupt() {
        let error = <Postcard as Codec<u8>>::decode(&[1, 2]).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }

    #[test]
    fn a_value_cut_short_is_corrupt() {
        let error = <Postcard as Codec<String>>::decode(&[3, b'a']).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }

    proptest! {
        #[test]
        fn decode_returns_what_was_encoded_and_encode_only_appends(value: Sample, before: Vec<u8>) {
            let mut out = before.clone();

            Postcard::encode(&value, &mut out).unwrap();

            prop_assert_eq!(&out[..before.len()], &before[..]);
            let decoded: Sample = Postcard::decode(&out[before.len()..]).unwrap();
            prop_assert_eq!(decoded, value);
        }

        #[test]
        fn any_bytes_give_a_value_or_an_error(bytes: Vec<u8>) {
            drop(<Postcard as Codec<Sample>>::decode(&bytes));
        }
    }
}
