//! One snapshot's rows, copied to this machine and opened with the store that wrote them.
//!
//! Dropping it removes the copy.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use alluvium::rows_file::RowsFileReader;
use alluvium::storage::Cancel;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium::store::{Part, PlacedFile, RowCursor, Store, StoreFactory};
use alluvium_protocol::file::FileRef;
use alluvium_protocol::manifest::{Manifest, SnapshotKind};
use alluvium_protocol::row::RowRange;
use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};
use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::exit::Failure;
use crate::location::Cut;

/// Rows between two looks at whether the command was interrupted: some milliseconds.
const ROWS_BETWEEN_LOOKS: u32 = 4096;

/// A snapshot's rows on this machine.
pub(crate) struct Opened {
    rows: Rows,
    // Last, so that the rows are closed before their files are removed.
    _directory: TempDir,
}

enum Rows {
    Store(Arc<dyn Store>),
    Files(Vec<RowsFileReader>),
}

impl Opened {
    /// Downloads the files that a manifest names and opens them.
    ///
    /// # Errors
    /// When a file is missing, damaged or cannot be copied, or the store's kind is unknown here.
    pub(crate) fn download(cut: &Cut, manifest: &Manifest, cancel: &Cancel) -> Result<Self> {
        let directory = tempfile::tempdir().context("make a temporary directory")?;
        let files = directory.path().join("files");
        fs::create_dir(&files).with_context(|| format!("make {}", files.display()))?;
        for file in &manifest.files {
            fetch(cut, file, &files, cancel)?;
        }
        let rows = if manifest.kind == SnapshotKind::Savepoint {
            Rows::Files(readers(manifest, &files)?)
        } else if manifest.files.is_empty() {
            Rows::Files(Vec::new())
        } else {
            let part = Part {
                directory: files,
                files: manifest.files.iter().map(placed).collect(),
                rows: manifest.range.rows(),
            };
            let opened = factory(&manifest.store)?.open(
                &directory.path().join("store"),
                vec![part],
                cancel,
            )?;
            Rows::Store(opened.store)
        };
        Ok(Self {
            rows,
            _directory: directory,
        })
    }

    /// The rows of a range, in order, until `cancel` is set.
    ///
    /// # Errors
    /// When the rows cannot be read.
    pub(crate) fn rows(&self, range: &RowRange, cancel: &Cancel) -> Result<Cursor<'_>> {
        let mut sources: Vec<Box<dyn RowCursor + '_>> = Vec::new();
        match &self.rows {
            Rows::Store(store) => sources.push(store.scan(range)?),
            Rows::Files(readers) => {
                // The last of the vector is read first.
                for reader in readers.iter().rev() {
                    let bounds = reader.index().bounds();
                    if bounds.is_some_and(|(first, last)| range.meets(first, last)) {
                        sources.push(Box::new(reader.scan(range)?));
                    }
                }
            }
        }
        Ok(Cursor {
            sources,
            row: Vec::new(),
            value: Vec::new(),
            cancel: cancel.clone(),
            until_look: 0,
        })
    }
}

/// Rows in order, with one at hand.
pub(crate) struct Cursor<'a> {
    sources: Vec<Box<dyn RowCursor + 'a>>,
    row: Vec<u8>,
    value: Vec<u8>,
    cancel: Cancel,
    /// Rows until it looks whether the command was interrupted.
    until_look: u32,
}

impl Cursor<'_> {
    /// Moves to the next row; to the first by the first call. Returns false at the end.
    ///
    /// # Errors
    /// When the rows cannot be read, or the command was interrupted.
    pub(crate) fn advance(&mut self) -> Result<bool> {
        if self.until_look == 0 {
            self.cancel.check("reading state")?;
            self.until_look = ROWS_BETWEEN_LOOKS;
        }
        self.until_look -= 1;
        while let Some(source) = self.sources.last_mut() {
            if let Some((row, value)) = source.next()? {
                self.row.clear();
                self.row.extend_from_slice(row);
                self.value.clear();
                self.value.extend_from_slice(value);
                return Ok(true);
            }
            self.sources.pop();
        }
        Ok(false)
    }

    /// The key of the row that [`Self::advance`] moved to.
    pub(crate) fn row(&self) -> &[u8] {
        &self.row
    }

    /// The value of the row that [`Self::advance`] moved to.
    pub(crate) fn value(&self) -> &[u8] {
        &self.value
    }
}

fn fetch(cut: &Cut, file: &FileRef, to: &Path, cancel: &Cancel) -> Result<()> {
    let object = cut.folder.object(&file.object);
    let moved = cut
        .folder
        .storage()
        .download(&object, &to.join(&file.name), cancel)?;
    if (moved.bytes, moved.crc32c) != (file.bytes, file.crc32c) {
        return Err(Failure::problem(format!(
            "{object} is damaged: it is not what was written; choose another checkpoint with --checkpoint"
        )));
    }
    Ok(())
}

fn placed(file: &FileRef) -> PlacedFile {
    PlacedFile {
        name: file.name.clone(),
        bounds: file.bounds.clone(),
        note: file.note.clone(),
    }
}

fn readers(manifest: &Manifest, directory: &Path) -> Result<Vec<RowsFileReader>> {
    let mut files: Vec<_> = manifest.files.iter().collect();
    files.sort_by(|one, other| one.bounds.cmp(&other.bounds));
    let open = |file: &FileRef| Ok(RowsFileReader::open(&directory.join(&file.name))?);
    files.into_iter().map(open).collect()
}

fn factory(kind: &str) -> Result<Arc<dyn StoreFactory>> {
    // Both are cheap to make: nothing is opened yet.
    let rocksdb = RocksStoreFactory::new(RocksOptions::default())?;
    let known: [Arc<dyn StoreFactory>; 2] =
        [Arc::new(rocksdb), Arc::new(MemoryStoreFactory::new())];
    known.into_iter().find(|factory| factory.kind() == kind).ok_or_else(|| {
        Failure::incompatible(format!(
            "the state was written by store `{kind}`, which this program does not have; take a savepoint of the job"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row for ever.
    struct Endless;

    impl RowCursor for Endless {
        fn next(&mut self) -> alluvium::Result<Option<(&[u8], &[u8])>> {
            Ok(Some((b"row", b"value")))
        }
    }

    #[test]
    fn reading_ends_soon_after_it_is_cancelled() {
        let cancel = Cancel::new();
        let mut cursor = Cursor {
            sources: vec![Box::new(Endless)],
            row: Vec::new(),
            value: Vec::new(),
            cancel: cancel.clone(),
            until_look: 0,
        };
        assert!(cursor.advance().unwrap());

        cancel.cancel();
        let read = (0..2 * ROWS_BETWEEN_LOOKS)
            .take_while(|_| cursor.advance().is_ok())
            .count();

        assert!(read <= ROWS_BETWEEN_LOOKS as usize, "{read}");
    }
}
