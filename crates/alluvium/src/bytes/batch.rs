//! Batches: many entries of one state in one call, through buffers that are used again.

use alluvium_protocol::key_group::KeyGroup;

use super::{Address, BytesBackend, StateIndex};
use crate::error::Result;

/// Keys to read: one buffer, many (key group, key ‖ namespace).
#[derive(Debug, Default, Clone)]
pub struct KeyBatch {
    bytes: Vec<u8>,
    ends: Vec<(KeyGroup, usize)>,
}

impl KeyBatch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key.
    pub fn push(&mut self, group: KeyGroup, key: &[u8]) {
        self.bytes.extend_from_slice(key);
        self.ends.push((group, self.bytes.len()));
    }

    /// Empties the batch and keeps its memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// The keys, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (KeyGroup, &[u8])> {
        let mut start = 0;
        self.ends.iter().map(move |&(group, end)| {
            let key = self.bytes.get(start..end).unwrap_or_default();
            start = end;
            (group, key)
        })
    }
}

/// Values read, in the order of their keys.
#[derive(Debug, Default, Clone)]
pub struct ValueBatch {
    bytes: Vec<u8>,
    ends: Vec<Option<usize>>,
}

impl ValueBatch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The values; `None` for an entry that does not exist.
    pub fn iter(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let value = end.and_then(|end| self.bytes.get(start..end));
            start = end.unwrap_or(start);
            value
        })
    }
}

/// Writes: values to set and entries to remove.
#[derive(Debug, Default, Clone)]
pub struct WriteBatch {
    keys: KeyBatch,
    values: ValueBatch,
}

impl WriteBatch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value to set.
    pub fn put(&mut self, group: KeyGroup, key: &[u8], value: &[u8]) {
        self.keys.push(group, key);
        self.values.bytes.extend_from_slice(value);
        self.values.ends.push(Some(self.values.bytes.len()));
    }

    /// Adds an entry to remove.
    pub fn delete(&mut self, group: KeyGroup, key: &[u8]) {
        self.keys.push(group, key);
        self.values.ends.push(None);
    }

    /// Empties the batch and keeps its memory.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.values.bytes.clear();
        self.values.ends.clear();
    }
}

impl BytesBackend {
    /// Reads many entries of a value, reducing or aggregating state. `values` is emptied first.
    ///
    /// # Errors
    /// As [`BytesBackend::get`]; `values` has what was read so far then.
    pub fn multi_get(
        &mut self,
        state: StateIndex,
        keys: &KeyBatch,
        values: &mut ValueBatch,
    ) -> Result<()> {
        values.bytes.clear();
        values.ends.clear();
        for (group, key) in keys.iter() {
            let value = self.get(&Address { state, group, key })?;
            values.bytes.extend_from_slice(value.unwrap_or_default());
            values.ends.push(value.map(|_| values.bytes.len()));
        }
        Ok(())
    }

    /// Applies many writes to a value, reducing or aggregating state, in order.
    ///
    /// # Errors
    /// As [`BytesBackend::get`]; the writes before the failing one are applied.
    pub fn apply(&mut self, state: StateIndex, writes: &WriteBatch) -> Result<()> {
        for ((group, key), value) in writes.keys.iter().zip(writes.values.iter()) {
            let at = Address { state, group, key };
            match value {
                Some(value) => self.put(&at, value)?,
                None => self.clear(&at)?,
            }
        }
        Ok(())
    }
}
