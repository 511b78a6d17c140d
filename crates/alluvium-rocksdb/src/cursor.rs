//! Rows of a RocksDB iterator.
//!
//! Invariant: the end of the rows is reported only after the iterator said that it met no error. An
//! iterator that met one looks just like one at its end.

use std::path::Path;

use alluvium::Result;
use alluvium::store::RowCursor;
use rust_rocksdb::{DB, DBRawIterator, ReadOptions};

use crate::error::failed;

/// The rows that `reads` selects, as they were when the cursor was made.
pub(crate) struct RocksCursor<'a> {
    rows: DBRawIterator<'a>,
    directory: &'a Path,
    on_row: bool,
}

impl<'a> RocksCursor<'a> {
    pub(crate) fn new(db: &'a DB, reads: ReadOptions) -> Self {
        let mut rows = db.raw_iterator_opt(reads);
        rows.seek_to_first();
        Self {
            rows,
            directory: db.path(),
            on_row: false,
        }
    }
}

impl RowCursor for RocksCursor<'_> {
    fn next(&mut self) -> Result<Option<(&[u8], &[u8])>> {
        if self.on_row {
            self.rows.next();
        }
        self.on_row = self.rows.valid();
        if !self.on_row {
            let status = self.rows.status();
            status.map_err(|e| failed(format!("scan store {}", self.directory.display()), e))?;
        }
        Ok(self.rows.item())
    }
}
