//! The conductor: carries out a plan, one process at a time, and reports.
//!
//! Invariants: a measurement that fails costs its own numbers alone, and the run's exit code; an interrupt ends the process that runs and leaves
//! no directory behind. Records are on disk after each measurement, in a file of their own until the run is over; what earlier
//! runs left is replaced only then.

mod machine;
mod progress;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::names;
use crate::peers::{Flink, JAVA_FLAGS};
use crate::plan::{self, Measurement, Program, Size};
use crate::process;
use crate::record::Record;
use crate::report;
use crate::results::{Ended, Results, Run, Section};
use progress::Progress;

/// Exit code after an interrupt, as shells have it.
const INTERRUPTED: u8 = 130;

/// What is measured, and where it is reported.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How much is measured.
    #[arg(value_enum)]
    size: Size,
    /// Only these suites; in the results others stay as they are.
    #[arg(long, value_name = "SUITE", value_delimiter = ',', value_parser = names::SUITES)]
    only: Vec<String>,
    /// Only these subjects. Results without the others would be misleading: none are kept, and no document is written.
    #[arg(long, value_name = "SUBJECT", value_delimiter = ',')]
    subjects: Vec<String>,
    /// Prints the plan with its times, and measures nothing.
    #[arg(long)]
    dry_run: bool,
    /// Where measurements keep their files, each in a directory of its own that is deleted [default: the system's temporary directory].
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
    #[command(flatten)]
    report: report::Arguments,
}

impl Arguments {
    fn plan(&self) -> Vec<Measurement> {
        plan::select(plan::plan(self.size), &self.only, &self.subjects)
    }
}

/// Measures and reports.
///
/// # Errors
/// When nothing of the plan is wanted, or results or documents cannot be written. A measurement that fails is no error, but an exit code.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let plan = arguments.plan();
    ensure!(
        !plan.is_empty(),
        "no measurement is of these suites and subjects"
    );
    if arguments.dry_run {
        progress::print(&plan);
        return Ok(ExitCode::SUCCESS);
    }
    let results = arguments.report.results();
    // Before hours of measurements rather than after them.
    let mut all = Results::load(&results)?.unwrap_or_default();
    if arguments.subjects.is_empty() {
        arguments.report.check()?;
    }
    let interrupted = on_interrupt()?;
    let mut conductor = Conductor::new(arguments, &plan, interrupted)?;
    conductor.measure_all(&plan)?;
    let Conductor {
        section,
        partial,
        progress,
        interrupted,
        ..
    } = conductor;
    if interrupted.load(Ordering::Relaxed) {
        progress.say(&format!(
            "interrupted; what was measured is in {}",
            partial.display()
        ));
        return Ok(ExitCode::from(INTERRUPTED));
    }
    let failed = progress.failures(&section);
    let verdicts = if arguments.subjects.is_empty() {
        if arguments.only.is_empty() {
            all = Results::default();
        }
        all.put(section);
        report::write_whole(&results, &all.render()?)?;
        std::fs::remove_file(&partial).with_context(|| partial.display().to_string())?;
        report::report(&arguments.report, &all)?
    } else {
        progress.say(&format!("what was measured is in {}", partial.display()));
        let mut some = Results::default();
        some.put(section);
        report::print(&arguments.report, &some)?
    };
    Ok(if failed { ExitCode::FAILURE } else { verdicts })
}

fn on_interrupt() -> Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed)).context("watch for Ctrl-C")?;
    Ok(interrupted)
}

/// A run that goes on.
struct Conductor {
    flink: Result<Flink, String>,
    directory: PathBuf,
    partial: PathBuf,
    section: Section,
    progress: Progress,
    interrupted: Arc<AtomicBool>,
}

