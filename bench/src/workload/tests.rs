//! Every case puts out what is recomputed, in hash maps and in a backend that has memory for a part of its state only.

use std::path::Path;

use super::*;

/// Measures a case on two subjects, which fails when outputs differ.
fn measured(case: &str, draw: Draw, events: u64, directory: &Path) {
    for subject in ["hashmap", "alluvium"] {
        let arguments = Arguments {
            subject: subject.to_owned(),
            case: case.to_owned(),
            events,
            keys: None,
            draw,
            value_bytes: 96,
            budget_bytes: 4 << 20,
            setting: String::new(),
            rounds: 3,
            directory: directory.to_owned(),
        };
        let done = measure(&arguments);
        done.unwrap_or_else(|error| panic!("{case} on {subject}: {error:#}"));
    }
}

#[test]
fn operators_over_late_events_put_out_what_is_recomputed() {
    let directory = tempfile::tempdir().unwrap();
    for case in [
        "tumbling-incremental",
        "tumbling-holistic",
        "sliding-incremental",
        "sliding-holistic",
        "session-incremental",
        "session-holistic",
        "window-join",
        "interval-join",
        "aggregation",
    ] {
        measured(case, Draw::Uniform, 3_000, directory.path());
        measured(case, Draw::Zipf, 3_000, directory.path());
    }
}

#[test]
fn queries_of_nexmark_put_out_what_is_recomputed() {
    let directory = tempfile::tempdir().unwrap();
    for query in [4, 5, 7, 9, 11, 12, 17, 18, 19, 20] {
        let case = format!("nexmark-q{query}");
        measured(&case, Draw::Uniform, 20_000, directory.path());
    }
}

#[test]
fn a_query_in_a_job_publishes_what_is_recomputed() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = Arguments {
        subject: "alluvium-timely".to_owned(),
        case: "nexmark-q9".to_owned(),
        events: 20_000,
        keys: None,
        draw: Draw::Uniform,
        value_bytes: 0,
        budget_bytes: 8 << 20,
        setting: String::new(),
        rounds: 3,
        directory: directory.path().to_owned(),
    };
    measure(&arguments).unwrap();
}
