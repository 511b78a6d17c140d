//! An ordered set of times and keys.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::subjects::Timers;

#[derive(Debug, Default)]
pub(crate) struct PlainTimers(BTreeSet<(u64, u64)>);

impl Timers for PlainTimers {
    fn add(&mut self, key: u64, time: u64) -> Result<()> {
        self.0.insert((time, key));
        Ok(())
    }

    fn poll(&mut self) -> Result<Option<(u64, u64)>> {
        Ok(self.0.pop_first())
    }
}
