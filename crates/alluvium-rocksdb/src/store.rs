//! A live RocksDB database as a [`Store`].
//!
//! One column family, no write-ahead log. Invariants it adds to the trait's: a directory holds one
//! store for its whole life, and RocksDB numbers its files upwards, so a file name is never given
//! twice in it.
//!
//! What is written is lost with the process unless it was pinned; making it durable is what
//! snapshots do.

use std::fmt;
use std::path::Path;

use alluvium::Result;
use alluvium::protocol::row::RowRange;
use alluvium::store::{Pinned, RowCursor, SortedRun, Store, StoreSize};
use rust_rocksdb::{DB, Options, WriteOptions};

use crate::cursor::RocksCursor;
use crate::error::failed;
use crate::pin::RocksPinned;
use crate::{clip, tuning, write};

pub(crate) struct RocksStore {
    db: DB,
    /// What the database was opened with; a pin of it is opened with almost the same.
    engine: Options,
    writes: WriteOptions,
}

impl RocksStore {
    pub(crate) fn new(db: DB, engine: Options) -> Self {
        Self {
            db,
            engine,
            writes: tuning::writes(),
        }
    }

    /// The database, for tests that need to force what RocksDB does in its own time.
    #[cfg(test)]
    pub(crate) fn db(&self) -> &DB {
        &self.db
    }
}

impl fmt::Debug for RocksStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RocksStore")
            .field("directory", &self.db.path())
            .finish_non_exhaustive()
    }
}

impl Store for RocksStore {
    fn get(&self, row: &[u8], value: &mut Vec<u8>) -> Result<bool> {
        value.clear();
        let found = self.db.get_pinned(row);
        let found =
            found.map_err(|e| failed(format!("read store {}", self.db.path().display()), e))?;
        if let Some(found) = &found {
            value.extend_from_slice(found);
        }
        Ok(found.is_some())
    }

    fn scan<'a>(&'a self, range: &RowRange) -> Result<Box<dyn RowCursor + 'a>> {
        let reads = tuning::scan(range.from(), range.to());
        Ok(Box::new(RocksCursor::new(&self.db, reads)))
    }

    fn write(&self, run: &mut dyn SortedRun) -> Result<()> {
        write::apply(&self.db, &self.writes, run)
    }

    fn clip(&self, keep: &RowRange) -> Result<()> {
        clip::clip(&self.db, &self.writes, keep)
    }

    fn pin(&self, directory: &Path) -> Result<Box<dyn Pinned>> {
        Ok(Box::new(RocksPinned::new(
            &self.db,
            &self.engine,
            directory,
        )?))
    }

    fn size(&self) -> StoreSize {
        let files = self.db.get_column_family_metadata();
        StoreSize::new(
            files.size,
            u64::try_from(files.file_count).unwrap_or(u64::MAX),
        )
    }
}
