//! The runtime below object storage: one per process, started with the first call.
//!
//! Callers are ordinary threads, or threads of another runtime: an answer is waited for on a
//! standard channel, which works on both. What was started runs to its end even if nobody waits any
//! more, so that a cancelled upload can still clean up after itself.
//! Starts its threads itself, not through `Environment`: a socket has no simulated time.

use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::error::{Error, ErrorKind, Result};
use crate::storage::Cancel;

/// Threads that drive sockets. Two, because they only move bytes between sockets and buffers:
/// reading, checking and writing files is done by the threads that call.
const SOCKET_THREADS: usize = 2;

/// Threads that make the file calls of directories. Eight, so that that many can wait for a disk to
/// flush at the same time; more only lengthen its queue.
const FILE_THREADS_MAX: usize = 8;

/// How long a waiting thread sleeps between two looks at a cancel flag.
const CANCEL_POLL: Duration = Duration::from_millis(50);

/// Starts `future`. It runs to its end unless [`Pending::abort`] is called.
///
/// # Errors
/// `Unavailable` when the system has no threads for the runtime.
pub(super) fn start<T, F>(future: F) -> Result<Pending<T>>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let (answered, answer) = sync_channel(1);
    let task = runtime()?.spawn(async move {
        // Nobody may be waiting any more: then the answer is not wanted.
        drop(answered.try_send(future.await));
    });
    Ok(Pending { answer, task })
}

/// Starts `future` and waits for its answer.
///
/// # Errors
/// As [`start`] and [`Pending::wait`].
pub(super) fn wait<T, F>(future: F) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    start(future)?.wait()
}

/// The answer of something that was started.
#[derive(Debug)]
pub(super) struct Pending<T> {
    answer: Receiver<T>,
    task: JoinHandle<()>,
}

impl<T> Pending<T> {
    /// Waits for the answer.
    ///
    /// # Errors
    /// `Unavailable` when what was started died without one.
    pub(super) fn wait(&self) -> Result<T> {
        self.answer.recv().map_err(died)
    }

    /// Waits for the answer at most for `patience`; `None` if it did not come by then.
    ///
    /// # Errors
    /// As [`Self::wait`].
    pub(super) fn wait_for(&self, patience: Duration) -> Result<Option<T>> {
        match self.answer.recv_timeout(patience) {
            Ok(answer) => Ok(Some(answer)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(gone @ RecvTimeoutError::Disconnected) => Err(died(gone)),
        }
    }

    /// Waits for the answer, or until somebody cancels; `None` then.
    ///
    /// # Errors
    /// As [`Self::wait`].
    pub(super) fn wait_unless(&self, cancel: &Cancel) -> Result<Option<T>> {
        while !cancel.is_cancelled() {
            if let Some(answer) = self.wait_for(CANCEL_POLL)? {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    /// Stops it where it is, if it has not ended.
    pub(super) fn abort(&self) {
        self.task.abort();
    }
}

fn died(gone: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "a storage call ended without an answer",
    )
    .with_source(gone)
}

fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(SOCKET_THREADS)
            .max_blocking_threads(FILE_THREADS_MAX)
            .thread_name("alluvium-storage")
            .enable_all()
            .build()
            .map_err(|error| error.to_string())
    });
    runtime.as_ref().map_err(|reason| {
        Error::new(
            ErrorKind::Unavailable,
            format!("start the threads of object storage: {reason}"),
        )
    })
}
