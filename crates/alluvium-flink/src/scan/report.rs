//! What a scan met: how much of each state, and what was wrong.

use std::collections::BTreeMap;
use std::fmt;

use crate::error::Error;

/// Errors of one state of one subtask that are kept: the first ones tell what is wrong, and a file that is damaged
/// throughout has as many errors as rows.
const EXAMPLES_MAX: usize = 8;

/// Errors that are kept of all.
const PROBLEMS_MAX: usize = 1_000;

/// What a scan met.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// What was handed out of each state, by operator and state.
    pub counts: BTreeMap<(String, String), Count>,
    /// What was wrong; at most eight of one state of one subtask.
    pub problems: Vec<Problem>,
    /// How much more was wrong than is in [`Self::problems`].
    pub more_problems: u64,
    examples: BTreeMap<(String, u32, Option<String>), usize>,
}

/// How much there is of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Count {
    /// Rows: elements and entries each count.
    pub rows: u64,
    /// Bytes of keys and values as they are stored, decompressed.
    pub bytes: u64,
}

/// Something that could not be read, or is not as it should be.
#[derive(Debug)]
#[non_exhaustive]
pub struct Problem {
    /// The operator's label.
    pub operator: String,
    /// The subtask that stored it.
    pub subtask: u32,
    /// The state, if it is about one.
    pub state: Option<String>,
    /// The key group, if it is about one.
    pub key_group: Option<u16>,
    /// What is wrong, with the file and the byte as far as they are known.
    pub error: Error,
}

impl Report {
    /// Rows of all states.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.counts.values().map(|count| count.rows).sum()
    }

    /// Whether nothing was wrong.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.problems.is_empty() && self.more_problems == 0
    }

    /// Adds what another report has of other things.
    pub(crate) fn append(&mut self, other: Self) {
        for (about, count) in other.counts {
            let total = self.counts.entry(about).or_default();
            total.rows += count.rows;
            total.bytes += count.bytes;
        }
        for problem in other.problems {
            self.add(problem);
        }
        self.more_problems += other.more_problems;
    }

    /// Keeps a problem, or counts it; returns the kept one.
    pub(crate) fn add(&mut self, problem: Problem) -> Option<&Problem> {
        let about = (
            problem.operator.clone(),
            problem.subtask,
            problem.state.clone(),
        );
        let examples = self.examples.entry(about).or_default();
        if *examples == EXAMPLES_MAX || self.problems.len() == PROBLEMS_MAX {
            self.more_problems += 1;
            return None;
        }
        *examples += 1;
        self.problems.push(problem);
        self.problems.last()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "operator {}, subtask {}", self.operator, self.subtask)?;
        if let Some(state) = &self.state {
            write!(f, ", state {state}")?;
        }
        if let Some(group) = self.key_group {
            write!(f, ", key group {group}")?;
        }
        write!(f, ": {}", self.error)?;
        let mut cause = std::error::Error::source(&self.error);
        while let Some(source) = cause {
            write!(f, ": {source}")?;
            cause = source.source();
        }
        Ok(())
    }
}
