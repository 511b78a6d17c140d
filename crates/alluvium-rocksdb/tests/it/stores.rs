//! A directory for the stores of one test, and rows to put into them.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use alluvium::Result;
use alluvium::protocol::row::RowRange;
use alluvium::storage::Cancel;
use alluvium::store::{Change, Part, Pinned, PlacedFile, SortedRun, Store, StoreFactory};
use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};
use tempfile::TempDir;

pub(crate) struct Stores {
    pub(crate) factory: RocksStoreFactory,
    root: TempDir,
}

impl Stores {
    pub(crate) fn new() -> Result<Self> {
        Self::with(RocksOptions::default())
    }

    pub(crate) fn with(options: RocksOptions) -> Result<Self> {
        let root = TempDir::new().map_err(|e| alluvium::Error::io("make a directory", e))?;
        Ok(Self {
            factory: RocksStoreFactory::new(options)?,
            root,
        })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(crate) fn create(&self, name: &str) -> Result<Arc<dyn Store>> {
        self.factory.create(&self.path(name))
    }

    /// Copies the pinned files into the directory `name`.
    pub(crate) fn place(&self, pinned: &dyn Pinned, name: &str) -> Result<Vec<PlacedFile>> {
        let directory = self.path(name);
        let failed = |e| alluvium::Error::io("place files", e);
        fs::create_dir(&directory).map_err(failed)?;
        let place = |file: &alluvium::store::PinnedFile| {
            fs::copy(&file.path, directory.join(&file.name)).map_err(failed)?;
            Ok(PlacedFile {
                name: file.name.clone(),
                bounds: file.bounds.clone(),
                note: file.note.clone(),
            })
        };
        pinned.files().iter().map(place).collect()
    }

    /// Loads rows, which go to the last level.
    pub(crate) fn load(&self, store: &dyn Store, rows: Range<u32>, what: &str) -> Result<()> {
        store.load(&mut puts(rows, what))
    }

    /// Opens all of the files that were placed in the directory `name`.
    pub(crate) fn open(&self, name: &str, files: &[PlacedFile]) -> Result<Arc<dyn Store>> {
        self.open_with(&self.factory, name, files)
    }

    pub(crate) fn open_with(
        &self,
        factory: &RocksStoreFactory,
        name: &str,
        files: &[PlacedFile],
    ) -> Result<Arc<dyn Store>> {
        let whole = Part {
            directory: self.path(name),
            files: files.to_vec(),
            rows: RowRange::all(),
        };
        let opened = factory.open(
            &self.path(&format!("{name}, opened")),
            vec![whole],
            &Cancel::new(),
        )?;
        Ok(opened.store)
    }
}

/// Writes `rows` rows whose values tell `what`.
pub(crate) fn fill(store: &dyn Store, rows: u32, what: &str) -> Result<()> {
    fill_range(store, 0..rows, what)
}

/// Writes the rows of these numbers, with values that tell `what`.
pub(crate) fn fill_range(store: &dyn Store, rows: Range<u32>, what: &str) -> Result<()> {
    store.write(&mut puts(rows, what))
}

fn puts(rows: Range<u32>, what: &str) -> Puts {
    let row = |n: u32| (n.to_be_bytes().to_vec(), format!("{what} {n}").into_bytes());
    Puts(rows.map(row).collect::<BTreeMap<_, _>>().into_iter(), None)
}

pub(crate) fn count(store: &dyn Store) -> Result<usize> {
    let mut cursor = store.scan(&RowRange::all())?;
    let mut rows = 0;
    while cursor.next()?.is_some() {
        rows += 1;
    }
    Ok(rows)
}

type Row = (Vec<u8>, Vec<u8>);

struct Puts(
    std::collections::btree_map::IntoIter<Vec<u8>, Vec<u8>>,
    Option<Row>,
);

impl SortedRun for Puts {
    fn next(&mut self) -> Result<Option<(&[u8], Change<'_>)>> {
        self.1 = self.0.next();
        Ok(self
            .1
            .as_ref()
            .map(|(row, value)| (row.as_slice(), Change::Put(value))))
    }
}
