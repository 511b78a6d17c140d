//! What the demo did, as one document: told to people as sentences and tables, to programs as JSON.

use anyhow::Result;
use serde::Serialize;

use super::attempt::{Attempt, Context};
use super::compare::Comparison;
use super::flights_file::FileReport;
use super::input::{Input, InputChoice};
use super::outcome::{Aircraft, Outcome};
use super::plan::{DemoPlan, JOB};
use crate::args::Place;
use crate::location::Folder;

mod told;

/// An aircraft needs so many arrivals to be among the most delayed, where any has: one bad day is
/// no record.
const ARRIVALS_MIN: u64 = 50;

/// The summary.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    job: &'static str,
    input: InputSummary,
    attempts: Vec<AttemptSummary>,
    state: StateSummary,
    result: Comparison,
    most_delayed: Vec<Aircraft>,
    grounded_total: u64,
    grounded: Vec<Aircraft>,
    /// Where checkpoints and output were left, if they were.
    kept: Option<Kept>,
}

#[derive(Debug, Serialize)]
struct InputSummary {
    source: String,
    lines: u64,
    rows: u64,
    without_aircraft: u64,
    malformed: u64,
    first_malformed: Vec<MalformedLine>,
    last_event_time: i64,
}

#[derive(Debug, Serialize)]
struct MalformedLine {
    line: u64,
    why: String,
}

#[derive(Debug, Serialize)]
struct AttemptSummary {
    attempt: u64,
    workers: u32,
    processes: u32,
    killed: bool,
    rows_before: u64,
    rows_after: u64,
    rows_to_read_again: u64,
    seconds: f64,
    rows_per_second: u64,
    recovery: Option<Recovery>,
    checkpoints: Vec<super::message::CheckpointEvent>,
    aborted_checkpoints: Vec<(u64, String)>,
    savepoint: Option<SavepointSummary>,
}

#[derive(Debug, Serialize)]
struct Recovery {
    checkpoint: u64,
    /// Taking over the job: fence, and publishing what was committed.
    fence_seconds: f64,
    /// From the start of the processes to the last worker's restored state.
    until_restored_seconds: f64,
    /// The slowest worker's restore alone.
    restore_seconds: f64,
    plans: Vec<String>,
    files_linked: u64,
    bytes_linked: u64,
    files_downloaded: u64,
    bytes_downloaded: u64,
    rows_copied: u64,
}

