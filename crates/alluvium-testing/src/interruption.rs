//! Restores that are interrupted, by their owner or by `kill -9`, at any moment: nothing of them is left, storage is as it
//! was, and the same restore can be made again.
//!
//! A whole job that is killed at any moment, again and again, goes on from what it had committed.
//!
//! What happens is watched: every operation on storage and every file that arrives is an *event*, between which a restore can
//! be stopped. [`cancelled`] stops it at each of them in turn. [`killed`] lets a child process restore, waits for an event and
//! kills it at some instant after, and [`killed_at_work`] does that to a job; what the child runs is [`child`], in a test of its own that does nothing otherwise.

#![expect(
    clippy::missing_panics_doc,
    clippy::expect_used,
    reason = "a check panics where an interruption does harm"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use alluvium::storage::Cancel;
use alluvium::store::StoreFactory;
use alluvium::{ErrorKind, Result};

use crate::directory;
use job::Job;
use state::Contents;

mod job;
mod process;
mod state;
mod watched;

pub use process::{child, killed, killed_at_work};

/// How a restore is made.
#[derive(Debug, Clone, Copy)]
struct Shape {
    /// Subtasks that the snapshots are of.
    from: u32,
    /// Subtasks that are restored.
    to: u32,
    /// From local copies, as far as there are any.
    local: bool,
    /// From a savepoint instead of a checkpoint.
    savepoint: bool,
}

/// Reopening, scaling out and in, ranges that straddle; with and without local copies; rows.
const SHAPES: [Shape; 8] = [
    shape(1, 1, false, false),
    shape(1, 1, true, false),
    shape(1, 2, false, false),
    shape(2, 1, true, false),
    shape(2, 3, false, false),
    shape(3, 2, true, false),
    shape(3, 2, false, false),
    shape(2, 1, false, true),
];

const fn shape(from: u32, to: u32, local: bool, savepoint: bool) -> Shape {
    Shape {
        from,
        to,
        local,
        savepoint,
    }
}

/// Cancels restores of all shapes at each of their events.
pub fn cancelled(factory: &dyn Fn() -> Arc<dyn StoreFactory>) {
    for shape in SHAPES {
        let directory = directory::temporary().expect("a directory");
        let job = Job::prepare(directory.path(), factory(), shape).expect("a checkpoint");
        let expected = job.expected();
        let before = job.storage_files();
        let mut cancelled = 0;
        loop {
            let at = cancelled;
            let restored = restore_until(&job, shape, at);
            assert_eq!(job.storage_files(), before, "{shape:?} at event {at}");
            assert_eq!(
                job.left(),
                [""; 0],
                "left behind by {shape:?} at event {at}"
            );
            match restored {
                Ok(contents) => {
                    assert_eq!(contents, expected, "{shape:?}");
                    break;
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Cancelled, "{shape:?}: {error:?}");
                    cancelled += 1;
                }
            }
        }
        assert!(cancelled > 2, "{shape:?} was cancelled {cancelled} times");
    }
}

/// Restores, and cancels at event `at`.
fn restore_until(job: &Job, shape: Shape, at: u64) -> Result<Contents> {
    let cancel = Cancel::new();
    let (flag, events) = (cancel.clone(), AtomicU64::new(0));
    let event: watched::Event = Arc::new(move |_| {
        if events.fetch_add(1, Ordering::AcqRel) == at {
            flag.cancel();
        }
    });
    job.restore(shape, &event, &cancel)
}

/// Where a job that was prepared at `directory` keeps its parts.
fn storage_directory(directory: &Path) -> std::path::PathBuf {
    directory.join("storage")
}
