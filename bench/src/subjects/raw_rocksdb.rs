//! The `rocksdb` crate used raw: what an engine gets that calls it for every record.
//!
//! Tuned as Alluvium's store is (filters in files and memtables, blocks, indexes and filters outside the cache,
//! compression, one writer, no write-ahead log), so that what differs is what Alluvium adds. Block cache and memtables
//! together have the budget. Options whose effect Alluvium's store was measured to be worse with are not taken:
//! blocks larger than 4 KiB, indexes in the cache, memtables beyond RocksDB's own default of 64 MiB.

use std::path::Path;

use anyhow::{Context, Result};
use rust_rocksdb::{
    BlockBasedOptions, Cache, ChecksumType, DB, DBCompressionType, DataBlockIndexType, Options,
    WriteOptions,
};

use super::{Values, copied};
use crate::data;

pub(crate) const VERSION: &str = "rust-rocksdb 0.54.0, RocksDB 11.12";

const MEMTABLE_BYTES_MAX: usize = 64 << 20;

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

/// Two memtables have half of the budget, or 64 MiB each; the block cache has the rest.
pub(crate) fn options(budget_bytes: usize) -> Options {
    let memtable_bytes = (budget_bytes / 4).min(MEMTABLE_BYTES_MAX);
    let cache = Cache::new_lru_cache(budget_bytes - 2 * memtable_bytes);
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(&cache);
    blocks.set_block_size(4 << 10);
    blocks.set_format_version(6);
    blocks.set_checksum_type(ChecksumType::XXH3);
    blocks.set_bloom_filter(10.0, false);
    blocks.set_whole_key_filtering(true);
    blocks.set_cache_index_and_filter_blocks(false);
    blocks.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
    blocks.set_data_block_hash_ratio(0.75);
    let mut options = Options::default();
    options.create_if_missing(true);
    options.set_block_based_table_factory(&blocks);
    options.set_write_buffer_size(memtable_bytes);
    options.set_max_write_buffer_number(2);
    options.set_memtable_prefix_bloom_ratio(0.05);
    options.set_memtable_whole_key_filtering(true);
    options.set_allow_concurrent_memtable_write(false);
    options.set_avoid_flush_during_shutdown(true);
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
    options.set_bottommost_compression_type(DBCompressionType::Lz4);
    options.set_level_compaction_dynamic_level_bytes(true);
    options.set_max_open_files(-1);
    options.set_periodic_compaction_seconds(0);
    options.set_ttl(0);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
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
        Ok(copied(value.as_deref(), out))
    }

    fn set(&mut self, key: u64, value: &[u8]) -> Result<()> {
        Ok(self.db.put_opt(key.to_be_bytes(), value, &self.writes)?)
    }

    fn add_one(&mut self, key: u64) -> Result<()> {
        let value = self.db.get_pinned(key.to_be_bytes())?;
        self.value.clear();
        self.value
            .extend_from_slice(&value.context("a key without a value")?);
        data::add_one(&mut self.value);
        let key = key.to_be_bytes();
        Ok(self.db.put_opt(key, &self.value, &self.writes)?)
    }
}
