//! The `rocksdb` crate used raw: what an engine gets that calls it for every record.
//!
//! Tuned as Alluvium's store is (filters, blocks, compression, no write-ahead log), so that what differs is
//! what Alluvium adds.

use std::path::Path;

use anyhow::Result;
use rust_rocksdb::{
    BlockBasedOptions, Cache, DB, DBCompressionType, DataBlockIndexType, Options, WriteOptions,
};

use super::Values;
use crate::data;

pub(crate) struct Raw {
    db: DB,
    writes: WriteOptions,
    value: Vec<u8>,
}

impl Raw {
    pub(crate) fn open(directory: &Path, budget_bytes: usize) -> Result<Self> {
        Ok(Self {
            db: DB::open(&options(budget_bytes), directory.join("raw"))?,
            writes: without_log(),
            value: Vec::new(),
        })
    }
}

/// Half of the budget for blocks, half for two memtables.
pub(crate) fn options(budget_bytes: usize) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(&Cache::new_lru_cache(budget_bytes / 2));
    blocks.set_block_size(4 << 10);
    blocks.set_format_version(6);
    blocks.set_bloom_filter(10.0, false);
    blocks.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
    blocks.set_data_block_hash_ratio(0.75);
    let mut options = Options::default();
    options.create_if_missing(true);
    options.set_block_based_table_factory(&blocks);
    options.set_write_buffer_size(budget_bytes / 4);
    options.set_max_write_buffer_number(2);
    options.set_max_background_jobs(2);
    options.set_compression_per_level(&[
        DBCompressionType::None,
        DBCompressionType::None,
        DBCompressionType::Lz4,
        DBCompressionType::Lz4,
        DBCompressionType::Lz4,
        DBCompressionType::Lz4,
        DBCompressionType::Lz4,
    ]);
    options.set_level_compaction_dynamic_level_bytes(true);
    options.set_max_open_files(-1);
    options
}

/// Writes as Alluvium makes them: durability is a checkpoint's.
pub(crate) fn without_log() -> WriteOptions {
    let mut writes = WriteOptions::default();
    writes.disable_wal(true);
    writes
}

impl Values for Raw {
    fn get(&mut self, key: u64) -> Result<Option<u64>> {
        let value = self.db.get_pinned(key.to_be_bytes())?;
        Ok(value.map(|value| data::first_word(&value)))
    }

    fn read(&mut self, key: u64, out: &mut Vec<u8>) -> Result<bool> {
        let value = self.db.get_pinned(key.to_be_bytes())?;
        out.clear();
        out.extend_from_slice(value.as_deref().unwrap_or_default());
        Ok(value.is_some())
    }

    fn set(&mut self, key: u64, value: &[u8]) -> Result<()> {
        Ok(self.db.put_opt(key.to_be_bytes(), value, &self.writes)?)
    }

    fn add_one(&mut self, key: u64) -> Result<()> {
        if let Some(value) = self.db.get_pinned(key.to_be_bytes())? {
            self.value.clear();
            self.value.extend_from_slice(&value);
        }
        data::add_one(&mut self.value);
        Ok(self
            .db
            .put_opt(key.to_be_bytes(), &self.value, &self.writes)?)
    }

    fn settle(&mut self) -> Result<()> {
        Ok(())
    }
}
