//! How long recovery takes: from [`Builder::restore`](alluvium::Builder::restore) to the first row that is read.
//!
//! `cargo bench -p alluvium-rocksdb --bench recovery -- --rows 1000000,10000000` builds a job of each size with
//! 96-byte keys and 128-byte values at parallelism 1, 2 and 3, restores its checkpoint at the same and at other
//! parallelisms, with and without local copies, and compares that with a restore that reads and writes every row.
//! `docs/performance.md` has results and what they mean. `--help` lists the options.
//!
//! What was restored is compared, row by row, with what was written; a difference ends the benchmark with an error.
//! Everything lies below one temporary directory, which is removed at the end.

#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]

use std::io::IsTerminal;

use alluvium::protocol::key_group::MaxParallelism;
use alluvium::protocol::manifest::CheckpointId;
use alluvium::{Error, Result};
use clap::Parser;

use job::{Checkpoint, Job};
use measure::Target;
use options::{Options, Origin, Output, Shape, Step};
use report::{Measured, Report};
use rows::{BETWEEN, GROUPS, Rows};

mod job;
mod measure;
mod options;
mod report;
mod row_by_row;
mod rows;
mod verify;

fn main() -> Result<()> {
    let options = Options::parse();
    let directory = match &options.directory {
        Some(directory) => tempfile::tempdir_in(directory),
        None => tempfile::tempdir(),
    };
    let directory = directory.map_err(|e| Error::io("make a temporary directory", e))?;
    let mut report = Report::new();
    for &rows in &options.rows {
        let bench = Bench {
            rows: Rows::new(rows, MaxParallelism::new(u32::from(GROUPS))?),
            directory: directory.path(),
            options: &options,
        };
        bench.run(&mut report)?;
    }
    tell("");
    report.end();
    match options.output {
        Output::Table => print!("{report}"),
        Output::Json => println!("{:#}", report.json()),
    }
    Ok(())
}

/// The measurements of one size.
struct Bench<'a> {
    rows: Rows,
    directory: &'a std::path::Path,
    options: &'a Options,
}

impl Bench<'_> {
    fn run(&self, report: &mut Report) -> Result<()> {
        let mut shapes = self.options.shapes.clone();
        // A job is built once; what rescaled it comes last, as it leaves local copies.
        shapes.sort_by_key(|shape| (shape.built, shape.between));
        for shapes in shapes.chunk_by(|a, b| a.built == b.built) {
            let Some(built) = shapes.first().map(|shape| shape.built) else {
                continue;
            };
            let count = self.rows.count();
            tell(&format!(
                "{count} rows: building a job of parallelism {built}"
            ));
            let directory = self.directory.join(format!("{count}-{built}"));
            let job = Job::new(directory)?;
            let checkpoint = job.build(&self.rows, built)?;
            report.built(count, built, &checkpoint)?;
            let mut rescaled: Vec<(u32, Checkpoint)> = Vec::new();
            for &shape in shapes {
                if let Some(between) = shape.between
                    && !rescaled
                        .iter()
                        .any(|(parallelism, _)| *parallelism == between)
                {
                    tell(&format!("{count} rows: rescaling to {between}"));
                    let id = CheckpointId::new(BETWEEN + rescaled.len() as u64);
                    let checkpoint = job.rescale(&self.rows, &checkpoint, between, id)?;
                    rescaled.push((between, checkpoint));
                }
                let of_between = rescaled
                    .iter()
                    .find(|(parallelism, _)| Some(*parallelism) == shape.between);
                let checkpoint = of_between.map_or(&checkpoint, |(_, checkpoint)| checkpoint);
                self.shape(&job, checkpoint, shape, report)?;
            }
            let directory = &job.directory;
            std::fs::remove_dir_all(directory)
                .map_err(|e| Error::io(format!("remove {}", directory.display()), e))?;
        }
        Ok(())
    }

    /// Measures one shape from all origins.
    fn shape(
        &self,
        job: &Job,
        checkpoint: &Checkpoint,
        shape: Shape,
        report: &mut Report,
    ) -> Result<()> {
        let count = self.rows.count();
        for &origin in &self.options.origins {
            let rounds = match origin {
                Origin::Local => self.options.rounds,
                Origin::Remote => self.options.remote_rounds,
            };
            let mut samples = Vec::new();
            for round in 0..rounds {
                for target in targets(shape) {
                    tell(&format!(
                        "{count} rows: {shape} {}, round {} of {rounds}, subtask {}",
                        origin.name(),
                        round + 1,
                        target.subtask
                    ));
                    if self.options.cold {
                        measure::forget(&job.directory)?;
                    }
                    let rows = &self.rows;
                    samples.push(measure::restore(
                        job, rows, checkpoint, target, origin, round,
                    )?);
                }
            }
            let mut found = Vec::new();
            // Files that are downloaded are those that are linked: one comparison is enough.
            if origin == Origin::Local && !self.options.leave_out.contains(&Step::Contents) {
                tell(&format!("{count} rows: {shape}, comparing contents"));
                for target in targets(shape) {
                    found.push(verify::verify(job, &self.rows, checkpoint, target, origin)?);
                }
            }
            report.add(Measured {
                size: count,
                shape,
                origin,
                samples,
                found,
            });
        }
        if !self.options.leave_out.contains(&Step::RowByRow) {
            tell(&format!("{count} rows: {shape}, row by row"));
            // One subtask stands for all; the one in the middle has rows of most sources.
            let middle = Target {
                subtask: shape.target / 2,
                parallelism: shape.target,
            };
            if self.options.cold {
                measure::forget(&job.directory)?;
            }
            let copied = row_by_row::restore(job, &self.rows, checkpoint, middle)?;
            report.add_row_by_row(count, shape, copied);
        }
        Ok(())
    }
}

fn targets(shape: Shape) -> impl Iterator<Item = Target> {
    (0..shape.target).map(move |subtask| Target {
        subtask,
        parallelism: shape.target,
    })
}

/// Says on a terminal what is being done, in place of what was said before.
#[expect(clippy::print_stderr, reason = "progress is for people")]
fn tell(what: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K{what}");
    }
}
