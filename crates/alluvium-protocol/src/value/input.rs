//! The place up to which a value's bytes have been read.

use crate::error::{Error, Result};

#[derive(Debug)]
pub(super) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let Some((array, rest)) = self.rest.split_first_chunk() else {
            return Err(self.too_short(N));
        };
        self.rest = rest;
        Ok(*array)
    }

    /// Takes a length as it was read, however large.
    pub(super) fn slice(&mut self, length: u64) -> Result<&'a [u8]> {
        let split = usize::try_from(length)
            .ok()
            .and_then(|n| self.rest.split_at_checked(n));
        let Some((slice, rest)) = split else {
            return Err(self.too_short(length));
        };
        self.rest = rest;
        Ok(slice)
    }

    pub(super) fn text(&mut self, length: u64) -> Result<&'a str> {
        std::str::from_utf8(self.slice(length)?)
            .map_err(|e| Error::corrupt(format!("the text of a value is not UTF-8: {e}")))
    }

    pub(super) fn finish(self) -> Result<()> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(Error::corrupt(format!(
                "{left} bytes after the end of a value"
            ))),
        }
    }

    fn too_short(&self, needed: impl std::fmt::Display) -> Error {
        Error::corrupt(format!(
            "a value needs {needed} more bytes and has {}",
            self.rest.len()
        ))
    }
}
