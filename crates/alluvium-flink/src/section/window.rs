//! A window on a stream: a part of it in memory, in which one thing at a time is decoded.
//!
//! Entries of key groups tell no lengths, or tell them too late. So what ends where the window ends is decoded again
//! with more of the stream: memory is that of the largest entry, and the decoders know slices only.
//!
//! Invariant: memory grows with bytes that were read, never with what bytes say of themselves.

use std::error::Error as StdError;
use std::io::Read;
use std::sync::Arc;

use crate::cursor::Cursor;
use crate::error::{Error, Result};

/// Bytes that are read at a time, at the least: a few thousand entries.
const WINDOW_BYTES: usize = 256 << 10;

/// Bytes that one entry may have: Java's arrays have no more than 2 GiB, and what is larger than half of that was never
/// written by a job that works.
const ENTRY_BYTES_MAX: usize = 1 << 30;

pub(crate) struct Window<R> {
    from: R,
    file: Arc<str>,
    buffer: Vec<u8>,
    /// Where in the buffer what was not decoded yet begins.
    at: usize,
    /// Where in the stream that is.
    offset: u64,
    ended: bool,
}

impl<R: Read> Window<R> {
    /// On a stream whose first byte is that of `offset` in `file`.
    pub(crate) const fn new(from: R, file: Arc<str>, offset: u64) -> Self {
        Self {
            from,
            file,
            buffer: Vec::new(),
            at: 0,
            offset,
            ended: false,
        }
    }

    /// As [`Self::new`], with the memory of a window that is not needed any more.
    pub(crate) fn reusing(from: R, file: Arc<str>, offset: u64, memory: Vec<u8>) -> Self {
        let mut buffer = memory;
        buffer.clear();
        buffer.shrink_to(WINDOW_BYTES * 2);
        Self {
            buffer,
            ..Self::new(from, file, offset)
        }
    }

    /// The memory, for [`Self::reusing`].
    pub(crate) fn into_memory(self) -> Vec<u8> {
        self.buffer
    }

    /// Decodes one thing, which `decode` is asked for again when the window was too small.
    ///
    /// # Errors
    /// What `decode` returns; `Unavailable` or `Corrupt` when the stream cannot be read.
    #[inline]
    pub(crate) fn read<T>(&mut self, decode: impl Fn(&mut Cursor<'_>) -> Result<T>) -> Result<T> {
        loop {
            let left = self.buffer.get(self.at..).unwrap_or_default();
            let mut cursor = Cursor::new(left, &self.file, self.offset);
            match decode(&mut cursor) {
                Ok(decoded) => {
                    self.at += left.len() - cursor.left().len();
                    self.offset = cursor.offset();
                    return Ok(decoded);
                }
                Err(error) if error.is_short() && !self.ended => self.fill()?,
                Err(error) => return Err(error),
            }
        }
    }

    /// As [`Self::read`], and lends the bytes of what was decoded.
    #[inline]
    pub(crate) fn lend<T>(
        &mut self,
        decode: impl Fn(&mut Cursor<'_>) -> Result<T>,
    ) -> Result<(T, &mut [u8])> {
        let before = self.offset;
        let decoded = self.read(decode)?;
        // The bytes of the last thing that was read are in the buffer until the next is.
        let length = usize::try_from(self.offset - before).unwrap_or(0);
        let start = self.at.saturating_sub(length);
        let bytes = self.buffer.get_mut(start..self.at).unwrap_or_default();
        Ok((decoded, bytes))
    }

    /// Whether nothing is left.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn is_at_end(&mut self) -> Result<bool> {
        while self.at == self.buffer.len() && !self.ended {
            self.fill()?;
        }
        Ok(self.at == self.buffer.len())
    }

    /// Where in the stream the next thing begins.
    pub(crate) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads as much again as there is, and notes when the stream has ended.
    #[cold]
    fn fill(&mut self) -> Result<()> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let more = self.buffer.len().max(WINDOW_BYTES);
        if self.buffer.len() + more > 2 * ENTRY_BYTES_MAX {
            let message = format!("an entry of more than {ENTRY_BYTES_MAX} bytes");
            return Err(Error::corrupt(message).at(&self.file, self.offset));
        }
        let filled = self.offset + self.buffer.len() as u64;
        let mut limited = (&mut self.from).take(more as u64);
        let read = limited.read_to_end(&mut self.buffer);
        let read = read.map_err(|error| unread(error).at(&self.file, filled))?;
        self.ended = read < more;
        Ok(())
    }
}

/// Damage that a decompressor finds comes as an error of reading.
fn unread(error: std::io::Error) -> Error {
    let kind = error.kind();
    if error
        .get_ref()
        .is_some_and(<dyn StdError + Send + Sync>::is::<snap::Error>)
        || matches!(
            kind,
            std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof
        )
    {
        return Error::corrupt("damaged").with_source(error);
    }
    Error::io("read", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(bytes: &[u8]) -> Window<&[u8]> {
        Window::new(bytes, "f".into(), 10)
    }

    #[test]
    fn entries_of_all_sizes_are_read_across_the_ends_of_the_window() {
        let sizes = [1, 0, 5, 300_000, 7, 1_000_000, 262_140, 4, 4];
        let mut stream = Vec::new();
        for (nth, size) in (0_u8..).zip(sizes) {
            stream.extend_from_slice(&u32::try_from(size).unwrap().to_be_bytes());
            stream.extend(std::iter::repeat_n(nth, size));
        }
        let mut window = window(&stream);

        for (nth, size) in (0_u8..).zip(sizes) {
            let (length, bytes) = window
                .lend(|cursor| cursor.sized("an entry").map(<[u8]>::len))
                .unwrap();
            assert_eq!(length, size);
            assert!(bytes.iter().skip(4).all(|&byte| byte == nth));
        }

        assert!(window.is_at_end().unwrap());
        assert_eq!(window.offset(), 10 + stream.len() as u64);
    }

    #[test]
    fn a_length_beyond_the_end_is_told_where_it_is() {
        let mut window = window(&[0, 0, 0, 1, 9, 0x7F, 0, 0, 0, 1]);
        window
            .read(|cursor| cursor.sized("an entry").map(drop))
            .unwrap();

        let error = window
            .read(|cursor| cursor.sized("an entry").map(drop))
            .unwrap_err();

        assert_eq!((error.file(), error.offset()), (Some("f"), Some(19)));
    }
}
