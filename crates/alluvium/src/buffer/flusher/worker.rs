//! The flusher's thread: writes and pins, one job at a time, until a write fails or the backend is gone.
//!
//! Leaves to the task's end of the queue what is asked for, and in which order.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use super::{Job, PinReply, PinnedStore, Shared};
use crate::buffer::generation::Generation;
use crate::buffer::rows::FrozenRows;
use crate::buffer::run::GenerationRun;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::store::Store;

/// What the flusher's thread has.
pub(super) struct Worker {
    pub(super) store: Arc<dyn Store>,
    pub(super) shared: Arc<Shared>,
    pub(super) environment: Environment,
}

impl Worker {
    pub(super) fn run(&self, queue: &Receiver<Job>) {
        while let Ok(job) = queue.recv() {
            match job {
                Job::Flush(generation, singles) => self.flush(&generation, singles),
                Job::Pin {
                    directory,
                    requested,
                    reply,
                } => {
                    let pinned = self.guarded(|| self.pin(&directory, requested));
                    // A snapshot that nobody waits for any more was cancelled.
                    let _cancelled = reply.send(pinned).is_err();
                }
            }
        }
    }

    fn flush(&self, generation: &Generation, singles: FrozenRows) {
        let progress = self.shared.lock();
        if progress.failure.is_some() || progress.stopped {
            return;
        }
        drop(progress);
        let written = self.guarded(|| {
            if generation.is_dirty() || !singles.is_empty() {
                let mut run = GenerationRun::new(generation, &singles, &*self.store);
                return self.store.write(&mut run);
            }
            Ok(())
        });
        // Before anybody hears that it is flushed and drops the same blocks: whoever is last frees them.
        drop(singles);
        match written {
            Ok(()) => {
                self.shared
                    .note(|progress| progress.flushed_through = Some(generation.number));
            }
            Err(error) => {
                tracing::error!(?error, generation = generation.number, "flush failed");
                self.fail(&error);
            }
        }
    }

    fn fail(&self, error: &Error) {
        let failure = (error.kind(), format!("{error:?}"));
        self.shared
            .note(|progress| progress.failure = Some(failure));
    }

    /// Turns a panic of the store into a failure: a thread that is gone would be waited for for ever.
    fn guarded<T>(&self, act: impl FnOnce() -> Result<T>) -> Result<T> {
        // What the panic left half done is not looked at again: nothing is written or pinned after a failure.
        catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|_told_on_stderr| {
            let message = "the store panicked: see its message";
            let error = Error::new(ErrorKind::Unavailable, message);
            self.fail(&error);
            Err(error)
        })
    }

    fn pin(&self, directory: &Path, requested: Duration) -> PinReply {
        let progress = self.shared.lock();
        if let Some((kind, message)) = &progress.failure {
            return Err(Error::new(
                *kind,
                format!("an earlier flush failed: {message}"),
            ));
        }
        if progress.stopped {
            return Err(Error::cancelled(
                "the snapshot of a backend that was closed",
            ));
        }
        drop(progress);
        let pinned = self.store.pin(directory)?;
        Ok(PinnedStore {
            pinned: pinned.into(),
            flush: self.environment.clock.monotonic() - requested,
        })
    }
}
