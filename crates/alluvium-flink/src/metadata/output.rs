//! Writing bytes as Java's `DataOutput` does.
//!
//! Invariant: what does not fit its width is an error that says what it was, never cut off.

use crate::error::{Error, Result};
use crate::java::utf::write_utf;

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

    /// Text as `writeUTF` writes it.
    pub(super) fn utf(&mut self, text: &str, what: &str) -> Result<()> {
        write_utf(text, &mut self.bytes).map_err(|error| error.context(format!("write {what}")))
    }
}
