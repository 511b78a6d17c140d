//! What becomes of rows that the store writes again. Those of a savepoint are for the [`Judge`](super::Judge).
//!
//! Invariants: what is alive at the event time of a snapshot whose files are not pinned yet stays, and so does what is alive while
//! time stands still; no value gets a form that
//! such a snapshot's schema does not have; a row stays within the size that a snapshot can hold.

use std::sync::atomic::Ordering;

use alluvium_protocol::row::split_prefix;
use alluvium_protocol::rows_file::ROW_BYTES_MAX;
use alluvium_protocol::ttl::TimeDomain;
use alluvium_protocol::verdict::verdict;

use super::Lifetimes;
use super::upgrades::{Panicked, Upgrade};
use crate::store::{RowFilter, Verdict};

impl RowFilter for Lifetimes {
    fn filter(&self, row: &[u8], value: &[u8], changed: &mut Vec<u8>) -> Verdict {
        if !self.any.load(Ordering::Acquire) {
            return Verdict::Keep;
        }
        let Ok((_, state, _)) = split_prefix(row) else {
            return Verdict::Keep;
        };
        let stamped = self.stamped(state);
        // Every snapshot that is not pinned yet has to know of the newest form.
        let upgrade = self.upgrades.get(state);
        let upgrade = upgrade.filter(|upgrade| self.all_held_since(upgrade.since));
        let Some(kind) = stamped
            .map(|(kind, _)| kind)
            .or_else(|| upgrade.as_ref().map(|upgrade| upgrade.kind))
        else {
            return Verdict::Keep;
        };
        let moment = stamped.map(|(_, time)| match time {
            TimeDomain::Processing => self.settled_clock(),
            TimeDomain::Event => self.settled(),
        });
        let mut upgrading = Changing::new(upgrade);
        let mut change = |old: &[u8], new: &mut Vec<u8>| upgrading.change(old, new);
        let mut verdict = verdict(kind, value, moment, &mut change, changed);
        if verdict == Verdict::Change && row.len().saturating_add(changed.len()) > ROW_BYTES_MAX {
            verdict = Verdict::Keep;
        }
        if upgrading.panicked {
            tracing::warn!(
                state = %state,
                "the function that upgrades values panicked: they keep their older form in the store until they are written"
            );
            self.upgrades.forget(state);
        }
        verdict
    }
}

/// A row's values on their way to their newest form.
struct Changing {
    upgrade: Option<Upgrade>,
    panicked: bool,
}

impl Changing {
    const fn new(upgrade: Option<Upgrade>) -> Self {
        Self {
            upgrade,
            panicked: false,
        }
    }

    fn change(&mut self, old: &[u8], new: &mut Vec<u8>) -> bool {
        let Some(upgrade) = &self.upgrade else {
            return false;
        };
        upgrade.call(old, new).unwrap_or_else(|Panicked| {
            self.upgrade = None;
            self.panicked = true;
            false
        })
    }
}
