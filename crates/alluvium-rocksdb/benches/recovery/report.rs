//! What was measured, as tables with verdicts or as JSON.
//!
//! A subtask is restored alone; figures of a shape are over all its subtasks and rounds. Milliseconds and megabytes
//! (millions of bytes).

use std::fmt;
use std::time::Duration;

use alluvium::Result;
use serde_json::{Value, json};

use crate::job::Checkpoint;
use crate::measure::{Io, Sample};
use crate::options::{Origin, Shape};
use crate::row_by_row::RowByRow;
use crate::verify::Found;

mod json;
mod verdict;

/// One shape of one size, from one origin.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) size: u32,
    pub(crate) shape: Shape,
    pub(crate) origin: Origin,
    pub(crate) samples: Vec<Sample>,
    /// One for each subtask, unless contents were not compared.
    pub(crate) found: Vec<Found>,
}

impl Measured {
    fn times(&self, of: impl Fn(&Sample) -> Duration) -> Vec<Duration> {
        let mut times: Vec<_> = self.samples.iter().map(of).collect();
        times.sort_unstable();
        times
    }

    /// The median time to the first read.
    fn median(&self) -> Duration {
        middle(&self.times(|sample| sample.first_read))
    }

    /// The time that it takes when nothing else wants the machine.
    fn least(&self) -> Duration {
        let times = self.times(|sample| sample.first_read);
        times.first().copied().unwrap_or_default()
    }

    fn longest(&self) -> Duration {
        let times = self.times(|sample| sample.first_read);
        times.last().copied().unwrap_or_default()
    }

    fn median_of(&self, of: impl Fn(&Sample) -> u64) -> u64 {
        let mut all: Vec<_> = self.samples.iter().map(of).collect();
        all.sort_unstable();
        middle(&all)
    }

    /// The largest share of a subtask's rows that was copied.
    fn copied(&self) -> f64 {
        let share = |sample: &Sample| ratio(sample.report.rows_copied, sample.rows);
        self.samples.iter().map(share).fold(0.0, f64::max)
    }
}

