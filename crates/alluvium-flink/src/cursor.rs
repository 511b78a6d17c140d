//! Reading bytes as Java's `DataInput` does, from a part of a file.
//!
//! Invariants: nothing panics, whatever the bytes; nothing is allocated for a count before it is known that the bytes left can
//! hold that many; every error names the file and the byte.

use std::sync::Arc;

use crate::error::{Error, Result};

/// A position in bytes of a file.
///
/// Integers are big-endian, as everywhere in Flink but inside its binary rows.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    left: &'a [u8],
    offset: u64,
    file: &'a Arc<str>,
}

impl<'a> Cursor<'a> {
    /// At the start of `bytes`, which begin at `offset` of `file`.
    pub(crate) const fn new(bytes: &'a [u8], file: &'a Arc<str>, offset: u64) -> Self {
        Self {
            left: bytes,
            offset,
            file,
        }
    }

    /// What was not read yet.
    pub(crate) const fn left(&self) -> &'a [u8] {
        self.left
    }

    /// Where in the file the next byte is.
    pub(crate) const fn offset(&self) -> u64 {
        self.offset
    }

    /// The file, for messages.
    pub(crate) const fn file(&self) -> &'a Arc<str> {
        self.file
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// `Corrupt`, at the next byte.
    #[cold]
    pub(crate) fn corrupt(&self, message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
        Error::corrupt(message).at(self.file, self.offset)
    }

    /// `Incompatible`, at the next byte.
    #[cold]
    pub(crate) fn unknown(&self, message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
        Error::unknown(message).at(self.file, self.offset)
    }

    /// The next `length` bytes; `what` is told when there are fewer.
    #[inline]
    pub(crate) fn bytes(&mut self, length: usize, what: &'static str) -> Result<&'a [u8]> {
        let Some((taken, left)) = self.left.split_at_checked(length) else {
            return Err(self.ended(length, what));
        };
        self.left = left;
        self.offset += length as u64;
        Ok(taken)
    }

    #[cold]
    fn ended(&self, length: usize, what: &'static str) -> Error {
        let message = format!(
            "expected {what} of {length} bytes, and there are {} left",
            self.left.len()
        );
        self.corrupt(message).short()
    }

    /// The next bytes as an array.
    #[inline]
    pub(crate) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N]> {
        let Some((taken, left)) = self.left.split_first_chunk::<N>() else {
            return Err(self.ended(N, what));
        };
        self.left = left;
        self.offset += N as u64;
        Ok(*taken)
    }

    #[inline]
    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8> {
        Ok(u8::from_be_bytes(self.array(what)?))
    }

    #[inline]
    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16> {
        Ok(u16::from_be_bytes(self.array(what)?))
    }

    #[inline]
    pub(crate) fn i32(&mut self, what: &'static str) -> Result<i32> {
        Ok(i32::from_be_bytes(self.array(what)?))
    }

    #[inline]
    pub(crate) fn i64(&mut self, what: &'static str) -> Result<i64> {
        Ok(i64::from_be_bytes(self.array(what)?))
    }

    /// A byte that is 0 or 1.
    #[inline]
    pub(crate) fn bool(&mut self, what: &'static str) -> Result<bool> {
        match self.left.first() {
            Some(1) => self.u8(what).map(|_| true),
            Some(0) => self.u8(what).map(|_| false),
            Some(other) => Err(self.corrupt(format!("expected {what} as 0 or 1, found {other}"))),
            None => Err(self.ended(1, what)),
        }
    }

    /// An `i32` that counts things of at least `each` bytes, as many as the bytes left can hold.
    #[inline]
    pub(crate) fn count(&mut self, each: usize, what: &'static str) -> Result<usize> {
        let at = self.clone();
        let count = self.i32(what)?;
        let Ok(count) = usize::try_from(count) else {
            return Err(at.corrupt(format!("expected a number of {what}, found {count}")));
        };
        if count.saturating_mul(each) > self.left.len() {
            let message = format!(
                "{count} {what} of at least {each} bytes do not fit into the {} bytes left",
                self.left.len()
            );
            return Err(at.corrupt(message).short());
        }
        Ok(count)
    }

    /// An `i32` length, and that many bytes.
    #[inline]
    pub(crate) fn sized(&mut self, what: &'static str) -> Result<&'a [u8]> {
        let at = self.clone();
        let length = self.i32(what)?;
        let Ok(length) = usize::try_from(length) else {
            return Err(at.corrupt(format!("expected the length of {what}, found {length}")));
        };
        self.bytes(length, what)
    }

    /// Text as Java's `writeUTF` writes it: two bytes of length, then UTF-8 with surrogates on their own and zero in two
    /// bytes. A surrogate that has no partner becomes U+FFFD.
    pub(crate) fn utf(&mut self, what: &'static str) -> Result<String> {
        let start = self.clone();
        let length = usize::from(self.u16(what)?);
        let bytes = self.bytes(length, what)?;
        modified_utf8(bytes)
            .ok_or_else(|| start.corrupt(format!("{what} is not text in Java's modified UTF-8")))
    }

    /// Nothing may be left.
    pub(crate) fn finish(&self, what: &'static str) -> Result<()> {
        if self.left.is_empty() {
            return Ok(());
        }
        Err(self.corrupt(format!("{} bytes after {what}", self.left.len())))
    }
}

