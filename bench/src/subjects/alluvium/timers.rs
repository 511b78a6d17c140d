//! Event-time timers.

use std::path::Path;

use alluvium::{Backend, EventTimers};
use anyhow::Result;

use crate::subjects::Timers;

const STATE: EventTimers = EventTimers::new("timers");

#[derive(Debug)]
pub(crate) struct EventTimes {
    backend: Backend<u64>,
    state: alluvium::state::Timers,
}

impl EventTimes {
    pub(crate) fn open(directory: &Path, budget_bytes: usize) -> Result<Self> {
        let mut backend = super::backend(directory, budget_bytes)?;
        let state = backend.register(STATE)?;
        Ok(Self { backend, state })
    }
}

impl Timers for EventTimes {
    fn add(&mut self, key: u64, time: u64) -> Result<()> {
        let mut key = self.backend.key(&key)?;
        Ok(key.timers(self.state).register(time.cast_signed())?)
    }

    fn poll(&mut self) -> Result<Option<(u64, u64)>> {
        let timer = self.backend.due(self.state, i64::MAX)?;
        Ok(timer.map(|timer| (timer.time.cast_unsigned(), timer.key)))
    }
}
