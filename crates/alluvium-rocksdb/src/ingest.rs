//! Writes sorted runs to files of their own, and has the database take them over as they are.
//!
//! A run is sorted and has each row once, so that nothing is gained by RocksDB's memory: no second copy of the rows, no
//! index of them, no small files because that memory is small. Each file has rows of one family.
//!
//! Invariant: a file that the database did not take over is removed, whatever happened.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use alluvium::store::{Change, SortedRun};
use alluvium::{Error, Result};
use rust_rocksdb::{DB, Options, SstFileWriter};

use crate::error::failed;
use crate::families::{Families, Family};
use crate::tuning;

/// RocksDB's C interface swallows the error for longer keys or values: the row would be lost
/// silently.
const KEY_OR_VALUE_BYTES_MAX: u32 = u32::MAX;

/// A file is read at this many bytes at a time to bring it back into the system's cache.
const WARMING_BYTES: usize = 256 << 10;

/// What a run may do, and what becomes of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Rows of a restore. There is nothing to delete, and nobody reads them yet.
    Load,
    /// Changes that the write buffer flushes. They are read, and compacted soon.
    Flush,
}

/// Where runs go.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) db: &'a DB,
    pub(crate) families: &'a Families,
    /// How files are written.
    pub(crate) format: &'a Options,
    /// Numbers the files.
    pub(crate) numbers: &'a AtomicU64,
}

/// A file that is being written.
struct Open<'a> {
    writer: SstFileWriter<'a>,
    path: PathBuf,
}

pub(crate) fn ingest(target: Target<'_>, purpose: Purpose, run: &mut dyn SortedRun) -> Result<()> {
    let mut files = Vec::new();
    let written = target.write_files(purpose, run, &mut files);
    let taken = written.and_then(|()| target.take_over(&files));
    if taken.is_err() {
        for (_, path) in &files {
            // What was taken over is not there any more.
            if let Err(error) = std::fs::remove_file(path)
                && error.kind() != ErrorKind::NotFound
            {
                tracing::warn!(%error, path = %path.display(), "a file that was not taken over is left");
            }
        }
    }
    taken
}

impl<'a> Target<'a> {
    /// Writes the run to files of the store's usual size; each has rows of one family. Their paths are in
    /// `files` from before they are made.
    fn write_files(
        self,
        purpose: Purpose,
        run: &mut dyn SortedRun,
        files: &mut Vec<(&'a Family, PathBuf)>,
    ) -> Result<()> {
        let mut open: Option<Open<'_>> = None;
        while let Some((row, change)) = run.next()? {
            if purpose == Purpose::Load && matches!(change, Change::Delete) {
                return Err(Error::invalid(format!(
                    "row {row:02x?} is deleted in a run to load: there is nothing to delete"
                )));
            }
            check_length("row key", row)?;
            let family = self.families.of(row);
            let family = family.ok_or_else(|| foreign(self.db, row))?;
            let full = |open: &mut Open<'_>| open.writer.file_size() >= tuning::RUN_FILE_BYTES;
            let ends = files.last().is_some_and(|(last, _)| *last != family);
            if ends || open.as_mut().is_some_and(full) {
                finish(open.take(), purpose)?;
            }
            let file = match &mut open {
                Some(open) => open,
                None => {
                    let number = self.numbers.fetch_add(1, Ordering::Relaxed);
                    let path = self.db.path().join(format!("run-{number}.sst"));
                    files.push((family, path.clone()));
                    let writer = SstFileWriter::create(self.format);
                    let file = open.insert(Open { writer, path });
                    let opened = file.writer.open(&file.path);
                    opened.map_err(|e| failed(format!("write {}", file.path.display()), e))?;
                    file
                }
            };
            let written = match change {
                Change::Put(value) => {
                    check_length("value", value)?;
                    file.writer.put(row, value)
                }
                Change::Delete => file.writer.delete(row),
            };
            written.map_err(|e| failed(format!("write {}", file.path.display()), e))?;
        }
        finish(open, purpose)
    }

    fn take_over(self, files: &[(&Family, PathBuf)]) -> Result<()> {
        let families = files.chunk_by(|(one, _), (other, _)| one == other);
        for files in families {
            let Some((family, _)) = files.first() else {
                continue;
            };
            let paths: Vec<&Path> = files.iter().map(|(_, path)| path.as_path()).collect();
            let handle = family.handle(self.db)?;
            let taken = self
                .db
                .ingest_external_file_cf_opts(handle, &tuning::ingest(), paths);
            let store = self.db.path().display();
            taken.map_err(|e| failed(format!("take files over into store {store}"), e))?;
        }
        Ok(())
    }
}

fn finish(open: Option<Open<'_>>, purpose: Purpose) -> Result<()> {
    let Some(mut open) = open else { return Ok(()) };
    let finished = open.writer.finish();
    finished.map_err(|e| failed(format!("write {}", open.path.display()), e))?;
    if purpose == Purpose::Flush {
        warm(&open.path).map_err(|e| Error::io(format!("read {}", open.path.display()), e))?;
    }
    Ok(())
}

/// Brings a file back into the system's cache, which RocksDB has dropped from it when the file was written: it takes files for
/// cold that it is to take over.
fn warm(path: &Path) -> std::io::Result<()> {
    let mut file = File::open(path)?;
    let mut bytes = vec![0; WARMING_BYTES];
    while file.read(&mut bytes)? > 0 {}
    Ok(())
}

fn foreign(db: &DB, row: &[u8]) -> Error {
    Error::invalid(format!(
        "row {row:02x?} is not one of those that store {} was opened for",
        db.path().display()
    ))
}

fn check_length(what: &str, bytes: &[u8]) -> Result<()> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(Error::invalid(format!(
            "a {what} of {} bytes is longer than RocksDB takes: split it into parts of at most \
             {KEY_OR_VALUE_BYTES_MAX} bytes",
            bytes.len()
        )));
    }
    Ok(())
}
