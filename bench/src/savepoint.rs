//! Savepoints of one subtask: how long they take to be written to storage, and to be restored until the first row is read.
//!
//! Taken of the recovery suite's job after its checkpoints, as restored from the last, so that no savepoint waits for rows in
//! memory. Storage is a directory on disk. `processor-time` is what all threads took together: on a machine that
//! does other work, it says what the code costs.
//!
//! Invariant: all rows of the last savepoint are compared before a record is printed.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use alluvium::Options;
use alluvium::bytes::Address;
use alluvium::environment::Environment;
use alluvium::protocol::catalog::Savepoint;
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::savepoint::SavepointFolder;
use alluvium::storage::Cancel;
use alluvium::{Builder, RestoreFrom};
use anyhow::{Result, ensure};

use crate::job::nobody;
use crate::memory;
use crate::recovery::compared::compare_all;
use crate::recovery::grown::{Checkpoint, Grown, state};
use crate::recovery::rows::{Rows, group_of, key, value, version};
use crate::subjects::alluvium::{NAME, VERSION, within};
use crate::suite::{self, Suite, megabytes, millis};

/// Savepoints of one subtask.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Who is measured.
    #[arg(long, default_value = "alluvium")]
    subject: String,
    /// Number of rows, of 96-byte keys and 128-byte values.
    #[arg(long, default_value_t = 1_000_000)]
    rows: u32,
    /// Savepoints that are written and restored.
    #[arg(long, default_value_t = 5)]
    rounds: u64,
    /// Threads that write and restore; each number that is not the default is a setting of its own.
    #[arg(long, value_delimiter = ',', default_value = "4")]
    threads: Vec<usize>,
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
        "there is no measurement of savepoints for subject {subject:?}"
    );
    let directory = arguments.directory.join("savepoints");
    let grown = Grown::new(directory, arguments.budget_bytes)?;
    let rows = Rows::new(arguments.rows, grown.job.max);
    let checkpoint = grown.build(&rows, 1)?;
    for &threads in &arguments.threads {
        let run = Run {
            arguments,
            grown: &grown,
            rows: &rows,
            checkpoint: &checkpoint,
            threads,
        };
        run.measure()?;
    }
    fs::remove_dir_all(&grown.job.directory)?;
    Ok(())
}

/// The savepoints that some number of threads writes and restores.
struct Run<'a> {
    arguments: &'a Arguments,
    grown: &'a Grown,
    rows: &'a Rows,
    checkpoint: &'a Checkpoint,
    threads: usize,
}

/// What all rounds took.
#[derive(Default)]
struct Rounds {
    written: Vec<f64>,
    written_processor: Vec<f64>,
    bytes: Vec<f64>,
    restored: Vec<f64>,
    restored_processor: Vec<f64>,
}

impl Run<'_> {
    fn measure(&self) -> Result<()> {
        memory::forget_peak();
        let mut rounds = Rounds::default();
        // The first only warms up.
        for round in 0..=self.arguments.rounds {
            let folder = self.write(round, &mut rounds)?;
            self.restore(&folder, round, &mut rounds)?;
            folder.delete()?;
        }
        let mut suite = Suite::new(
            "savepoint",
            &self.arguments.subject,
            VERSION,
            self.arguments.budget_bytes,
        );
        let rows = suite::rows(u64::from(self.arguments.rows));
        let setting = match self.threads {
            threads if threads == Options::default().transfer_threads => rows,
            1 => format!("{rows}, 1 thread"),
            threads => format!("{rows}, {threads} threads"),
        };
        let Rounds {
            written,
            written_processor,
            bytes,
            restored,
            restored_processor,
        } = rounds;
        for (case, measure, unit, rounds) in [
            ("write", "time", "ms", written),
            ("write", "processor-time", "ms", written_processor),
            ("write", "bytes", "MB", bytes),
            ("restore", "time", "ms", restored),
            ("restore", "processor-time", "ms", restored_processor),
        ] {
            suite.add(case, &setting, (measure, unit), rounds);
        }
        suite.verified()
    }

    fn builder(&self, directory: &str) -> Result<Builder> {
        let (factory, options) = within(self.arguments.budget_bytes)?;
        let directory = self.grown.job.directory.join(directory);
        let options = options.transfer_threads(self.threads);
        Ok(Builder::new(NAME, factory, directory).options(options))
    }

    fn write(&self, round: u64, rounds: &mut Rounds) -> Result<SavepointFolder> {
        let job = &self.grown.job;
        let copies = job.copies()?;
        let builder = self.builder("written")?.local_copies(copies);
        let (mut backend, _) = builder.restore(&self.checkpoint.from, &Cancel::new(), &nobody())?;
        let name = format!("round-{round}-{}", self.threads);
        let folder = SavepointFolder::of_job(job.storage.clone(), NAME, &name)?;
        let id = CheckpointId::new(100 + round);

        let watch = Stopwatch::start();
        let snapshot = backend.snapshot(id, SnapshotKind::Savepoint)?;
        let handle = snapshot.upload(&folder.target(1), &Cancel::new(), &nobody())?;
        let (clock, processor) = watch.read();

        folder.commit(&Savepoint {
            job: NAME.to_owned(),
            checkpoint: id,
            parallelism: 1,
            max_parallelism: job.max,
            manifests: vec![handle.manifest],
            attachments: BTreeMap::new(),
            created_unix_millis: Environment::system().clock.unix_millis(),
        })?;
        if round > 0 {
            rounds.written.push(clock);
            rounds.written_processor.push(processor);
            rounds.bytes.push(megabytes(handle.report.bytes_new));
        }
        Ok(folder)
    }

    fn restore(&self, folder: &SavepointFolder, round: u64, rounds: &mut Rounds) -> Result<()> {
        let max = self.grown.job.max;
        let from: RestoreFrom = folder.restore_from(&folder.read()?)?;
        let stage = self.checkpoint.stage;
        let number = self.rows.any_of(max.all(), round)?;
        let key = key(number);
        let builder = self.builder("restored")?;

        let watch = Stopwatch::start();
        let (mut backend, _) = builder.restore(&from, &Cancel::new(), &nobody())?;
        let state = backend.register(state())?;
        let at = Address {
            state,
            group: group_of(&key, max),
            key: &key,
        };
        let found = backend.get(&at)? == Some(&value(number, version(number, stage))[..]);
        let (clock, processor) = watch.read();

        ensure!(found, "the first read of row {number} is wrong");
        if round > 0 {
            rounds.restored.push(clock);
            rounds.restored_processor.push(processor);
        }
        if round == self.arguments.rounds {
            compare_all(&mut backend, state, self.rows, stage)?;
        }
        Ok(())
    }
}

/// Time by the clock and by the processor.
struct Stopwatch {
    began: Instant,
    processor: Duration,
}

impl Stopwatch {
    fn start() -> Self {
        Self {
            began: Instant::now(),
            processor: processor_time(),
        }
    }

    /// Both, in milliseconds.
    fn read(&self) -> (f64, f64) {
        let clock = self.began.elapsed();
        let processor = processor_time().saturating_sub(self.processor);
        (millis(clock), millis(processor))
    }
}

/// What all threads of this process took so far, in ticks of 10 ms; nothing where the system does not say.
fn processor_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which is in parentheses, fields 14 and 15 are the 12th and 13th.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * ticks)
}
