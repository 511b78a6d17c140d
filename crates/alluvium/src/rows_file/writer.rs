//! Writes one rows file, from front to back.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use alluvium_protocol::rows_file::Encoder;

use super::about;
use crate::error::{Error, Result};
use crate::store::Change;

/// Bytes collected before they are handed to the file system: some blocks at once.
const WRITE_BYTES: usize = 1 << 20;

/// Writes one file.
#[derive(Debug)]
pub struct RowsFileWriter {
    path: PathBuf,
    /// `None` once the file is whole and no longer this writer's.
    file: Option<File>,
    encoder: Encoder,
    pending: Vec<u8>,
    written: u64,
    crc32c: u32,
}

/// A file that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// Where it is.
    pub path: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// CRC32C of all its bytes.
    pub crc32c: u32,
    /// Number of its rows, deletes included.
    pub rows: u64,
    /// Its first and last row key, deletes included; `None` if it has no rows.
    pub bounds: Option<(Vec<u8>, Vec<u8>)>,
}

impl RowsFileWriter {
    /// Begins the file `path`, which does not exist yet.
    ///
    /// # Errors
    /// `Unavailable` when there is such a file already, or none can be made there.
    pub fn create(path: &Path) -> Result<Self> {
        let file = File::create_new(path)
            .map_err(|cause| Error::io(format_args!("create {}", path.display()), cause))?;
        Ok(Self {
            path: path.to_owned(),
            file: Some(file),
            encoder: Encoder::new(),
            pending: Vec::new(),
            written: 0,
            crc32c: 0,
        })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// `Invalid` when the row's key is not after that of the row before, or the row is longer than a
    /// file can hold (about 1 GiB); `Unavailable` when the device fails. The file cannot be finished
    /// then: drop the writer.
    pub fn push(&mut self, row: &[u8], change: Change<'_>) -> Result<()> {
        let pushed = self.encoder.push(row, change, &mut self.pending);
        pushed.map_err(|error| about(&self.path, error))?;
        if self.pending.len() >= WRITE_BYTES {
            self.drain()?;
        }
        Ok(())
    }

    /// How many bytes the file has so far; the rows pushed last may not be counted yet.
    pub(crate) const fn bytes(&self) -> u64 {
        self.written + self.pending.len() as u64
    }

    /// Ends the file and syncs it to the device.
    ///
    /// # Errors
    /// `Unavailable` when the device fails; the file is removed then.
    pub fn finish(mut self) -> Result<Written> {
        self.end(true)
    }

    /// Ends a file that nobody needs after this process: it is whole, and may never reach the device.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub fn finish_unsynced(mut self) -> Result<Written> {
        self.end(false)
    }

    fn end(&mut self, sync: bool) -> Result<Written> {
        let ended = std::mem::take(&mut self.encoder).finish(&mut self.pending);
        let summary = ended.map_err(|error| about(&self.path, error))?;
        self.drain()?;
        if sync && let Some(file) = &self.file {
            file.sync_all().map_err(|cause| self.write_failed(cause))?;
        }
        self.file = None;
        Ok(Written {
            path: std::mem::take(&mut self.path),
            bytes: summary.bytes,
            crc32c: self.crc32c,
            rows: summary.rows,
            bounds: summary.bounds,
        })
    }

    fn drain(&mut self) -> Result<()> {
        if let Some(file) = &mut self.file {
            let written = file.write_all(&self.pending);
            written.map_err(|cause| self.write_failed(cause))?;
        }
        self.crc32c = crc32c::crc32c_append(self.crc32c, &self.pending);
        self.written += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    fn write_failed(&self, cause: std::io::Error) -> Error {
        Error::io(format_args!("write {}", self.path.display()), cause)
    }
}

impl Drop for RowsFileWriter {
    fn drop(&mut self) {
        if self.file.take().is_some()
            && let Err(error) = fs::remove_file(&self.path)
        {
            let path = self.path.display();
            tracing::warn!(%path, %error, "an unfinished rows file was not removed");
        }
    }
}
