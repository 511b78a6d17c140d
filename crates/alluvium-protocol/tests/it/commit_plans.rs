//! Which checkpoints may be added to a log, and what a writer makes of an unclear answer.

use std::collections::BTreeSet;

use alluvium_protocol::ErrorKind;
use alluvium_protocol::catalog::{Commit, Record};
use alluvium_protocol::plan::commit::{
    CommitPlan, Confirmed, Settled, confirm, plan_commit, plan_fence, settle,
};
use alluvium_protocol::plan::log::Log;

use crate::samples::{commit, commit_at, cut_at, fence_at, groups, id, manifest_ref, max};

/// A log whose third attempt took over at 9 and committed checkpoints 10 and 11.
fn log() -> Log {
    Log::read(vec![
        fence_at(9, 3),
        commit_at(10, 3, 9),
        commit_at(11, 3, 9),
    ])
}

fn plan(proposed: &Commit, log: &Log) -> CommitPlan {
    plan_commit(proposed, &BTreeSet::new(), log).unwrap()
}

#[track_caller]
fn refused(proposed: &Commit, kind: ErrorKind, text: &str) {
    let error = plan_commit(proposed, &BTreeSet::new(), &log()).unwrap_err();

    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(text), "{error}");
}

#[test]
fn a_whole_checkpoint_gets_the_next_number() {
    let proposed = Commit {
        sequence: 999,
        ..commit()
    };

    assert_eq!(plan(&proposed, &log()), CommitPlan::Append { sequence: 12 });
}

#[test]
fn a_checkpoint_of_an_older_attempt_is_fenced() {
    let log = Log::read(vec![fence_at(9, 3), commit_at(10, 3, 9), fence_at(11, 4)]);

    assert_eq!(plan(&commit(), &log), CommitPlan::Fenced { by: 4 });
}

#[test]
fn an_attempt_that_took_over_at_another_place_under_the_same_number_is_fenced() {
    let proposed = Commit {
        fence_sequence: 7,
        ..commit()
    };

    assert_eq!(plan(&proposed, &log()), CommitPlan::Fenced { by: 3 });
}

#[test]
fn a_base_that_is_not_retained_costs_the_checkpoint() {
    let bases = |numbers: &[u64]| numbers.iter().map(|number| id(*number)).collect();

    let retained = plan_commit(&commit(), &bases(&[10, 11]), &log()).unwrap();
    let gone = plan_commit(&commit(), &bases(&[8, 11]), &log()).unwrap();

    assert_eq!(retained, CommitPlan::Append { sequence: 12 });
    assert_eq!(gone, CommitPlan::BaseGone { base: id(8) });
}

#[test]
fn a_void_base_is_not_retained() {
    let log = Log::read(vec![commit_at(10, 2, 5), commit_at(11, 3, 9)]);

    let plan = plan_commit(&commit(), &BTreeSet::from([id(10)]), &log).unwrap();

    assert_eq!(plan, CommitPlan::BaseGone { base: id(10) });
}

#[test]
fn another_job_is_refused() {
    let proposed = Commit {
        job: "other".to_owned(),
        ..commit()
    };

    refused(
        &proposed,
        ErrorKind::Incompatible,
        "the log is of job `flights`, not of `other`",
    );
    let error = plan_fence("other", 1, 0, &log()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Incompatible);
}

#[test]
fn another_max_parallelism_is_refused_with_its_remedy() {
    let manifests = vec![manifest_ref(42, 0, groups(0, 255))];
    let proposed = Commit {
        max_parallelism: max(256),
        manifests,
        ..commit()
    };

    let text = "has max parallelism 256, but the job's checkpoints have 128";
    refused(&proposed, ErrorKind::Incompatible, text);
    refused(&proposed, ErrorKind::Incompatible, "savepoint");
}

#[test]
fn a_gap_and_an_overlap_are_named() {
    let with = |manifests| Commit {
        manifests,
        ..commit()
    };
    let gap = with(vec![
        manifest_ref(42, 0, groups(0, 40)),
        manifest_ref(42, 1, groups(50, 127)),
    ]);
    let overlap = with(vec![
        manifest_ref(42, 0, groups(0, 64)),
        manifest_ref(42, 1, groups(64, 127)),
    ]);
    let beyond = with(vec![manifest_ref(42, 0, groups(0, 128))]);

    refused(
        &with(Vec::new()),
        ErrorKind::Invalid,
        "no manifest has key groups 0-127",
    );
    refused(&gap, ErrorKind::Invalid, "no manifest has key groups 41-49");
    refused(
        &overlap,
        ErrorKind::Invalid,
        "subtasks 0 and 1 both have key groups 64-64",
    );
    refused(
        &beyond,
        ErrorKind::Invalid,
        "key groups 0-128 are not among 128",
    );
}

#[test]
fn checkpoints_are_numbered_upwards() {
    let again = Commit {
        checkpoint: id(11),
        ..commit()
    };

    refused(&again, ErrorKind::Invalid, "number checkpoints from 12 on");
}

#[test]
fn a_new_attempt_takes_the_next_number_and_place() {
    let first = plan_fence("flights", 1, 0, &Log::read(Vec::new())).unwrap();
    let later = plan_fence("flights", 1, 0, &log()).unwrap();

    assert_eq!((first.attempt, first.sequence), (1, 1));
    assert_eq!((later.attempt, later.sequence), (4, 12));
}

#[test]
fn an_unclear_answer_is_settled_by_the_nonce() {
    let commit = commit();
    let nonce = commit.nonce;
    let ours = Record::Commit(commit);

    assert_eq!(settle(nonce, Some(&ours)), Settled::Ours);
    for other in [fence_at(12, 4), cut_at(12, 4)] {
        assert_eq!(settle(nonce, Some(&other)), Settled::Lost { by: 4 });
    }
    assert_eq!(settle(nonce, None), Settled::Retry);
}

#[test]
fn a_record_is_confirmed_unless_the_job_is_in_another_attempt() {
    let record = commit_at(12, 3, 9);
    let alone = Log::read(vec![fence_at(9, 3), commit_at(11, 3, 9), record.clone()]);
    let fenced = Log::read(vec![fence_at(9, 3), record.clone(), fence_at(13, 4)]);
    let in_a_hole = Log::read(vec![record, commit_at(20, 5, 15)]);

    assert_eq!(confirm(3, 12, &alone), Confirmed::Counts);
    assert_eq!(confirm(3, 12, &fenced), Confirmed::Fenced { by: 4 });
    assert_eq!(confirm(3, 12, &in_a_hole), Confirmed::Fenced { by: 5 });
}

#[test]
fn a_fence_that_came_too_late_is_not_confirmed() {
    let log = Log::read(vec![fence_at(1, 1), fence_at(2, 2), commit_at(3, 1, 1)]);

    assert_eq!(confirm(2, 2, &log), Confirmed::Fenced { by: 1 });
    let next = plan_fence("flights", 1, 0, &log).unwrap();
    assert_eq!((next.attempt, next.sequence), (2, 4));
}

#[test]
fn an_attempt_whose_log_was_emptied_is_fenced() {
    let error = plan_commit(&commit(), &BTreeSet::new(), &Log::read(Vec::new())).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Fenced);
    assert!(error.to_string().contains("emptied or replaced"), "{error}");
}