/// All that was measured.
#[derive(Debug)]
pub(crate) struct Report {
    load: Vec<String>,
    built: Vec<(u32, u32, String)>,
    measured: Vec<Measured>,
    row_by_row: Vec<(u32, Shape, RowByRow)>,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self {
            load: vec![load()],
            built: Vec::new(),
            measured: Vec::new(),
            row_by_row: Vec::new(),
        }
    }

    /// A job was built.
    pub(crate) fn built(&mut self, size: u32, parallelism: u32, of: &Checkpoint) -> Result<()> {
        let levels = of.levels()?;
        let levels = levels.iter().map(|(level, (files, bytes))| {
            format!("level {level}: {files} files, {} MB", megabytes(*bytes))
        });
        let levels = levels.collect::<Vec<_>>().join("; ");
        self.built.push((size, parallelism, levels));
        self.load.push(load());
        Ok(())
    }

    pub(crate) fn add(&mut self, measured: Measured) {
        self.measured.push(measured);
    }

    pub(crate) fn add_row_by_row(&mut self, size: u32, shape: Shape, took: RowByRow) {
        self.row_by_row.push((size, shape, took));
    }

    pub(crate) fn end(&mut self) {
        self.load.push(load());
    }

    fn row_by_row_of(&self, measured: &Measured) -> Option<&RowByRow> {
        let same = |(size, shape, _): &&(u32, Shape, RowByRow)| {
            (*size, *shape) == (measured.size, measured.shape)
        };
        self.row_by_row.iter().find(same).map(|(.., took)| took)
    }

    /// How many times faster than row by row.
    fn faster(&self, measured: &Measured) -> Option<f64> {
        let row_by_row = self.row_by_row_of(measured)?;
        Some(row_by_row.first_read.as_secs_f64() / measured.median().as_secs_f64())
    }

    /// One JSON document with everything.
    pub(crate) fn json(&self) -> Value {
        json!({
            "load_average": self.load,
            "built": self.built.iter().map(|(size, parallelism, levels)| json!({
                "rows": size, "parallelism": parallelism, "levels": levels,
            })).collect::<Vec<_>>(),
            "measured": self.measured.iter().map(|measured| json::measured(self, measured)).collect::<Vec<_>>(),
            "verdicts": verdict::all(self).iter().map(json::verdict).collect::<Vec<_>>(),
        })
    }

    fn times(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n{:>9} {:<6} {:<6} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8} {:>10} {:>7}",
            "rows",
            "shape",
            "from",
            "of them",
            "least",
            "median",
            "longest",
            "restore",
            "copied",
            "by row",
            "faster"
        )?;
        for measured in &self.measured {
            let rows = measured.median_of(|sample| sample.rows);
            let restore = middle(&measured.times(|sample| sample.restore));
            let row_by_row = self.row_by_row_of(measured);
            writeln!(
                f,
                "{:>9} {:<6} {:<6} {:>9} {:>8} {:>8} {:>8} {:>8} {:>7.2}% {:>10} {:>7}",
                measured.size,
                measured.shape.to_string(),
                measured.origin.name(),
                rows,
                millis(measured.least()),
                millis(measured.median()),
                millis(measured.longest()),
                millis(restore),
                100.0 * measured.copied(),
                row_by_row.map_or_else(String::new, |took| millis(took.first_read)),
                self.faster(measured)
                    .map_or_else(String::new, |times| format!("{times:.0}x")),
            )?;
        }
        Ok(())
    }

    fn bytes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n{:>9} {:<6} {:<6} {:>13} {:>13} {:>17} {:>17}",
            "rows", "shape", "from", "linked", "downloaded", "read: calls,disk", "written: c., d."
        )?;
        for measured in &self.measured {
            let megabytes = |of: fn(&Sample) -> u64| megabytes(measured.median_of(of));
            let files = |of: fn(&Sample) -> u64| measured.median_of(of);
            writeln!(
                f,
                "{:>9} {:<6} {:<6} {:>4} {:>8} {:>4} {:>8} {:>8} {:>8} {:>8} {:>8}",
                measured.size,
                measured.shape.to_string(),
                measured.origin.name(),
                files(|sample| sample.report.files_linked as u64),
                megabytes(|sample| sample.report.bytes_linked),
                files(|sample| sample.report.files_downloaded as u64),
                megabytes(|sample| sample.report.bytes_downloaded),
                megabytes(|sample| sample.io.read_by_calls),
                megabytes(|sample| sample.io.read_from_device),
                megabytes(|sample| sample.io.written_by_calls),
                megabytes(|sample| sample.io.written_to_device),
            )?;
        }
        for (size, shape, took) in &self.row_by_row {
            let Io {
                read_by_calls,
                written_by_calls,
                read_from_device,
                written_to_device,
            } = took.io;
            writeln!(
                f,
                "{size:>9} {:<6} by row {:>27} {:>8} {:>8} {:>8} {:>8}",
                shape.to_string(),
                format!("({} rows)", took.rows),
                megabytes(read_by_calls),
                megabytes(read_from_device),
                megabytes(written_by_calls),
                megabytes(written_to_device),
            )?;
        }
        Ok(())
    }

    fn checkpoints(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n{:>9} {:<6} {:>8} {:>6} {:>8} {:>15} {:>15}",
            "rows", "shape", "families", "files", "", "first ckpt new", "referred to"
        )?;
        for measured in &self.measured {
            for (subtask, found) in measured.found.iter().enumerate() {
                let report = &found.checkpoint;
                writeln!(
                    f,
                    "{:>9} {:<6} {:>8} {:>6} {:>8} {:>6} {:>8} {:>6} {:>8}",
                    measured.size,
                    measured.shape.to_string(),
                    found.families,
                    found.files,
                    format!("of {subtask}"),
                    report.files_new,
                    megabytes(report.bytes_new),
                    report.files_referred,
                    megabytes(report.bytes_referred),
                )?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "load averages: {}", self.load.join(" | "))?;
        for (size, parallelism, levels) in &self.built {
            writeln!(f, "{size} rows at parallelism {parallelism}: {levels}")?;
        }
        self.times(f)?;
        self.bytes(f)?;
        self.checkpoints(f)?;
        writeln!(f)?;
        for verdict in verdict::all(self) {
            writeln!(f, "{verdict}")?;
        }
        Ok(())
    }
}

fn middle<T: Copy + Default>(sorted: &[T]) -> T {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn millis(time: Duration) -> String {
    format!("{:.1}", 1000.0 * time.as_secs_f64())
}

#[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}

#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// How busy the machine is.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}
