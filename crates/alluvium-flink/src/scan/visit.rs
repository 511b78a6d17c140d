//! Who is handed the rows of a scan.

use std::ops::ControlFlow;

use super::report::Problem;
use super::row::{Place, Row};
use super::state::State;
use crate::error::{Error, Result};
use crate::metadata::Operator;

/// Takes the rows of a scan, one after the other. A closure that takes rows is one.
pub trait Visit {
    /// The chosen states of one handle, before its rows. States of a handle without rows are told as well.
    ///
    /// # Errors
    /// Any error ends the scan, which returns it.
    fn states(&mut self, _operator: &Operator, _subtask: u32, _states: &[State]) -> Result<()> {
        Ok(())
    }

    /// A row, and whether the scan goes on.
    ///
    /// # Errors
    /// Any error ends the scan, which returns it.
    fn row(&mut self, place: &Place<'_>, row: &Row) -> Result<ControlFlow<()>>;

    /// Called now and then where no row is handed out for long: among rows of other keys than the one that is looked for, and
    /// among files that are checked.
    ///
    /// # Errors
    /// Any error ends the scan, which returns it. Its kind is to be `Cancelled`: others are taken for damage.
    fn look(&mut self) -> Result<()> {
        Ok(())
    }

    /// Something could not be read; the scan goes on behind it. The same is in the [`Report`](super::Report).
    fn problem(&mut self, _problem: &Problem) {}
}

impl<F> Visit for F
where
    F: FnMut(&Place<'_>, &Row) -> Result<ControlFlow<()>>,
{
    fn row(&mut self, place: &Place<'_>, row: &Row) -> Result<ControlFlow<()>> {
        self(place, row)
    }
}

/// Why reading does not go on.
#[derive(Debug)]
pub(super) enum Halt {
    /// What is read is damaged or not known; something else can be.
    Damage(Error),
    /// The visitor wants no more.
    Asked,
    /// The visitor failed.
    Failed(Error),
}

pub(super) type Step<T> = Result<T, Halt>;

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Damage(error)
    }
}
