//! Differences on their way to whoever asked: entries line by line or up to a limit, then a document or tables.
//!
//! Invariant: memory holds as many entries as the limit says, whatever differs. The exit code tells whether anything does, also if
//! whoever read the lines has closed the pipe.

use std::fmt;

use anyhow::Result;
use serde::Serialize;

use super::{Counts, Declared};
use crate::args::DiffFormat;
use crate::exit::Exit;
use crate::output;

/// What is told of a state.
pub(crate) trait State: Serialize + Sized {
    /// As it is called in sentences.
    fn name(&self) -> String;
    fn declared(&self) -> &Declared;
    fn counts(&self) -> &Counts;
    fn table(states: &[Self]) -> String;
}

/// What is told of an entry that differs.
pub(crate) trait Entry: Serialize + Sized {
    fn table(entries: &[Self]) -> String;
}

/// The answer: two sides, how their states differ, and the entries if they were asked for.
#[derive(Debug, Serialize)]
pub(crate) struct Differences<A, S, D> {
    a: A,
    b: A,
    equal: bool,
    states: Vec<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<Vec<D>>,
    /// Whether there were more entries than the limit.
    more: bool,
}

impl<A: fmt::Display + Serialize, S: State, D: Entry> Differences<A, S, D> {
    /// Of what was compared; `entries` is none where they were not asked for.
    pub(crate) fn new([a, b]: [A; 2], states: Vec<S>, entries: Option<Telling<D>>) -> Self {
        let differs = |state: &S| state.counts().differ() || state.declared().differ();
        Self {
            a,
            b,
            equal: !states.iter().any(differs),
            states,
            more: entries.as_ref().is_some_and(|entries| entries.more),
            entries: entries.map(|entries| entries.kept),
        }
    }

    /// Prints them, and says how the command ends.
    ///
    /// # Errors
    /// When stdout cannot be written to.
    pub(crate) fn print(&self, format: DiffFormat) -> Result<Exit> {
        match format {
            DiffFormat::Json => output::json(self)?,
            DiffFormat::Table => output::text(&self.told())?,
            // The lines were the answer.
            DiffFormat::Jsonl => {}
        }
        if self.more {
            output::note(
                "there are more entries: raise --limit to see them, or use --output jsonl",
            );
        }
        Ok(if self.equal {
            Exit::Done
        } else {
            Exit::Problem
        })
    }

    fn told(&self) -> String {
        let mut told = vec![format!("A: {}", self.a), format!("B: {}", self.b)];
        let lines = |state: &S| state.declared().lines(&state.name());
        told.extend(self.states.iter().flat_map(lines));
        told.push(S::table(&self.states));
        told.extend(self.entries.as_deref().map(D::table));
        told.push(if self.equal { "equal" } else { "different" }.to_owned());
        told.join("\n")
    }
}

/// Takes the entries that differ as they are met: prints each on a line, or keeps them up to the limit.
#[derive(Debug)]
pub(crate) struct Telling<D> {
    format: DiffFormat,
    limit: u64,
    kept: Vec<D>,
    more: bool,
}

impl<D: Serialize> Telling<D> {
    pub(crate) const fn new(format: DiffFormat, limit: u64) -> Self {
        Self {
            format,
            limit,
            kept: Vec::new(),
            more: false,
        }
    }

    /// Takes an entry.
    ///
    /// # Errors
    /// [`ReadEnough`]; and when stdout cannot be written to.
    pub(crate) fn take(&mut self, difference: D) -> Result<()> {
        if self.format == DiffFormat::Jsonl {
            if output::one_of_many(&serde_json::to_string(&difference)?)? {
                return Ok(());
            }
            return Err(ReadEnough.into());
        }
        if (self.kept.len() as u64) < self.limit {
            self.kept.push(difference);
        } else {
            self.more = true;
        }
        Ok(())
    }
}

/// Whoever read the lines has closed the pipe.
#[derive(Debug)]
pub(crate) struct ReadEnough;

impl ReadEnough {
    /// What a comparison led to; none if this ended it. What was told until then differs.
    ///
    /// # Errors
    /// Those of the comparison.
    pub(crate) fn or<T>(compared: Result<T>) -> Result<Option<T>> {
        match compared {
            Err(error) if error.is::<Self>() => Ok(None),
            compared => compared.map(Some),
        }
    }
}

impl fmt::Display for ReadEnough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the pipe was closed")
    }
}

impl std::error::Error for ReadEnough {}
