//! What had expired when a savepoint was prepared.
//!
//! Its rows are pinned as they were then and read much later, when states may be stored otherwise in the live store. Invariant:
//! nothing that changes afterwards, neither a time nor a state, changes a verdict.

use std::sync::Arc;

use alluvium_protocol::row::split_prefix;
use alluvium_protocol::stamp::Moment;
use alluvium_protocol::ttl::TimeDomain;
use alluvium_protocol::verdict::verdict;

use super::Stamped;
use crate::store::{RowFilter, Verdict};

/// Leaves out what had expired, and changes nothing else.
#[derive(Debug)]
pub(crate) struct Judge {
    event: Moment,
    processing: Moment,
    states: Arc<Stamped>,
}

impl Judge {
    pub(super) const fn new(event: Moment, processing: Moment, states: Arc<Stamped>) -> Self {
        Self {
            event,
            processing,
            states,
        }
    }
}

impl RowFilter for Judge {
    fn filter(&self, row: &[u8], value: &[u8], changed: &mut Vec<u8>) -> Verdict {
        let Ok((_, state, _)) = split_prefix(row) else {
            return Verdict::Keep;
        };
        let Some((kind, time)) = self.states.get(&state) else {
            return Verdict::Keep;
        };
        let moment = match time {
            TimeDomain::Processing => self.processing,
            TimeDomain::Event => self.event,
        };
        // Its schema may know no newer form.
        let upgrade = &mut |_: &[u8], _: &mut Vec<u8>| false;
        verdict(*kind, value, Some(moment), upgrade, changed)
    }
}
