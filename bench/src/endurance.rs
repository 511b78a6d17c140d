//! A thousand checkpoints, one after the other: files, bytes and time must not grow with their number.
//!
//! One row in a hundred changes before each. As in a job, each is committed and notified, the last few are retained, and local
//! copies are kept. `time` is that of each checkpoint since the setting before, from the snapshot until retention is done.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use alluvium::Backend;
use alluvium::protocol::manifest::CheckpointId;
use alluvium::storage::Cancel;
use anyhow::{Result, ensure};

use crate::counted::Counted;
use crate::job::{Job, files_below, nobody};
use crate::memory;
use crate::subjects::alluvium::VERSION;
use crate::suite::{Suite, megabytes, millis};

/// Many consecutive checkpoints.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Who is measured.
    #[arg(long, default_value = "alluvium")]
    subject: String,
    /// Number of rows, of 8-byte keys and 104-byte values.
    #[arg(long, default_value_t = 100_000)]
    rows: u64,
    /// Number of checkpoints.
    #[arg(long, default_value_t = 1_000)]
    checkpoints: u64,
    /// Percent of the rows that change between two checkpoints.
    #[arg(long, default_value_t = 1)]
    dirty: u64,
    /// Checkpoints that are retained.
    #[arg(long, default_value = "2")]
    retained: NonZeroUsize,
    /// Memory for rows, in bytes.
    #[arg(long, default_value_t = 64 << 20)]
    budget_bytes: usize,
    /// Where files go.
    #[arg(long)]
    directory: PathBuf,
}

/// The numbers of checkpoints after which is looked how much there is: 10, 20, 50, then each hundred, and the last.
fn is_looked_at(number: u64, last: u64) -> bool {
    matches!(number, 10 | 20 | 50) || number.is_multiple_of(100) || number == last
}

/// Measures, verifies, prints records.
pub(crate) fn measure(arguments: &Arguments) -> Result<()> {
    let subject = &arguments.subject;
    ensure!(
        subject == "alluvium",
        "there is no measurement of endurance for subject {subject:?}"
    );
    let mut suite = Suite::new("endurance", subject, VERSION, arguments.budget_bytes);
    let job = Job::start(arguments.directory.join("endurance"))?;
    let builder = job.builder(arguments.budget_bytes, 0, 1)?;
    let builder = builder.local_copies(job.copies()?);
    memory::forget_peak();
    let mut rows = Counted::fill(Backend::open(builder.clone())?, arguments.rows)?;
    let mut times = Vec::new();
    for number in 1..=arguments.checkpoints {
        rows.change(arguments.dirty)?;
        let checkpoint = CheckpointId::new(number);
        let began = Instant::now();
        let snapshot = rows.snapshot(checkpoint)?;
        let handle = snapshot.upload(&job.target(), &Cancel::new(), &nobody())?;
        job.commit(checkpoint, vec![handle])?;
        rows.notify_complete(checkpoint);
        job.retain(arguments.retained)?;
        times.push(millis(began.elapsed()));
        if is_looked_at(number, arguments.checkpoints) {
            let setting = format!("after {number} checkpoints");
            let times = std::mem::take(&mut times);
            suite.add("checkpoints", &setting, ("time", "ms"), times);
            for place in ["storage", "subtask-0", "copies"] {
                look(&mut suite, &setting, &job.directory, place)?;
            }
        }
    }
    rows.compare_restored(&job, builder)?;
    std::fs::remove_dir_all(&job.directory)?;
    suite.verified()
}

/// How many files there are in a place, and their bytes. A file with several links counts as often.
fn look(suite: &mut Suite, setting: &str, directory: &Path, place: &str) -> Result<()> {
    let files = files_below(&directory.join(place))?;
    let bytes = files.iter().map(|(_, bytes)| bytes).sum();
    let name = match place {
        "subtask-0" => "working",
        other => other,
    };
    for (measure, unit, value) in [
        ("files", "files", files.len() as f64),
        ("bytes", "MB", megabytes(bytes)),
    ] {
        let measure = format!("{name}-{measure}");
        suite.add("checkpoints", setting, (&measure, unit), vec![value]);
    }
    Ok(())
}