#[derive(Debug, Serialize)]
struct SavepointSummary {
    folder: String,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct StateSummary {
    checkpoint: String,
    files: u64,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct Kept {
    checkpoints: String,
    output: Option<String>,
}

impl Summary {
    /// Gathers the summary.
    ///
    /// # Errors
    /// When the newest checkpoint cannot be read.
    pub(crate) fn new(
        context: &Context<'_>,
        input: &Input,
        attempts: Vec<Attempt>,
        result: Comparison,
        published: &[String],
    ) -> Result<Self> {
        let fleet = fleet(published);
        let mut grounded: Vec<_> = fleet
            .iter()
            .filter(|aircraft| aircraft.grounded)
            .cloned()
            .collect();
        grounded.sort_by(|a, b| (a.seen, &a.tailnum).cmp(&(b.seen, &b.tailnum)));
        let kept_checkpoints = !context.work.is_temporary()
            || !context.location.starts_with(&context.work.checkpoints()?);
        Ok(Self {
            job: JOB,
            input: InputSummary::new(context.plan, input),
            attempts: attempts
                .into_iter()
                .map(|attempt| AttemptSummary::new(attempt, context.plan))
                .collect(),
            state: StateSummary::read(context)?,
            result,
            most_delayed: most_delayed(fleet),
            grounded_total: grounded.len() as u64,
            grounded,
            kept: kept_checkpoints.then(|| Kept {
                checkpoints: context.location.to_owned(),
                output: context
                    .work
                    .keep()
                    .map(|path| path.join("output").display().to_string()),
            }),
        })
    }

    /// The summary with this many rows of each table.
    pub(crate) fn with_top(mut self, top: usize) -> Self {
        self.most_delayed.truncate(top);
        self.grounded.truncate(top);
        self
    }

    /// Whether the job's result is the recomputation's.
    pub(crate) const fn is_right(&self) -> bool {
        self.result.equal
    }
}

fn fleet(published: &[String]) -> Vec<Aircraft> {
    // A line that is no outcome is told by the comparison; it only cannot be in a table.
    let outcomes = published
        .iter()
        .filter_map(|line| Outcome::from_line(line).ok());
    let aircraft = |outcome| match outcome {
        Outcome::Aircraft(aircraft) => Some(aircraft),
        Outcome::Alert(_) => None,
    };
    outcomes.filter_map(aircraft).collect()
}

fn most_delayed(mut fleet: Vec<Aircraft>) -> Vec<Aircraft> {
    let arrivals = |aircraft: &Aircraft| aircraft.delay.map_or(0, |delay| delay.arrivals);
    let least = if fleet
        .iter()
        .any(|aircraft| arrivals(aircraft) >= ARRIVALS_MIN)
    {
        ARRIVALS_MIN
    } else {
        1
    };
    fleet.retain(|aircraft| arrivals(aircraft) >= least);
    let mean = |aircraft: &Aircraft| aircraft.delay.map(|delay| delay.mean_millis);
    fleet.sort_by(|a, b| {
        mean(b)
            .cmp(&mean(a))
            .then_with(|| a.tailnum.cmp(&b.tailnum))
    });
    fleet
}

impl InputSummary {
    fn new(plan: &DemoPlan, input: &Input) -> Self {
        let source = match &plan.input {
            InputChoice::File { path, .. } => path.display().to_string(),
            InputChoice::Generated { aircraft, .. } => {
                format!("generated departures of {aircraft} aircraft")
            }
        };
        let generated = FileReport {
            lines: input.rows(),
            ..FileReport::default()
        };
        let report = input.report().unwrap_or(&generated);
        Self {
            source,
            lines: report.lines,
            rows: input.rows(),
            without_aircraft: report.without_aircraft,
            malformed: report.refused,
            first_malformed: report
                .first_refused
                .iter()
                .map(|(line, why)| MalformedLine {
                    line: *line,
                    why: why.clone(),
                })
                .collect(),
            last_event_time: input.last_event_time(),
        }
    }
}

impl AttemptSummary {
    fn new(attempt: Attempt, plan: &DemoPlan) -> Self {
        let seconds = attempt.ran.as_secs_f64();
        let rows = attempt.rows_after.saturating_sub(attempt.rows_before);
        Self {
            attempt: attempt.number,
            workers: attempt.workers,
            processes: plan.processes,
            killed: attempt.killed,
            rows_before: attempt.rows_before,
            rows_after: attempt.rows_after,
            rows_to_read_again: if attempt.killed {
                attempt.rows_uncovered()
            } else {
                0
            },
            seconds,
            rows_per_second: per_second(rows, attempt.ran),
            recovery: Recovery::of(&attempt),
            checkpoints: attempt.checkpoints,
            aborted_checkpoints: attempt.aborted,
            savepoint: attempt
                .savepoint
                .map(|(folder, bytes)| SavepointSummary { folder, bytes }),
        }
    }
}

fn per_second(rows: u64, time: std::time::Duration) -> u64 {
    let rate = u128::from(rows) * 1_000_000 / time.as_micros().max(1);
    u64::try_from(rate).unwrap_or(u64::MAX)
}

impl Recovery {
    fn of(attempt: &Attempt) -> Option<Self> {
        let restores = &attempt.restores;
        let sum =
            |number: fn(&super::message::RestoreEvent) -> u64| restores.iter().map(number).sum();
        let slowest = restores
            .iter()
            .map(|restore| restore.micros)
            .max()
            .unwrap_or(0);
        let mut plans: Vec<_> = restores
            .iter()
            .map(|restore| restore.plan.clone())
            .collect();
        plans.sort_unstable();
        plans.dedup();
        Some(Self {
            checkpoint: attempt.from_checkpoint?,
            fence_seconds: attempt.recover.as_secs_f64(),
            until_restored_seconds: attempt.until_restored?.as_secs_f64(),
            restore_seconds: std::time::Duration::from_micros(slowest).as_secs_f64(),
            plans,
            files_linked: sum(|restore| restore.files_linked),
            bytes_linked: sum(|restore| restore.bytes_linked),
            files_downloaded: sum(|restore| restore.files_downloaded),
            bytes_downloaded: sum(|restore| restore.bytes_downloaded),
            rows_copied: sum(|restore| restore.rows_copied),
        })
    }
}

impl StateSummary {
    fn read(context: &Context<'_>) -> Result<Self> {
        let place = Place {
            location: context.location.to_owned(),
            job: Some(JOB.to_owned()),
        };
        let cut = Folder::find(&place)?.cut(None)?;
        let files: Vec<_> = cut
            .all_manifests()?
            .into_iter()
            .flat_map(|manifest| manifest.files)
            .collect();
        Ok(Self {
            checkpoint: cut.name,
            files: files.len() as u64,
            bytes: files.iter().map(|file| file.bytes).sum(),
        })
    }
}