/// `None` when it is not that.
pub(crate) fn modified_utf8(bytes: &[u8]) -> Option<String> {
    if !bytes.contains(&0) && bytes.iter().all(|&byte| byte < 0x80) {
        return str::from_utf8(bytes).ok().map(str::to_owned);
    }
    let mut units = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied();
    let mut next = || rest.next();
    while let Some(first) = next() {
        let mut follow = || {
            let byte = u16::from(next()?);
            (byte & 0xC0 == 0x80).then_some(byte & 0x3F)
        };
        let lead = u16::from(first);
        units.push(match first {
            0x01..=0x7F => lead,
            0xC0..=0xDF => (lead & 0x1F) << 6 | follow()?,
            0xE0..=0xEF => (lead & 0x0F) << 12 | follow()? << 6 | follow()?,
            _ => return None,
        });
    }
    Some(String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor<'a>(bytes: &'a [u8], file: &'a Arc<str>) -> Cursor<'a> {
        Cursor::new(bytes, file, 100)
    }

    #[test]
    fn text_is_read_as_java_writes_it() {
        let file: Arc<str> = "f".into();
        let read = |bytes: &[u8]| cursor(bytes, &file).utf("text");

        assert_eq!(read(b"\x00\x03abc").unwrap(), "abc");
        assert_eq!(read(b"\x00\x04a\xC0\x80b").unwrap(), "a\0b");
        assert_eq!(read(b"\x00\x02\xC3\xA9").unwrap(), "é");
        assert_eq!(read(b"\x00\x06\xED\xA0\xBD\xED\xB8\x80").unwrap(), "😀");
        assert!(read(b"\x00\x01\x80").is_err());
        assert!(read(b"\x00\x01\x00").is_err());
        assert!(read(b"\x00\x02\xE0\x80").is_err());
    }

    #[test]
    fn an_error_names_the_file_and_the_byte() {
        let file: Arc<str> = "chk-1/_metadata".into();
        let mut cursor = cursor(&[0, 0, 0, 7, 1], &file);
        cursor.i32("a number").unwrap();

        let error = cursor.i64("a time").unwrap_err();

        assert_eq!(
            error.to_string(),
            "chk-1/_metadata, byte 104: expected a time of 8 bytes, and there are 1 left"
        );
        assert!(error.is_short());
        assert_eq!(
            (error.file(), error.offset()),
            (Some("chk-1/_metadata"), Some(104))
        );
    }

    #[test]
    fn a_count_that_the_bytes_cannot_hold_is_refused() {
        let file: Arc<str> = "f".into();

        assert!(
            cursor(&[0x7F, 0xFF, 0xFF, 0xFF, 0], &file)
                .count(1, "things")
                .is_err()
        );
        assert!(
            cursor(&[0xFF, 0xFF, 0xFF, 0xFF], &file)
                .count(1, "things")
                .is_err()
        );
        assert_eq!(
            cursor(&[0, 0, 0, 1, 0], &file).count(1, "things").unwrap(),
            1
        );
    }
}
