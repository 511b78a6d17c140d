//! A job, and one process's part of an attempt of it.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Arc, Once};

use alluvium::catalog::Catalog;
use alluvium::protocol::manifest::CheckpointId;
use alluvium::savepoint::SavepointFolder;
use alluvium::{Error, ErrorKind, RestoreReport, Result};
use timely::CommunicationConfig;

use crate::deployment::Deployment;
use crate::observer::Observer;
use crate::operator::Operator;
use crate::options::JobOptions;
use crate::recover::Recovered;
use crate::sink::Sink;
use crate::source::Source;
use crate::start::Start;
use crate::stop::Stop;
use crate::worker::Plan;

/// A program: records from a [`Source`], through an [`Operator`] on each worker, into a [`Sink`].
pub struct Job<S, F, K> {
    deployment: Deployment,
    source: S,
    operator: F,
    sink: Arc<K>,
    options: JobOptions,
    observer: Arc<dyn Observer>,
}

impl<S, O, F, K> Job<S, F, K>
where
    S: Source,
    O: Operator<Record = S::Record>,
    F: Fn() -> O + Send + Sync + 'static,
    K: Sink<Item = O::Output>,
{
    /// A job; `operator` makes each worker's instance.
    pub fn new(deployment: Deployment, source: S, operator: F, sink: Arc<K>) -> Self {
        let options = JobOptions::default();
        Self {
            deployment,
            source,
            operator,
            sink,
            options,
            observer: Arc::new(()),
        }
    }

    /// Its settings.
    #[must_use]
    pub fn options(mut self, options: JobOptions) -> Self {
        self.options = options;
        self
    }

    /// Who is told what happens.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// Runs this process's workers until the input has ended and its last checkpoint is complete.
    ///
    /// `engine` says how many workers there are and where: `-w` workers of each process, `-n` processes, `-p` the number
    /// of this one, `-h` a file of all their addresses. `recovered` is what [`recover`](crate::recover()) returned for
    /// this attempt, the same in all processes.
    ///
    /// # Errors
    /// - `Invalid` when an option, argument or the number of workers is wrong: nothing was done;
    /// - `Incompatible` when the checkpoint does not fit this job;
    /// - `Fenced` when a newer attempt has taken over;
    /// - what source, operator, sink, store or storage returned.
    ///
    /// The process's workers have ended then. In an attempt of several processes those of the others
    /// have not: kill them, recover, and start anew. End this process too: its connections stay open
    /// until then.
    pub fn run(self, engine: &[String], recovered: &Recovered) -> Result<JobReport> {
        let config = timely::Config::from_args(engine.iter().cloned())
            .map_err(|why| Error::invalid(format!("engine arguments {engine:?}: {why}")))?;
        let (workers, peers) = workers_and_peers(&config.communication)?;
        self.options.max_parallelism.range_of(0, peers)?;
        let plan = self.plan(peers, recovered)?;
        if plan.options.abort_on_panic {
            abort_on_panic();
        }

        let stop = plan.stop.clone();
        let (done, reports) = channel();
        let is_cluster = peers > workers;
        let guards = timely::execute(config, move |worker| {
            let ended = catch_unwind(AssertUnwindSafe(|| plan.run(worker)));
            let report = plan
                .stop
                .check(ended.unwrap_or_else(|_| Err(panicked(worker.index()))));
            // Timely would go on stepping what is left after a failure, and wait for ever.
            for dataflow in worker.installed_dataflows() {
                worker.drop_dataflow(dataflow);
            }
            // Nobody listens any more when another worker has failed.
            drop(done.send(report));
        });
        let guards = guards.map_err(|why| {
            Error::new(
                ErrorKind::Unavailable,
                format!("start workers with {engine:?}: {why}"),
            )
        })?;
        let ended = (0..workers).map_while(|_| reports.recv().ok());
        let mut workers: Vec<WorkerReport> = ended.flatten().collect();
        if let Some(error) = stop.take_error() {
            if is_cluster {
                // Joining would wait for the other processes to close their connections, which they do not.
                std::mem::forget(guards);
            }
            return Err(error);
        }
        for joined in guards.join() {
            joined.map_err(|why| {
                Error::new(ErrorKind::Unavailable, format!("a worker panicked: {why}"))
            })?;
        }
        workers.sort_by_key(|report| report.worker);
        Ok(JobReport {
            attempt: recovered.attempt,
            workers,
        })
    }

    /// Checks and loads what all workers need.
    fn plan(self, peers: u32, recovered: &Recovered) -> Result<Plan<S, F, K>> {
        self.options.check()?;
        let Deployment {
            job,
            storage,
            working_directory,
            ..
        } = &self.deployment;
        if recovered.job != *job {
            return Err(Error::invalid(format!(
                "job {job:?} was given what was recovered of job {:?}",
                recovered.job
            )));
        }
        let catalog = Catalog::open(Arc::clone(storage), job)?;
        let mut options = self.options;
        if let Some(request) = &options.savepoint {
            let folder = SavepointFolder::of_job(Arc::clone(storage), job, &request.name)?;
            if let Some(found) = folder.find()? {
                if found.job != *job || Some(found.checkpoint) != recovered.checkpoint() {
                    return Err(folder.taken());
                }
                let folder = folder.folder();
                tracing::info!(folder, "the savepoint was taken by the attempt before");
                options.savepoint = None;
            }
        }
        let max_parallelism = options.max_parallelism;
        let splits = self.source.splits();
        let start = Start::load(storage, &catalog, recovered, max_parallelism, splits)?;
        let job_directory = working_directory.join(job);
        delete_older_attempts(&job_directory, recovered.attempt);
        let directory = job_directory.join(format!("{ATTEMPT}{}", recovered.attempt));
        Ok(Plan {
            deployment: self.deployment,
            options: Arc::new(options),
            source: self.source,
            operator: self.operator,
            sink: self.sink,
            observer: self.observer,
            recovered: recovered.clone(),
            start,
            peers,
            directory,
            stop: Stop::default(),
        })
    }
}

