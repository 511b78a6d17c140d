//! One snapshot's rows, copied to this machine and opened with the store that wrote them.
//!
//! Dropping it removes the copy.

use std::fs;
use std::ops::ControlFlow;
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

/// Is given a row's key and value, and says whether to go on.
pub(super) type Visit<'v> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>> + 'v;

/// A snapshot's rows on this machine.
pub(super) struct Opened {
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
    pub(super) fn download(cut: &Cut, manifest: &Manifest) -> Result<Self> {
        let directory = tempfile::tempdir().context("make a temporary directory")?;
        let files = directory.path().join("files");
        fs::create_dir(&files).with_context(|| format!("make {}", files.display()))?;
        for file in &manifest.files {
            fetch(cut, file, &files)?;
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
                &Cancel::new(),
            )?;
            Rows::Store(opened.store)
        };
        Ok(Self {
            rows,
            _directory: directory,
        })
    }

    /// Visits rows in order until the visitor breaks.
    ///
    /// # Errors
    /// When the rows cannot be read, or the visitor fails.
    pub(super) fn scan(&self, range: &RowRange, visit: &mut Visit<'_>) -> Result<ControlFlow<()>> {
        match &self.rows {
            Rows::Store(store) => drain(store.scan(range)?.as_mut(), visit),
            Rows::Files(readers) => {
                for reader in readers {
                    if drain(&mut reader.scan(range)?, visit)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Ok(ControlFlow::Continue(()))
            }
        }
    }
}

fn drain(cursor: &mut dyn RowCursor, visit: &mut Visit<'_>) -> Result<ControlFlow<()>> {
    while let Some((row, value)) = cursor.next()? {
        if visit(row, value)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn fetch(cut: &Cut, file: &FileRef, to: &Path) -> Result<()> {
    let object = cut.folder.object(&file.object);
    let moved = cut
        .folder
        .storage()
        .download(&object, &to.join(&file.name), &Cancel::new())?;
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
    let open = |file: &FileRef| Ok(RowsFileReader::open(&directory.join(&file.name))?);
    manifest.files.iter().map(open).collect()
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
