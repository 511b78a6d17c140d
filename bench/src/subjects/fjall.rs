//! fjall: an LSM tree in Rust.
//!
//! - Memory: half of the budget for its block cache, half for memtables. Writers stop when four memtables wait to be
//!   flushed beside the active one, so each has a tenth of the budget, and at most the 64 MiB it recommends; the
//!   cache has the rest.
//! - Journal: it cannot be switched off. Nothing is synced, and records stay in the process's buffer until that is
//!   full (`manual_journal_persist`): the least that it can do.
//! - Compression (LZ4 from level 2 on), blocks of 4 KiB and bloom filters are its defaults, which are what the others
//!   have; points are found in their block by hash, as the others do (its default is by bisection alone).
//! - Two worker threads, as the others have.

use std::path::Path;

use anyhow::{Context, Result};
use fjall::config::HashRatioPolicy;
use fjall::{Database, Keyspace, KeyspaceCreateOptions};

use super::{Values, copied};
use crate::data;

pub(crate) const VERSION: &str = "fjall 3.1";

const MEMTABLES: usize = 5;
const MEMTABLE_BYTES_MAX: usize = 64 << 20;

pub(crate) struct Fjall {
    values: Keyspace,
    value: Vec<u8>,
    /// Closed last.
    _database: Database,
}

impl Fjall {
    pub(crate) fn open(directory: &Path, budget_bytes: usize) -> Result<Self> {
        let memtable_bytes = (budget_bytes / 2 / MEMTABLES).min(MEMTABLE_BYTES_MAX);
        let cache_bytes = budget_bytes - MEMTABLES * memtable_bytes;
        let database = Database::builder(directory.join("fjall"))
            .cache_size(cache_bytes as u64)
            .manual_journal_persist(true)
            .worker_threads(2)
            .open()?;
        let values = database.keyspace("values", || {
            KeyspaceCreateOptions::default()
                .max_memtable_size(memtable_bytes as u64)
                .manual_journal_persist(true)
                .data_block_hash_ratio_policy(HashRatioPolicy::all(0.75))
        })?;
        Ok(Self {
            values,
            value: Vec::new(),
            _database: database,
        })
    }
}

impl Values for Fjall {
    fn get(&mut self, key: u64) -> Result<Option<u64>> {
        let value = self.values.get(key.to_be_bytes())?;
        Ok(value.map(|value| data::first_word(&value)))
    }

    fn read(&mut self, key: u64, out: &mut Vec<u8>) -> Result<bool> {
        let value = self.values.get(key.to_be_bytes())?;
        Ok(copied(value.as_deref(), out))
    }

    fn set(&mut self, key: u64, value: &[u8]) -> Result<()> {
        Ok(self.values.insert(key.to_be_bytes(), value)?)
    }

    fn add_one(&mut self, key: u64) -> Result<()> {
        let value = self.values.get(key.to_be_bytes())?;
        self.value.clear();
        self.value
            .extend_from_slice(&value.context("a key without a value")?);
        data::add_one(&mut self.value);
        let key = key.to_be_bytes();
        Ok(self.values.insert(key, self.value.as_slice())?)
    }
}
