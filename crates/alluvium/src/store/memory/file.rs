//! The rows file of a run, which lives in the store directory as long as the run.

use std::fs;
use std::path::{Path, PathBuf};

use alluvium_protocol::row::RowRange;

use super::run::{Run, RunBuilder};
use crate::error::Result;
use crate::rows_file::{RowsFileReader, RowsFileWriter};
use crate::storage::Cancel;
use crate::store::{Change, SortedRun};

const EXTENSION: &str = ".rows";

/// The file of a run. Dropping it removes the file; links to it elsewhere stay.
#[derive(Debug)]
pub(super) struct RunFile {
    name: String,
    path: PathBuf,
    bytes: u64,
}

impl RunFile {
    /// Writes a run's rows.
    ///
    /// # Errors
    /// `Unavailable` when the device fails; there is no file then.
    pub(super) fn write<'r>(
        directory: &Path,
        number: u64,
        rows: impl Iterator<Item = (&'r [u8], Change<'r>)>,
    ) -> Result<Self> {
        let name = name_of(number);
        let mut writer = RowsFileWriter::create(&directory.join(&name))?;
        for (row, change) in rows {
            writer.push(row, change)?;
        }
        let written = writer.finish()?;
        Ok(Self {
            name,
            path: written.path,
            bytes: written.bytes,
        })
    }

    /// A file of `bytes` bytes that was placed in a store's directory. It is removed with its run.
    pub(super) fn placed(directory: &Path, name: &str, bytes: u64) -> Self {
        let path = directory.join(name);
        Self {
            name: name.to_owned(),
            path,
            bytes,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its length in bytes.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for RunFile {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            let path = self.path.display();
            tracing::warn!(%path, %error, "the file of a run that was merged or closed is left");
        }
    }
}

/// The name of a store's file of that number.
pub(super) fn name_of(number: u64) -> String {
    format!("{number:06}{EXTENSION}")
}

/// Reads a run back, and the length of its file in bytes. `None` if the file has no rows. The file is
/// not the run's yet.
///
/// # Errors
/// `Corrupt` when the file is missing or damaged, `Unavailable` when the device fails; `Cancelled`.
pub(super) fn read_run(path: &Path, age: u64, cancel: &Cancel) -> Result<Option<(Run, u64)>> {
    let reader = RowsFileReader::open(path)?;
    let mut changes = reader.changes(&RowRange::all())?;
    let mut builder = RunBuilder::new(age);
    while let Some((row, change)) = changes.next()? {
        cancel.check("opening a store")?;
        builder.push(row, change)?;
    }
    Ok(builder.finish().map(|run| (run, reader.bytes())))
}
