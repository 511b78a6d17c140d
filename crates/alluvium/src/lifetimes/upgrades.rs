//! Which states' values get the newest form of their type when the store writes their rows again, and by which function.
//!
//! A function is the program's, and runs on a thread of the store's. Invariants: a value that it refuses stays as it is, for the
//! next read to tell; once it has panicked it is not asked again; no lock is held while it runs.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use alluvium_protocol::row::StateId;
use alluvium_protocol::schema::StateKind;

use crate::codec::UpgradeValue;

/// How values of one state get their newest form.
#[derive(Clone)]
pub(crate) struct Upgrade {
    pub(crate) kind: StateKind,
    /// Snapshots with a smaller number may know of no newer form.
    pub(crate) since: u64,
    function: Arc<UpgradeValue>,
}

/// Of a backend's states.
#[derive(Debug, Default)]
pub(crate) struct Upgrades {
    states: RwLock<BTreeMap<StateId, Upgrade>>,
    /// Whether there ever was one: for stores, which ask for every row.
    any: AtomicBool,
}

impl Upgrade {
    pub(crate) const fn new(kind: StateKind, since: u64, function: Arc<UpgradeValue>) -> Self {
        Self {
            kind,
            since,
            function,
        }
    }

    /// Appends the newest form of `old` to `new`. Returns false if it has that or cannot be given it; the error is of a panic.
    pub(crate) fn call(&self, old: &[u8], new: &mut Vec<u8>) -> Result<bool, Panicked> {
        // What a panic leaves in `new` is thrown away, and `old` is not changed.
        let call = AssertUnwindSafe(|| (self.function)(old, new));
        match catch_unwind(call) {
            Ok(upgraded) => Ok(upgraded.unwrap_or_default()),
            // Its message was printed by the panic hook.
            Err(_) => Err(Panicked),
        }
    }
}

/// The program's function panicked.
#[derive(Debug)]
pub(crate) struct Panicked;

impl Upgrades {
    pub(crate) fn set(&self, state: StateId, upgrade: Upgrade) {
        let mut states = self.states.write().unwrap_or_else(PoisonError::into_inner);
        states.insert(state, upgrade);
        self.any.store(true, Ordering::Release);
    }

    /// No value is upgraded any more once this returns, but for those that the store had read before.
    pub(crate) fn forget(&self, state: StateId) {
        let mut states = self.states.write().unwrap_or_else(PoisonError::into_inner);
        states.remove(&state);
    }

    pub(crate) fn get(&self, state: StateId) -> Option<Upgrade> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let states = self.states.read().unwrap_or_else(PoisonError::into_inner);
        states.get(&state).cloned()
    }
}

impl fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrade")
            .field("kind", &self.kind)
            .field("since", &self.since)
            .finish_non_exhaustive()
    }
}
