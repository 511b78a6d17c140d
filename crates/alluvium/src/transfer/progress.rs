//! How far the transfers of one snapshot or restore have come, told while bytes move.
//!
//! Invariant: an owner is told one state at a time, in order; the last says that all files and bytes are done.
//! Does not draw anything: a rate is the bytes over the time that each state carries.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::environment::Clock;
use crate::storage::{Cancel, Watch};

/// Told how far the transfers of a snapshot, a savepoint or a restore have come.
///
/// Called from several threads, by one at a time: it must return soon and must not wait for the transfer.
pub trait Progress: Send + Sync {
    /// More bytes moved, or a file is done. Files that need not be moved, because a local copy is linked, count too.
    fn moved(&self, progress: &TransferProgress);
}

/// Tells nobody.
impl Progress for () {
    fn moved(&self, _progress: &TransferProgress) {}
}

/// How far the transfers of one snapshot or restore have come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferProgress {
    /// Files that are where they should be.
    pub files_done: usize,
    /// All files that are to be moved, as far as they are known.
    pub files: usize,
    /// Bytes moved. Less than before after a transfer was begun anew.
    pub bytes_done: u64,
    /// All bytes that are to be moved, as far as they are known.
    pub bytes: u64,
    /// Time since the first transfer began.
    pub elapsed: Duration,
}

impl TransferProgress {
    /// Bytes a second, on average since the first transfer began; 0 until the clock has moved.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use alluvium::TransferProgress;
    /// let mut progress = TransferProgress::default();
    /// assert_eq!(progress.bytes_per_second(), 0);
    /// progress.bytes_done = 3_000;
    /// progress.elapsed = Duration::from_millis(1_500);
    /// assert_eq!(progress.bytes_per_second(), 2_000);
    /// ```
    #[must_use]
    pub fn bytes_per_second(&self) -> u64 {
        let nanos = self.elapsed.as_nanos();
        let rate = (u128::from(self.bytes_done) * 1_000_000_000).checked_div(nanos);
        rate.map_or(0, |rate| u64::try_from(rate).unwrap_or(u64::MAX))
    }
}

/// The sum over all files of one snapshot or restore.
pub(crate) struct Tally {
    progress: Arc<dyn Progress>,
    clock: Arc<dyn Clock>,
    began: Duration,
    state: Mutex<TransferProgress>,
}

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tally")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Tally {
    pub(crate) fn new(progress: &Arc<dyn Progress>, clock: &Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            progress: Arc::clone(progress),
            clock: Arc::clone(clock),
            began: clock.monotonic(),
            state: Mutex::default(),
        })
    }

    /// One more file is to be moved. Call it for all files that are known before the first is moved.
    pub(crate) fn expect_file(&self, bytes: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.files += 1;
        state.bytes += bytes;
    }

    /// The watch over the transfer of one file that was expected.
    pub(crate) fn watch(self: &Arc<Self>, cancel: &Cancel) -> FileWatch {
        FileWatch {
            tally: Arc::clone(self),
            cancel: cancel.clone(),
            moved: AtomicU64::new(0),
        }
    }

    /// Told under the lock, so that what the owner is told comes in order.
    fn tell(&self, change: impl FnOnce(&mut TransferProgress)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        state.elapsed = self.clock.monotonic().saturating_sub(self.began);
        self.progress.moved(&state);
    }
}

/// One file's part of a tally.
#[derive(Debug)]
pub(crate) struct FileWatch {
    tally: Arc<Tally>,
    cancel: Cancel,
    moved: AtomicU64,
}

impl Watch for FileWatch {
    fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    fn moved(&self, bytes: u64) {
        self.moved.fetch_add(bytes, Ordering::AcqRel);
        self.tally.tell(|state| state.bytes_done += bytes);
    }
}

impl FileWatch {
    /// The file is begun anew: what was moved does not count.
    pub(crate) fn begin(&self) {
        let moved = self.moved.swap(0, Ordering::AcqRel);
        if moved > 0 {
            self.tally.tell(|state| state.bytes_done -= moved);
        }
    }

    /// The file is done, with `bytes` in all.
    pub(crate) fn done(self, bytes: u64) {
        let moved = self.moved.into_inner();
        self.tally.tell(|state| {
            state.bytes_done = state.bytes_done - moved + bytes;
            state.files_done += 1;
        });
    }
}
