//! `alluvium demo`: the main job, from the first row to the proof.
//!
//! The story, in order: recover (of nothing), run, kill the processes with SIGKILL half-way, recover,
//! go on with more workers from local copies, take a savepoint, finish, compare what was published
//! with a plain recomputation, tell all of it. Each step is a module; this one only tells the order.
//!
//! Unless it is to resume, the demo starts from nothing: it refuses directories that hold anything,
//! so that it can neither overwrite a job's checkpoints nor be confused by them.

mod attempt;
mod compare;
mod flight;
mod flights_file;
mod generated;
mod input;
mod message;
mod operator;
mod outcome;
mod pace;
mod plan;
mod progress;
mod recompute;
mod source;
mod summary;
mod supervise;
pub(crate) mod worker;

use std::sync::Arc;

use alluvium::environment::Environment;
use alluvium::storage::Storage;
use alluvium_protocol::catalog::names;
use alluvium_timely::LinesSink;
use anyhow::{Context as _, Result};

use self::attempt::{Attempt, Stop};
use self::input::Input;
use self::plan::{DemoPlan, JOB, WorkDirectory};
use self::progress::Progress;
use self::summary::Summary;
use crate::args::DemoOptions;
use crate::exit::{Exit, Failure};
use crate::location;
use crate::output;

/// Runs the demo and prints its summary.
///
/// # Errors
/// When the command line is wrong, a directory is not empty, or a step fails. A result that differs
/// is no error but an answer, with [`Exit::Problem`].
pub(crate) fn run(options: &DemoOptions) -> Result<Exit> {
    let (format, top) = (options.output, options.top);
    let plan = DemoPlan::new(options)?;
    let environment = Environment::system();
    let input = Input::open(&plan.input)?;
    tell_refused_lines(&input);
    let work = WorkDirectory::open(options)?;
    let where_to = options
        .checkpoint_dir
        .clone()
        .map_or_else(|| work.checkpoints(), Ok)?;
    let storage = location::open_to_write(&where_to)?;
    if options.resume {
        refuse_without_checkpoint(storage.as_ref())?;
    } else {
        refuse_unless_empty(storage.as_ref())?;
    }
    let sink = LinesSink::in_directory(&work.output())?;

    let mut progress = Progress::new(input.rows(), Arc::clone(&environment.clock));
    let context = attempt::Context {
        environment: &environment,
        plan: &plan,
        work: &work,
        location: &where_to,
        storage: &storage,
        sink: &sink,
        rows: input.rows(),
    };
    let attempts = run_attempts(&context, &mut progress)?;

    progress.phase("comparing with a recomputation");
    let published = sink.published()?;
    let right = recompute::recompute(&input);
    let comparison = compare::compare(&published, &right)?;
    drop(progress);

    let summary = Summary::new(&context, &input, attempts, comparison, &published)?.with_top(top);
    match format {
        output::Format::Json => output::json(&summary)?,
        output::Format::Table => output::text(&summary.told())?,
    }
    work.close()?;
    Ok(if summary.is_right() {
        Exit::Done
    } else {
        Exit::Problem
    })
}

fn run_attempts(context: &attempt::Context<'_>, progress: &mut Progress) -> Result<Vec<Attempt>> {
    let plan = context.plan;
    let stop = if plan.crash {
        Stop::HalfWay
    } else {
        Stop::Never
    };
    let mut attempts = vec![attempt::run(context, plan.workers, stop, progress)?];
    if attempts.iter().all(|attempt| attempt.killed) {
        attempts.push(attempt::run(
            context,
            plan.workers_after,
            Stop::Never,
            progress,
        )?);
    } else if plan.crash {
        progress.note(
            "the job finished before it could be killed: give it more records, or a lower --rate",
        );
    }
    Ok(attempts)
}

fn tell_refused_lines(input: &Input) {
    let Some(report) = input.report().filter(|report| report.refused > 0) else {
        return;
    };
    output::note(&format!(
        "{} malformed lines were left out:",
        report.refused
    ));
    for (line, why) in &report.first_refused {
        output::note(&format!("  line {line}: {why}"));
    }
    if report.refused > report.first_refused.len() as u64 {
        output::note("  ...");
    }
}

fn refuse_without_checkpoint(storage: &dyn Storage) -> Result<()> {
    let log = format!("{JOB}/{}", names::record_prefix());
    let listed = storage
        .list(&log)
        .context("look for checkpoints to go on from")?;
    if listed.is_empty() {
        return Err(Failure::usage(format!(
            "{} holds no checkpoints of job `{JOB}`: there is nothing to --resume",
            storage.location()
        )));
    }
    Ok(())
}

fn refuse_unless_empty(storage: &dyn Storage) -> Result<()> {
    let listed = storage
        .list("")
        .context("look whether the checkpoint location is empty")?;
    let Some(first) = listed.first() else {
        return Ok(());
    };
    let holds = match first.name.split_once('/') {
        Some((job, rest))
            if ["commits/", "checkpoints/", "shared/"]
                .iter()
                .any(|part| rest.starts_with(part)) =>
        {
            format!("checkpoints of a job `{job}`")
        }
        _ => format!("other objects, such as {}", first.name),
    };
    Err(Failure::incompatible(format!(
        "{} holds {holds}; the demo starts from nothing and overwrites nothing: give it an empty --checkpoint-dir",
        storage.location()
    )))
}
