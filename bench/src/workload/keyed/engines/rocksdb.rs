//! The `rocksdb` crate used raw: what an engine gets that calls it for every record.
//!
//! One column family with composite row keys, a merge operator that appends to lists, bounded scans for maps. Tuned as the
//! raw subject of the access benchmarks is, and so as Alluvium's store is.

use std::path::Path;

use anyhow::Result;
use rust_rocksdb::{DB, MergeOperands, ReadOptions, WriteOptions};

use super::{Engine, Place};
use crate::subjects::raw_rocksdb;

pub(crate) struct Raw {
    db: DB,
    writes: WriteOptions,
}

impl Raw {
    pub(crate) fn open(directory: &Path, budget_bytes: usize) -> Result<Self> {
        let mut options = raw_rocksdb::options(budget_bytes);
        options.set_merge_operator_associative("append", append);
        Ok(Self {
            db: DB::open(&options, directory.join("raw"))?,
            writes: raw_rocksdb::without_log(),
        })
    }
}

#[expect(clippy::unnecessary_wraps, reason = "RocksDB's interface for it")]
fn append(_row: &[u8], list: Option<&[u8]>, operands: &MergeOperands) -> Option<Vec<u8>> {
    let added: usize = operands.iter().map(<[u8]>::len).sum();
    let list = list.unwrap_or_default();
    let mut all = Vec::with_capacity(list.len() + added);
    all.extend_from_slice(list);
    for operand in operands {
        all.extend_from_slice(operand);
    }
    Some(all)
}

impl Engine for Raw {
    fn get<R>(&mut self, row: &[u8], read: impl FnOnce(Option<&[u8]>) -> R) -> Result<R> {
        Ok(read(self.db.get_pinned(row)?.as_deref()))
    }

    fn put(&mut self, row: &[u8], value: &[u8]) -> Result<()> {
        Ok(self.db.put_opt(row, value, &self.writes)?)
    }

    fn delete(&mut self, row: &[u8]) -> Result<()> {
        Ok(self.db.delete_opt(row, &self.writes)?)
    }

    fn append(&mut self, row: &[u8], bytes: &[u8]) -> Result<()> {
        Ok(self.db.merge_opt(row, bytes, &self.writes)?)
    }

    fn map_put(&mut self, place: Place<'_>, value: &[u8]) -> Result<()> {
        self.put(place.row, value)
    }

    fn map_delete(&mut self, place: Place<'_>) -> Result<()> {
        self.delete(place.row)
    }

    fn map_scan(
        &mut self,
        from: Place<'_>,
        to: &[u8],
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut reads = ReadOptions::default();
        reads.set_iterate_upper_bound(to);
        let mut rows = self.db.raw_iterator_opt(reads);
        rows.seek(from.row);
        while let Some((row, value)) = rows.item() {
            visit(row.get(from.map_key..).unwrap_or_default(), value)?;
            rows.next();
        }
        rows.status()?;
        Ok(())
    }
}
