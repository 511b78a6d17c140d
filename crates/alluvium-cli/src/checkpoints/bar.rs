//! How far a copy is: a bar on a terminal, nothing elsewhere. Always on stderr.

use std::fmt;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use alluvium::Progress;
use alluvium::environment::Clock;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::units;

/// Shows files, bytes and bytes a second.
pub(super) struct Bar {
    bar: Option<ProgressBar>,
    clock: Arc<dyn Clock>,
    began: Duration,
    bytes: AtomicU64,
}

impl Bar {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let style = ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} files, {msg}");
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            // A template that does not parse costs the looks of the bar, not the copy.
            style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
        });
        Self {
            bar,
            began: clock.monotonic(),
            clock,
            bytes: AtomicU64::new(0),
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Bar {
    fn file_done(&self, done: usize, of: usize, bytes: u64) {
        let bytes = bytes + self.bytes.fetch_add(bytes, Ordering::AcqRel);
        let Some(bar) = &self.bar else { return };
        let took = self.clock.monotonic() - self.began;
        bar.set_length(of as u64);
        bar.set_position(done as u64);
        bar.set_message(format!(
            "{}, {}/s",
            units::bytes(bytes),
            units::bytes(units::a_second(bytes, took))
        ));
    }
}

impl fmt::Debug for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bar").finish_non_exhaustive()
    }
}
