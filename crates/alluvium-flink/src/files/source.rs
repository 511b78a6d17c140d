//! Bytes of a handle, wherever they are: read anywhere, or one after the other.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};

/// The bytes of a handle.
///
/// [`Source::read_at`] needs no position, so that threads may share one; [`Read`] and [`Seek`] have a position of their own. A file of this machine is
/// kept open; a downloaded one stays until [`Files`](super::Files) is dropped, and can be read for as long as the source is there.
#[derive(Debug)]
pub struct Source {
    name: Arc<str>,
    content: Content,
    start: u64,
    length: u64,
    position: u64,
}

#[derive(Debug)]
pub(super) enum Content {
    Bytes(Arc<[u8]>),
    File {
        file: File,
        /// Where it is, if the source is all of it.
        path: Option<Box<Path>>,
    },
}

impl Source {
    pub(super) fn of_bytes(name: Arc<str>, bytes: Arc<[u8]>) -> Self {
        let length = bytes.len() as u64;
        Self::of_file(name, Content::Bytes(bytes), 0, length)
    }

    /// `length` bytes of `content` from `start` on, which it has.
    pub(super) const fn of_file(name: Arc<str>, content: Content, start: u64, length: u64) -> Self {
        Self {
            name,
            content,
            start,
            length,
            position: 0,
        }
    }

    /// What it is called in messages: as the handle names it.
    #[must_use]
    pub const fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The number of bytes.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.length
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// All bytes, if they are in memory.
    #[must_use]
    pub fn in_memory(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Bytes(bytes) => Some(bytes),
            Content::File { .. } => None,
        }
    }

    /// The file of this machine whose content it is, from the first byte to the last: to be linked. It is there for as long as
    /// [`Files`](super::Files), unless others delete it.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.content {
            Content::Bytes(_) => None,
            Content::File { path, .. } => path.as_deref(),
        }
    }

    /// Reads bytes from `offset` on into `buffer`, and returns how many: fewer only at the end.
    ///
    /// # Errors
    /// `Unavailable` when the file cannot be read or has been cut off since it was opened.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let failed = |error| Error::io("read", error).at(&self.name, offset);
        let left = self.length.saturating_sub(offset);
        let wanted = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let Some(buffer) = buffer.get_mut(..wanted) else {
            return Ok(0);
        };
        match &self.content {
            Content::Bytes(bytes) => {
                let from = usize::try_from(offset).ok();
                let from = from.and_then(|from| bytes.get(from..from.checked_add(wanted)?));
                if let Some(from) = from {
                    buffer.copy_from_slice(from);
                }
            }
            Content::File { file, .. } => file
                .read_exact_at(buffer, self.start + offset)
                .map_err(failed)?,
        }
        Ok(wanted)
    }

    /// `length` bytes from `offset` on.
    ///
    /// # Errors
    /// `Corrupt` when there are not as many, before anything is allocated; otherwise as [`Source::read_at`].
    pub fn range(&self, offset: u64, length: u64) -> Result<Vec<u8>> {
        let left = self.length.saturating_sub(offset);
        let length = usize::try_from(length).ok();
        let length = length.filter(|length| offset <= self.length && *length as u64 <= left);
        let length = length.ok_or_else(|| {
            let message = format!("more bytes are wanted than the {left} that are left");
            Error::corrupt(message).at(&self.name, offset)
        })?;
        let mut bytes = vec![0; length];
        self.read_at(offset, &mut bytes)?;
        Ok(bytes)
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self
            .read_at(self.position, buffer)
            .map_err(std::io::Error::other)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let to = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        let before = || std::io::Error::from(std::io::ErrorKind::InvalidInput);
        self.position = to.ok_or_else(before)?;
        Ok(self.position)
    }
}
