//! Value states: longs, and byte strings.

use std::path::Path;

use alluvium::codec::Bytes;
use alluvium::state::Value;
use alluvium::{Backend, ValueState};
use anyhow::Result;

use crate::data;
use crate::subjects::{Values, copied};

const LONGS: ValueState<u64> = ValueState::new("longs");
const BYTES: ValueState<Vec<u8>> = ValueState::new("bytes");

/// A value state of longs.
#[derive(Debug)]
pub(crate) struct Longs {
    backend: Backend<u64>,
    state: Value<u64>,
}

impl Longs {
    pub(crate) fn open(directory: &Path, budget_bytes: usize) -> Result<Self> {
        let mut backend = super::backend(directory, budget_bytes)?;
        let state = backend.register(LONGS)?;
        Ok(Self { backend, state })
    }
}

impl Values for Longs {
    fn get(&mut self, key: u64) -> Result<Option<u64>> {
        Ok(self.backend.key(&key)?.value(self.state).get()?)
    }

    fn read(&mut self, key: u64, out: &mut Vec<u8>) -> Result<bool> {
        let value = self.get(key)?.map(u64::to_le_bytes);
        Ok(copied(value.as_ref().map(<[u8; 8]>::as_slice), out))
    }

    fn set(&mut self, key: u64, value: &[u8]) -> Result<()> {
        let value = data::first_word(value);
        Ok(self.backend.key(&key)?.value(self.state).set(&value)?)
    }

    fn add_one(&mut self, key: u64) -> Result<()> {
        let mut key = self.backend.key(&key)?;
        key.value(self.state)
            .update(|value: Option<u64>| value.unwrap_or(0).wrapping_add(1))?;
        Ok(())
    }
}

/// A value state of byte strings.
#[derive(Debug)]
pub(crate) struct ByteStrings {
    backend: Backend<u64>,
    state: Value<Vec<u8>, (), Bytes>,
    /// What is being set: the interface takes a vector.
    value: Vec<u8>,
}

impl ByteStrings {
    pub(crate) fn open(directory: &Path, budget_bytes: usize) -> Result<Self> {
        Self::new(super::backend(directory, budget_bytes)?)
    }

    pub(crate) fn new(mut backend: Backend<u64>) -> Result<Self> {
        let state = backend.register(BYTES.codec::<Bytes>())?;
        Ok(Self {
            backend,
            state,
            value: Vec::new(),
        })
    }

    /// For snapshots.
    pub(crate) const fn backend(&mut self) -> &mut Backend<u64> {
        &mut self.backend
    }

    /// Visits all keys.
    pub(crate) fn for_each(&mut self, mut visit: impl FnMut(u64)) -> Result<()> {
        let visited = self.backend.entries(self.state, |key, (), _| {
            visit(key);
            Ok(())
        });
        Ok(visited?)
    }
}

impl Values for ByteStrings {
    fn get(&mut self, key: u64) -> Result<Option<u64>> {
        let value = self.backend.key(&key)?.value(self.state).get()?;
        Ok(value.map(|value| data::first_word(&value)))
    }

    fn read(&mut self, key: u64, out: &mut Vec<u8>) -> Result<bool> {
        let value = self.backend.key(&key)?.value(self.state).get()?;
        Ok(copied(value.as_deref(), out))
    }

    fn set(&mut self, key: u64, value: &[u8]) -> Result<()> {
        self.value.clear();
        self.value.extend_from_slice(value);
        let mut key = self.backend.key(&key)?;
        Ok(key.value(self.state).set(&self.value)?)
    }

    fn add_one(&mut self, key: u64) -> Result<()> {
        let mut key = self.backend.key(&key)?;
        key.value(self.state).update(|value: Option<Vec<u8>>| {
            let mut value = value.unwrap_or_default();
            data::add_one(&mut value);
            value
        })?;
        Ok(())
    }
}
