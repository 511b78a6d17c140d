//! Decides which copies go to make room for another. No I/O.
//!
//! Invariants: what is there afterwards fits the budget; copies of older checkpoints go before newer ones,
//! and none goes that need not; nothing goes for a copy that does not fit even so.

use std::collections::BTreeMap;

use alluvium_protocol::manifest::CheckpointId;

use super::stamp::FileKey;

/// A subtask's copy of a checkpoint, as far as room is concerned.
#[derive(Debug, Clone)]
pub(super) struct Occupied {
    pub(super) checkpoint: CheckpointId,
    pub(super) subtask: u32,
    /// Of a later checkpoint in an earlier life of the job, which nobody will restore.
    pub(super) abandoned: bool,
    /// The bytes of its files. A file that several copies have takes its place once.
    pub(super) files: BTreeMap<FileKey, u64>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Room {
    /// After these copies, by their position, have gone there is room.
    After(Vec<usize>),
    /// There is none. The copy alone takes so many bytes.
    None { bytes: u64 },
}

/// Makes room for `wanted`, which replaces the copy of the same checkpoint and subtask.
///
/// Abandoned copies go first, then those of older checkpoints, oldest first. Those of the same and of later checkpoints
/// stay: they are newer or of the same age, and as likely to be needed.
pub(super) fn plan_room(kept: &[Occupied], wanted: &Occupied, budget_bytes: u64) -> Room {
    let replaced =
        |copy: &Occupied| (copy.checkpoint, copy.subtask) == (wanted.checkpoint, wanted.subtask);
    let mut occupied = Sum::default();
    occupied.add(wanted);
    let bytes = occupied.bytes;
    let mut evictable = Vec::new();
    let mut gone = Vec::new();
    for (position, copy) in kept.iter().enumerate() {
        if replaced(copy) {
            gone.push(position);
            continue;
        }
        occupied.add(copy);
        if copy.abandoned || copy.checkpoint < wanted.checkpoint {
            evictable.push((!copy.abandoned, copy.checkpoint, copy.subtask, position));
        }
    }
    evictable.sort_unstable();
    for (_, _, _, position) in evictable {
        if occupied.bytes <= budget_bytes {
            break;
        }
        if let Some(copy) = kept.get(position) {
            occupied.remove(copy);
            gone.push(position);
        }
    }
    if occupied.bytes <= budget_bytes {
        Room::After(gone)
    } else {
        Room::None { bytes }
    }
}

/// Bytes of several copies' files, each file once.
#[derive(Debug, Default)]
struct Sum<'a> {
    /// The copies that have the file, and its bytes.
    files: BTreeMap<&'a FileKey, (usize, u64)>,
    bytes: u64,
}

impl<'a> Sum<'a> {
    fn add(&mut self, copy: &'a Occupied) {
        for (key, bytes) in &copy.files {
            let (copies, counted) = self.files.entry(key).or_insert((0, *bytes));
            if *copies == 0 {
                self.bytes = self.bytes.saturating_add(*counted);
            }
            *copies += 1;
        }
    }

