//! Checkpoints of one subtask: how long they hold up the stream, how long they take in all, and what they upload.
//!
//! Measures of case `incremental`: `sync-…` is the time of the call that holds up the task thread, `total` from there until the manifest is
//! in storage (a directory on disk, synced), `bytes` what was uploaded. Changes between two checkpoints are not in any of them. The
//! memory budget is smaller than the rows at the usual sizes, so that many of the dirty rows have left the active
//! generation by the time of the checkpoint; case `freeze` has them all in it, in memory that nothing limits, over the memory store.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use alluvium::protocol::manifest::CheckpointId;
use alluvium::storage::Cancel;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium::{Backend, Builder, Options};
use anyhow::{Result, ensure};

use crate::counted::Counted;
use crate::job::{Job, nobody};
use crate::memory;
use crate::subjects::alluvium::{NAME, VERSION};
use crate::suite::{self, Suite, megabytes, millis, percentile};

/// Checkpoints of one subtask.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Who is measured.
    #[arg(long, default_value = "alluvium")]
    subject: String,
    /// Number of rows, of 8-byte keys and 104-byte values.
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// Percent of the rows that change between two checkpoints.
    #[arg(long, value_delimiter = ',', default_value = "100,1")]
    dirty: Vec<u64>,
    /// Measured checkpoints where all rows change.
    #[arg(long, default_value_t = 20)]
    checkpoints: u64,
    /// Measured checkpoints where some rows change.
    #[arg(long, default_value_t = 100)]
    small_checkpoints: u64,
    /// Freezes that are measured with all rows dirty in memory: at least 100, for a 99th percentile to mean something. 0: none.
    #[arg(long, default_value_t = 120)]
    freezes: u64,
    /// Memory for rows, in bytes.
    #[arg(long, default_value_t = 512 << 20)]
    budget_bytes: usize,
    /// Where files go.
    #[arg(long)]
    directory: PathBuf,
}

/// Measures, verifies, prints records.
pub(crate) fn measure(arguments: &Arguments) -> Result<()> {
    let subject = &arguments.subject;
    ensure!(
        subject == "alluvium",
        "there is no measurement of checkpoints for subject {subject:?}"
    );
    for &percent in &arguments.dirty {
        checkpoints(arguments, percent)?;
    }
    if arguments.freezes > 0 {
        freezes(arguments)?;
    }
    Ok(())
}

fn setting(rows: u64, percent: u64) -> String {
    format!("{}, {percent}% dirty", suite::rows(rows))
}

fn checkpoints(arguments: &Arguments, percent: u64) -> Result<()> {
    let budget_bytes = arguments.budget_bytes;
    let mut suite = Suite::new("checkpoint", &arguments.subject, VERSION, budget_bytes);
    let job = Job::start(arguments.directory.join(format!("dirty-{percent}")))?;
    let count = match percent {
        100 => arguments.checkpoints,
        _ => arguments.small_checkpoints,
    };
    memory::forget_peak();
    let backend = Backend::open(job.builder(budget_bytes, 0, 1)?)?;
    let mut rows = Counted::fill(backend, arguments.rows)?;
    // The first has all rows and is what the others are increments of.
    rows.checkpoint(&job, 1)?;
    let (mut sync, mut total, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    for number in 2..2 + count {
        rows.change(percent)?;
        let checkpoint = CheckpointId::new(number);
        let began = Instant::now();
        let snapshot = rows.snapshot(checkpoint)?;
        sync.push(millis(began.elapsed()));
        let handle = snapshot.upload(&job.target(), &Cancel::new(), &nobody())?;
        total.push(millis(began.elapsed()));
        bytes.push(megabytes(handle.report.bytes_new));
        job.commit(checkpoint, vec![handle])?;
        rows.notify_complete(checkpoint);
        job.retain(std::num::NonZeroUsize::MIN)?;
    }
    let setting = setting(arguments.rows, percent);
    add_sync(&mut suite, "incremental", &setting, &sync);
    suite.add("incremental", &setting, ("total", "ms"), total);
    suite.add("incremental", &setting, ("bytes", "MB"), bytes);
    rows.compare_restored(&job, job.builder(budget_bytes, 0, 1)?)?;
    std::fs::remove_dir_all(&job.directory)?;
    suite.verified()
}

fn add_sync(suite: &mut Suite, case: &str, setting: &str, sync: &[f64]) {
    for (measure, share) in [("sync-p50", 0.5), ("sync-p99", 0.99), ("sync-max", 1.0)] {
        suite.add(
            case,
            setting,
            (measure, "ms"),
            vec![percentile(sync, share)],
        );
    }
}

/// Memory for a row of 8 and 104 bytes with all that the buffer has beside it, several times over.
const UNLIMITED_BYTES_PER_ROW: usize = 8 << 10;

/// Freezes of a generation that has all rows, each of them dirty.
fn freezes(arguments: &Arguments) -> Result<()> {
    // No budget is asked about: memory is what this has enough of.
    let mut suite = Suite::new("checkpoint", &arguments.subject, VERSION, 0);
    let job = Job::start(arguments.directory.join("freezes"))?;
    let unlimited = usize::try_from(arguments.rows)? * UNLIMITED_BYTES_PER_ROW;
    let builder = Builder::new(
        NAME,
        Arc::new(MemoryStoreFactory::new()),
        job.directory.join("working"),
    );
    let builder = builder.options(Options::default().memory_budget_bytes(unlimited));
    let mut rows = Counted::fill(Backend::open(builder.clone())?, arguments.rows)?;
    rows.checkpoint(&job, 1)?;
    let mut sync = Vec::new();
    for number in 2..2 + arguments.freezes {
        rows.change(100)?;
        let began = Instant::now();
        let snapshot = rows.snapshot(CheckpointId::new(number))?;
        sync.push(millis(began.elapsed()));
        // The flusher writes the rows all the same; what an upload of them costs is measured elsewhere.
        drop(snapshot);
    }
    let setting = setting(arguments.rows, 100);
    add_sync(&mut suite, "freeze", &setting, &sync);
    rows.checkpoint(&job, 2 + arguments.freezes)?;
    rows.compare_restored(&job, builder)?;
    std::fs::remove_dir_all(&job.directory)?;
    suite.verified()
}
