//! A run that may not delete: what [`Store::load`](super::Store::load) takes.

use super::{Change, SortedRun};
use crate::error::{Error, Result};

/// Passes a run on up to its first deletion.
pub(super) struct Puts<'a>(&'a mut dyn SortedRun);

impl<'a> Puts<'a> {
    pub(super) fn new(run: &'a mut dyn SortedRun) -> Self {
        Self(run)
    }
}

impl SortedRun for Puts<'_> {
    fn next(&mut self) -> Result<Option<(&[u8], Change<'_>)>> {
        match self.0.next()? {
            Some((row, Change::Delete)) => Err(Error::invalid(format!(
                "row {row:02x?} is deleted in a run to load: there is nothing to delete"
            ))),
            next => Ok(next),
        }
    }
}
