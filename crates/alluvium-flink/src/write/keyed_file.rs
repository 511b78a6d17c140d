//! The keyed state of one subtask, as a file of a canonical savepoint.
//!
//! ```text
//! block of the keyed backend (`keyed::meta`), then each key group that has rows (`group`)
//! ```
//!
//! Offsets are in the handle: zero of a group without rows. Memory: some buffers, and the largest key.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use alluvium_protocol::key_group::{KeyGroup, KeyGroupRange};

use super::group::{GroupWriter, Pending, unwritten};
use crate::error::{Error, Result};
use crate::keyed::KeyedMeta;
use crate::metadata::{KeyGroupOffsets, KeyGroups, KeyGroupsKind, KeyedHandle, StreamHandle};

/// Bytes that are written at a time.
const BUFFER_BYTES: usize = 256 << 10;

/// The keyed state of one subtask, while it is written.
#[derive(Debug)]
pub struct KeyedFile {
    out: Counted,
    name: String,
    is_compressed: bool,
    range: KeyGroupRange,
    offsets: Vec<i64>,
    pending: Pending,
}

/// A file, and how many bytes were written to it.
#[derive(Debug)]
pub(super) struct Counted {
    file: BufWriter<File>,
    bytes: u64,
}

impl KeyedFile {
    /// Begins the file with the states of `meta`, for these key groups. [`Savepoint::keyed`](super::Savepoint::keyed) makes the file.
    /// Large values wait in the folder `scratch`.
    pub(super) fn begin(
        file: File,
        name: String,
        meta: &KeyedMeta,
        range: KeyGroupRange,
        scratch: PathBuf,
    ) -> Result<Self> {
        let mut out = Counted {
            file: BufWriter::with_capacity(BUFFER_BYTES, file),
            bytes: 0,
        };
        let mut header = Vec::new();
        meta.write(&mut header)?;
        out.write_all(&header).map_err(unwritten)?;
        Ok(Self {
            out,
            name,
            is_compressed: meta.compression,
            range,
            offsets: range.iter().map(|_| 0).collect(),
            pending: Pending::new(scratch),
        })
    }

    /// Begins a key group; each once.
    ///
    /// # Errors
    /// `Invalid` when it is not one of the file's.
    pub fn group(&mut self, group: KeyGroup) -> Result<GroupWriter<'_>> {
        let nth = usize::from(group.get()).checked_sub(usize::from(self.range.first().get()));
        let offset = nth.and_then(|nth| self.offsets.get_mut(nth));
        let offset = offset.ok_or_else(|| {
            Error::invalid(format!(
                "key group {} in a file of key groups {} to {}",
                group.get(),
                self.range.first().get(),
                self.range.last().get()
            ))
        })?;
        GroupWriter::new(&mut self.out, self.is_compressed, &mut self.pending, offset)
    }

    /// Bytes so far.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.out.bytes
    }

    /// Ends the file, which is on the disk then, and returns its handle.
    ///
    /// # Errors
    /// `Unavailable` when the file cannot be written.
    pub fn finish(self) -> Result<KeyedHandle> {
        let failed = |error| Error::io(format!("write {} of the savepoint", self.name), error);
        let Counted { file, bytes } = self.out;
        let file = file
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        Ok(KeyedHandle::KeyGroups(KeyGroups {
            kind: KeyGroupsKind::Savepoint,
            offsets: KeyGroupOffsets::new(Some(self.range), self.offsets)?,
            stream: StreamHandle::Relative {
                path: self.name.clone(),
                length: Some(bytes),
            },
        }))
    }
}

impl Counted {
    pub(super) fn position(&self) -> Result<i64> {
        i64::try_from(self.bytes)
            .map_err(|large| Error::invalid("a file of 2^63 bytes").with_source(large))
    }
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}
