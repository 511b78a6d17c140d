//! A list state of longs.

use std::path::Path;

use alluvium::state::List;
use alluvium::{Backend, ListState};
use anyhow::Result;

use crate::subjects::Lists;

const STATE: ListState<u64> = ListState::new("lists");

#[derive(Debug)]
pub(crate) struct LongLists {
    backend: Backend<u64>,
    state: List<u64>,
}

impl LongLists {
    pub(crate) fn open(directory: &Path, budget_bytes: usize) -> Result<Self> {
        let mut backend = super::backend(directory, budget_bytes)?;
        let state = backend.register(STATE)?;
        Ok(Self { backend, state })
    }
}

impl Lists for LongLists {
    fn add(&mut self, key: u64, element: u64) -> Result<()> {
        Ok(self.backend.key(&key)?.list(self.state).push(&element)?)
    }

    fn add_all(&mut self, key: u64, elements: &[u64]) -> Result<()> {
        Ok(self.backend.key(&key)?.list(self.state).extend(elements)?)
    }

    fn set(&mut self, key: u64, element: u64) -> Result<()> {
        Ok(self.backend.key(&key)?.list(self.state).set([element])?)
    }

    fn first(&mut self, key: u64) -> Result<Option<u64>> {
        Ok(self.read(key)?.first().copied())
    }

    fn sum(&mut self, key: u64) -> Result<u64> {
        let mut sum = 0_u64;
        let mut key = self.backend.key(&key)?;
        key.list(self.state)
            .for_each(|element| sum = sum.wrapping_add(element))?;
        Ok(sum)
    }

    fn read(&mut self, key: u64) -> Result<Vec<u64>> {
        Ok(self.backend.key(&key)?.list(self.state).get()?)
    }
}
