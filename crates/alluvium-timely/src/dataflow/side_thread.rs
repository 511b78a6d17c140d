//! Blocking work of an operator, one job after the other on a thread of its own.
//!
//! Invariants: the capability that came with a job is held until the job's result is taken, so the frontier of the
//! operator's output tells everybody downstream, on all hosts, that every worker's work for an epoch is done;
//! results come in the order of jobs; dropping this waits for the thread, so nothing runs on unseen.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};

use alluvium::environment::Environment;
use alluvium::{Error, ErrorKind, Result};
use timely::dataflow::operators::Capability;
use timely::scheduling::SyncActivator;

/// A thread that turns jobs into results.
pub(super) struct SideThread<J, R> {
    name: &'static str,
    jobs: Option<Sender<J>>,
    done: Receiver<R>,
    held: VecDeque<Capability<u64>>,
}

impl<J: Send + 'static, R: Send + 'static> SideThread<J, R> {
    /// Starts the thread. `work` calls its second argument once with each job's result, and may go on after
    /// that; `wake` is of the operator that polls.
    pub(super) fn start(
        environment: &Environment,
        name: &'static str,
        wake: SyncActivator,
        mut work: impl FnMut(J, &mut dyn FnMut(R)) + Send + 'static,
    ) -> Result<Self> {
        let (jobs, receiver) = channel::<J>();
        let (results, done) = channel();
        let run = move || {
            // Dropped last, when `results` is gone: a thread that panics is noticed.
            let wake = WakeAtEnd(wake);
            let results = results;
            for job in receiver {
                work(job, &mut |result| {
                    // Nobody receives any more when the worker is ending.
                    drop(results.send(result));
                    wake.wake();
                });
            }
        };
        environment.spawn.spawn(name, Box::new(run))?;
        Ok(Self {
            name,
            jobs: Some(jobs),
            done,
            held: VecDeque::new(),
        })
    }

    /// Hands over a job, and a capability to hold until it is done.
    pub(super) fn submit(&mut self, capability: Capability<u64>, job: J) {
        self.held.push_back(capability);
        if let Some(jobs) = &self.jobs {
            // A thread that is gone is noticed by `poll`.
            drop(jobs.send(job));
        }
    }

    /// The next result, if there is one, and the capability that came with its job.
    ///
    /// # Errors
    /// `Unavailable` when the thread is gone with work undone, for it panicked.
    pub(super) fn poll(&mut self) -> Result<Option<(Capability<u64>, R)>> {
        match self.done.try_recv() {
            Ok(result) => Ok(self.held.pop_front().map(|capability| (capability, result))),
            Err(TryRecvError::Disconnected) if !self.held.is_empty() => Err(Error::new(
                ErrorKind::Unavailable,
                format!("thread {} panicked: see its message", self.name),
            )),
            Err(_) => Ok(None),
        }
    }
}

impl<J, R> Drop for SideThread<J, R> {
    fn drop(&mut self) {
        self.jobs = None;
        while self.done.recv().is_ok() {}
    }
}

/// Wakes the operator, at the latest when the thread ends.
struct WakeAtEnd(SyncActivator);

impl WakeAtEnd {
    fn wake(&self) {
        if self.0.activate().is_err() {
            // The worker is gone, which needs no waking.
        }
    }
}

impl Drop for WakeAtEnd {
    fn drop(&mut self) {
        self.wake();
    }
}
