//! Rows of a range, from one family after the other.
//!
//! Invariant: the end of the rows is reported only after the iterator said that it met no error. An
//! iterator that met one looks just like one at its end.

use std::path::Path;

use alluvium::Result;
use alluvium::protocol::row::RowRange;
use alluvium::store::RowCursor;
use rust_rocksdb::{DB, DBRawIterator, ReadOptions, Snapshot};

use crate::error::failed;
use crate::families::Families;

/// The rows of some ranges, as they were when the cursor was made.
pub(crate) struct RocksCursor<'a> {
    /// One for each segment, in order, all of one moment.
    rows: Vec<DBRawIterator<'a>>,
    /// That moment, if there is more than one segment. After the iterators: fields drop in this order.
    _moment: Option<Snapshot<'a>>,
    current: usize,
    directory: &'a Path,
    on_row: bool,
}

impl<'a> RocksCursor<'a> {
    /// The rows of `range`, read in the way that `reads` makes for each part of it.
    ///
    /// # Errors
    /// `Unavailable` when a family has no place in the database.
    pub(crate) fn new(
        db: &'a DB,
        families: &Families,
        range: &RowRange,
        reads: fn(&RowRange) -> ReadOptions,
    ) -> Result<Self> {
        let segments: Vec<_> = families.segments(range).collect();
        // One iterator sees one moment by itself.
        let moment = (segments.len() > 1).then(|| db.snapshot());
        let mut rows = Vec::with_capacity(segments.len());
        for (segment, family) in segments {
            let mut reads = reads(&segment);
            if let Some(moment) = &moment {
                reads.set_snapshot(moment);
            }
            let mut segment_rows = db.raw_iterator_cf_opt(family.handle(db)?, reads);
            segment_rows.seek_to_first();
            rows.push(segment_rows);
        }
        Ok(Self {
            rows,
            _moment: moment,
            current: 0,
            directory: db.path(),
            on_row: false,
        })
    }
}

impl RowCursor for RocksCursor<'_> {
    fn next(&mut self) -> Result<Option<(&[u8], &[u8])>> {
        while let Some(rows) = self.rows.get_mut(self.current) {
            if self.on_row {
                rows.next();
            }
            self.on_row = rows.valid();
            if self.on_row {
                break;
            }
            let status = rows.status();
            status.map_err(|e| failed(format!("scan store {}", self.directory.display()), e))?;
            self.current += 1;
        }
        Ok(self.rows.get(self.current).and_then(DBRawIterator::item))
    }
}
