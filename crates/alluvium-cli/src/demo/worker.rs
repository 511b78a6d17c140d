//! One process of the demo job: started by `supervise`, told what to do by a [`WorkerPlan`].
//!
//! Tells its parent what happens, one JSON line each on stdout. Watches its stdin: when the parent
//! vanishes, stdin ends, and so does this process, removing what is temporary. Its error goes to the
//! parent as the last line, and its exit code is the one that the parent will end with.

use std::io::Read as _;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;

use alluvium::LocalCopies;
use alluvium::environment::Environment;
use alluvium::store::StoreFactory;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium_protocol::key_group::MaxParallelism;
use alluvium_protocol::manifest::CheckpointId;
use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};
use alluvium_timely::{
    CheckpointEvery, Deployment, Event, Job, JobOptions, LinesSink, Observer, Recovered,
    SavepointAt, SavepointRequest,
};
use anyhow::{Context as _, Result};

use super::input::Input;
use super::message::{CheckpointEvent, RestoreEvent, WorkerEvent, WorkerPlan};
use super::operator::Fleet;
use super::pace::Pace;
use super::source::Departures;
use crate::args::{StoreChoice, WorkerOptions};
use crate::exit::{Exit, Failure};
use crate::location;
use crate::output;

/// Runs the process's part of the job.
///
/// # Errors
/// When the plan cannot be read or the parent no longer listens. A failure of the job is told to the
/// parent, and is the exit code.
pub(crate) fn run(options: &WorkerOptions) -> Result<Exit> {
    let plan: WorkerPlan = serde_json::from_str(&options.plan).map_err(|error| {
        Failure::usage(format!(
            "--plan: {error}; this command is for `alluvium demo` alone"
        ))
    })?;
    let environment = Environment::system();
    end_with_the_parent(&environment, &plan)?;
    match run_plan(&environment, &plan) {
        Ok(()) => {
            tell(&WorkerEvent::Finished)?;
            Ok(Exit::Done)
        }
        Err(error) => {
            let exit = Exit::of(&error);
            tell(&WorkerEvent::Failed {
                code: exit.code(),
                message: output::chain(&error),
            })?;
            Ok(exit)
        }
    }
}

fn run_plan(environment: &Environment, plan: &WorkerPlan) -> Result<()> {
    let recovered = Recovered::from_argument(&plan.recovered)?;
    let input = Input::open(&plan.input)?;
    let pace = Arc::new(Pace::new(environment, plan.rate, plan.to_be_killed));
    let source = Departures::new(input, Arc::clone(&pace));
    let storage = location::open_to_write(&plan.location)?;
    let sink = LinesSink::in_directory(&plan.work_dir.join("output"))?;
    let copies = LocalCopies::in_directory(&plan.work_dir.join("local"), &plan.job)?;
    let mut options = JobOptions::default();
    options.max_parallelism = MaxParallelism::new(plan.max_parallelism)?;
    let every = NonZeroU64::new(plan.checkpoint_every).unwrap_or(NonZeroU64::MIN);
    options.checkpoint_every = CheckpointEvery::Records(every);
    options.savepoint = Some(SavepointRequest::new(
        plan.savepoint.clone(),
        SavepointAt::End,
    ));

    let state = plan.work_dir.join("state");
    let deployment = Deployment::new(&plan.job, storage, factory(plan.store)?, state)
        .local_copies(copies)
        .environment(environment.clone());
    Job::new(deployment, source, Fleet::default, Arc::new(sink))
        .options(options)
        .observer(Arc::new(Teller { pace }))
        .run(&plan.engine, &recovered)?;
    Ok(())
}

fn factory(store: StoreChoice) -> Result<Arc<dyn StoreFactory>> {
    Ok(match store {
        StoreChoice::Rocksdb => Arc::new(RocksStoreFactory::new(RocksOptions::default())?),
        StoreChoice::Memory => Arc::new(MemoryStoreFactory::new()),
    })
}

/// Ends the process when stdin does: the parent holds its other end and never writes.
fn end_with_the_parent(environment: &Environment, plan: &WorkerPlan) -> Result<()> {
    let temporary: Option<PathBuf> = plan.work_dir_is_temporary.then(|| plan.work_dir.clone());
    let watch = move || {
        let mut nothing = [0];
        while matches!(std::io::stdin().read(&mut nothing), Ok(1..)) {}
        if let Some(directory) = temporary {
            // Nobody is left to be told if it fails; the directory is a temporary one.
            drop(std::fs::remove_dir_all(directory));
        }
        std::process::exit(Exit::Internal.code().into());
    };
    environment
        .spawn
        .spawn("demo-parent", Box::new(watch))
        .context("watch the parent process")
}

/// Tells the parent what the job tells its observer.
#[derive(Debug)]
struct Teller {
    pace: Arc<Pace>,
}

impl Observer for Teller {
    fn event(&self, event: &Event) {
        let told = match event {
            Event::Progress { .. } => WorkerEvent::Progress {
                rows: self.pace.rows_read(),
            },
            Event::Restored {
                worker,
                report: Some(report),
            } => WorkerEvent::Restored(RestoreEvent {
                worker: *worker,
                checkpoint: report.checkpoint.map(CheckpointId::get),
                plan: report.plan.to_owned(),
                files_linked: report.files_linked as u64,
                bytes_linked: report.bytes_linked,
                files_downloaded: report.files_downloaded as u64,
                bytes_downloaded: report.bytes_downloaded,
                rows_copied: report.rows_copied,
                micros: micros(report.took),
            }),
            Event::CheckpointCompleted {
                checkpoint,
                report,
                records,
            } => WorkerEvent::Checkpoint(CheckpointEvent {
                id: checkpoint.get(),
                rows: *records,
                bytes_new: report.bytes_new,
                bytes_referred: report.bytes_referred,
                freeze_micros: micros(report.freeze),
                flush_micros: micros(report.flush),
                upload_micros: micros(report.upload),
            }),
            Event::CheckpointAborted { checkpoint, reason } => WorkerEvent::Aborted {
                id: checkpoint.get(),
                reason: reason.clone(),
            },
            Event::SavepointCompleted { folder, report } => WorkerEvent::Savepoint {
                folder: folder.clone(),
                bytes: report.bytes_new,
            },
            _ => return,
        };
        // A parent that does not listen any more is gone, which the watch on stdin sees to.
        drop(tell(&told));
    }
}

fn micros(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn tell(event: &WorkerEvent) -> Result<()> {
    output::line_on_stdout(&event.to_line()?)
}