impl<S, F, K> std::fmt::Debug for Job<S, F, K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (deployment, options) = (&self.deployment, &self.options);
        f.debug_struct("Job")
            .field("deployment", deployment)
            .field("options", options)
            .finish()
    }
}

/// What one process did in an attempt that came to its end.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JobReport {
    /// The attempt.
    pub attempt: u64,
    /// The process's workers.
    pub workers: Vec<WorkerReport>,
}

/// What one worker did.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WorkerReport {
    /// The worker.
    pub worker: u32,
    /// Records that it read.
    pub records: u64,
    /// Checkpoints that completed.
    pub checkpoints: u64,
    /// The last of them.
    pub last_checkpoint: Option<CheckpointId>,
    /// How it got its state back, if there was any.
    pub restored: Option<RestoreReport>,
}

/// How many workers this process has, and how many there are.
fn workers_and_peers(config: &CommunicationConfig) -> Result<(u32, u32)> {
    let (workers, processes) = match config {
        CommunicationConfig::Thread => (1, 1),
        CommunicationConfig::Process(workers) | CommunicationConfig::ProcessBinary(workers) => {
            (*workers, 1)
        }
        CommunicationConfig::Cluster {
            threads, addresses, ..
        } => (*threads, addresses.len()),
    };
    let peers = workers
        .checked_mul(processes)
        .and_then(|peers| u32::try_from(peers).ok());
    match (u32::try_from(workers), peers) {
        (Ok(workers @ 1..), Some(peers)) => Ok((workers, peers)),
        _ => Err(Error::invalid(format!(
            "{processes} processes with {workers} workers each: there must be at least one worker"
        ))),
    }
}

/// Directory names of attempts begin so.
const ATTEMPT: &str = "attempt-";

/// Deletes what attempts left that did not end by themselves. One that still runs is fenced.
fn delete_older_attempts(job: &Path, attempt: u64) {
    let entries = fs::read_dir(job).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let number = name
            .to_str()
            .and_then(|name| name.strip_prefix(ATTEMPT)?.parse::<u64>().ok());
        if number.is_some_and(|number| number < attempt)
            && let Err(error) = fs::remove_dir_all(entry.path())
        {
            // Another process of this attempt may be deleting it as well.
            tracing::debug!(%error, path = %entry.path().display(), "an old directory is left");
        }
    }
}

fn panicked(worker: usize) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!("worker {worker} panicked: see its message"),
    )
}

/// From now on a panic on any thread ends the process, after the message.
fn abort_on_panic() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            report(panic);
            std::process::abort();
        }));
    });
}