    fn remove(&mut self, copy: &'a Occupied) {
        for key in copy.files.keys() {
            let Some((copies, counted)) = self.files.get_mut(key) else {
                continue;
            };
            *copies -= 1;
            if *copies == 0 {
                self.bytes = self.bytes.saturating_sub(*counted);
                self.files.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn copy(checkpoint: u64, subtask: u32, files: &[(u64, u64)]) -> Occupied {
        let key = |number: u64| FileKey::Inode(0, number);
        Occupied {
            checkpoint: CheckpointId::new(checkpoint),
            subtask,
            abandoned: false,
            files: files.iter().map(|&(n, bytes)| (key(n), bytes)).collect(),
        }
    }

    #[test]
    fn older_copies_go_oldest_first_and_only_as_many_as_must() {
        let kept = [
            copy(3, 0, &[(3, 10)]),
            copy(1, 1, &[(1, 10)]),
            copy(2, 0, &[(2, 10)]),
        ];

        let room = plan_room(&kept, &copy(4, 0, &[(4, 10)]), 25);

        assert_eq!(room, Room::After(vec![1, 2]));
    }

    #[test]
    fn a_file_that_several_copies_have_takes_its_place_once() {
        let kept = [copy(1, 0, &[(1, 100), (2, 1)])];

        let room = plan_room(&kept, &copy(2, 0, &[(1, 100), (3, 1)]), 102);

        assert_eq!(room, Room::After(vec![]));
    }

    #[test]
    fn nothing_goes_for_a_copy_that_is_larger_than_the_budget() {
        let kept = [copy(1, 0, &[(1, 10)])];

        let room = plan_room(&kept, &copy(2, 0, &[(2, 11)]), 10);

        assert_eq!(room, Room::None { bytes: 11 });
    }

    #[test]
    fn copies_of_the_same_and_later_checkpoints_stay_unless_they_are_abandoned() {
        let abandoned = Occupied {
            abandoned: true,
            ..copy(500, 0, &[(4, 10)])
        };
        let kept = [copy(5, 1, &[(1, 10)]), copy(6, 0, &[(2, 10)]), abandoned];

        let room = plan_room(&kept, &copy(5, 0, &[(3, 10)]), 30);

        assert_eq!(room, Room::After(vec![2]));
        let room = plan_room(&kept, &copy(5, 0, &[(3, 10)]), 29);
        assert_eq!(room, Room::None { bytes: 10 });
    }

    #[test]
    fn the_copy_that_is_replaced_makes_room() {
        let kept = [copy(5, 0, &[(1, 10)])];

        let room = plan_room(&kept, &copy(5, 0, &[(2, 10)]), 10);

        assert_eq!(room, Room::After(vec![0]));
    }

    /// The length of a file is given by its number.
    fn any_copy() -> impl Strategy<Value = Occupied> {
        let files = prop::collection::btree_set(0u64..12, 0..6);
        (0u64..6, 0u32..3, any::<bool>(), files).prop_map(|(checkpoint, subtask, old, files)| {
            let files: Vec<_> = files.into_iter().map(|n| (n, n * 7 % 11)).collect();
            Occupied {
                abandoned: old && checkpoint > 3,
                ..copy(checkpoint, subtask, &files)
            }
        })
    }

    fn bytes_of(copies: &[&Occupied]) -> u64 {
        let files: BTreeMap<_, _> = copies.iter().flat_map(|copy| &copy.files).collect();
        files.into_values().sum()
    }

    proptest! {
        #[test]
        fn what_is_left_fits_and_nothing_went_without_need(
            kept in prop::collection::vec(any_copy(), 0..8),
            wanted in any_copy(),
            budget in 0u64..60,
        ) {
            let same = |copy: &Occupied| {
                (copy.checkpoint, copy.subtask) == (wanted.checkpoint, wanted.subtask)
            };
            let may_go = |copy: &Occupied| copy.abandoned || copy.checkpoint < wanted.checkpoint;
            let left = |gone: &BTreeSet<usize>| {
                let left = kept.iter().enumerate().filter(|(position, _)| !gone.contains(position));
                bytes_of(&left.map(|(_, copy)| copy).chain([&wanted]).collect::<Vec<_>>())
            };
            match plan_room(&kept, &wanted, budget) {
                Room::After(gone) => {
                    let evicted: Vec<_> = gone.iter().filter(|&&at| !same(&kept[at])).collect();
                    let all: BTreeSet<_> = gone.iter().copied().collect();
                    prop_assert_eq!(all.len(), gone.len(), "twice");
                    prop_assert!(left(&all) <= budget);
                    prop_assert!(evicted.iter().all(|&&at| may_go(&kept[at])));
                    if let Some(&&last) = evicted.last() {
                        let mut fewer = all.clone();
                        fewer.remove(&last);
                        prop_assert!(left(&fewer) > budget, "the last one went without need");
                        let order = |at: usize| (!kept[at].abandoned, kept[at].checkpoint);
                        let stays = (0..kept.len()).filter(|at| !all.contains(at));
                        let older = |at: usize| may_go(&kept[at]) && order(at) < order(last);
                        prop_assert!(!stays.into_iter().any(older), "an older one stays");
                    }
                }
                Room::None { bytes } => {
                    prop_assert_eq!(bytes, bytes_of(&[&wanted]));
                    let all = kept.iter().enumerate().filter(|(_, copy)| same(copy) || may_go(copy));
                    prop_assert!(left(&all.map(|(at, _)| at).collect()) > budget);
                }
            }
        }
    }
}
