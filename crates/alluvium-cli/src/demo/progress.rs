//! How far the demo is: a bar on a terminal, a line now and then elsewhere. Always on stderr.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use alluvium::environment::Clock;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output;
use crate::units;

/// Time between two lines where there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(5);

/// Shows progress over all rows of the input.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    rows: u64,
    clock: Arc<dyn Clock>,
    next_line: Duration,
}

impl Progress {
    /// A display of progress through `rows` rows.
    pub(crate) fn new(rows: u64, clock: Arc<dyn Clock>) -> Self {
        let style = ProgressStyle::with_template(
            "{msg:28} {bar:30} {percent:>3}% {human_pos}/{human_len} rows",
        );
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(rows), ProgressDrawTarget::stderr());
            // A template that does not parse costs the looks of the bar, not the demo.
            style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
        });
        let next_line = clock.monotonic() + BETWEEN_LINES;
        Self {
            bar,
            rows,
            clock,
            next_line,
        }
    }

    /// Says what is being done from now on.
    pub(crate) fn phase(&self, what: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(what.to_owned()),
            None => output::note(what),
        }
    }

    /// Says something that stays on the screen.
    pub(crate) fn note(&self, what: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::note(what)),
            None => output::note(what),
        }
    }

    /// Rows read so far.
    pub(crate) fn rows(&mut self, rows: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(rows);
        } else if self.clock.monotonic() >= self.next_line {
            self.next_line = self.clock.monotonic() + BETWEEN_LINES;
            output::note(&format!(
                "{} of {} rows",
                units::count(rows),
                units::count(self.rows)
            ));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
