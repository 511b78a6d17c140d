//! Keys of any length: text and byte strings, escaped and terminated.

use super::{EncodeKey, Key, KeyReader};
use crate::error::{Error, Result};
use crate::shape::Shape;

/// Appends bytes so that they sort as they are and their end can be seen.
///
/// The end, 0x00 0x00, sorts before an escaped zero, 0x00 0xff, and before every other byte.
fn push_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    out.reserve(bytes.len() + 2);
    for (n, part) in bytes.split(|&byte| byte == 0).enumerate() {
        if n > 0 {
            out.extend_from_slice(&[0, 0xff]);
        }
        out.extend_from_slice(part);
    }
    out.extend_from_slice(&[0, 0]);
}

impl EncodeKey for str {
    type Key = String;

    fn encode_key(&self, out: &mut Vec<u8>) {
        push_escaped(out, self.as_bytes());
    }
}

impl EncodeKey for String {
    type Key = Self;

    fn encode_key(&self, out: &mut Vec<u8>) {
        self.as_str().encode_key(out);
    }
}

impl Key for String {
    fn decode_key(input: &mut KeyReader<'_>) -> Result<Self> {
        let bytes = input.escaped()?.into_owned();
        Self::from_utf8(bytes)
            .map_err(|e| Error::corrupt(format!("the text of a key is not UTF-8: {e}")))
    }

    fn shape() -> Shape {
        Shape::Str
    }
}

impl EncodeKey for [u8] {
    type Key = Vec<u8>;

    fn encode_key(&self, out: &mut Vec<u8>) {
        push_escaped(out, self);
    }
}

impl EncodeKey for Vec<u8> {
    type Key = Self;

    fn encode_key(&self, out: &mut Vec<u8>) {
        self.as_slice().encode_key(out);
    }
}

impl Key for Vec<u8> {
    fn decode_key(input: &mut KeyReader<'_>) -> Result<Self> {
        Ok(input.escaped()?.into_owned())
    }

    fn shape() -> Shape {
        Shape::Bytes
    }
}
