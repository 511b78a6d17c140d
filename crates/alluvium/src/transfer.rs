//! Moving files: several at once, each tried again where that helps, with progress.
//!
//! [`run_all`] runs blocking tasks on a bounded number of threads, the calling one included. `object` moves one object,
//! `retry` says when to try again, `progress` sums up what moved.
//!
//! Invariant: when [`run_all`] returns, no task is running. The first error stops the rest from starting
//! and is the one that is returned.

use std::collections::VecDeque;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};

use crate::environment::Spawn;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::Cancel;

pub(crate) mod object;
pub(crate) mod progress;
pub(crate) mod retry;

pub use progress::{Progress, TransferProgress};

pub(crate) type Task<T> = Box<dyn FnOnce(&Cancel) -> Result<T> + Send>;

/// Runs all tasks on up to `threads` threads and returns their results in order.
pub(crate) fn run_all<T: Send + 'static>(
    spawn: &dyn Spawn,
    threads: usize,
    tasks: Vec<Task<T>>,
    cancel: &Cancel,
) -> Result<Vec<T>> {
    let count = tasks.len();
    let queue = Arc::new(Mutex::new(
        tasks.into_iter().enumerate().collect::<VecDeque<_>>(),
    ));
    let stop = cancel.child();
    let (results, finished) = channel();
    let work = || {
        let (queue, stop, results) = (Arc::clone(&queue), stop.clone(), results.clone());
        move || {
            loop {
                let next = queue
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .pop_front();
                let Some((index, task)) = next else { return };
                let result = stop.check("a transfer").and_then(|()| task(&stop));
                if result.is_err() {
                    stop.cancel();
                }
                // The receiver outlives every sender.
                if results.send((index, result)).is_err() {
                    return;
                }
            }
        }
    };
    for _ in 1..threads.min(count) {
        // Fewer threads are slower, not wrong.
        if let Err(error) = spawn.spawn("alluvium-transfer", Box::new(work())) {
            tracing::warn!(?error, "a transfer goes on with fewer threads");
        }
    }
    work()();
    drop(results);

    let mut done: Vec<Option<T>> = (0..count).map(|_| None).collect();
    let mut failure: Option<Error> = None;
    for (index, result) in finished {
        match result {
            Ok(value) => {
                if let Some(slot) = done.get_mut(index) {
                    *slot = Some(value);
                }
            }
            // Tasks that were told to stop say so; the reason is another task's error.
            Err(error) => {
                let told = |error: &Error| error.kind() == ErrorKind::Cancelled;
                if failure.as_ref().is_none_or(told) {
                    failure = Some(error);
                }
            }
        }
    }
    match failure {
        Some(error) => Err(error),
        // A task without a result panicked on its thread. Leaving it out would lose its file unseen.
        None => done.into_iter().collect::<Option<_>>().ok_or_else(|| {
            Error::new(
                ErrorKind::Unavailable,
                "a transfer thread panicked: see its message",
            )
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;
    use crate::environment::SystemThreads;

    fn task<T: Send + 'static>(run: impl FnOnce() -> Result<T> + Send + 'static) -> Task<T> {
        Box::new(move |_| run())
    }

    #[test]
    fn results_come_in_the_order_of_the_tasks_on_any_number_of_threads() {
        for threads in [1, 3, 50] {
            let tasks = (0..20).map(|n| task(move || Ok(n))).collect();

            let results = run_all(&SystemThreads, threads, tasks, &Cancel::new()).unwrap();

            assert_eq!(results, (0..20).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_error_that_stopped_the_others_is_the_one_reported() {
        let mut tasks: Vec<Task<()>> = (0..10).map(|_| task(|| Ok(()))).collect();
        tasks.insert(0, task(|| Err(Error::corrupt("the reason"))));

        let error = run_all(&SystemThreads, 2, tasks, &Cancel::new()).unwrap_err();

        assert_eq!(error.to_string(), "the reason");
    }

    #[test]
    fn a_task_that_panics_on_another_thread_is_an_error_and_not_one_result_less() {
        let here = std::thread::current().id();
        // Both tasks wait for each other, so each thread has one.
        let both = Arc::new(Barrier::new(2));
        let tasks = (0..2).map(|_| {
            let both = Arc::clone(&both);
            task(move || {
                both.wait();
                assert_eq!(std::thread::current().id(), here, "panics as planned");
                Ok(())
            })
        });
        let tasks = tasks.collect();

        let result = run_all(&SystemThreads, 2, tasks, &Cancel::new());

        assert_eq!(result.unwrap_err().kind(), ErrorKind::Unavailable);
    }

    #[test]
    fn a_cancelled_run_starts_nothing() {
        let cancel = Cancel::new();
        cancel.cancel();

        let error = run_all(&SystemThreads, 2, vec![task(|| Ok(()))], &cancel).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Cancelled);
    }
}
