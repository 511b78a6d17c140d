//! Checkpoints, latency beside them, a thousand in a row, recovery and savepoints.
//!
//! The budget is what one slot of Flink has by default, but where checkpoints follow each other a thousand times.

use super::{Measurement, Program, Size, arguments, short};
use crate::names::{self, ALLUVIUM, FLINK_MANAGED};

/// A suite at one size.
struct Suite {
    name: &'static str,
    rows: u64,
    budget_bytes: u64,
    /// More arguments of Alluvium's measurement, and its seconds.
    own: (Vec<(&'static str, String)>, f64),
    flink: Flink,
}

/// Flink's part of a suite: one process, which alternates its subjects; none without subjects.
struct Flink {
    subjects: &'static [&'static str],
    more: Vec<(&'static str, u64)>,
    seconds: f64,
}

const SLOT_BYTES: u64 = 512 << 20;
const SMALL_BYTES: u64 = 64 << 20;

const CHECKPOINTED: [&str; 2] = [FLINK_MANAGED, names::FLINK_HASH_MAP];
const SAVED: [&str; 2] = [names::FLINK_CANONICAL, names::FLINK_NATIVE];

pub(super) fn plan(size: Size) -> Vec<Measurement> {
    let suites = match size {
        Size::Quick => quick(),
        Size::Full => full(),
    };
    suites.iter().flat_map(measurements).collect()
}

fn quick() -> Vec<Suite> {
    let rows = 200_000;
    vec![
        // All of a million rows are dirty in a hundred freezes, for the target asks for their 99th percentile. No target
        // compares Flink's checkpoints or its latency: the full run has them.
        checkpoint(
            &[
                ("checkpoints", 3),
                ("small-checkpoints", 20),
                ("freezes", 100),
            ],
            85.0,
            &[],
            0,
            0.0,
        ),
        latency(3, 2, [15.0, 0.0], &[]),
        endurance(45.0),
        without_row_by_row(recovery(rows, 3, [12.0, 45.0], &names::FLINK_RESTORES[..3])),
        savepoint(rows, 3, [6.0, 15.0]),
    ]
}

fn full() -> Vec<Suite> {
    let rows = 1_000_000;
    vec![
        checkpoint(
            &[
                ("checkpoints", 20),
                ("small-checkpoints", 100),
                ("freezes", 200),
            ],
            220.0,
            &CHECKPOINTED,
            10,
            150.0,
        ),
        latency(20, 3, [130.0, 300.0], &CHECKPOINTED),
        endurance(45.0),
        recovery(rows, 5, [120.0, 300.0], &names::FLINK_RESTORES),
        savepoint(rows, 5, [40.0, 120.0]),
    ]
}

fn checkpoint(
    own: &[(&'static str, u64)],
    own_seconds: f64,
    subjects: &'static [&'static str],
    rounds: u64,
    seconds: f64,
) -> Suite {
    Suite {
        name: "checkpoint",
        rows: 1_000_000,
        budget_bytes: SLOT_BYTES,
        own: (words(own), own_seconds),
        flink: Flink {
            subjects,
            more: vec![("rounds", rounds)],
            seconds,
        },
    }
}

fn latency(
    seconds: u64,
    rounds: u64,
    [own, flink]: [f64; 2],
    subjects: &'static [&'static str],
) -> Suite {
    let more = vec![("seconds", seconds), ("rounds", rounds)];
    Suite {
        name: "latency",
        rows: 1_000_000,
        budget_bytes: SLOT_BYTES,
        own: (words(&more), own),
        flink: Flink {
            subjects,
            more,
            seconds: flink,
        },
    }
}

fn endurance(seconds: f64) -> Suite {
    Suite {
        name: "endurance",
        rows: 100_000,
        budget_bytes: SMALL_BYTES,
        own: (words(&[("checkpoints", 1_000)]), seconds),
        flink: Flink {
            subjects: &[],
            more: Vec::new(),
            seconds: 0.0,
        },
    }
}

fn recovery(
    rows: u64,
    rounds: u64,
    [own, flink]: [f64; 2],
    subjects: &'static [&'static str],
) -> Suite {
    Suite {
        name: "recovery",
        rows,
        budget_bytes: SLOT_BYTES,
        own: (words(&[("rounds", rounds)]), own),
        flink: Flink {
            subjects,
            more: vec![("rounds", rounds)],
            seconds: flink,
        },
    }
}

fn savepoint(rows: u64, rounds: u64, seconds: [f64; 2]) -> Suite {
    Suite {
        name: "savepoint",
        ..recovery(rows, rounds, seconds, &SAVED)
    }
}

/// No target compares a restore with one that reads and writes every row.
fn without_row_by_row(mut recovery: Suite) -> Suite {
    let (more, _) = &mut recovery.own;
    more.push(("leave-out", "row-by-row".to_owned()));
    recovery
}

fn words(numbers: &[(&'static str, u64)]) -> Vec<(&'static str, String)> {
    let numbers = numbers.iter();
    numbers.map(|(name, n)| (*name, n.to_string())).collect()
}

fn measurements(suite: &Suite) -> Vec<Measurement> {
    let measurement = |program, subjects: &[&str], more: &[(&str, String)], seconds| {
        let mut words = arguments(&[
            ("rows", suite.rows.to_string()),
            ("budget-bytes", suite.budget_bytes.to_string()),
        ]);
        if program != Program::Bench {
            words.extend(["--suite".to_owned(), suite.name.to_owned()]);
        }
        words.extend(arguments(more));
        Measurement {
            suite: suite.name,
            program,
            subjects: subjects.iter().map(|&name| name.to_owned()).collect(),
            title: format!("{} rows", short(suite.rows)),
            arguments: words,
            seconds,
        }
    };
    let (more, seconds) = &suite.own;
    let own = measurement(Program::Bench, &[ALLUVIUM], more, *seconds);
    let mut all = vec![own];
    let flink = &suite.flink;
    if !flink.subjects.is_empty() {
        let class = Program::Flink("Snapshots");
        all.push(measurement(
            class,
            flink.subjects,
            &words(&flink.more),
            flink.seconds,
        ));
    }
    all
}
