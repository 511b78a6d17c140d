//! Streaming workloads: events through an operator, on each subject.

use super::{Measurement, Program, Size, arguments, short};
use crate::names::{self, ALLUVIUM, HASH_MAP, INSIDE, RAW_ROCKSDB};

const OPERATORS: [&str; 9] = [
    "tumbling-incremental",
    "tumbling-holistic",
    "sliding-incremental",
    "sliding-holistic",
    "session-incremental",
    "session-holistic",
    "window-join",
    "interval-join",
    "aggregation",
];

const QUERIES: [&str; 10] = [
    "nexmark-q4",
    "nexmark-q5",
    "nexmark-q7",
    "nexmark-q9",
    "nexmark-q11",
    "nexmark-q12",
    "nexmark-q17",
    "nexmark-q18",
    "nexmark-q19",
    "nexmark-q20",
];

/// No target is about these: one operator of each kind shows whether anything is wrong.
const QUICK: [&str; 4] = [
    "tumbling-incremental",
    "sliding-holistic",
    "interval-join",
    "nexmark-q18",
];

/// Alone, without an engine.
const BARE: [&str; 3] = [ALLUVIUM, RAW_ROCKSDB, HASH_MAP];
/// Also on the memory store, and in a job.
const QUERIED: [&str; 6] = [
    ALLUVIUM,
    RAW_ROCKSDB,
    HASH_MAP,
    names::ALLUVIUM_MEMORY,
    names::ALLUVIUM_TIMELY,
    names::ALLUVIUM_TIMELY_MEMORY,
];

/// A budget that holds the state of a million events, and one that holds a part of it.
const LARGE: (u64, &str) = (1 << 30, INSIDE);
const SMALL: (u64, &str) = (32 << 20, "32 MiB budget");

pub(super) fn plan(size: Size) -> Vec<Measurement> {
    let mut plan = Vec::new();
    match size {
        Size::Quick => {
            for case in QUICK {
                measurements(&mut plan, case, 200_000, LARGE, &BARE);
            }
        }
        Size::Full => {
            for case in OPERATORS {
                measurements(&mut plan, case, 1_000_000, LARGE, &BARE);
                measurements(&mut plan, case, 1_000_000, SMALL, &BARE[..2]);
            }
            for case in QUERIES {
                measurements(&mut plan, case, 1_000_000, LARGE, &QUERIED);
                measurements(&mut plan, case, 1_000_000, SMALL, &BARE[..2]);
            }
        }
    }
    plan
}

fn measurements(
    plan: &mut Vec<Measurement>,
    case: &str,
    events: u64,
    (budget_bytes, budget): (u64, &str),
    subjects: &[&str],
) {
    let setting = format!("{} events, {budget}", short(events));
    for subject in subjects {
        plan.push(Measurement {
            suite: "workload",
            program: Program::Bench,
            subjects: vec![(*subject).to_owned()],
            title: format!("{case}, {setting}"),
            arguments: arguments(&[
                ("case", case.to_owned()),
                ("events", events.to_string()),
                ("budget-bytes", budget_bytes.to_string()),
                ("setting", setting.clone()),
            ]),
            // On files it takes longer, and it is recomputed once more.
            seconds: 0.3 + events as f64 / 2e5,
        });
    }
}
