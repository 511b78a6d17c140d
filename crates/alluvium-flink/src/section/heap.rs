//! One key group of Flink's HashMap backend, in its own form: checkpoints, and native savepoints.
//!
//! ```text
//! i32                    the key group
//! of each state:         in Snappy's framing format, each on its own, if the backend compresses
//!   u16                  the state's number
//!   i32                  number of entries, then the entries: namespace, key, value, or a timer
//! ```
//!
//! Entries tell no lengths: whoever reads them knows their serializers. Compressed states one after the other are one
//! stream, as the framing format allows it.

use std::io::Read;

use super::window::Window;
use crate::cursor::Cursor;
use crate::error::Result;

/// The entries of one key group, from behind its number.
pub(crate) struct Heap<R> {
    window: Window<R>,
    state: u16,
    left: usize,
}

impl<R: Read> Heap<R> {
    /// Of a stream that begins with the first state and ends with the last.
    pub(crate) const fn new(window: Window<R>) -> Self {
        Self {
            window,
            state: 0,
            left: 0,
        }
    }

    /// The state whose entries come.
    pub(crate) const fn state(&self) -> u16 {
        self.state
    }

    /// Where the next entry begins, or the one that could not be read.
    pub(crate) const fn offset(&self) -> u64 {
        self.window.offset()
    }

    /// What comes behind the key group.
    pub(crate) fn into_window(self) -> Window<R> {
        self.window
    }

    /// The next entry: what `entry` made of it, which is asked for each state by its number and has to read to its end.
    /// Nothing after the last.
    ///
    /// # Errors
    /// What `entry` returns, after which nothing can be read from here; `Corrupt` when the key group ends too early;
    /// `Unavailable` when it cannot be read.
    pub(crate) fn next<T>(
        &mut self,
        entry: impl Fn(u16, &mut Cursor<'_>) -> Result<T>,
    ) -> Result<Option<Entry<'_, T>>> {
        while self.left == 0 {
            if self.window.is_at_end()? {
                return Ok(None);
            }
            (self.state, self.left) = self.window.read(|cursor| {
                let state = cursor.u16("a state's number")?;
                // Not checked against what is left, which may be much more than the window has.
                let entries = cursor.i32("a number of entries")?;
                let entries = usize::try_from(entries).map_err(|e| {
                    cursor
                        .corrupt(format!("expected a number of entries, found {entries}"))
                        .with_source(e)
                })?;
                Ok((state, entries))
            })?;
        }
        let state = self.state;
        let offset = self.window.offset();
        let (decoded, bytes) = self.window.lend(|cursor| entry(state, cursor))?;
        self.left -= 1;
        Ok(Some(Entry {
            state,
            decoded,
            bytes,
            offset,
        }))
    }
}

/// One entry of a heap.
pub(crate) struct Entry<'w, T> {
    /// The number of its state: the position in the keyed backend's list.
    pub(crate) state: u16,
    /// What was made of it.
    pub(crate) decoded: T,
    /// All of it.
    pub(crate) bytes: &'w [u8],
    /// Where it begins.
    pub(crate) offset: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<(u16, u8)>> {
        let mut group = Heap::new(Window::new(bytes, "f".into(), 4));
        let mut entries = Vec::new();
        while let Some(entry) = group.next(|_, cursor| cursor.u8("an entry"))? {
            entries.push((entry.state, entry.decoded));
        }
        Ok(entries)
    }

    #[test]
    fn states_without_entries_are_passed_over() {
        let group = b"\0\x02\0\0\0\x02ab\0\x00\0\0\0\0\0\x01\0\0\0\x01c\0\x03\0\0\0\0";

        assert_eq!(read(group).unwrap(), [(2, b'a'), (2, b'b'), (1, b'c')]);
        assert_eq!(read(b"").unwrap(), []);
    }

    #[test]
    fn a_number_of_entries_that_are_not_there_is_damage() {
        let error = read(b"\0\x02\x7F\0\0\0ab").unwrap_err();

        assert_eq!(error.offset(), Some(12));
        assert!(read(b"\0\x02\xFF\xFF\xFF\xFF").is_err());
        assert!(read(b"\0\x02\0\0").is_err());
    }
}
