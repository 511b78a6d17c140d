//! RocksDB's own options: what is fixed here, and what follows from `RocksOptions`.
//!
//! Invariant: these options are the only ones; what a checkpoint's OPTIONS file says is never
//! loaded.

use std::ffi::c_int;

use alluvium::protocol::row::RowRange;
use rust_rocksdb::{
    BlockBasedOptions, BottommostLevelCompaction, Cache, ChecksumType, CompactOptions,
    DBCompressionType, DataBlockIndexType, ImportColumnFamilyOptions, IngestExternalFileOptions,
    LogLevel, Options, ReadOptions,
};

use crate::filter::{Filters, ToldFilter};
use crate::options::{Compression, RocksOptions};
use crate::view::View;

/// Block format of the data files. On disk; raising it takes files away from older builds. 6 is the
/// first whose block checksums know the file and the offset they belong to.
const FORMAT_VERSION: i32 = 6;

/// Block size. Blocks of 16 KiB made reads of many rows a third slower and saved half a percent of
/// space.
const BLOCK_BYTES: usize = 4 << 10;

/// Size at which RocksDB rewrites its MANIFEST. Every checkpoint uploads the MANIFEST whole; at
/// RocksDB's own limit of 1 GiB it would become the largest file of a job that has run for weeks.
const MANIFEST_BYTES: usize = 1 << 20;

/// The information log of one store: for a person after a crash, hence small.
const LOG_BYTES: usize = 1 << 20;
const LOG_FILES: usize = 2;

/// Read ahead this much when a whole pinned store is read: half as fast again on cold files.
const READAHEAD_BYTES: usize = 2 << 20;

/// Files that a database opens while it takes over those of others: RocksDB's least, of which it opens a few.
pub(crate) const IMPORTING_OPEN_FILES: c_int = 20;

/// A pinned store is opened beside the live one, for a listing or one scan.
const PINNED_OPEN_FILES: c_int = 64;

/// Size at which a run ends a file and starts the next: as compaction would.
pub(crate) const RUN_FILE_BYTES: u64 = 64 << 20;

/// Runs in the youngest level that make RocksDB merge them into the level below. Fewer would rewrite that level more often, for each
/// byte that is flushed; more would have each read of an absent or old row ask more filters.
const RUNS_COMPACTED: c_int = 8;

/// Runs in the youngest level at which a flush waits for compaction: what compaction is behind by stays bounded, on disk and
/// for reads.
pub(crate) const RUNS_MAX: u64 = 24;

/// How long a waiting flush waits before it looks again, in microseconds: short beside a compaction, long beside looking.
pub(crate) const STALL_MICROS: u64 = 2_000;

/// RocksDB's least; it is never filled.
const UNUSED_BUFFER_BYTES: usize = 64 << 10;

/// Levels of a store: RocksDB's default, spelled out because `compression_per_level` counts them.
const LEVELS: c_int = 7;

/// RocksDB's options for the stores of a factory.
#[derive(Clone)]
pub(crate) struct Engine {
    /// Those of a live store. A pin of it is opened with almost the same.
    pub(crate) live: Options,
    /// How the files of flushed runs are written.
    pub(crate) flushed: Options,
}

impl Engine {
    pub(crate) fn new(options: &RocksOptions, cache: &Cache) -> Self {
        let live = live(options, cache);
        let flushed = flushed(&live, options.compression);
        Self { live, flushed }
    }
}

/// Options of a live store.
fn live(options: &RocksOptions, cache: &Cache) -> Options {
    let run_bytes = u64::try_from(options.run_bytes).unwrap_or(u64::MAX / 64);
    let mut engine = Options::default();
    engine.set_block_based_table_factory(&blocks(options, cache));
    engine.set_num_levels(LEVELS);
    compress(&mut engine, options.compression);

    // Runs come as files: nothing is ever written to RocksDB's memory.
    engine.set_write_buffer_size(UNUSED_BUFFER_BYTES);
    // Writers wait in `stall`, because files that are taken over are not held back by RocksDB.
    engine.set_level_zero_file_num_compaction_trigger(RUNS_COMPACTED);
    engine.set_level_zero_slowdown_writes_trigger(c_int::MAX);
    engine.set_level_zero_stop_writes_trigger(c_int::MAX);
    // The level that runs are merged into has at most twice what is merged into it at a time, wherever that is enough: a
    // smaller one would only write rows once more on their way down.
    engine.set_max_bytes_for_level_base(2 * run_bytes * u64::from(RUNS_COMPACTED.unsigned_abs()));

    // What is not in a checkpoint is lost with the process anyway.
    engine.set_avoid_flush_during_shutdown(true);

    engine.set_max_background_jobs(c_int::from(options.background_jobs));
    engine.set_target_file_size_base(options.target_file_bytes);
    engine.set_level_compaction_dynamic_level_bytes(true);
    engine.set_max_open_files(options.open_files.map_or(-1, c_int::from));
    engine.set_max_manifest_file_size(MANIFEST_BYTES);
    // The MANIFEST has it, too: opening a store waits for two of the disk's flushes less.
    engine.set_write_identity_file(false);
    // A filter would otherwise have every file rewritten once a month.
    engine.set_periodic_compaction_seconds(0);
    engine.set_ttl(0);
    // The defaults, spelled out because wrong data without an error is what they prevent: a store
    // that met an error takes no more writes, levels are checked for overlaps, and a file that was
    // put in another's place is refused.
    engine.set_paranoid_checks(true);
    engine.set_force_consistency_checks(true);
    engine.set_verify_sst_unique_id_in_manifest(true);

    engine.set_log_level(LogLevel::Warn);
    engine.set_max_log_file_size(LOG_BYTES);
    engine.set_keep_log_file_num(LOG_FILES);
    // Periodic statistics would start a thread for numbers that nobody reads.
    engine.set_stats_dump_period_sec(0);
    engine.set_stats_persist_period_sec(0);
    engine
}

