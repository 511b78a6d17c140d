//! One attempt of the job: recover, start the processes, listen to them, kill them if so planned.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use alluvium::environment::Environment;
use alluvium::storage::Storage;
use alluvium_protocol::manifest::CheckpointId;
use alluvium_timely::{LinesSink, Recovered, cluster, recover};
use anyhow::{Context as _, Result};

use super::message::{CheckpointEvent, RestoreEvent, WorkerEvent, WorkerPlan};
use super::plan::{self, DemoPlan, JOB, WorkDirectory};
use super::progress::Progress;
use super::supervise::{self, AttemptEnd, Verdict};
use crate::units;

/// What all attempts share.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    /// Clock and threads.
    pub(crate) environment: &'a Environment,
    /// What the demo is to do.
    pub(crate) plan: &'a DemoPlan,
    /// Where it works.
    pub(crate) work: &'a WorkDirectory,
    /// Where checkpoints go, as the command line has it.
    pub(crate) location: &'a str,
    /// The same, open.
    pub(crate) storage: &'a Arc<dyn Storage>,
    /// Where output goes.
    pub(crate) sink: &'a LinesSink,
    /// Rows of the input.
    pub(crate) rows: u64,
}

/// When an attempt is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It is not.
    Never,
    /// With SIGKILL, when half of all rows are read, a checkpoint is complete, and there is work
    /// that no checkpoint covers.
    HalfWay,
}

/// What an attempt did.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attempt {
    /// Its number.
    pub(crate) number: u64,
    /// Its workers, over all processes.
    pub(crate) workers: u32,
    /// Whether it was killed.
    pub(crate) killed: bool,
    /// The checkpoint that it went on from.
    pub(crate) from_checkpoint: Option<u64>,
    /// Rows that were read before it, as of that checkpoint.
    pub(crate) rows_before: u64,
    /// Rows that were read when it ended.
    pub(crate) rows_after: u64,
    /// Taking over the job: fence, and publishing what was committed.
    pub(crate) recover: Duration,
    /// From the start of its processes to the last worker's restored state.
    pub(crate) until_restored: Option<Duration>,
    /// From the start of its processes to its end.
    pub(crate) ran: Duration,
    /// Its workers' restores.
    pub(crate) restores: Vec<RestoreEvent>,
    /// Its complete checkpoints.
    pub(crate) checkpoints: Vec<CheckpointEvent>,
    /// Its given-up checkpoints and why.
    pub(crate) aborted: Vec<(u64, String)>,
    /// Folder and bytes of its savepoint.
    pub(crate) savepoint: Option<(String, u64)>,
}

/// Runs an attempt.
///
/// # Errors
/// When the job cannot be recovered, or a process fails.
pub(crate) fn run(
    context: &Context<'_>,
    workers: u32,
    stop: Stop,
    progress: &mut Progress,
) -> Result<Attempt> {
    let clock = &context.environment.clock;
    let begin = clock.monotonic();
    let recovered = recover(context.storage, JOB, context.environment, context.sink)?;
    let started = clock.monotonic();
    let mut attempt = Attempt {
        number: recovered.attempt(),
        workers,
        from_checkpoint: recovered.checkpoint().map(CheckpointId::get),
        rows_before: recovered.records(),
        recover: started.saturating_sub(begin),
        ..Attempt::default()
    };
    progress.phase(&match attempt.from_checkpoint {
        None => format!("running with {workers} workers"),
        Some(checkpoint) => format!("on from checkpoint {checkpoint} with {workers} workers"),
    });

    let plans = plans(context, &recovered, workers, stop)?;
    let mut rows = BTreeMap::new();
    let end = supervise::run_attempt(context.environment, &plans, |process, event| {
        if let WorkerEvent::Progress { rows: read } = event {
            rows.insert(process, *read);
            attempt.rows_after = rows.values().sum();
            progress.rows(attempt.rows_after);
        }
        attempt.learn(event, clock.monotonic().saturating_sub(started));
        let condemned = stop == Stop::HalfWay && attempt.is_half_way(context.rows);
        if condemned {
            Verdict::Kill
        } else {
            Verdict::GoOn
        }
    })?;
    attempt.killed = end == AttemptEnd::Killed;
    attempt.ran = clock.monotonic().saturating_sub(started);
    if attempt.killed {
        progress.note(&format!(
            "killed with SIGKILL after {} rows, {} of them in no checkpoint",
            units::count(attempt.rows_after),
            units::count(attempt.rows_uncovered())
        ));
    }
    Ok(attempt)
}

impl Attempt {
    fn learn(&mut self, event: &WorkerEvent, since_start: Duration) {
        match event {
            WorkerEvent::Restored(restore) => {
                self.restores.push(restore.clone());
                self.until_restored = Some(since_start);
            }
            WorkerEvent::Checkpoint(checkpoint) => self.checkpoints.push(*checkpoint),
            WorkerEvent::Aborted { id, reason } => self.aborted.push((*id, reason.clone())),
            WorkerEvent::Savepoint { folder, bytes } => {
                self.savepoint = Some((folder.clone(), *bytes));
            }
            WorkerEvent::Progress { .. } | WorkerEvent::Finished | WorkerEvent::Failed { .. } => {}
        }
    }

    /// Rows that were read and that a recovery reads again.
    pub(crate) fn rows_uncovered(&self) -> u64 {
        let covered = self
            .checkpoints
            .last()
            .map_or(self.rows_before, |checkpoint| checkpoint.rows);
        self.rows_after.saturating_sub(covered)
    }

    fn is_half_way(&self, rows: u64) -> bool {
        self.rows_after >= rows / 2 && !self.checkpoints.is_empty() && self.rows_uncovered() > 0
    }
}

fn plans(
    context: &Context<'_>,
    recovered: &Recovered,
    workers: u32,
    stop: Stop,
) -> Result<Vec<WorkerPlan>> {
    let plan = context.plan;
    let processes = usize::try_from(plan.processes)?;
    let workers_each = usize::try_from(workers / plan.processes)?;
    let hosts = host_file(context, recovered.attempt(), processes)?;
    let engine = |process| match &hosts {
        Some(hosts) => cluster::engine_arguments(process, processes, workers_each, hosts),
        None => Ok(vec!["-w".to_owned(), workers_each.to_string()]),
    };
    let plan_of = |process| {
        Ok(WorkerPlan {
            input: plan.input.clone(),
            rate: plan.rate.div_ceil(u64::from(plan.processes)),
            to_be_killed: stop == Stop::HalfWay,
            job: JOB.to_owned(),
            location: context.location.to_owned(),
            work_dir: context.work.path().to_owned(),
            work_dir_is_temporary: context.work.is_temporary(),
            store: plan.store,
            max_parallelism: plan.max_parallelism.get().into(),
            checkpoint_every: plan.checkpoint_every,
            savepoint: plan::savepoint(recovered.attempt()),
            engine: engine(process)?,
            recovered: recovered.to_argument(),
        })
    };
    (0..processes).map(plan_of).collect()
}

fn host_file(context: &Context<'_>, attempt: u64, processes: usize) -> Result<Option<PathBuf>> {
    if processes == 1 {
        return Ok(None);
    }
    let path = context.work.path().join(format!("hosts-{attempt}"));
    let addresses = cluster::loopback_addresses(processes)?;
    cluster::write_host_file(&path, &addresses).context("tell the processes of each other")?;
    Ok(Some(path))
}
