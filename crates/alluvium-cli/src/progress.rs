//! How far a command is: a bar on a terminal, nothing elsewhere. Always on stderr.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on stderr if that is a terminal.
pub(crate) fn bar(template: &str) -> Option<ProgressBar> {
    let style = ProgressStyle::with_template(template);
    std::io::stderr().is_terminal().then(|| {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        // A template that does not parse costs the looks of the bar, not the command.
        style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
    })
}

/// Shows how many steps of how many are done.
#[derive(Debug)]
pub(crate) struct Steps {
    bar: Option<ProgressBar>,
}

impl Steps {
    /// So many steps, of what.
    pub(crate) fn new(steps: u64, what: &str) -> Self {
        let bar = bar(&format!("{{bar:30}} {{pos}}/{{len}} {what}, {{msg}}"));
        if let Some(bar) = &bar {
            bar.set_length(steps);
        }
        Self { bar }
    }

    /// One more step is done.
    pub(crate) fn done(&self, message: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(message.to_owned());
            bar.inc(1);
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
