//! One key group of a canonical savepoint, or of a full checkpoint of RocksDB.
//!
//! ```text
//! u16                              number of the first state
//! i32 length, key, i32 length, value
//! …                                pairs of that state; of the last, the first bit of the key is set, and after it comes
//! u16                              the next state's number, or 0xFFFF: the key group ends
//! ```
//!
//! The first bit of a key is free for that, because keys begin with a key group below 2^15. With compression, all of it
//! is in Snappy's framing format.
//!
//! Does not take keys and values apart (`keyed`).

use std::io::Read;

use super::window::Window;
use crate::error::Result;

/// In the place of a state's number: there is none.
const END: u16 = 0xFFFF;

/// The first bit of a key: a state's number comes after this pair.
const NUMBER_FOLLOWS: u8 = 0x80;

/// The pairs of one key group.
pub(crate) struct Canonical<R> {
    window: Window<R>,
    /// The state whose pairs come; none at the end.
    state: Option<u16>,
    begun: bool,
}

/// One pair, as Flink's RocksDB backend would store it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pair<'w> {
    /// The number of its state: the position in the keyed backend's list.
    pub(crate) state: u16,
    /// The composite key.
    pub(crate) key: &'w [u8],
    pub(crate) value: &'w [u8],
    /// Where it begins.
    pub(crate) offset: u64,
}

impl<R: Read> Canonical<R> {
    /// Of a stream that begins with the key group and ends with it, or later.
    pub(crate) const fn new(window: Window<R>) -> Self {
        Self {
            window,
            state: None,
            begun: false,
        }
    }

    /// What comes behind the key group.
    pub(crate) fn into_window(self) -> Window<R> {
        self.window
    }

    /// The next pair; nothing after the last.
    ///
    /// # Errors
    /// `Corrupt` when the key group ends too early or a length does not fit; `Unavailable` when it cannot be read.
    pub(crate) fn next(&mut self) -> Result<Option<Pair<'_>>> {
        if !self.begun {
            self.begun = true;
            self.state = number(self.window.read(|cursor| cursor.u16("a state's number"))?);
        }
        let Some(state) = self.state else {
            return Ok(None);
        };
        let offset = self.window.offset();
        let ((key, value, next), bytes) = self.window.lend(|cursor| {
            let start = cursor.left().len();
            let at = |left: &[u8], length: usize| start - left.len() - length..start - left.len();
            let key = cursor.sized("a key")?;
            let key_at = at(cursor.left(), key.len());
            let value = cursor.sized("a value")?;
            let value_at = at(cursor.left(), value.len());
            let Some(first) = key.first() else {
                return Err(cursor.corrupt("expected a key, found one without bytes"));
            };
            let next = if first & NUMBER_FOLLOWS == 0 {
                None
            } else {
                Some(cursor.u16("the next state's number")?)
            };
            Ok((key_at, value_at, next))
        })?;
        if let Some(next) = next {
            self.state = number(next);
            if let Some(first) = bytes.get_mut(key.start) {
                *first &= !NUMBER_FOLLOWS;
            }
        }
        let bytes = &*bytes;
        Ok(Some(Pair {
            state,
            key: bytes.get(key).unwrap_or_default(),
            value: bytes.get(value).unwrap_or_default(),
            offset,
        }))
    }
}

const fn number(read: u16) -> Option<u16> {
    if read == END { None } else { Some(read) }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pairs = Vec<(u16, Vec<u8>, Vec<u8>)>;

    fn read(bytes: &[u8]) -> Result<Pairs> {
        let mut group = Canonical::new(Window::new(bytes, "f".into(), 0));
        let mut pairs = Vec::new();
        while let Some(pair) = group.next()? {
            pairs.push((pair.state, pair.key.to_vec(), pair.value.to_vec()));
        }
        Ok(pairs)
    }

    const GROUP: &[u8] = b"\0\x03\
        \0\0\0\x02\x05a\0\0\0\x01A\
        \0\0\0\x02\x85b\0\0\0\0\0\x01\
        \0\0\0\x02\x85c\0\0\0\x01C\xFF\xFF";

    #[test]
    fn pairs_come_with_the_numbers_of_their_states() {
        let pairs = read(GROUP).unwrap();

        assert_eq!(
            pairs,
            [
                (3, b"\x05a".to_vec(), b"A".to_vec()),
                (3, b"\x05b".to_vec(), Vec::new()),
                (1, b"\x05c".to_vec(), b"C".to_vec()),
            ]
        );
        assert_eq!(read(b"\xFF\xFF").unwrap(), []);
    }

    #[test]
    fn a_key_group_that_ends_too_early_is_damaged_wherever_it_ends() {
        for length in 0..GROUP.len() {
            let (part, _) = GROUP.split_at(length);
            let error = read(part).unwrap_err();
            assert_eq!(
                error.kind(),
                crate::ErrorKind::Corrupt,
                "{length}: {error:?}"
            );
        }
    }
}
