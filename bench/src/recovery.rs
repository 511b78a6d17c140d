//! How long recovery takes: from [`Builder::restore`](alluvium::Builder::restore) to the first row that is read.
//!
//! Builds a job of each size with 96-byte keys and 128-byte values at the parallelisms that shapes begin with, restores its checkpoint
//! at the same and at other parallelisms, with and without local copies, and compares that with a plain copy of the bytes
//! and with a restore that reads and writes every row. Each subtask is restored alone, one after the other.
//! `docs/performance.md` has results and what they mean.
//!
//! Invariant: what was restored is compared, row by row, with what was written, before a record is printed.

use std::fs;

use alluvium::SnapshotReport;
use alluvium::protocol::key_group::MaxParallelism;
use alluvium::protocol::manifest::CheckpointId;
use anyhow::{Context, Result, ensure};

use crate::memory;
use crate::subjects::alluvium::VERSION;
use crate::suite::{self, Suite, megabytes, millis, percentile};
use grown::{Checkpoint, Grown};
use options::{Origin, Shape, Step};
use restored::{Restored, Target};
use rows::{BETWEEN, Rows};
use told::{Told, tell};

pub(crate) use options::Arguments;

pub(crate) mod compared;
mod copied;
pub(crate) mod grown;
mod options;
mod restored;
mod row_by_row;
pub(crate) mod rows;
mod told;

/// Measures, verifies, prints records.
pub(crate) fn measure(arguments: &Arguments) -> Result<()> {
    let subject = &arguments.subject;
    ensure!(
        subject == "alluvium",
        "there is no measurement of recovery for subject {subject:?}"
    );
    let mut all = Vec::new();
    for &count in &arguments.rows {
        let mut size = Size {
            arguments,
            rows: Rows::new(count, MaxParallelism::DEFAULT),
            suite: Suite::new("recovery", subject, VERSION, arguments.budget_bytes),
            told: Vec::new(),
        };
        size.measure()?;
        all.append(&mut size.told);
    }
    for (target, measured, met) in told::verdicts(&all) {
        let verdict = if met { "met   " } else { "MISSED" };
        tell(&format!("{verdict} {target}: {measured:.2}"));
    }
    Ok(())
}

/// The measurements of one size.
struct Size<'a> {
    arguments: &'a Arguments,
    rows: Rows,
    suite: Suite,
    told: Vec<Told>,
}

