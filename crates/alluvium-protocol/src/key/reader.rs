//! Reads encoded keys from the front of bytes, one after the other.

use std::borrow::Cow;

use crate::error::{Error, Result};

/// A place in encoded bytes: what is before it has been read.
///
/// After an error the place is unspecified; give up the reader.
#[derive(Debug, Clone)]
pub struct KeyReader<'a> {
    rest: &'a [u8],
}

impl<'a> KeyReader<'a> {
    /// Reads from the first byte on.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes not read yet.
    #[must_use]
    pub const fn remaining(&self) -> &'a [u8] {
        self.rest
    }

    /// Checks that everything has been read.
    ///
    /// # Errors
    /// `Corrupt` when bytes are left.
    pub fn finish(self) -> Result<()> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(Error::corrupt(format!(
                "{left} bytes after the end of a key"
            ))),
        }
    }

    /// The next byte.
    ///
    /// # Errors
    /// `Corrupt` when none is left.
    pub fn byte(&mut self) -> Result<u8> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// `Corrupt` when fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (array, rest) = self
            .rest
            .split_first_chunk()
            .ok_or_else(|| self.too_short(N))?;
        self.rest = rest;
        Ok(*array)
    }

    /// The next `length` bytes.
    ///
    /// # Errors
    /// `Corrupt` when fewer are left.
    pub fn slice(&mut self, length: usize) -> Result<&'a [u8]> {
        let (slice, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or_else(|| self.too_short(length))?;
        self.rest = rest;
        Ok(slice)
    }

    /// The next escaped and terminated byte string, without escapes. Borrowed when it has none.
    ///
    /// # Errors
    /// `Corrupt` when it does not end, or 0x00 is followed by anything but 0x00 or 0xff.
    pub fn escaped(&mut self) -> Result<Cow<'a, [u8]>> {
        let mut whole = Cow::Borrowed(&[][..]);
        loop {
            let unescaped = self.rest.iter().position(|&byte| byte == 0);
            let part = self.slice(unescaped.ok_or_else(unterminated)?)?;
            match &mut whole {
                Cow::Borrowed([]) => whole = Cow::Borrowed(part),
                whole => whole.to_mut().extend_from_slice(part),
            }
            match self.array()? {
                [0, 0] => return Ok(whole),
                [0, 0xff] => whole.to_mut().push(0),
                [_, other] => {
                    return Err(Error::corrupt(format!(
                        "0x00 {other:#04x} in the text or bytes of a key: only 0x00 0x00 ends \
                         it and only 0x00 0xff stands for a zero"
                    )));
                }
            }
        }
    }

    fn too_short(&self, needed: usize) -> Error {
        Error::corrupt(format!(
            "a key needs {needed} more bytes and has {}",
            self.rest.len()
        ))
    }
}

fn unterminated() -> Error {
    Error::corrupt("the text or bytes of a key have no end")
}
