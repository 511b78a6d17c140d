//! Cobble: an LSM tree in Rust for keyed state, with columns and buckets.
//!
//! - Memory: half of the budget for its block cache, half for two memtables, and at most its default of 64 MiB for
//!   each; the cache has the rest.
//! - No write-ahead log (its default), one bucket, one column; no snapshots are taken.
//! - Bloom filters of ten bits, as the others have (its default is none). Compression (LZ4 from level 2 on) and the
//!   kind of memtable, which adapts to what is done, are its defaults.
//! - Two threads for compaction, as the others have.

use std::path::Path;

use anyhow::{Context, Result};
use bytes::Bytes;
use cobble::{Config, SingleDb, VolumeDescriptor};
use size::Size;

use super::{Values, copied};
use crate::data;

pub(crate) const VERSION: &str = "cobble 0.5";

const MEMTABLE_BYTES_MAX: usize = 64 << 20;
const BUCKET: u16 = 0;
const COLUMN: u16 = 0;

pub(crate) struct Cobble {
    db: SingleDb,
    value: Vec<u8>,
}

impl Cobble {
    pub(crate) fn open(directory: &Path, budget_bytes: usize) -> Result<Self> {
        let memtable_bytes = (budget_bytes / 4).min(MEMTABLE_BYTES_MAX);
        let cache_bytes = budget_bytes - 2 * memtable_bytes;
        let directory = directory.to_str().context("a directory that is no text")?;
        let config = Config {
            volumes: VolumeDescriptor::single_volume(format!("file://{directory}/cobble")),
            memtable_capacity: Size::from_bytes(memtable_bytes),
            memtable_buffer_count: 2,
            block_cache_size: Size::from_bytes(cache_bytes),
            sst_bloom_filter_enabled: true,
            compaction_threads: 2,
            ..Config::default()
        };
        Ok(Self {
            db: SingleDb::open(config)?,
            value: Vec::new(),
        })
    }

    fn value(&self, key: u64) -> Result<Option<Bytes>> {
        let columns = self.db.get(BUCKET, &key.to_be_bytes())?;
        Ok(columns.and_then(|columns| columns.into_iter().next()?))
    }
}

impl Drop for Cobble {
    fn drop(&mut self) {
        // What it still has to write goes with its directory.
        self.db.close().unwrap_or_default();
    }
}

impl Values for Cobble {
    fn get(&mut self, key: u64) -> Result<Option<u64>> {
        Ok(self.value(key)?.map(|value| data::first_word(&value)))
    }

    fn read(&mut self, key: u64, out: &mut Vec<u8>) -> Result<bool> {
        Ok(copied(self.value(key)?.as_deref(), out))
    }

    fn set(&mut self, key: u64, value: &[u8]) -> Result<()> {
        Ok(self.db.put(BUCKET, key.to_be_bytes(), COLUMN, value)?)
    }

    fn add_one(&mut self, key: u64) -> Result<()> {
        let value = self.value(key)?.context("a key without a value")?;
        self.value.clear();
        self.value.extend_from_slice(&value);
        data::add_one(&mut self.value);
        let key = key.to_be_bytes();
        Ok(self.db.put(BUCKET, key, COLUMN, &self.value)?)
    }
}
