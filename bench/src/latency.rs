//! The latency of single records, without checkpoints and with one each second.
//!
//! A record is one read-modify-write of a key drawn uniformly. Each follows the one before at once, and its latency is the time between their
//! ends, so that a pause counts once. With checkpoints, the call that prepares a snapshot is in the latency of the record after
//! it; upload, commit and retention run on another thread, as in a job. A checkpoint is due each second and begins when the last one is
//! done. Half a round with checkpoints comes first, as warm-up; then rounds without and with them alternate, over one backend. `--slowest` tells what the slowest records waited for.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use alluvium::Backend;
use anyhow::{Result, ensure};
use hdrhistogram::Histogram;

use crate::counted::Counted;
use crate::data;
use crate::job::Job;
use crate::memory;
use crate::subjects::alluvium::VERSION;
use crate::suite::{self, Suite};
use background::Background;
use trace::Trace;

mod background;
mod trace;
mod watched;

/// Latency of records.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Who is measured.
    #[arg(long, default_value = "alluvium")]
    subject: String,
    /// Number of rows, of 8-byte keys and 104-byte values.
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// Length of a round.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Rounds without checkpoints, and as many with.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Milliseconds between two checkpoints.
    #[arg(long, default_value_t = 1_000)]
    interval_ms: u64,
    /// Memory for rows, in bytes.
    #[arg(long, default_value_t = 512 << 20)]
    budget_bytes: usize,
    /// Tells so many of the slowest records of each round, and what else went on at their time. Watching costs a little.
    #[arg(long, default_value_t = 0)]
    slowest: usize,
    /// Where files go.
    #[arg(long)]
    directory: PathBuf,
}

/// Longer latencies are counted as this.
const LONGEST: Duration = Duration::from_secs(60);

/// Measures, verifies, prints records.
pub(crate) fn measure(arguments: &Arguments) -> Result<()> {
    let subject = &arguments.subject;
    ensure!(
        subject == "alluvium",
        "there is no measurement of latency for subject {subject:?}"
    );
    let budget_bytes = arguments.budget_bytes;
    let mut suite = Suite::new("latency", subject, VERSION, budget_bytes);
    let job = Job::start(arguments.directory.join("latency"))?;
    let trace = (arguments.slowest > 0).then(|| Trace::new(arguments.slowest));
    let builder = match &trace {
        Some(trace) => trace.builder(&job, budget_bytes)?,
        None => job.builder(budget_bytes, 0, 1)?,
    };
    let keys = data::uniform(arguments.rows);
    memory::forget_peak();
    let mut run = Run {
        arguments,
        rows: Counted::fill(Backend::open(builder)?, arguments.rows)?,
        keys,
        position: 0,
        background: Background::start(job)?,
        trace,
    };
    let length = Duration::from_secs(arguments.seconds);
    run.round(true, length / 2)?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        without.push(run.round(false, length)?);
        with.push(run.round(true, length)?);
    }
    let rows = suite::rows(arguments.rows);
    let interval = match arguments.interval_ms {
        1_000 => "each second".to_owned(),
        millis => format!("each {millis} ms"),
    };
    add(&mut suite, &format!("{rows}, no checkpoints"), &without);
    add(&mut suite, &format!("{rows}, checkpoint {interval}"), &with);
    run.verify()?;
    suite.verified()
}

fn add(suite: &mut Suite, setting: &str, rounds: &[Histogram<u64>]) {
    let micros = |nanos: u64| nanos as f64 / 1_000.0;
    for (measure, quantile) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
        let rounds = rounds
            .iter()
            .map(|round| micros(round.value_at_quantile(quantile)));
        suite.add("rmw", setting, (measure, "us"), rounds.collect());
    }
    let longest = rounds.iter().map(|round| micros(round.max()));
    suite.add("rmw", setting, ("max", "us"), longest.collect());
}

/// The rows, and the threads around them.
struct Run<'a> {
    arguments: &'a Arguments,
    rows: Counted,
    keys: Vec<u32>,
    position: usize,
    background: Background,
    trace: Option<Trace>,
}

/// How many records are done between two looks at the clock of checkpoints and at what was uploaded.
const LOOK_EACH: u64 = 64;

impl Run<'_> {
    fn round(&mut self, checkpoints: bool, length: Duration) -> Result<Histogram<u64>> {
        let longest = u64::try_from(LONGEST.as_nanos())?;
        let mut latencies = Histogram::new_with_bounds(1, longest, 3)?;
        let interval = Duration::from_millis(self.arguments.interval_ms);
        let began = Instant::now();
        if let Some(trace) = &mut self.trace {
            trace.begin(began);
        }
        let mut next = interval;
        let mut before = began;
        for number in 0_u64.. {
            if number.is_multiple_of(LOOK_EACH) {
                if let Some(trace) = &mut self.trace {
                    trace.look();
                    before = Instant::now();
                }
                let elapsed = before - began;
                if elapsed >= length {
                    break;
                }
                if checkpoints && elapsed >= next && self.background.is_idle() {
                    next = (next + interval).max(elapsed);
                    self.background.checkpoint(&mut self.rows)?;
                }
                self.background.notify(&mut self.rows)?;
            }
            let key = self.keys[self.position % self.keys.len()];
            self.position += 1;
            self.rows.add_one(u64::from(key))?;
            let now = Instant::now();
            let latency = now - before;
            latencies.saturating_record(u64::try_from(latency.as_nanos())?);
            if let Some(trace) = &mut self.trace {
                trace.record(before, latency);
            }
            before = now;
        }
        // What is still running would be in the next round.
        self.background.wait(&mut self.rows)?;
        if let Some(trace) = &mut self.trace {
            trace.tell(checkpoints, &latencies, self.background.events());
        }
        Ok(latencies)
    }

    /// Takes one more checkpoint, restores it and compares all rows.
    fn verify(mut self) -> Result<()> {
        self.background.checkpoint(&mut self.rows)?;
        self.background.wait(&mut self.rows)?;
        let job = self.background.end();
        let builder = job.builder(self.arguments.budget_bytes, 0, 1)?;
        self.rows.compare_restored(&job, builder)?;
        std::fs::remove_dir_all(&job.directory)?;
        Ok(())
    }
}
