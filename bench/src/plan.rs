//! What a run measures: a list of processes, in order, as data.
//!
//! Nothing here starts anything. Subjects that are compared follow each other within one setting, so that what a machine does
//! meanwhile disturbs them alike. Times are estimates for two cores; they are printed, and bound how long a process may take.

pub(crate) mod access;
pub(crate) mod snapshots;
pub(crate) mod workload;

#[cfg(test)]
mod tests;

/// Whether Cobble is measured: it is not built unless it is asked for.
pub(crate) const COBBLE: bool = cfg!(feature = "cobble");

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Size {
    /// Every target, at the least size that means something: under 8 minutes.
    Quick,
    /// All subjects, all sizes.
    Full,
}

impl Size {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Full => "full",
        }
    }

    /// Measured rounds of a case, and the seconds of each.
    pub(crate) const fn rounds(self) -> (usize, f64) {
        match self {
            Self::Quick => (3, 0.3),
            Self::Full => (5, 0.8),
        }
    }
}

/// Whose program a measurement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// `alluvium-bench measure`.
    Bench,
    /// A main class of `bench/flink`.
    Flink(&'static str),
}

/// One process: some subjects under one setting.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measurement {
    pub(crate) suite: &'static str,
    pub(crate) program: Program,
    /// More than one where the program alternates them itself.
    pub(crate) subjects: Vec<String>,
    /// What is measured, for people.
    pub(crate) title: String,
    /// Arguments, without subjects and directory.
    pub(crate) arguments: Vec<String>,
    /// How long it takes, about.
    pub(crate) seconds: f64,
}

impl Measurement {
    /// What progress, failures and results call it.
    pub(crate) fn name(&self) -> String {
        format!("{} {}: {}", self.suite, self.title, self.subjects.join(","))
    }
}

/// All measurements of a run.
pub(crate) fn plan(size: Size) -> Vec<Measurement> {
    let mut plan = access::plan(size);
    plan.extend(workload::plan(size));
    plan.extend(snapshots::plan(size));
    plan
}

/// What is left of a plan when only some suites and subjects are wanted; empty lists want everything.
pub(crate) fn select(
    plan: Vec<Measurement>,
    suites: &[String],
    subjects: &[String],
) -> Vec<Measurement> {
    let wanted = |list: &[String], name: &str| list.is_empty() || list.iter().any(|n| n == name);
    plan.into_iter()
        .filter(|measurement| wanted(suites, measurement.suite))
        .filter_map(|mut measurement| {
            let before = measurement.subjects.len();
            measurement.subjects.retain(|name| wanted(subjects, name));
            let left = measurement.subjects.len();
            measurement.seconds *= left as f64 / before.max(1) as f64;
            (left > 0).then_some(measurement)
        })
        .collect()
}

/// Seconds of a whole plan.
pub(crate) fn seconds(plan: &[Measurement]) -> f64 {
    plan.iter().map(|measurement| measurement.seconds).sum()
}

/// `500k`, `2M`, `1,234` as settings have them.
pub(crate) fn short(rows: u64) -> String {
    match rows {
        0 => "0".to_owned(),
        _ if rows.is_multiple_of(1_000_000) => format!("{}M", rows / 1_000_000),
        _ if rows.is_multiple_of(1_000) => format!("{}k", rows / 1_000),
        _ => rows.to_string(),
    }
}

/// Arguments from words and numbers.
fn arguments(pairs: &[(&str, String)]) -> Vec<String> {
    let words = pairs.iter();
    words
        .flat_map(|(name, value)| [format!("--{name}"), value.clone()])
        .collect()
}
