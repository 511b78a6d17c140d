//! Drops the rows outside a range, in time that depends on the number of files.
//!
//! Files that lie wholly outside go first, then one range tombstone a side hides what is left of it
//! in files that straddle the boundary or are too young to be dropped. The order matters: a dropped
//! file may have held the deletion of a row whose older version lives on in a straddling file, so
//! the tombstone must be younger than every drop. In between a reader may see such a row; clipping
//! is part of a restore, before there are readers.
//!
//! A trap for whoever adopts this store's files into another database: a range tombstone widens the
//! bounds of its file to the range it covers, and RocksDB does not check the files of one ingest
//! call against each other. The tombstone of one clipped half would hide the live rows of the
//! other, without any error. Hence `PinnedFile::bounds` include tombstones, and no tombstone is
//! written where nothing is left to hide.

use alluvium::Result;
use alluvium::protocol::row::RowRange;
use rust_rocksdb::{DB, WriteBatch, WriteOptions};

use crate::error::failed;
use crate::{tuning, write};

pub(crate) fn clip(db: &DB, writes: &WriteOptions, keep: &RowRange) -> Result<()> {
    drop_rows(db, writes, &[], Some(keep.from()))?;
    match keep.to() {
        Some(to) => drop_rows(db, writes, to, None),
        None => Ok(()),
    }
}

/// Drops the rows of `[from, to)`; no `to` means to the end.
fn drop_rows(db: &DB, writes: &WriteOptions, from: &[u8], to: Option<&[u8]>) -> Result<()> {
    let clipped = drop_files(db, from, to).and_then(|()| visible_rows(db, from, to));
    let clipped = clipped.map_err(|e| failed(format!("clip store {}", db.path().display()), e))?;
    let Some((first, mut last)) = clipped else {
        return Ok(());
    };
    // The smallest key above `last`: the end of a range tombstone is not part of it.
    last.push(0);
    let mut batch = WriteBatch::new();
    batch.delete_range(first, last);
    write::apply_batch(db, writes, &batch)
}

/// Drops files whose rows all lie in `[from, to)`. RocksDB leaves files of level 0 and files that
/// are being compacted.
fn drop_files(db: &DB, from: &[u8], to: Option<&[u8]>) -> Result<(), rust_rocksdb::Error> {
    // RocksDB takes an inclusive end. Passing `to` would drop a file whose last row is the first to
    // be kept, and there is no key right below `to`; so the end is the last key of a file that lies
    // below it.
    let ends = db.live_files()?.into_iter().filter_map(|file| file.end_key);
    let inside = |end: &Vec<u8>| end.as_slice() >= from && to.is_none_or(|to| end.as_slice() < to);
    match ends.filter(inside).max() {
        Some(end) => db.delete_file_in_range(from, end.as_slice()),
        None => Ok(()),
    }
}

/// The first and the last visible row in `[from, to)`.
#[expect(
    clippy::type_complexity,
    reason = "a pair of keys is clearer than a name for it"
)]
fn visible_rows(
    db: &DB,
    from: &[u8],
    to: Option<&[u8]>,
) -> Result<Option<(Vec<u8>, Vec<u8>)>, rust_rocksdb::Error> {
    let mut rows = db.raw_iterator_opt(tuning::scan(from, to));
    rows.seek_to_first();
    rows.status()?;
    let Some(first) = rows.key().map(<[u8]>::to_vec) else {
        return Ok(None);
    };
    rows.seek_to_last();
    rows.status()?;
    Ok(rows.key().map(|last| (first, last.to_vec())))
}

#[cfg(test)]
mod tests;
