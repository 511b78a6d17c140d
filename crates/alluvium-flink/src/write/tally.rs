//! How much was written of each state, and the looks whether the work is to stop.

use alluvium::storage::{Cancel, Watch};

use super::states::States;
use crate::error::Result;
use crate::metadata::Version;

/// Rows after which it is looked whether the work is to stop: less than a millisecond's.
const ROWS_BETWEEN_LOOKS: u64 = 1024;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rewritten {
    /// The states, in the order of the operators.
    pub states: Vec<RewrittenState>,
    /// Bytes of all files, the metadata included.
    pub bytes: u64,
    /// The version of the metadata.
    pub version: Version,
    /// How many operators there are.
    pub operators: usize,
}

/// What became of one state.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RewrittenState {
    /// What the operator was called: uid, name or id.
    pub operator: String,
    /// What the state was called.
    pub state: String,
    /// What it is called now.
    pub name: String,
    /// Rows that were written: values, whole lists, entries of maps, timers.
    pub rows: u64,
    /// Bytes of their keys and values.
    pub bytes: u64,
    /// Rows that were left out because of their keys.
    pub left_out: u64,
}

/// Counts the rows of all operators, one operator after the other.
pub(super) struct Tally<'w> {
    watch: &'w dyn Watch,
    states: Vec<RewrittenState>,
    /// The first state of the operator that is being written.
    first: usize,
    rows: u64,
}

impl<'w> Tally<'w> {
    pub(super) const fn new(watch: &'w dyn Watch) -> Self {
        Self {
            watch,
            states: Vec::new(),
            first: 0,
            rows: 0,
        }
    }

    /// The states of the next operator, by whose numbers rows are counted from now on.
    pub(super) fn begin(&mut self, operator: &str, states: &States) {
        self.first = self.states.len();
        for (before, state) in states.before.iter().zip(&states.meta.states) {
            self.states.push(RewrittenState {
                operator: operator.to_owned(),
                state: before.clone(),
                name: state.name.clone(),
                rows: 0,
                bytes: 0,
                left_out: 0,
            });
        }
    }

    /// A row with so many bytes of its key and value.
    ///
    /// # Errors
    /// `Cancelled` when the work is to stop.
    pub(super) fn row(&mut self, state: u16, bytes: usize) -> Result<()> {
        if let Some(count) = self.states.get_mut(self.first + usize::from(state)) {
            count.rows += 1;
        }
        self.more(state, bytes);
        self.look()
    }

    /// So many more bytes of a row's value.
    pub(super) fn more(&mut self, state: u16, bytes: usize) {
        let bytes = bytes as u64;
        if let Some(count) = self.states.get_mut(self.first + usize::from(state)) {
            count.bytes += bytes;
        }
        self.watch.moved(bytes);
    }

    /// A row that is left out.
    ///
    /// # Errors
    /// As [`Self::row`].
    pub(super) fn left_out(&mut self, state: u16, bytes: usize) -> Result<()> {
        if let Some(count) = self.states.get_mut(self.first + usize::from(state)) {
            count.left_out += 1;
        }
        self.watch.moved(bytes as u64);
        self.look()
    }

    /// Looks now and then whether the work is to stop.
    ///
    /// # Errors
    /// As [`Self::row`].
    pub(super) fn look(&mut self) -> Result<()> {
        self.rows += 1;
        if self.rows.is_multiple_of(ROWS_BETWEEN_LOOKS) {
            self.watch.cancel().check("write the savepoint")?;
        }
        Ok(())
    }

    pub(super) fn watch(&self) -> &'w dyn Watch {
        self.watch
    }

    pub(super) fn cancel(&self) -> &'w Cancel {
        self.watch.cancel()
    }

    pub(super) fn states(self) -> Vec<RewrittenState> {
        self.states
    }
}
