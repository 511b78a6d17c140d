//! Writing bytes as Java's `DataOutput` does.
//!
//! Invariant: what does not fit its width is an error that says what it was, never cut off.

use crate::error::{Error, Result};

/// Bytes that grow at the end.
#[derive(Debug, Default)]
pub(super) struct Output {
    bytes: Vec<u8>,
}

impl Output {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) fn u8(&mut self, number: u8) {
        self.bytes.push(number);
    }

    pub(super) fn i32(&mut self, number: i32) {
        self.bytes.extend_from_slice(&number.to_be_bytes());
    }

    pub(super) fn i64(&mut self, number: i64) {
        self.bytes.extend_from_slice(&number.to_be_bytes());
    }

    pub(super) fn bool(&mut self, yes: bool) {
        self.u8(u8::from(yes));
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// As an `i64`.
    pub(super) fn not_negative(&mut self, number: u64, what: &str) -> Result<()> {
        let number = i64::try_from(number)
            .map_err(|_large| Error::invalid(format!("{what} is too large: {number}")))?;
        self.i64(number);
        Ok(())
    }

    /// As an `i64`; -1 where it is not known.
    pub(super) fn length(&mut self, length: Option<u64>, what: &str) -> Result<()> {
        if let Some(length) = length {
            return self.not_negative(length, what);
        }
        self.i64(-1);
        Ok(())
    }

    /// As an `i32`.
    pub(super) fn small(&mut self, number: u32, what: &str) -> Result<()> {
        let number = i32::try_from(number)
            .map_err(|_large| Error::invalid(format!("{what} is too large: {number}")))?;
        self.i32(number);
        Ok(())
    }

    /// A count as an `i32`.
    pub(super) fn count(&mut self, count: usize, what: &str) -> Result<()> {
        let count = i32::try_from(count)
            .map_err(|_large| Error::invalid(format!("{count} {what} are too many")))?;
        self.i32(count);
        Ok(())
    }

    /// The length as an `i32`, and the bytes.
    pub(super) fn sized(&mut self, bytes: &[u8], what: &str) -> Result<()> {
        self.count(bytes.len(), what)?;
        self.bytes(bytes);
        Ok(())
    }

    /// The count as an `i32`, and each.
    pub(super) fn list<T>(
        &mut self,
        all: &[T],
        what: &str,
        mut write: impl FnMut(&mut Self, &T) -> Result<()>,
    ) -> Result<()> {
        self.count(all.len(), what)?;
        all.iter().try_for_each(|each| write(self, each))
    }

    /// Text as `writeUTF` writes it: two bytes of length, then UTF-8 in which zero has two bytes and what needs a surrogate pair two
    /// times three.
    pub(super) fn utf(&mut self, text: &str, what: &str) -> Result<()> {
        let mut encoded = Vec::with_capacity(text.len());
        for unit in text.encode_utf16() {
            let [high, low] = unit.to_be_bytes();
            let last = 0x80 | (low & 0x3F);
            let middle = (high & 0x07) << 2 | low >> 6;
            match unit {
                0x01..=0x7F => encoded.push(low),
                0..=0x7FF => encoded.extend_from_slice(&[0xC0 | middle, last]),
                _ => {
                    let middle = 0x80 | (high & 0x0F) << 2 | low >> 6;
                    encoded.extend_from_slice(&[0xE0 | high >> 4, middle, last]);
                }
            }
        }
        let length = u16::try_from(encoded.len()).map_err(|_long| {
            Error::invalid(format!(
                "{what} has {} bytes, and 65,535 are the most",
                encoded.len()
            ))
        })?;
        self.bytes(&length.to_be_bytes());
        self.bytes(&encoded);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::cursor::Cursor;

    proptest! {
        #[test]
        fn text_that_is_written_is_read_back(text in ".{0,60}") {
            let file: Arc<str> = "f".into();
            let mut out = Output::default();

            out.utf(&text, "text").unwrap();

            prop_assert_eq!(Cursor::new(&out.into_bytes(), &file, 0).utf("text").unwrap(), text);
        }
    }

    #[test]
    fn text_is_written_as_java_writes_it() {
        let written = |text: &str| {
            let mut out = Output::default();
            out.utf(text, "text").unwrap();
            out.into_bytes()
        };

        assert_eq!(written("a\0b"), b"\x00\x04a\xC0\x80b");
        assert_eq!(written("é中"), b"\x00\x05\xC3\xA9\xE4\xB8\xAD");
        assert_eq!(written("😀"), b"\x00\x06\xED\xA0\xBD\xED\xB8\x80");
    }

    #[test]
    fn text_that_is_too_long_is_refused() {
        let refused = Output::default()
            .utf(&"é".repeat(40_000), "a path")
            .unwrap_err();

        assert_eq!(
            refused.to_string(),
            "a path has 80000 bytes, and 65,535 are the most"
        );
    }
}
