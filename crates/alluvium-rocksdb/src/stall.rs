//! Holds the flusher back while compaction is behind.
//!
//! Files that are taken over are not held back by RocksDB itself. Without a bound the youngest level would grow for as
//! long as rows come faster than they can be compacted: in space, and in files that every read asks.

use alluvium::Result;
use rust_rocksdb::{DB, ErrorKind, WaitForCompactOptions};

use crate::error::failed;
use crate::families::Families;
use crate::tuning;

/// Returns when no family has more runs in its youngest level than `RUNS_MAX`.
///
/// # Errors
/// That of compaction, which nobody else is told.
pub(crate) fn stall(db: &DB, families: &Families) -> Result<()> {
    let error = |e| failed(format!("compact store {}", db.path().display()), e);
    while young_files(db, families).map_err(error)? > tuning::RUNS_MAX {
        let mut patience = WaitForCompactOptions::default();
        patience.set_timeout(tuning::STALL_MICROS);
        match db.wait_for_compact(&patience) {
            // There is nothing to compact: nothing to wait for.
            Ok(()) => return Ok(()),
            Err(e) if e.kind() == ErrorKind::TimedOut => {}
            Err(e) => return Err(error(e)),
        }
    }
    Ok(())
}

/// The files in the youngest level of the family that has the most there.
fn young_files(db: &DB, families: &Families) -> std::result::Result<u64, rust_rocksdb::Error> {
    let mut most = 0;
    for family in families.iter() {
        let Some(handle) = db.cf_handle(&family.name) else {
            continue;
        };
        let files = db.property_value_cf(handle, "rocksdb.num-files-at-level0")?;
        let files = files.and_then(|files| files.parse().ok());
        most = most.max(files.unwrap_or(0));
    }
    Ok(most)
}
