//! What a run says while it goes on, on stderr: its plan, a bar on a terminal, failures.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::plan::{self, Measurement, Size};
use crate::results::Section;

/// A bar where stderr is a terminal, lines elsewhere.
#[derive(Debug)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(super) fn new(size: Size, plan: &[Measurement]) -> Self {
        let style =
            ProgressStyle::with_template("{bar:30} {pos}/{len}, {elapsed} of {prefix}: {msg}");
        let about = minutes(plan::seconds(plan));
        let bar = std::io::stderr().is_terminal().then(|| {
            let length = u64::try_from(plan.len()).ok();
            let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
            // A template that does not parse costs the looks of the bar, not the run.
            let bar = style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style));
            bar.with_prefix(format!("about {about}"))
        });
        let progress = Self { bar };
        progress.say(&format!(
            "{}: {} measurements, about {about}",
            size.name(),
            plan.len()
        ));
        progress
    }

    /// A line of its own.
    pub(super) fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => eprintln!("{line}"),
        }
    }

    pub(super) fn begin(&self, measurement: &Measurement) {
        match &self.bar {
            Some(bar) => bar.set_message(measurement.name()),
            None => eprintln!(
                "{} (about {:.0} s)",
                measurement.name(),
                measurement.seconds
            ),
        }
    }

    pub(super) fn end(&self, measurement: &Measurement, error: Option<&str>) {
        if let Some(error) = error {
            self.say(&format!("FAILED {}: {error}", measurement.name()));
        }
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    /// Says again which measurements failed; whether any did.
    pub(super) fn failures(&self, section: &Section) -> bool {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let failed = section.ended.iter().filter(|ended| ended.error.is_some());
        let names: Vec<_> = failed.map(|ended| ended.measurement.as_str()).collect();
        if !names.is_empty() {
            eprintln!(
                "{} of {} measurements failed:",
                names.len(),
                section.ended.len()
            );
        }
        for name in &names {
            eprintln!("  {name}");
        }
        !names.is_empty()
    }
}

/// The plan, with the time of each measurement.
pub(super) fn print(plan: &[Measurement]) {
    for measurement in plan {
        println!("{:6.1} s  {}", measurement.seconds, measurement.name());
    }
    println!(
        "{} measurements, about {}",
        plan.len(),
        minutes(plan::seconds(plan))
    );
}

fn minutes(seconds: f64) -> String {
    format!(
        "{:.0} min {:02.0} s",
        (seconds / 60.0).floor(),
        seconds % 60.0
    )
}
