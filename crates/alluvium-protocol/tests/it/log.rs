//! Which records of a log count.

use alluvium_protocol::catalog::Record;
use alluvium_protocol::plan::log::Log;

use crate::samples::{commit_at, cut_at, fence_at, id};

fn counting(records: Vec<Record>) -> Vec<u64> {
    Log::read(records)
        .checkpoints()
        .map(|commit| commit.sequence)
        .collect()
}

#[test]
fn an_empty_log_begins_at_one() {
    let log = Log::read(Vec::new());

    assert_eq!(
        (log.next_sequence(), log.last_attempt(), log.latest()),
        (1, 0, None)
    );
    assert_eq!(log.job(), None);
}

#[test]
fn records_are_read_in_any_order() {
    let records = vec![commit_at(3, 1, 1), fence_at(1, 1), commit_at(2, 1, 1)];

    let log = Log::read(records);

    let order: Vec<_> = log.records().map(Record::sequence).collect();
    assert_eq!(order, [1, 2, 3]);
    assert_eq!(log.latest().unwrap().sequence, 3);
    assert_eq!(
        (log.next_sequence(), log.last_attempt(), log.job()),
        (4, 1, Some("flights"))
    );
}

#[test]
fn checkpoints_of_older_attempts_before_the_fence_count() {
    let records = vec![
        fence_at(1, 1),
        commit_at(2, 1, 1),
        fence_at(3, 2),
        commit_at(4, 2, 3),
    ];

    assert_eq!(counting(records), [2, 4]);
}

fn void(records: Vec<Record>) -> Vec<u64> {
    Log::read(records).void().map(Record::sequence).collect()
}

#[test]
fn a_late_fence_in_a_hole_does_not_void_the_checkpoints_above_it() {
    // Attempt 1 committed at 2 and 3 and deleted 2, where a starting attempt wanted its fence to be.
    let records = vec![fence_at(1, 1), fence_at(2, 2), commit_at(3, 1, 1)];

    assert_eq!(counting(records.clone()), [3]);
    assert_eq!(void(records.clone()), [2]);
    let log = Log::read(records);
    assert_eq!((log.last_attempt(), log.next_sequence()), (1, 4));
}

#[test]
fn what_is_below_a_cut_is_void_though_it_fits_and_the_cut_counts() {
    // Commits 2 and 3 were dropped, and a put of 2 arrived once more.
    let records = vec![
        fence_at(1, 1),
        commit_at(2, 1, 1),
        cut_at(3, 1),
        commit_at(4, 1, 1),
    ];

    assert_eq!(counting(records.clone()), [4]);
    assert_eq!(void(records.clone()), [2]);
    assert!(Log::read(records).counts(3));
}

#[test]
fn a_cut_behind_another_is_void() {
    let records = vec![cut_at(2, 1), cut_at(4, 1), commit_at(5, 1, 1)];

    assert_eq!(void(records), [2]);
}

#[test]
fn a_log_of_which_only_the_cut_is_left_is_in_nobodys_attempt_and_goes_on_behind_it() {
    let log = Log::read(vec![cut_at(4, 3)]);

    assert!(!log.is_in(3, 1));
    assert_eq!((log.last_attempt(), log.next_sequence()), (3, 5));
}

#[test]
fn a_late_commit_in_a_hole_is_void() {
    // The first attempt slept at 3; since then fences 3 and 6 came and went, and only 8 and 9 remain.
    let records = vec![commit_at(3, 1, 1), commit_at(8, 3, 6), commit_at(9, 3, 6)];

    assert_eq!(counting(records.clone()), [8, 9]);
    assert_eq!(void(records), [3]);
}

#[test]
fn a_late_commit_that_fills_the_hole_is_void() {
    let below_a_commit = vec![commit_at(3, 1, 1), commit_at(4, 2, 3), commit_at(5, 2, 3)];
    // Fence 2 was at 2 and is deleted; the first attempt wakes up and takes its place.
    let below_a_fence = vec![commit_at(2, 1, 1), fence_at(3, 3), commit_at(4, 3, 3)];

    assert_eq!(void(below_a_commit), [3]);
    assert_eq!(void(below_a_fence), [2]);
}

#[test]
fn what_is_below_a_void_record_is_void() {
    let records = vec![commit_at(2, 1, 1), commit_at(3, 1, 1), commit_at(4, 2, 3)];

    assert_eq!(void(records), [2, 3]);
}

#[test]
fn a_void_record_is_still_in_the_log() {
    let log = Log::read(vec![commit_at(3, 1, 1), commit_at(8, 3, 6)]);

    assert_eq!(log.record(3), Some(&commit_at(3, 1, 1)));
    assert_eq!(
        (log.counts(3), log.counts(8), log.counts(5)),
        (false, true, false)
    );
    assert_eq!(log.checkpoint(id(3)), None);
}

#[test]
fn of_two_attempts_with_one_number_the_history_has_one() {
    // The fence at 7 was planned before the first attempt's last commit, which was at 7 and is deleted.
    let log = Log::read(vec![fence_at(7, 2), fence_at(8, 2), commit_at(9, 2, 8)]);

    assert!(log.is_in(2, 8) && !log.is_in(2, 7));
    assert!(!log.counts(7));
}

#[test]
fn the_newest_fence_counts_even_below_a_hole() {
    let records = vec![fence_at(2, 1), commit_at(15, 1, 2), commit_at(16, 1, 2)];

    assert_eq!(void(records), [0; 0]);
}
