//! Writes one key group of a canonical savepoint, in the layout that `section::canonical` describes.
//!
//! The last pair of a state is marked in its key, so each pair is held back until it is known what follows.

use std::io::Write;
use std::path::PathBuf;

use super::keyed_file::Counted;
use super::spool::Spool;
use crate::error::{Error, Result};

/// In the place of a state's number: there is none.
const END: u16 = 0xFFFF;

/// The first bit of a key: a state's number comes after this pair.
const NUMBER_FOLLOWS: u8 = 0x80;

/// Writes the rows of one key group. A group that gets none takes no room.
///
/// Rows of one state should be one after the other, as Flink writes them; rows that are not cost four bytes more for each change. A row is
/// written at once or, if its value is large, in pieces.
#[must_use = "a key group is complete when it has been ended"]
pub struct GroupWriter<'f> {
    out: Out<'f>,
    pending: &'f mut Pending,
    /// Where its position is noted.
    offset: &'f mut i64,
    start: i64,
    state: Option<u16>,
}

/// A pair that is held back.
#[derive(Debug)]
pub(super) struct Pending {
    key: Vec<u8>,
    value: Spool,
}

impl Pending {
    /// Of no pair yet; values too large for memory are kept in `folder`.
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self {
            key: Vec::new(),
            value: Spool::new(folder),
        }
    }
}

pub(super) enum Out<'f> {
    Plain(&'f mut Counted),
    Snappy(Box<snap::write::FrameEncoder<&'f mut Counted>>),
}

impl<'f> GroupWriter<'f> {
    pub(super) fn new(
        out: &'f mut Counted,
        is_compressed: bool,
        pending: &'f mut Pending,
        offset: &'f mut i64,
    ) -> Result<Self> {
        let start = out.position()?;
        let out = if is_compressed {
            Out::Snappy(Box::new(snap::write::FrameEncoder::new(out)))
        } else {
            Out::Plain(out)
        };
        Ok(Self {
            out,
            pending,
            offset,
            start,
            state: None,
        })
    }

    /// Writes a row of the state of this number: its composite key, which begins with the key group, and its value.
    ///
    /// # Errors
    /// `Invalid` when the key cannot be one, or key or value have 2 GiB or more; `Unavailable` when the file cannot be written.
    pub fn row(&mut self, state: u16, key: &[u8], value: &[u8]) -> Result<()> {
        self.begin(state, key)?;
        self.append(value)
    }

    /// Begins a row whose value is [appended](Self::append) piece by piece; it has an empty one until then.
    ///
    /// # Errors
    /// As [`Self::row`].
    pub fn begin(&mut self, state: u16, key: &[u8]) -> Result<()> {
        let begins_with_group = key.first().is_some_and(|byte| byte & NUMBER_FOLLOWS == 0);
        if !begins_with_group || state > i16::MAX.unsigned_abs() {
            return Err(Error::invalid(format!(
                "a row of state {state} with a key of {} bytes that does not begin with a key group",
                key.len()
            )));
        }
        match self.state {
            None => self.put(&state.to_be_bytes())?,
            Some(before) => self.release((before != state).then_some(state))?,
        }
        self.state = Some(state);
        self.pending.key.clear();
        self.pending.key.extend_from_slice(key);
        self.pending.value.clear();
        Ok(())
    }

    /// Appends to the value of the row that was begun last. What does not fit into memory waits in a file.
    ///
    /// # Errors
    /// As [`Self::row`].
    pub fn append(&mut self, value: &[u8]) -> Result<()> {
        if self.state.is_none() {
            return Err(Error::invalid("a value of no row"));
        }
        self.pending.value.append(value)
    }

    /// Ends the key group.
    ///
    /// # Errors
    /// As [`Self::row`].
    pub fn end(mut self) -> Result<()> {
        if self.state.is_none() {
            return Ok(());
        }
        self.release(Some(END))?;
        let flushed = match &mut self.out {
            Out::Plain(_) => Ok(()),
            Out::Snappy(frames) => frames.flush(),
        };
        flushed.map_err(unwritten)?;
        *self.offset = self.start;
        Ok(())
    }

    /// Writes the pair that was held back.
    fn release(&mut self, next: Option<u16>) -> Result<()> {
        if let (Some(_), Some(first)) = (next, self.pending.key.first_mut()) {
            *first |= NUMBER_FOLLOWS;
        }
        let Pending { key, value } = &mut *self.pending;
        let length = i32::try_from(key.len()).map_err(|large| {
            let message = format!("a key of {} bytes: 2^31 - 1 are the most", key.len());
            Error::invalid(message).with_source(large)
        })?;
        self.out
            .write_all(&length.to_be_bytes())
            .map_err(unwritten)?;
        self.out.write_all(key).map_err(unwritten)?;
        value.write(&mut self.out)?;
        next.map_or(Ok(()), |next| self.put(&next.to_be_bytes()))
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(unwritten)
    }
}

impl std::fmt::Debug for GroupWriter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GroupWriter")
            .field("start", &self.start)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Snappy(frames) => frames.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Snappy(frames) => frames.flush(),
        }
    }
}

/// That a file of the savepoint cannot be written; [`super::KeyedFile`] names it.
pub(super) fn unwritten(error: std::io::Error) -> Error {
    Error::io("write a file of the savepoint", error)
}
