//! Bytes as they are: for programs and engines that encode values themselves.

use alluvium_protocol::schema;
use alluvium_protocol::shape::Shape;

use super::Codec;
use crate::error::Result;

/// Stores a `Vec<u8>` as it is. Any bytes are a value.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a codec is a name without fields"
)]
pub struct Bytes;

impl Codec<Vec<u8>> for Bytes {
    const NAME: &'static str = schema::BYTES;

    fn encode(value: &Vec<u8>, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(value);
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<Vec<u8>> {
        Ok(bytes.to_vec())
    }

    fn shape() -> Shape {
        Shape::Bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_stored_without_a_frame() {
        let mut out = vec![9];

        Bytes::encode(&vec![0, 255], &mut out).unwrap();

        assert_eq!(out, [9, 0, 255]);
        assert_eq!(Bytes::decode(&[0, 255]).unwrap(), [0, 255]);
        assert_eq!(Bytes::decode(&[]).unwrap(), Vec::<u8>::new());
    }
}
