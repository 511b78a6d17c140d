//! A live RocksDB database as a [`Store`].
//!
//! One or several families of files (docs/design/0005), no write-ahead log. Invariants it adds to the trait's: a
//! directory holds one store for its whole life, and RocksDB numbers its files upwards, so a file name is
//! never given twice in it.
//!
//! What is written is lost with the process unless it was pinned; making it durable is what
//! snapshots do.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use alluvium::Result;
use alluvium::protocol::row::RowRange;
use alluvium::storage::Cancel;
use alluvium::store::{Pinned, RowCursor, RowFilter, SortedRun, Store, StoreSize, Tidied};
use rust_rocksdb::{DB, Options, ReadOptions};

use crate::cursor::RocksCursor;
use crate::error::failed;
use crate::families::Families;
use crate::filter::ToldFilter;
use crate::ingest::{Purpose, Target, ingest};
use crate::pin::RocksPinned;
use crate::rewrite::rewrite;
use crate::stall::stall;
use crate::tidy;
use crate::tuning::{self, Engine};

pub(crate) struct RocksStore {
    pub(crate) db: DB,
    pub(crate) families: Families,
    pub(crate) told: ToldFilter,
    engine: Engine,
    reads: ReadOptions,
    /// Numbers the files that runs are written to.
    ingested: AtomicU64,
}

impl RocksStore {
    pub(crate) fn new(db: DB, families: Families, engine: Engine, told: ToldFilter) -> Self {
        Self {
            db,
            families,
            told,
            engine,
            reads: tuning::point(),
            ingested: AtomicU64::new(0),
        }
    }

    fn target<'a>(&'a self, format: &'a Options) -> Target<'a> {
        Target {
            db: &self.db,
            families: &self.families,
            format,
            numbers: &self.ingested,
        }
    }
}

impl fmt::Debug for RocksStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RocksStore")
            .field("directory", &self.db.path())
            .field("families", &self.families.len())
            .finish_non_exhaustive()
    }
}

impl Store for RocksStore {
    fn get(&self, row: &[u8], value: &mut Vec<u8>) -> Result<bool> {
        value.clear();
        let Some(family) = self.families.of(row) else {
            return Ok(false);
        };
        let found = self
            .db
            .get_pinned_cf_opt(family.handle(&self.db)?, row, &self.reads);
        let found =
            found.map_err(|e| failed(format!("read store {}", self.db.path().display()), e))?;
        if let Some(found) = &found {
            value.extend_from_slice(found);
        }
        Ok(found.is_some())
    }

    fn scan<'a>(&'a self, range: &RowRange) -> Result<Box<dyn RowCursor + 'a>> {
        let rows = RocksCursor::new(&self.db, &self.families, range, tuning::scan)?;
        Ok(Box::new(rows))
    }

    fn write(&self, run: &mut dyn SortedRun) -> Result<()> {
        ingest(self.target(&self.engine.flushed), Purpose::Flush, run)?;
        stall(&self.db, &self.families)
    }

    fn load(&self, run: &mut dyn SortedRun) -> Result<()> {
        ingest(self.target(&self.engine.live), Purpose::Load, run)
    }

    fn tidy(&self, cancel: &Cancel) -> Result<Tidied> {
        tidy::tidy(&self.db, &self.families, cancel)
    }

    fn filter_rows(&self, filter: Arc<dyn RowFilter>) {
        self.told.tell(filter);
    }

    fn rewrite(&self, range: &RowRange, cancel: &Cancel) -> Result<()> {
        rewrite(&self.db, &self.families, range, cancel)
    }

    fn pin(&self, directory: &Path) -> Result<Box<dyn Pinned>> {
        let pinned = RocksPinned::new(&self.db, &self.families, &self.engine.live, directory)?;
        Ok(Box::new(pinned))
    }

    fn size(&self) -> StoreSize {
        let handles = self.families.iter().filter_map(|f| f.handle(&self.db).ok());
        handles.fold(StoreSize::default(), |size, handle| {
            let of_family = self.db.get_column_family_metadata_cf(handle);
            let files = u64::try_from(of_family.file_count).unwrap_or(u64::MAX);
            StoreSize::new(size.file_bytes + of_family.size, size.files + files)
        })
    }
}
