//! How far a savepoint that is written is: a bar on a terminal, nothing elsewhere; and Ctrl-C.

use alluvium::storage::{Cancel, Watch};
use alluvium_flink::Snapshot;
use alluvium_flink::snapshot::Sizes;
use indicatif::ProgressBar;

use crate::progress;
use crate::units;

/// Shows how many bytes were read.
pub(super) struct Moving {
    cancel: Cancel,
    bar: Option<ProgressBar>,
}

impl Moving {
    /// Shows bytes of a snapshot's rows. They are more than the files have if these are compressed.
    pub(super) fn of_rows(cancel: Cancel, snapshot: &Snapshot) -> Self {
        let bar = progress::bar("{spinner} {bytes} of rows, {bytes_per_sec}, from {msg} of files");
        if let Some(bar) = &bar {
            let stored = Sizes::of_operators(snapshot.operators()).total_bytes();
            bar.set_message(units::bytes(stored));
        }
        Self { cancel, bar }
    }

    /// Shows bytes of whatever is read: files, and rows in them.
    pub(super) fn of_all(cancel: Cancel) -> Self {
        let bar = progress::bar("{spinner} {bytes} read, {bytes_per_sec}");
        Self { cancel, bar }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Watch for Moving {
    fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    fn moved(&self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(bytes);
        }
    }
}
