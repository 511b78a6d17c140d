//! One worker of an attempt: gets its state back, builds its part of the dataflow, and runs it to the end.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use alluvium::catalog::Catalog;
use alluvium::protocol::manifest::CheckpointId;
use alluvium::savepoint::SavepointFolder;
use alluvium::{Backend, Builder, RestoreReport, Result, SnapshotTarget};
use timely::worker::Worker;

use crate::attachments::Attachments;
use crate::commit::Committer;
use crate::dataflow::{self, Parts, Subtask, Surroundings, Tally};
use crate::deployment::Deployment;
use crate::job::WorkerReport;
use crate::observer::{Event, Moves, Observer, Transfer};
use crate::operator::Operator;
use crate::options::JobOptions;
use crate::recover::Recovered;
use crate::sink::Sink;
use crate::source::Source;
use crate::source::splits::Splits;
use crate::start::Start;
use crate::stop::Stop;

/// What all workers of a process are given.
pub(crate) struct Plan<S, F, K> {
    pub(crate) deployment: Deployment,
    pub(crate) options: Arc<JobOptions>,
    pub(crate) source: S,
    pub(crate) operator: F,
    pub(crate) sink: Arc<K>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) recovered: Recovered,
    pub(crate) start: Start,
    /// Workers of all processes.
    pub(crate) peers: u32,
    /// Where the attempt's workers have their directories.
    pub(crate) directory: PathBuf,
    pub(crate) stop: Stop,
}

impl<S, O, F, K> Plan<S, F, K>
where
    S: Source,
    O: Operator<Record = S::Record>,
    F: Fn() -> O,
    K: Sink<Item = O::Output>,
{
    /// Runs a worker until the input has ended or the process stops. Leaves dropping what is left of the dataflow to the
    /// caller.
    pub(crate) fn run(&self, worker: &mut Worker) -> Result<WorkerReport> {
        self.stop.join();
        let number = u32::try_from(worker.index()).unwrap_or(u32::MAX);
        let (mut backend, restored) = self.open_backend(number)?;
        let mut operator = (self.operator)();
        operator.open(&mut backend)?;
        self.observer.event(&Event::Restored {
            worker: number,
            report: restored.clone(),
        });

        let positions = &self.start.attached.positions;
        let splits = Splits::open(&self.source, positions, number, self.peers)?;
        let tally = Rc::new(Tally::default());
        let subtask = Rc::new(Subtask {
            backend: RefCell::new(backend),
            in_flight: Cell::new(0),
        });
        let parts = Parts {
            surroundings: self.surroundings(number, Rc::clone(&tally)),
            splits,
            operator,
            subtask,
            ended_before: self.start.attached.ended,
            checkpoints: self.target(self.deployment.job.clone()),
            savepoint: self.savepoint()?,
            sink: Arc::clone(&self.sink),
            committer: if number == 0 {
                Some(self.committer()?)
            } else {
                None
            },
        };
        dataflow::build(worker, parts)?;
        while worker.has_dataflows() && !self.stop.is_set() {
            worker.step_or_park(None);
        }
        Ok(WorkerReport {
            worker: number,
            records: tally.records.get(),
            checkpoints: tally.checkpoints.get(),
            last_checkpoint: tally.last_checkpoint.get().map(CheckpointId::new),
            restored,
        })
    }

    fn open_backend(&self, worker: u32) -> Result<(Backend<O::Key>, Option<RestoreReport>)> {
        let Deployment {
            job,
            store,
            environment,
            local_copies,
            ..
        } = &self.deployment;
        let directory = self.directory.join(format!("worker-{worker}"));
        let mut builder = Builder::new(job.clone(), Arc::clone(store), directory)
            .max_parallelism(self.options.max_parallelism)
            .subtask(worker, self.peers)
            .options(self.options.backend.clone())
            .environment(environment.clone());
        if let Some(local) = local_copies {
            builder = builder.local_copies(local.clone());
        }
        match &self.start.state {
            None => Ok((Backend::open(builder)?, None)),
            Some(from) => {
                let progress = Moves::told_to(&self.observer, worker, Transfer::Restore);
                let cancel = self.stop.cancel();
                let (backend, report) = Backend::restore(builder, from, cancel, &progress)
                    .map_err(|error| error.context(format!("restore worker {worker}")))?;
                Ok((backend, Some(report)))
            }
        }
    }

    fn surroundings(&self, worker: u32, tally: Rc<Tally>) -> Surroundings {
        Surroundings {
            worker,
            peers: self.peers,
            attempt: self.recovered.attempt,
            ticking: self.options.ticking(self.peers, self.recovered.first_epoch),
            options: Arc::clone(&self.options),
            environment: self.deployment.environment.clone(),
            observer: Arc::clone(&self.observer),
            stop: self.stop.clone(),
            tally,
        }
    }

    fn target(&self, root: String) -> SnapshotTarget {
        let storage = Arc::clone(&self.deployment.storage);
        SnapshotTarget {
            storage,
            root,
            attempt: self.recovered.attempt,
        }
    }

    fn savepoint(&self) -> Result<Option<SnapshotTarget>> {
        let Some(request) = &self.options.savepoint else {
            return Ok(None);
        };
        let storage = Arc::clone(&self.deployment.storage);
        let folder = SavepointFolder::of_job(storage, &self.deployment.job, &request.name)?;
        Ok(Some(folder.target(self.recovered.attempt)))
    }

    fn committer(&self) -> Result<Committer<K>> {
        // Output of the checkpoint it goes on from is published: `recover` did that.
        let attached = Attachments {
            tokens: Vec::new(),
            ..self.start.attached.clone()
        };
        Ok(Committer {
            catalog: Catalog::open(Arc::clone(&self.deployment.storage), &self.deployment.job)?,
            attempt: self.recovered.as_attempt(),
            peers: self.peers,
            options: Arc::clone(&self.options),
            environment: self.deployment.environment.clone(),
            observer: Arc::clone(&self.observer),
            sink: Arc::clone(&self.sink),
            attached,
            ended: BTreeSet::new(),
            failures: 0,
        })
    }
}
