//! Random rescales against an ordered map: the law that no row is lost, and none comes back, on the way from
//! subtasks to other subtasks.
//!
//! What makes a store show a wrong row is a version that some file still has where another store has a newer one, or
//! a deletion that is not there any more. So the rows are few and written again and again, and deleted; there is
//! little between one rescale and the next; files are merged and tidied at any moment; some regions
//! are emptied, or never had a row; and the job goes back to pins from before, whose files other stores have used since, and puts
//! rows of several moments together, so that one source never knew what another still has.

#![expect(
    clippy::missing_panics_doc,
    clippy::expect_used,
    reason = "a check panics where a store does not conform"
)]

use std::collections::BTreeSet;

use alluvium::store::StoreFactory;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use self::job::Job;
use super::placing::Choice;

mod generation;
mod job;

/// Histories a check runs: a store on disk opens some three hundred databases for them. Where that costs little, or
/// time is plenty, [`rescales_match_an_ordered_map`] runs more.
const HISTORIES: u32 = 16;

/// Smaller histories that are tried when one has failed, at the most: each takes as long as the one that failed.
const SHRINKS_MAX: u32 = 200;

/// Steps of a history at the most: about a third are rescales.
const STEPS_MAX: usize = 24;

/// Subtasks at the most.
const SUBTASKS_MAX: usize = 5;

/// Key groups of the job.
const GROUPS: u16 = 16;

/// Rows of a key group that there may be.
const ROWS: u8 = 6;

/// A job from its first rows to its end.
#[derive(Debug, Clone)]
struct History {
    /// What each value is filled up to. Long ones make stores split and merge files that short ones share.
    value_bytes: usize,
    /// Whether the job begins with a version of each row, in one store's file.
    full: bool,
    steps: Vec<Step>,
}

#[derive(Debug, Clone)]
enum Step {
    Write(Rewrite),
    /// Pins all stores and drops the pins.
    Pin,
    Tidy,
    Rescale(Rescale),
    /// The job starts again from its rows.
    Load(Cuts),
}

/// Where a subtask other than the first begins.
type Cuts = BTreeSet<u16>;

/// Writes rows of some key groups, again and again, with pins between.
#[derive(Debug, Clone)]
struct Rewrite {
    first: u16,
    groups: u16,
    /// Which rows of each group are written, a bit each; other ones in later rounds.
    written: u8,
    /// Which of them are deleted.
    deleted: u8,
    rounds: u8,
}

#[derive(Debug, Clone)]
struct Rescale {
    cuts: Cuts,
    /// Where the rows begin that are taken from pins of another moment than those before them.
    seams: Cuts,
    /// How many rescales to go back, from seam to seam; 0 goes on.
    backs: [usize; 3],
    /// Which files are placed, part by part.
    choices: [Choice; 3],
    /// Whether they are copied, as if they were downloaded.
    copied: bool,
    /// Whether the parts are given in descending order.
    reversed: bool,
}

/// A job of some subtasks that goes on with others, many times, forward and back: every store shows the rows
/// that an ordered map of the whole job has in its range, and so does every pin. `ALLUVIUM_RESCALES` sets the
/// number of histories.
pub fn random_rescales_match_an_ordered_map(factory: &dyn StoreFactory) {
    rescales_match_an_ordered_map(factory, HISTORIES);
}

/// As [`random_rescales_match_an_ordered_map`], over so many histories unless `ALLUVIUM_RESCALES` says otherwise.
pub fn rescales_match_an_ordered_map(factory: &dyn StoreFactory, histories: u32) {
    let asked = std::env::var("ALLUVIUM_RESCALES").map(|number| number.parse());
    let config = Config {
        cases: asked.map_or(histories, |number| {
            number.expect("ALLUVIUM_RESCALES is a number")
        }),
        failure_persistence: None,
        max_shrink_iters: SHRINKS_MAX,
        ..Config::default()
    };
    let run = TestRunner::new(config).run(&history(), |history| {
        let mut job = Job::new(factory, history.value_bytes);
        if history.full {
            job.step(&Step::Write(Rewrite {
                first: 0,
                groups: GROUPS,
                written: u8::MAX,
                deleted: 0,
                rounds: 1,
            }));
        }
        for step in &history.steps {
            job.step(step);
        }
        job.end();
        Ok(())
    });
    assert!(
        run.is_ok(),
        "{}",
        run.map_or_else(|failure| failure.to_string(), |()| String::new())
    );
}

fn history() -> impl Strategy<Value = History> {
    let value_bytes = prop_oneof![Just(0_usize), Just(60), Just(1500)];
    let steps = prop::collection::vec(step(), 1..STEPS_MAX);
    (value_bytes, any::<bool>(), steps).prop_map(|(value_bytes, full, steps)| History {
        value_bytes,
        full,
        steps,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => rewrite().prop_map(Step::Write),
        1 => Just(Step::Pin),
        2 => Just(Step::Tidy),
        6 => rescale().prop_map(Step::Rescale),
        1 => cuts().prop_map(Step::Load),
    ]
}

fn rewrite() -> impl Strategy<Value = Rewrite> {
    // Everything, nothing left, or some of both.
    let deleted = prop_oneof![2 => Just(0), 3 => any::<u8>(), 3 => Just(u8::MAX)];
    let written = prop_oneof![1 => any::<u8>(), 1 => Just(u8::MAX)];
    (0..GROUPS, 1..GROUPS, written, deleted, 1..6_u8).prop_map(
        |(first, groups, written, deleted, rounds)| Rewrite {
            first,
            groups,
            written,
            deleted,
            rounds,
        },
    )
}

fn rescale() -> impl Strategy<Value = Rescale> {
    let back = || prop_oneof![6 => Just(0_usize), 1 => Just(1), 1 => Just(2)];
    let seams = prop_oneof![4 => Just(Cuts::new()), 1 => cuts()];
    let choice = prop::sample::select(&Choice::EACH[..]);
    let choices = [choice.clone(), choice.clone(), choice];
    (
        cuts(),
        seams,
        [back(), back(), back()],
        choices,
        any::<bool>(),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(cuts, seams, backs, choices, copied, reversed)| Rescale {
            cuts,
            seams,
            backs,
            choices,
            copied,
            reversed,
        })
}

fn cuts() -> impl Strategy<Value = Cuts> {
    prop::collection::btree_set(1..GROUPS, 0..SUBTASKS_MAX)
}
