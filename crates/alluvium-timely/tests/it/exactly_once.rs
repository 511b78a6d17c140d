//! What a run puts out is what a plain recomputation gives, each line once.

use std::num::NonZeroU64;
use std::sync::Arc;

use alluvium::ErrorKind;
use alluvium::environment::Environment;
use alluvium_timely::recover;

use crate::place::{JOB, Place, options};
use crate::words::{Break, Words};

#[test]
fn one_worker_puts_out_every_line_once() {
    let (place, words) = (Place::new(), Words::new(4, 1500));

    let report = place.run(&words, 1).unwrap();

    assert_eq!(place.published(), words.expected());
    assert_eq!(report.workers[0].records, words.records());
    assert!(report.workers[0].checkpoints > 10, "{report:?}");
}

#[test]
fn three_workers_put_out_every_line_once() {
    let (place, words) = (Place::new(), Words::new(7, 1500));

    let report = place.run(&words, 3).unwrap();

    assert_eq!(place.published(), words.expected());
    assert_eq!(
        report
            .workers
            .iter()
            .map(|worker| worker.records)
            .sum::<u64>(),
        words.records()
    );
    let last: Vec<_> = report
        .workers
        .iter()
        .map(|worker| worker.last_checkpoint)
        .collect();
    assert!(
        last[0].is_some() && last.iter().all(|other| *other == last[0]),
        "{last:?}"
    );
}

#[test]
fn workers_without_splits_and_without_keys_acknowledge_all_the_same() {
    let (place, words) = (Place::new(), Words::new(1, 5));

    place.run(&words, 4).unwrap();

    assert_eq!(place.published(), words.expected());
}

#[test]
fn with_the_tightest_bounds_a_job_is_slow_and_right() {
    let (place, words) = (Place::new(), Words::new(2, 40));
    let mut options = options();
    options.tick_records = NonZeroU64::MIN;
    options.gate_ticks = NonZeroU64::MIN;
    options.checkpoints_in_flight_max = 1;
    options.retained = 1;

    place.run_with(&words, 2, options, Arc::new(())).unwrap();

    assert_eq!(place.published(), words.expected());
}

#[test]
fn an_empty_input_ends_with_a_checkpoint() {
    let (place, words) = (Place::new(), Words::new(0, 0));

    let report = place.run(&words, 2).unwrap();

    assert!(place.published().is_empty());
    assert_eq!(report.workers[0].checkpoints, 1);
}

#[test]
fn an_attempt_after_the_end_of_the_input_repeats_nothing() {
    let (place, words) = (Place::new(), Words::new(3, 200));
    place.run(&words, 2).unwrap();

    let report = place.run(&words, 3).unwrap();

    assert_eq!(place.published(), words.expected());
    assert_eq!(
        report
            .workers
            .iter()
            .map(|worker| worker.records)
            .sum::<u64>(),
        0
    );
}

#[test]
fn a_new_attempt_takes_back_what_the_one_before_had_not_committed() {
    let (place, words) = (Place::new(), Words::new(4, 1500));
    place.run_until_broken(&words, 2, &Break::after_checkpoints(3));
    place.run_until_broken(&words, 2, &Break::after_checkpoints(2));

    let recovered = place.recover().unwrap();
    let before = recovered.records();
    let report = place
        .run_attempt(&words, 2, options(), Arc::new(()), &recovered)
        .unwrap();

    assert_eq!(place.published(), words.expected());
    assert!(
        before > 0 && recovered.checkpoint().is_some(),
        "{recovered:?}"
    );
    let read: u64 = report.workers.iter().map(|worker| worker.records).sum();
    assert_eq!(before + read, words.records());
}

#[test]
fn an_attempt_that_was_taken_over_is_fenced_and_changes_nothing() {
    let (place, words) = (Place::new(), Words::new(4, 600));
    let old = place.recover().unwrap();
    place.run_until_broken(&words, 2, &Break::after_checkpoints(2));

    let error = place
        .run_attempt(&words, 2, options(), Arc::new(()), &old)
        .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Fenced, "{error:?}");
    place.run(&words, 2).unwrap();
    assert_eq!(place.published(), words.expected());
}

#[test]
fn an_attempt_that_is_taken_over_while_it_runs_cannot_commit_any_more() {
    let (place, words) = (Place::new(), Words::new(4, 600));
    let recovered = place.recover().unwrap();
    let (storage, sink) = (Arc::clone(&place.storage), Arc::clone(&place.sink));
    let take_over = TakeOver::new(move || {
        recover(&storage, JOB, &Environment::system(), &*sink).unwrap();
    });

    let error = place
        .run_attempt(&words, 2, options(), Arc::new(take_over), &recovered)
        .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Fenced, "{error:?}");
    place.run(&words, 3).unwrap();
    assert_eq!(place.published(), words.expected());
}

/// Has another attempt take over when the first checkpoint is complete.
struct TakeOver<F> {
    act: F,
    done: std::sync::Once,
}

impl<F> TakeOver<F> {
    const fn new(act: F) -> Self {
        Self {
            act,
            done: std::sync::Once::new(),
        }
    }
}

impl<F: Fn() + Send + Sync> alluvium_timely::Observer for TakeOver<F> {
    fn event(&self, event: &alluvium_timely::Event) {
        if matches!(event, alluvium_timely::Event::CheckpointCompleted { .. }) {
            self.done.call_once(|| (self.act)());
        }
    }
}
