//! What may be chosen about RocksDB, as plain data, with the reason beside each default.
//!
//! Everything else is fixed in `tuning`: a choice that nobody should make differently is not an
//! option. Options are never read from the files of a checkpoint, so a store may be reopened with
//! others.

use alluvium::{Error, Result};

/// Choices for every store that one [`RocksStoreFactory`](crate::RocksStoreFactory) opens.
///
/// ```
/// use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};
///
/// let mut options = RocksOptions::default();
/// options.block_cache_bytes = 512 << 20;
/// let factory = RocksStoreFactory::new(options)?;
/// # Ok::<(), alluvium::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RocksOptions {
    /// Bytes of uncompressed blocks kept in memory, shared by all stores of the factory.
    ///
    /// 128 MiB: enough for the hot blocks behind the write buffer. A cache that holds a part of a
    /// uniformly read state is slower than the system's page cache, so memory beyond the
    /// hot set is better left to that.
    pub block_cache_bytes: usize,
    /// Bytes of rows that the write buffer above flushes at a time, about: what its options have as `memory_budget_bytes`,
    /// divided by two. Compaction begins when there are several such runs, and the levels' sizes follow from it.
    ///
    /// 32 MiB: half of the write buffer's default.
    pub run_bytes: usize,
    /// Flushes and compactions that one store runs at the same time, on threads of RocksDB's own.
    ///
    /// 2: one of each, so that a long compaction does not hold up a checkpoint's flush.
    pub background_jobs: u16,
    /// Bytes at which compaction ends a file and starts the next.
    ///
    /// 64 MiB: a restore takes its time for each file (docs/performance.md), and a rescale needs no finer ones since
    /// files are shared where they straddle. Smaller files make what an incremental checkpoint uploads a
    /// little finer.
    pub target_file_bytes: u64,
    /// Bits of bloom filter for each row, 0 for none. Filters stay in memory while a file is open.
    ///
    /// 10: one in a hundred reads of an absent row touches a block; without filters such reads
    /// were nine times slower.
    pub bloom_bits: u8,
    /// Which levels are compressed.
    pub compression: Compression,
    /// Families of files that one store has at the most (docs/design/0005): rescaling state again before it
    /// has been cleaned makes more of them. The rows of what would need another are copied.
    ///
    /// 8: each may start a file of its own at every checkpoint. Rescales back and forth need two or three.
    pub families_max: u8,
    /// Files that one store keeps open, or `None` for all of them.
    ///
    /// `None`: looking a file up in a table of open ones costs time on every read. Set it where
    /// many stores of large state share a process and its limit of open files.
    pub open_files: Option<u16>,
}

/// Which levels of the store are compressed (with LZ4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Compression {
    /// No level: the fastest reads where disk and upload cost nothing.
    None,
    /// All but the two youngest levels, where rows are soon rewritten: reads of fresh rows pay
    /// nothing, and most bytes on disk are compressed.
    #[default]
    Settled,
    /// Every level: fewer bytes to upload where checkpoints are frequent and their files young.
    Everywhere,
}

impl Default for RocksOptions {
    fn default() -> Self {
        Self {
            block_cache_bytes: 128 << 20,
            run_bytes: 32 << 20,
            background_jobs: 2,
            target_file_bytes: 64 << 20,
            bloom_bits: 10,
            compression: Compression::default(),
            families_max: 8,
            open_files: None,
        }
    }
}

/// Smaller runs would be files not worth their names.
const RUN_BYTES_MIN: usize = 64 << 10;
/// Smaller files would be more work to name, open and upload than their rows are worth.
const TARGET_FILE_BYTES_MIN: u64 = 64 << 10;
/// Beyond this a filter grows and no read gets faster.
const BLOOM_BITS_MAX: u8 = 64;
/// RocksDB needs some tables open for its own work.
const OPEN_FILES_MIN: u16 = 32;

/// The share of a budget that blocks have: an eighth. Single rows are kept one by one in the write buffer, where they take
/// an eighth of their blocks' memory; blocks serve scans of lists and maps.
const BLOCKS_SHARE: usize = 8;

impl RocksOptions {
    /// Options for a backend that may have `budget_bytes` of memory for its rows in all, and what is left of them for the
    /// backend's write buffer. Filters, indexes and code come on top (some twenty bits a row in the store).
    ///
    /// ```
    /// use alluvium::Options;
    /// use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};
    ///
    /// let (rocks, memory_budget_bytes) = RocksOptions::within(256 << 20);
    /// let factory = RocksStoreFactory::new(rocks)?;
    /// let options = Options::default().memory_budget_bytes(memory_budget_bytes);
    /// # Ok::<(), alluvium::Error>(())
    /// ```
    #[must_use]
    pub fn within(budget_bytes: usize) -> (Self, usize) {
        let block_cache_bytes = budget_bytes / BLOCKS_SHARE;
        let memory_budget_bytes = budget_bytes - block_cache_bytes;
        let options = Self {
            block_cache_bytes,
            run_bytes: (memory_budget_bytes / 2).max(RUN_BYTES_MIN),
            ..Self::default()
        };
        (options, memory_budget_bytes)
    }

    /// Refuses what RocksDB would silently replace by something else.
    pub(crate) fn check(&self) -> Result<()> {
        at_least("run_bytes", self.run_bytes, RUN_BYTES_MIN)?;
        at_least(
            "target_file_bytes",
            self.target_file_bytes,
            TARGET_FILE_BYTES_MIN,
        )?;
        at_least("background_jobs", self.background_jobs, 1)?;
        at_least("families_max", self.families_max, 1)?;
        if let Some(open_files) = self.open_files {
            at_least("open_files", open_files, OPEN_FILES_MIN)?;
        }
        if self.bloom_bits > BLOOM_BITS_MAX {
            return Err(Error::invalid(format!(
                "option bloom_bits is {}: use at most {BLOOM_BITS_MAX} bits for each row",
                self.bloom_bits
            )));
        }
        Ok(())
    }
}

fn at_least<T: PartialOrd + Copy + std::fmt::Display>(
    option: &str,
    value: T,
    least: T,
) -> Result<()> {
    if value < least {
        return Err(Error::invalid(format!(
            "option {option} is {value}: use at least {least}"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_accepted() {
        RocksOptions::default().check().unwrap();
    }

    #[test]
    fn an_option_that_rocksdb_would_replace_is_refused_by_name() {
        let refused = [
            RocksOptions {
                run_bytes: 0,
                ..RocksOptions::default()
            },
            RocksOptions {
                target_file_bytes: 1,
                ..RocksOptions::default()
            },
            RocksOptions {
                background_jobs: 0,
                ..RocksOptions::default()
            },
            RocksOptions {
                bloom_bits: 200,
                ..RocksOptions::default()
            },
            RocksOptions {
                open_files: Some(1),
                ..RocksOptions::default()
            },
        ];
        let names = [
            "run_bytes",
            "target_file_bytes",
            "background_jobs",
            "bloom_bits",
            "open_files",
        ];

        for (options, name) in refused.iter().zip(names) {
            let error = options.check().unwrap_err();
            assert_eq!(error.kind(), alluvium::ErrorKind::Invalid);
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