impl Size<'_> {
    fn measure(&mut self) -> Result<()> {
        let mut shapes = self.arguments.shapes.clone();
        // A job is built once; what rescaled it comes last, as it leaves local copies.
        shapes.sort_by_key(|shape| (shape.built, shape.between));
        for shapes in shapes.chunk_by(|a, b| a.built == b.built) {
            let built = shapes.first().context("no shape")?.built;
            let count = self.rows.count();
            let directory = self.arguments.directory.join(format!("{count}-{built}"));
            let grown = Grown::new(directory, self.arguments.budget_bytes)?;
            let checkpoint = grown.build(&self.rows, built)?;
            let levels = checkpoint.levels()?.into_iter();
            let levels = levels.map(|(level, (files, bytes))| {
                format!("level {level}: {files} files, {:.1} MB", megabytes(bytes))
            });
            let levels = levels.collect::<Vec<_>>().join("; ");
            tell(&format!("{count} rows at parallelism {built}: {levels}"));
            let mut rescaled: Vec<(u32, Checkpoint)> = Vec::new();
            for &shape in shapes {
                let of = |of: &&(u32, Checkpoint)| Some(of.0) == shape.between;
                if let (Some(between), None) = (shape.between, rescaled.iter().find(of)) {
                    let id = CheckpointId::new(BETWEEN + rescaled.len() as u64);
                    let checkpoint = grown.rescale(&self.rows, &checkpoint, between, id)?;
                    rescaled.push((between, checkpoint));
                }
                let found = rescaled.iter().find(of);
                let checkpoint = found.map_or(&checkpoint, |(_, checkpoint)| checkpoint);
                self.shape(&grown, checkpoint, shape)?;
            }
            fs::remove_dir_all(&grown.job.directory)?;
        }
        Ok(())
    }

    /// Measures one shape from all origins.
    fn shape(&mut self, grown: &Grown, checkpoint: &Checkpoint, shape: Shape) -> Result<()> {
        let case = shape.to_string();
        let mut row_by_row = None;
        if self.arguments.does(Step::RowByRow) {
            // One subtask stands for all; the one in the middle has rows of most sources.
            let middle = Target {
                subtask: shape.target / 2,
                parallelism: shape.target,
            };
            self.forget(grown)?;
            let took = row_by_row::restore(grown, &self.rows, checkpoint, middle)?;
            row_by_row = Some(millis(took));
        }
        for &origin in &self.arguments.origins {
            memory::forget_peak();
            let setting = self.setting(origin);
            let rounds = self.restores(grown, checkpoint, shape, origin)?;
            let restore = self.add_restores(&case, &setting, &rounds);
            if let Some(row_by_row) = row_by_row {
                let measure = ("row-by-row", "ms");
                self.suite.add(&case, &setting, measure, vec![row_by_row]);
            }
            let copy = match origin {
                Origin::Local => None,
                Origin::Remote => Some(self.copies(grown, checkpoint, shape, &setting)?),
            };
            let rows = f64::from(self.rows.count());
            let copied = rounds.iter().map(|round| rows_copied(round)).max();
            let told = Told {
                rows: self.rows.count(),
                shape,
                origin,
                restore,
                copy,
                row_by_row,
                copied: copied.unwrap_or_default() as f64 / rows,
            };
            told.tell();
            self.told.push(told);
            if self.arguments.does(Step::Contents) {
                let mut first = SnapshotReport::default();
                for target in targets(shape) {
                    let one = compared::compare(grown, &self.rows, checkpoint, target, origin)?;
                    first.files_new += one.files_new;
                    first.bytes_new += one.bytes_new;
                }
                let (files, bytes) = (first.files_new as f64, megabytes(first.bytes_new));
                let measure = ("first-checkpoint-files", "files");
                self.suite.add(&case, &setting, measure, vec![files]);
                let measure = ("first-checkpoint-bytes", "MB");
                self.suite.add(&case, &setting, measure, vec![bytes]);
                self.suite.verified()?;
            } else {
                self.suite.unverified()?;
            }
        }
        Ok(())
    }

    fn setting(&self, origin: Origin) -> String {
        let rows = suite::rows(u64::from(self.rows.count()));
        let cold = if self.arguments.cold { ", cold" } else { "" };
        format!("{rows}, {}{cold}", origin.name())
    }

    fn forget(&self, grown: &Grown) -> Result<()> {
        if self.arguments.cold {
            restored::forget(&grown.job.directory)?;
        }
        Ok(())
    }

    fn rounds(&self, origin: Origin) -> u32 {
        match (origin, self.arguments.remote_rounds) {
            (Origin::Remote, Some(rounds)) => rounds,
            _ => self.arguments.rounds,
        }
    }

    /// Restores all subtasks in each round, after one round that only warms up.
    fn restores(
        &self,
        grown: &Grown,
        checkpoint: &Checkpoint,
        shape: Shape,
        origin: Origin,
    ) -> Result<Vec<Vec<Restored>>> {
        let mut rounds = Vec::new();
        for round in 0..=self.rounds(origin) {
            let mut subtasks = Vec::new();
            for target in targets(shape) {
                self.forget(grown)?;
                let builder = restored::builder(grown, target, origin)?;
                let rows = &self.rows;
                subtasks.push(restored::restore(
                    builder, grown, rows, checkpoint, target, round,
                )?);
            }
            if round > 0 {
                rounds.push(subtasks);
            }
        }
        Ok(rounds)
    }

    /// Adds what restores took and did. Returns the median of the slowest subtask's times.
    fn add_restores(&mut self, case: &str, setting: &str, rounds: &[Vec<Restored>]) -> f64 {
        let sum = |of: fn(&Restored) -> f64| {
            let sums = rounds.iter().map(|round| round.iter().map(of).sum());
            sums.collect::<Vec<f64>>()
        };
        let slowest = rounds.iter().map(|round| {
            let times = round.iter().map(|one| millis(one.first_read));
            times.fold(0.0, f64::max)
        });
        let slowest: Vec<f64> = slowest.collect();
        let median = percentile(&slowest, 0.5);
        self.suite.add(case, setting, ("restore", "ms"), slowest);
        for (measure, unit, of) in SUMS {
            self.suite.add(case, setting, (measure, unit), sum(of));
        }
        median
    }

    /// Copies what each subtask downloads. Returns the median of the slowest subtask's times.
    fn copies(
        &mut self,
        grown: &Grown,
        checkpoint: &Checkpoint,
        shape: Shape,
        setting: &str,
    ) -> Result<f64> {
        let (mut synced, mut unsynced) = (Vec::new(), Vec::new());
        for _ in 0..self.rounds(Origin::Remote) {
            let mut slowest = [0.0_f64; 2];
            for target in targets(shape) {
                self.forget(grown)?;
                let copied = copied::copy(grown, checkpoint, target)?;
                slowest[0] = slowest[0].max(millis(copied.synced));
                slowest[1] = slowest[1].max(millis(copied.unsynced));
            }
            synced.push(slowest[0]);
            unsynced.push(slowest[1]);
        }
        let median = percentile(&unsynced, 0.5);
        let case = shape.to_string();
        self.suite.add(&case, setting, ("copy", "ms"), unsynced);
        let measure = ("copy-synced", "ms");
        self.suite.add(&case, setting, measure, synced);
        Ok(median)
    }
}

/// What is added up over subtasks.
type Sum = (&'static str, &'static str, fn(&Restored) -> f64);

const SUMS: [Sum; 9] = [
    ("restore-sum", "ms", |one| millis(one.first_read)),
    ("rows-copied", "rows", |one| one.report.rows_copied as f64),
    ("files-linked", "files", |one| {
        one.report.files_linked as f64
    }),
    ("bytes-linked", "MB", |one| {
        megabytes(one.report.bytes_linked)
    }),
    ("bytes-downloaded", "MB", |one| {
        megabytes(one.report.bytes_downloaded)
    }),
    ("read-by-calls", "MB", |one| megabytes(one.io.read_by_calls)),
    ("written-by-calls", "MB", |one| {
        megabytes(one.io.written_by_calls)
    }),
    ("read-from-device", "MB", |one| {
        megabytes(one.io.read_from_device)
    }),
    ("written-to-device", "MB", |one| {
        megabytes(one.io.written_to_device)
    }),
];

fn rows_copied(round: &[Restored]) -> u64 {
    round.iter().map(|one| one.report.rows_copied).sum()
}

fn targets(shape: Shape) -> impl Iterator<Item = Target> {
    (0..shape.target).map(move |subtask| Target {
        subtask,
        parallelism: shape.target,
    })
}