/// How the files of flushed runs are written: they are in the youngest level.
fn flushed(live: &Options, compression: Compression) -> Options {
    let mut engine = live.clone();
    // Of all the options, a file that is written to be taken over follows this one.
    if compression == Compression::Settled {
        engine.set_bottommost_compression_type(DBCompressionType::None);
    }
    engine
}

/// Options of a family: when its files are compacted, rows outside of `view` go, if files may have any, and of the others what the
/// store was told.
pub(crate) fn family(live: &Options, view: Option<View>, told: ToldFilter) -> Options {
    let mut engine = live.clone();
    engine.set_compaction_filter_factory(Filters { view, told });
    engine
}

/// Taking over placed files: the links to them become the store's.
pub(crate) fn import() -> ImportColumnFamilyOptions {
    let mut import = ImportColumnFamilyOptions::default();
    import.set_move_files(true);
    import
}

/// Taking over files that were written for the store.
pub(crate) fn ingest() -> IngestExternalFileOptions {
    let mut ingest = IngestExternalFileOptions::default();
    ingest.set_move_files(true);
    // They are written once; nobody reads them yet.
    ingest.set_fill_cache(false);
    ingest
}

/// Compacting the files that have certain rows, down to the last level.
pub(crate) fn rewrite() -> CompactOptions {
    let mut compact = CompactOptions::default();
    compact.set_bottommost_level_compaction(BottommostLevelCompaction::Force);
    compact.set_exclusive_manual_compaction(false);
    compact
}

/// Options of a pinned store, opened for reading only.
pub(crate) fn pinned(live: &Options) -> Options {
    let mut engine = live.clone();
    // Opening every file would read all their indexes and filters a second time; a listing needs
    // none.
    engine.set_max_open_files(PINNED_OPEN_FILES);
    engine.set_skip_stats_update_on_db_open(true);
    engine
}

/// Reading one row.
pub(crate) fn point() -> ReadOptions {
    let mut reads = ReadOptions::default();
    // The write buffer keeps the row itself, in an eighth of the memory that its block would take.
    reads.fill_cache(false);
    reads
}

/// A scan of a range.
pub(crate) fn scan(range: &RowRange) -> ReadOptions {
    let mut reads = ReadOptions::default();
    reads.set_iterate_lower_bound(range.from());
    if let Some(to) = range.to() {
        reads.set_iterate_upper_bound(to);
    }
    reads.set_total_order_seek(true);
    reads.set_verify_checksums(true);
    reads
}

/// A scan of a range that reads each block once.
pub(crate) fn scan_once(range: &RowRange) -> ReadOptions {
    let mut reads = scan(range);
    reads.set_readahead_size(READAHEAD_BYTES);
    // The cache is the live store's.
    reads.fill_cache(false);
    reads
}

fn blocks(options: &RocksOptions, cache: &Cache) -> BlockBasedOptions {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    blocks.set_block_size(BLOCK_BYTES);
    blocks.set_format_version(FORMAT_VERSION);
    blocks.set_checksum_type(ChecksumType::XXH3);
    if options.bloom_bits > 0 {
        blocks.set_bloom_filter(f64::from(options.bloom_bits), false);
        blocks.set_whole_key_filtering(true);
    }
    // Point reads find a row in its block by hash; costs one percent of space.
    blocks.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
    blocks.set_data_block_hash_ratio(0.75);
    // Indexes and filters stay with the open file: in the cache they made reads of present rows
    // slower by half and of absent rows four times slower.
    blocks.set_cache_index_and_filter_blocks(false);
    blocks
}

fn compress(engine: &mut Options, compression: Compression) {
    use DBCompressionType::{Lz4, None};
    match compression {
        Compression::None => {
            engine.set_compression_type(None);
            engine.set_bottommost_compression_type(None);
        }
        Compression::Settled => {
            engine.set_compression_per_level(&[None, None, Lz4, Lz4, Lz4, Lz4, Lz4]);
            // In a small store the bottommost level is the one right below the youngest.
            engine.set_bottommost_compression_type(Lz4);
        }
        Compression::Everywhere => {
            engine.set_compression_type(Lz4);
            engine.set_bottommost_compression_type(Lz4);
        }
    }
}
