//! How one failure ends all workers of a process.
//!
//! Invariants: the first error is the one that is reported; once it is there, every worker wakes up, drops its
//! dataflow and ends, and blocking work on side threads is cancelled.
//!
//! Timely itself has no such thing: a worker that stops leaves its peers waiting for ever.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;

use alluvium::storage::Cancel;
use alluvium::{Error, Result};

/// The stop of one process. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop {
    shared: Arc<Shared>,
    cancel: Cancel,
}

#[derive(Debug, Default)]
struct Shared {
    stopped: AtomicBool,
    error: Mutex<Option<Error>>,
    workers: Mutex<Vec<Thread>>,
}

impl Stop {
    /// Has the calling thread woken up when the process stops.
    pub(crate) fn join(&self) {
        lock(&self.shared.workers).push(std::thread::current());
    }

    /// Stops all workers because of `error`, unless they were stopped before.
    pub(crate) fn fail(&self, error: Error) {
        lock(&self.shared.error).get_or_insert(error);
        self.shared.stopped.store(true, Ordering::Release);
        self.cancel.cancel();
        for worker in lock(&self.shared.workers).iter() {
            worker.unpark();
        }
    }

    /// The value, or `None` after stopping all workers because of the error.
    pub(crate) fn check<T>(&self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.fail(error)).ok()
    }

    /// Whether workers are to end.
    pub(crate) fn is_set(&self) -> bool {
        self.shared.stopped.load(Ordering::Acquire)
    }

    /// Cancelled when the workers are to end.
    pub(crate) const fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Why they are to end, once.
    pub(crate) fn take_error(&self) -> Option<Error> {
        lock(&self.shared.error).take()
    }
}

/// Both are whole whatever panicked: each change is a single call.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_is_the_one_that_is_reported() {
        let stop = Stop::default();
        assert!(!stop.is_set());

        stop.fail(Error::invalid("first"));
        stop.fail(Error::invalid("second"));

        assert!(stop.is_set() && stop.cancel().is_cancelled());
        assert_eq!(stop.take_error().unwrap().to_string(), "first");
    }
}
