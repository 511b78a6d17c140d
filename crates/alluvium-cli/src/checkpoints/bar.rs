//! How far a copy is: a bar on a terminal, nothing elsewhere. Always on stderr.

use alluvium::{Progress, TransferProgress};
use indicatif::ProgressBar;

use crate::progress;
use crate::units;

/// Shows files, bytes and bytes a second.
#[derive(Debug)]
pub(crate) struct Bar {
    bar: Option<ProgressBar>,
}

impl Bar {
    pub(crate) fn new() -> Self {
        let bar = progress::bar("{bar:30} {percent:>3}% {msg}");
        Self { bar }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Bar {
    fn moved(&self, progress: &TransferProgress) {
        let Some(bar) = &self.bar else { return };
        bar.set_length(progress.bytes);
        bar.set_position(progress.bytes_done);
        bar.set_message(format!(
            "{}/{} files, {} of {}, {}/s",
            progress.files_done,
            progress.files,
            units::bytes(progress.bytes_done),
            units::bytes(progress.bytes),
            units::bytes(progress.bytes_per_second())
        ));
    }
}
