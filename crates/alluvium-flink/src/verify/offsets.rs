//! Whether key groups and offsets are as they can be.
//!
//! Key groups of an operator's subtasks do not overlap and are below its max parallelism; the offsets of one stream ascend, but for
//! those of key groups without a section (0, or -1 where timers are stored apart).

use alluvium_protocol::key_group::KeyGroupRange;

use super::add;
use crate::error::Error;
use crate::metadata::{KeyGroupOffsets, KeyedHandle, Operator};
use crate::scan::Report;

pub(super) fn verify(operator: &Operator, report: &mut Report) {
    let all = operator.max_parallelism.all();
    let mut owned: Vec<(KeyGroupRange, u32)> = Vec::new();
    for subtask in operator.subtasks() {
        let Some(state) = &subtask.state else {
            continue;
        };
        let mut fault = |message: String| {
            add(report, operator, subtask.index, Error::corrupt(message));
        };
        for handle in [&state.keyed_managed, &state.keyed_raw]
            .into_iter()
            .flatten()
        {
            if let Some(range) = handle.key_groups()
                && !all.covers(range)
            {
                let groups = operator.max_parallelism;
                fault(format!("key groups {} of {groups}", named(range)));
            }
            if let KeyedHandle::KeyGroups(handle) = handle
                && let Some(message) = unordered(&handle.offsets)
            {
                fault(message);
            }
        }
        let managed = state.keyed_managed.as_ref();
        let Some(range) = managed.and_then(KeyedHandle::key_groups) else {
            continue;
        };
        let other = owned
            .iter()
            .find(|(other, _)| other.intersection(range).is_some());
        if let Some((other, owner)) = other {
            fault(format!(
                "key groups {} overlap with {} of subtask {owner}",
                named(range),
                named(*other)
            ));
        }
        owned.push((range, subtask.index));
    }
}

fn named(range: KeyGroupRange) -> String {
    format!("{} to {}", range.first(), range.last())
}

/// What is wrong with the order of offsets.
fn unordered(offsets: &KeyGroupOffsets) -> Option<String> {
    let mut last: Option<i64> = None;
    for (group, offset) in offsets.iter() {
        if matches!(offset, 0 | -1) {
            continue;
        }
        if let Some(last) = last.filter(|last| offset <= *last) {
            return Some(format!(
                "key group {group} is at byte {offset}, and one before it at byte {last}"
            ));
        }
        if offset < -1 {
            return Some(format!("key group {group} is at byte {offset}"));
        }
        last = Some(offset);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_ascend_but_for_those_of_empty_key_groups() {
        let range = KeyGroupRange::new(4, 7).ok();
        let fault =
            |offsets: [i64; 4]| unordered(&KeyGroupOffsets::new(range, offsets.to_vec()).unwrap());

        assert_eq!(fault([100, 0, 200, 300]), None);
        assert_eq!(fault([0, -1, 5, 6]), None);
        assert_eq!(
            fault([100, 0, 100, 300]).unwrap(),
            "key group 6 is at byte 100, and one before it at byte 100"
        );
        assert_eq!(fault([-7, 0, 0, 0]).unwrap(), "key group 4 is at byte -7");
    }
}
