//! The oracle: what keyed state should be, in the simplest maps there are.
//!
//! It has every state kind once, a value and a list with windows as namespaces, values that expire, maps of thousands of entries, and
//! values whose type changes. Everything is public data,
//! compared as a whole.

use std::collections::{BTreeMap, BTreeSet};

/// A window, as namespaces are.
pub type Window = (i64, i64);

/// How long values with a TTL live, in milliseconds of event time.
pub const TTL_MILLIS: i64 = 30;

/// A value whose type evolves, as its newest version reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "trials make them")]
pub struct Counted {
    /// What is counted.
    pub count: i64,
    /// The versions that the value went through since it was written.
    pub steps: u8,
}

impl Counted {
    /// The same value, with more counted.
    #[must_use]
    pub const fn plus(self, more: i64) -> Self {
        let count = self.count + more;
        Self { count, ..self }
    }
}

/// All state of a job with keys of type `u16`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "trials change it field by field")]
pub struct Oracle {
    /// The value of each key.
    pub values: BTreeMap<u16, u32>,
    /// The value of each key and window.
    pub windowed: BTreeMap<(u16, Window), u32>,
    /// The list of each key.
    pub lists: BTreeMap<u16, Vec<u32>>,
    /// The list of each key and window.
    pub windowed_lists: BTreeMap<(u16, Window), Vec<u32>>,
    /// The map of each key.
    pub maps: BTreeMap<u16, BTreeMap<i8, u32>>,
    /// The sum of each key.
    pub sums: BTreeMap<u16, i64>,
    /// Count and total of each key, of which the mean is read.
    pub means: BTreeMap<u16, (i64, i64)>,
    /// The value of each key that lives for [`TTL_MILLIS`] of event time, and when it expires.
    pub living: BTreeMap<u16, (i64, u32)>,
    /// The list of each key whose elements live so long.
    pub living_lists: BTreeMap<u16, Vec<(i64, u32)>>,
    /// The map of each key whose entries live so long.
    pub living_maps: BTreeMap<u16, BTreeMap<i8, (i64, u32)>>,
    /// The large map of each key.
    pub large_maps: BTreeMap<u16, BTreeMap<u16, u32>>,
    /// The value of each key whose type evolves.
    pub evolving: BTreeMap<u16, Counted>,
    /// The list of each key whose elements do.
    pub evolving_lists: BTreeMap<u16, Vec<Counted>>,
    /// The map of each key whose values do, and live for [`TTL_MILLIS`].
    pub evolving_maps: BTreeMap<u16, BTreeMap<i8, (i64, Counted)>>,
    /// The reduced value of each key that does.
    pub evolving_sums: BTreeMap<u16, Counted>,
    /// The version of the program that wrote last.
    pub program: u32,
    /// Event-time timers: time, then key.
    pub timers: BTreeSet<(i64, u16)>,
    /// How far event time has come.
    pub watermark: i64,
}

impl Oracle {
    /// A value with a TTL as it is written now.
    #[must_use]
    pub const fn written<T: Copy>(&self, value: T) -> (i64, T) {
        (self.watermark + TTL_MILLIS, value)
    }

    /// A value with a TTL as it is read now.
    #[must_use]
    pub fn alive<T>(&self, (expiry, value): (i64, T)) -> Option<T> {
        (self.watermark < expiry).then_some(value)
    }

    /// The timers that are due at `watermark`, earliest first; they are gone then.
    pub fn advance(&mut self, watermark: i64) -> Vec<(i64, u16)> {
        self.watermark = watermark;
        let later = self.timers.split_off(&(watermark + 1, 0));
        let due = std::mem::replace(&mut self.timers, later);
        due.into_iter().collect()
    }
}
