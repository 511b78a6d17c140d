//! The flusher: one thread a backend that writes frozen generations to the store, in order, and pins.
//!
//! Invariants: generations are written in the order they were frozen; a pin requested after a freeze
//! sees that generation and none later; after a failed write nothing else is written (the store may
//! hold half a run) and every later request reports the failure. A store that panics has failed, too:
//! whoever waits for the flusher is told.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::generation::Generation;
use super::rows::FrozenRows;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Pinned, Store};
use worker::Worker;

mod worker;

/// What a pin request gets back.
pub(crate) type PinReply = Result<PinnedStore>;

/// A pinned store and what it took.
#[derive(Debug)]
pub(crate) struct PinnedStore {
    pub(crate) pinned: Arc<dyn Pinned>,
    /// From the request until the files were pinned: waiting, flushing and pinning.
    pub(crate) flush: Duration,
}

enum Job {
    /// Maps, lists and single rows of one generation.
    Flush(Arc<Generation>, FrozenRows),
    Pin {
        directory: PathBuf,
        requested: Duration,
        reply: Sender<PinReply>,
    },
}

/// What the task thread may know of the flusher's progress.
#[derive(Debug, Default)]
struct Progress {
    flushed_through: Option<u64>,
    released_bytes: usize,
    failure: Option<(ErrorKind, String)>,
    /// The backend is gone: what is queued is not written any more.
    stopped: bool,
}

#[derive(Debug, Default)]
struct Shared {
    progress: Mutex<Progress>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Progress> {
        // The lock guards plain numbers, which are whole whatever panicked.
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }
}

/// The task thread's end of the flusher. Dropping it waits for the job in progress and skips the rest.
#[derive(Debug)]
pub(crate) struct Flusher {
    jobs: Option<Sender<Job>>,
    ended: Receiver<()>,
    shared: Arc<Shared>,
    environment: Environment,
    requested_bytes: usize,
    /// Of those, what is known to be freed without asking.
    released_bytes: usize,
}

impl Flusher {
    pub(crate) fn start(store: Arc<dyn Store>, environment: &Environment) -> Result<Self> {
        let (jobs, queue) = channel();
        let (end, ended) = channel();
        let shared = Arc::new(Shared::default());
        let worker = Worker {
            store,
            shared: Arc::clone(&shared),
            environment: environment.clone(),
        };
        environment.spawn.spawn(
            "alluvium-flusher",
            Box::new(move || {
                worker.run(&queue);
                // Whoever waits for the end may remove the store's directory: close the store first.
                drop(worker);
                drop(end);
            }),
        )?;
        let environment = environment.clone();
        Ok(Self {
            jobs: Some(jobs),
            ended,
            shared,
            environment,
            requested_bytes: 0,
            released_bytes: 0,
        })
    }

    fn submit(&self, job: Job) -> Result<()> {
        let sent = self
            .jobs
            .as_ref()
            .is_some_and(|jobs| jobs.send(job).is_ok());
        if sent {
            Ok(())
        } else {
            Err(self.failure_or("the flusher has stopped"))
        }
    }

    fn failure_or(&self, otherwise: &'static str) -> Error {
        match &self.shared.lock().failure {
            Some((kind, message)) => {
                Error::new(*kind, format!("an earlier flush failed: {message}"))
            }
            None => Error::new(ErrorKind::Unavailable, otherwise),
        }
    }

    /// The error of an earlier flush, if there was one.
    pub(crate) fn check(&self) -> Result<()> {
        if self.shared.lock().failure.is_some() {
            Err(self.failure_or(""))
        } else {
            Ok(())
        }
    }

    pub(crate) fn flush(&self, generation: Arc<Generation>, singles: FrozenRows) -> Result<()> {
        self.submit(Job::Flush(generation, singles))
    }

    pub(crate) fn pin(&self, directory: PathBuf, reply: Sender<PinReply>) -> Result<()> {
        let requested = self.environment.clock.monotonic();
        self.submit(Job::Pin {
            directory,
            requested,
            reply,
        })
    }

    /// Has a generation freed by a thread of its own: dropping a million cells takes longer than a record may, and
    /// behind a flush and a pin in the queue it would keep a writer waiting that only needs the memory.
    pub(crate) fn release(&mut self, generation: Arc<Generation>, bytes: usize) {
        let shared = Arc::clone(&self.shared);
        let free = Box::new(move || free(&shared, generation));
        match self.environment.spawn.spawn("alluvium-freeing", free) {
            Ok(()) => self.requested_bytes += bytes,
            // What was to be run is gone, and the generation with it: nothing is left to wait for.
            Err(error) => {
                tracing::warn!(%error, "memory was freed by the thread that reads and writes");
            }
        }
    }

    /// Bytes of generations that were handed over and are not freed yet.
    pub(crate) fn unreleased_bytes(&self) -> usize {
        self.requested_bytes
            .saturating_sub(self.shared.lock().released_bytes)
    }

    /// At least as much as [`Self::unreleased_bytes`], without a lock: for every record.
    pub(crate) const fn unreleased_bytes_at_most(&self) -> usize {
        self.requested_bytes.saturating_sub(self.released_bytes)
    }

    /// Brings [`Self::unreleased_bytes_at_most`] up to date.
    pub(crate) fn look(&mut self) {
        self.released_bytes = self.shared.lock().released_bytes;
    }

    pub(crate) fn is_flushed(&self, number: u64) -> bool {
        self.shared.lock().flushed_through >= Some(number)
    }

    /// The flusher's progress so far.
    pub(crate) fn flushed(&self) -> Flushed {
        let progress = self.shared.lock();
        Flushed {
            through: progress.flushed_through,
            unreleased_bytes: self.requested_bytes.saturating_sub(progress.released_bytes),
        }
    }

    /// Waits until the flusher reports anything, unless `ready` holds by then.
    ///
    /// # Errors
    /// That of a failed flush: there is nothing to wait for then.
    pub(crate) fn wait_until(&self, mut ready: impl FnMut(Flushed) -> bool) -> Result<()> {
        let mut progress = self.shared.lock();
        loop {
            if progress.failure.is_some() {
                drop(progress);
                return Err(self.failure_or(""));
            }
            let flushed = Flushed {
                through: progress.flushed_through,
                unreleased_bytes: self.requested_bytes.saturating_sub(progress.released_bytes),
            };
            if ready(flushed) {
                return Ok(());
            }
            progress = self
                .shared
                .changed
                .wait(progress)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The flusher's progress at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flushed {
    pub(crate) through: Option<u64>,
    pub(crate) unreleased_bytes: usize,
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.shared.note(|progress| progress.stopped = true);
        self.jobs = None;
        // Ends with a disconnect, never with a message: the thread only drops its sender.
        self.ended.recv().unwrap_or_default();
    }
}

/// Gives a generation's memory back, and says so.
fn free(shared: &Shared, generation: Arc<Generation>) {
    let bytes = generation.bytes();
    drop(generation);
    shared.note(|progress| progress.released_bytes += bytes);
}