impl Conductor {
    fn new(
        arguments: &Arguments,
        plan: &[Measurement],
        interrupted: Arc<AtomicBool>,
    ) -> Result<Self> {
        let bench = report::bench_directory();
        let progress = Progress::new(arguments.size, plan);
        let directory = arguments
            .directory
            .clone()
            .unwrap_or_else(std::env::temp_dir);
        std::fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;
        let java = plan
            .iter()
            .any(|measurement| measurement.program != Program::Bench);
        let flink = match java {
            true => Flink::find(&bench),
            false => Err("not asked for".to_owned()),
        };
        let mut missing = Vec::new();
        if let (true, Err(error)) = (java, &flink) {
            progress.say(&format!("Flink is not measured: {error}"));
            missing.push(format!("Flink: {error}"));
        }
        let partial = arguments.report.results().with_extension("partial.jsonl");
        let mut flags = vec!["Rust: --release".to_owned()];
        flags.extend(java.then(|| format!("Java: {}", JAVA_FLAGS.join(" "))));
        if !plan::COBBLE {
            missing.push("cobble: built without the feature `cobble`".to_owned());
        }
        let run = Run {
            size: arguments.size.name().to_owned(),
            started: machine::now(),
            commit: machine::commit(&bench),
            flags,
            machine: machine::here(&directory),
            versions: machine::versions(),
            missing,
        };
        Ok(Self {
            flink,
            directory,
            partial,
            section: Section {
                run,
                ..Section::default()
            },
            progress,
            interrupted,
        })
    }

    fn measure_all(&mut self, plan: &[Measurement]) -> Result<()> {
        for measurement in plan {
            self.progress.begin(measurement);
            let start = Instant::now();
            let before = machine::processor_seconds();
            let found = self.measure(measurement);
            if self.interrupted.load(Ordering::Relaxed) {
                return Ok(());
            }
            let error = self.take(found);
            self.progress.end(measurement, error.as_deref());
            self.section.ended.push(Ended {
                suite: measurement.suite.to_owned(),
                measurement: measurement.name(),
                seconds: start.elapsed().as_secs_f64(),
                processor_seconds: machine::processor_seconds() - before,
                error,
            });
            self.save()?;
        }
        Ok(())
    }

    /// Keeps records and the versions they name, or says what went wrong.
    fn take(&mut self, found: Result<Vec<Record>>) -> Option<String> {
        let records = match found {
            Ok(records) => records,
            Err(error) => return Some(format!("{error:#}")),
        };
        for record in &records {
            if !record.version.is_empty() && !self.section.run.versions.contains(&record.version) {
                self.section.run.versions.push(record.version.clone());
            }
        }
        self.section.records.extend(records);
        None
    }

    fn measure(&self, measurement: &Measurement) -> Result<Vec<Record>> {
        let mut builder = tempfile::Builder::new();
        let directory = builder
            .prefix("alluvium-bench-")
            .tempdir_in(&self.directory);
        let directory = directory.context("make a directory for files")?;
        let mut command = self.command(measurement)?;
        command.args(["--subject", &measurement.subjects.join(",")]);
        command.args(&measurement.arguments);
        command
            .arg("--directory")
            .arg(directory.path().join("files"));
        let stderr = directory.path().join("stderr");
        let records =
            process::records(&mut command, &stderr, limit(measurement), &self.interrupted);
        let closed = directory
            .close()
            .context("delete the files of a measurement");
        records.and_then(|records| closed.map(|()| records))
    }

    fn command(&self, measurement: &Measurement) -> Result<Command> {
        match measurement.program {
            Program::Bench => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args(["measure", measurement.suite]);
                // An error names what is wrong; where it was made says no more.
                command.env("RUST_BACKTRACE", "0");
                Ok(command)
            }
            Program::Flink(class) => match &self.flink {
                Ok(flink) => Ok(flink.command(class)),
                Err(error) => Err(anyhow::anyhow!("without Flink: {error}")),
            },
        }
    }

    fn save(&self) -> Result<()> {
        let mut results = Results::default();
        results.put(self.section.clone());
        report::write_whole(&self.partial, &results.render()?)
    }
}

/// Ten times what it should take, and two minutes: a machine may be busy, but a process that hangs must not hold up the run.
fn limit(measurement: &Measurement) -> Duration {
    Duration::from_secs_f64(measurement.seconds * 10.0 + 120.0)
}
