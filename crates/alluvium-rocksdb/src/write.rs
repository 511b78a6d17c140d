//! Applies sorted runs in batches of bounded size, each row to its family.
//!
//! Batches bound memory, not visibility: a reader may see a part of a run while it is being
//! written.

use alluvium::store::{Change, SortedRun};
use alluvium::{Error, Result};
use rust_rocksdb::{DB, WriteBatch, WriteOptions};

use crate::error::failed;
use crate::families::Families;

/// Bytes of changes that are handed to RocksDB at a time, one row more at most. Batching as such
/// gains nothing without a write-ahead log, and each is held twice: here and in RocksDB's buffer.
const BATCH_BYTES: usize = 1 << 20;

/// RocksDB's C interface swallows the error for longer keys or values: the row would be lost
/// silently.
const KEY_OR_VALUE_BYTES_MAX: u32 = u32::MAX;

pub(crate) fn apply(
    db: &DB,
    families: &Families,
    writes: &WriteOptions,
    run: &mut dyn SortedRun,
) -> Result<()> {
    let mut batch = WriteBatch::with_capacity_bytes(BATCH_BYTES);
    while let Some((row, change)) = run.next()? {
        check_length("row key", row)?;
        let family = families.of(row).ok_or_else(|| foreign(db, row))?;
        let handle = family.handle(db)?;
        match change {
            Change::Put(value) => {
                check_length("value", value)?;
                batch.put_cf(handle, row, value);
            }
            Change::Delete => batch.delete_cf(handle, row),
        }
        if batch.size_in_bytes() >= BATCH_BYTES {
            apply_batch(db, writes, &batch)?;
            batch.clear();
        }
    }
    if batch.is_empty() {
        return Ok(());
    }
    apply_batch(db, writes, &batch)
}

pub(crate) fn foreign(db: &DB, row: &[u8]) -> Error {
    Error::invalid(format!(
        "row {row:02x?} is not one of those that store {} was opened for",
        db.path().display()
    ))
}

fn apply_batch(db: &DB, writes: &WriteOptions, batch: &WriteBatch) -> Result<()> {
    let written = db.write_opt(batch, writes);
    written.map_err(|e| failed(format!("write to store {}", db.path().display()), e))
}

pub(crate) fn check_length(what: &str, bytes: &[u8]) -> Result<()> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(Error::invalid(format!(
            "a {what} of {} bytes is longer than RocksDB takes: split it into parts of at most \
             {KEY_OR_VALUE_BYTES_MAX} bytes",
            bytes.len()
        )));
    }
    Ok(())
}
