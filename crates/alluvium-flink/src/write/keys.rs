//! Which rows stay, and which key group they go to: the only place where a row is looked into, and only at its key.
//!
//! Rows of one key are one after the other, so the last answer is kept. Every key that is dealt anew is checked first: the group that it has must
//! be that of its hash, otherwise the hash is not the one that its job has used, and nothing is written.

use std::collections::BTreeSet;
use std::sync::Arc;

use alluvium_protocol::key_group::{KeyGroup, MaxParallelism, flink_murmur};
use alluvium_protocol::value::Value;

use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::keyed::composite::Layout;
use crate::keyed::{KeyedMeta, StateKind};
use crate::serializer::Serializer;

/// Which keys stay in a savepoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFilter {
    keeps: bool,
    keys: BTreeSet<String>,
    operators: Vec<String>,
}

impl KeyFilter {
    /// Only these keys stay, which are given as the JSON that a scan prints. Of these operators (uid, id or name), or of all if
    /// none is named.
    #[must_use]
    pub fn keep(keys: impl IntoIterator<Item = serde_json::Value>, operators: Vec<String>) -> Self {
        let keys = keys.into_iter().map(|key| key.to_string()).collect();
        Self {
            keeps: true,
            keys,
            operators,
        }
    }

    /// All but these keys stay.
    #[must_use]
    pub fn drop(keys: impl IntoIterator<Item = serde_json::Value>, operators: Vec<String>) -> Self {
        Self {
            keeps: false,
            ..Self::keep(keys, operators)
        }
    }

    pub(super) fn operators(&self) -> &[String] {
        &self.operators
    }

    fn has(&self, key: &Value) -> bool {
        let printed = key.to_string();
        // Read and printed again, so that both sides are written by one writer.
        let parsed = serde_json::from_str::<serde_json::Value>(&printed);
        let normal = parsed.map_or(printed, |parsed| parsed.to_string());
        self.keys.contains(&normal) == self.keeps
    }
}

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Drop,
    /// It stays in its key group.
    Keep,
    /// It goes to this one.
    Deal(KeyGroup),
}

/// Judges the rows of one handle.
pub(super) struct Keys<'k> {
    filter: Option<&'k KeyFilter>,
    groups: Option<(MaxParallelism, MaxParallelism)>,
    layout: Layout,
    /// Of each state: what its keys were written by, and how many bytes are between the key group and the key.
    states: Vec<(&'k Serializer, usize)>,
    name: Arc<str>,
    last: Option<(u16, Vec<u8>, Verdict)>,
}

impl<'k> Keys<'k> {
    /// `groups` are the numbers of key groups before and after, if they differ.
    pub(super) fn new(
        whose: &str,
        meta: &'k KeyedMeta,
        filter: Option<&'k KeyFilter>,
        before: MaxParallelism,
        after: MaxParallelism,
    ) -> Self {
        let states = meta.states.iter().map(|state| match state.kind() {
            StateKind::PriorityQueue => {
                let key = state.timer().map_or(&meta.key, |(key, _)| key);
                (key, size_of::<i64>())
            }
            _ => (&meta.key, 0),
        });
        Self {
            filter,
            groups: (before != after).then_some((before, after)),
            layout: Layout::of_timers(before),
            states: states.collect(),
            name: format!("a key of {whose}").into(),
            last: None,
        }
    }

    /// Whether all rows stay where they are.
    pub(super) const fn is_idle(&self) -> bool {
        self.filter.is_none() && self.groups.is_none()
    }

    /// What becomes of the row of a state.
    ///
    /// # Errors
    /// `Incompatible` when keys are of a class that this crate does not know, or whose hash it does not know; `Corrupt` when it is no key.
    pub(super) fn judge(&mut self, state: u16, composite: &[u8]) -> Result<Verdict> {
        if self.is_idle() {
            return Ok(Verdict::Keep);
        }
        let mut cursor = Cursor::new(composite, &self.name, 0);
        let group = cursor.bytes(self.layout.group_width(), "a key group")?;
        let Some((serializer, before)) = self.states.get(usize::from(state)).copied() else {
            return Err(cursor.corrupt(format!("a row of state {state}, which there is not")));
        };
        cursor.bytes(before, "the time of a timer")?;
        let left = cursor.left();
        if let Some((of, key, verdict)) = &self.last
            && *of == state
            && left.starts_with(key)
        {
            // What a key's bytes begin with decides where it ends, so this is the same key.
            return Ok(*verdict);
        }
        let key = serializer.decode(&mut cursor)?;
        let length = left.len() - cursor.left().len();
        let verdict = self.of_key(serializer, &key, group)?;
        let bytes = left.get(..length).unwrap_or_default();
        match &mut self.last {
            Some((of, last, kept)) => {
                (*of, *kept) = (state, verdict);
                last.clear();
                last.extend_from_slice(bytes);
            }
            None => self.last = Some((state, bytes.to_vec(), verdict)),
        }
        Ok(verdict)
    }

    fn of_key(&self, serializer: &Serializer, key: &Value, group: &[u8]) -> Result<Verdict> {
        if self.filter.is_some_and(|filter| !filter.has(key)) {
            return Ok(Verdict::Drop);
        }
        let Some((before, after)) = self.groups else {
            return Ok(Verdict::Keep);
        };
        let hash = serializer.java_hash(key).ok_or_else(|| {
            Error::unknown(format!(
                "{}: the hash of {} is not known here, so its key group cannot be computed; restore the savepoint with Flink and the \
                 State Processor API to change the maximum parallelism",
                self.name,
                serializer.class()
            ))
        })?;
        let hash = flink_murmur(hash);
        let had = group
            .iter()
            .fold(0, |number, byte| number << 8 | u16::from(*byte));
        let expected = before.group_of(hash);
        if had != expected.get() {
            return Err(Error::unknown(format!(
                "{}: the key {key} is in key group {had}, and its hash says {}: the job has another hash for it, so its \
                 new key group cannot be computed",
                self.name,
                expected.get()
            )));
        }
        Ok(Verdict::Deal(after.group_of(hash)))
    }
}
