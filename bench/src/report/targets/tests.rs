//! Verdicts from records: met, missed, not measured, and what is said about each.

use super::{Target, judge};
use crate::names::{self, ALLUVIUM, FLINK_MANAGED, HASH_MAP, RAW_ROCKSDB};
use crate::record::Record;
use crate::report::verdict::{Bound, Found, Verdict};
use crate::results::{Ended, Results, Run, Section};

/// Suite, case, setting, measure.
type Asked<'a> = (&'a str, &'a str, &'a str, &'a str);

fn record(asked: Asked<'_>, subject: &str, value: f64) -> Record {
    let (suite, case, setting, measure) = asked;
    Record {
        suite: suite.to_owned(),
        case: case.to_owned(),
        subject: subject.to_owned(),
        setting: setting.to_owned(),
        measure: measure.to_owned(),
        unit: match measure {
            "rate" => "1/s",
            name if name.ends_with("files") => "files",
            name if name.ends_with("bytes") => "MB",
            _ => "ms",
        }
        .to_owned(),
        // The median is the value whatever disturbed two rounds.
        rounds: vec![value, 1e9, 0.0],
        verified: true,
        resident_bytes: 100 << 20,
        budget_bytes: 64 << 20,
        version: String::new(),
    }
}

fn targets(records: Vec<Record>) -> Vec<Target> {
    let mut results = Results::default();
    results.put(Section {
        run: Run::default(),
        ended: Vec::new(),
        records,
    });
    judge(&results)
}

fn one(records: Vec<Record>, words: &str) -> Target {
    let all = targets(records);
    let mut found = all
        .into_iter()
        .filter(|target| target.target.contains(words));
    let target = found.next().expect("a target with these words");
    assert!(found.next().is_none(), "several targets have {words:?}");
    target
}

fn inside(case: &str) -> Asked<'_> {
    ("access", case, "500k keys, inside the budget", "rate")
}

#[test]
fn without_results_no_target_is_met() {
    for target in targets(Vec::new()) {
        // Where nothing is measured yet, a result changes nothing.
        let unbuilt = target.of == "its benchmark is not written yet";
        let verdict = if unbuilt {
            Verdict::Missed
        } else {
            Verdict::NotMeasured
        };
        assert_eq!(target.verdict, verdict, "{}", target.target);
        assert_eq!(target.measured, "–");
        assert_ne!(
            target.of, "",
            "{} does not say what is missing",
            target.target
        );
    }
}

#[test]
fn every_operation_counts_and_the_worst_is_named() {
    let mut records = Vec::new();
    for case in names::inside_cases() {
        records.push(record(inside(case), FLINK_MANAGED, 1e5));
        let rate = if case == "map/keys" { 1.2e6 } else { 2e6 };
        records.push(record(inside(case), ALLUVIUM, rate));
    }
    let words = "every operation: against Flink's RocksDB";
    let met = one(records.clone(), words);
    assert_eq!(met.verdict, Verdict::Met);
    assert_eq!(met.measured, "12.0x");
    assert!(met.of.starts_with("map/keys, 500k keys"), "{}", met.of);
    assert!(met.of.ends_with("kept in 26 of 26"), "{}", met.of);

    let slow = records
        .iter_mut()
        .find(|r| r.subject == ALLUVIUM && r.case == "list/add");
    slow.unwrap().rounds = vec![9.9e5];
    let missed = one(records.clone(), words);
    assert_eq!(
        (missed.verdict, missed.measured.as_str()),
        (Verdict::Missed, "9.90x")
    );
    assert!(missed.of.ends_with("kept in 25 of 26"), "{}", missed.of);

    records.retain(|record| record.case != "list/add");
    let incomplete = one(records.clone(), words);
    assert_eq!(incomplete.verdict, Verdict::NotMeasured);
    assert!(
        incomplete.of.contains("not measured: list/add"),
        "{}",
        incomplete.of
    );
}

#[test]
fn a_peer_that_was_not_measured_in_one_setting_leaves_the_target_open() {
    let large: Asked<'_> = ("access", "value/get", "2M keys, inside the budget", "rate");
    let mut records: Vec<_> = names::RMW_CASES
        .iter()
        .flat_map(|case| {
            [(ALLUVIUM, 1e6), (HASH_MAP, 2e6)].map(|(s, v)| record(inside(case), s, v))
        })
        .collect();
    assert_eq!(
        one(records.clone(), "plain `HashMap`").verdict,
        Verdict::Met
    );
    assert_eq!(one(records.clone(), "plain `HashMap`").measured, "2.00x");

    let large = Asked::from((large.0, "value/rmw-zipf", large.2, large.3));
    records.push(record(large, ALLUVIUM, 1e6));
    let open = one(records, "plain `HashMap`");
    assert_eq!(open.verdict, Verdict::NotMeasured);
    assert!(open.of.contains("value/rmw-zipf, 2M keys"), "{}", open.of);
}

#[test]
fn what_was_not_verified_is_not_measured_and_is_counted() {
    let mut records = vec![
        record(inside("value/rmw-zipf"), ALLUVIUM, 1e6),
        record(inside("value/rmw-uniform"), ALLUVIUM, 1e6),
        record(inside("value/rmw-zipf"), HASH_MAP, 1e6),
        record(inside("value/rmw-uniform"), HASH_MAP, 1e6),
    ];
    assert_eq!(one(records.clone(), "verified").verdict, Verdict::Met);

    records[0].verified = false;

    assert_eq!(
        one(records.clone(), "plain `HashMap`").verdict,
        Verdict::NotMeasured
    );
    let unverified = one(records, "verified");
    assert_eq!(
        (unverified.verdict, unverified.measured.as_str()),
        (Verdict::Missed, "1")
    );
}

#[test]
fn a_measurement_that_failed_misses_the_target_of_correctness() {
    let mut results = Results::default();
    results.put(Section {
        run: Run::default(),
        ended: vec![Ended {
            suite: "access".to_owned(),
            measurement: "value".to_owned(),
            seconds: 1.0,
            processor_seconds: 0.5,
            error: Some("key 7 is lost".to_owned()),
        }],
        records: vec![record(inside("value/get"), ALLUVIUM, 1.0)],
    });

    let last = judge(&results).pop().unwrap();

    assert_eq!((last.suite, last.verdict), ("verified", Verdict::Missed));
}

#[test]
fn the_geometric_mean_weighs_all_operations_alike() {
    let mut records = Vec::new();
    for (index, case) in names::inside_cases().enumerate() {
        records.push(record(inside(case), names::FLINK_HASH_MAP, 1.0));
        let rate = if index % 2 == 0 { 4.0 } else { 1.0 };
        records.push(record(inside(case), ALLUVIUM, rate));
    }

    let mean = one(records, "geometric mean");

    // Fifteen of 26 ratios are 4: 4^(15/29).
    assert_eq!(
        (mean.verdict, mean.measured.as_str()),
        (Verdict::Met, "2.00x")
    );
}

#[test]
fn beyond_the_budget_only_ten_times_counts() {
    let setting = |text| ("access", "value/rmw-zipf", text, "rate");
    let get = |text| ("access", "value/get-zipf", text, "rate");
    let records = vec![
        record(setting("500k keys, 10x budget"), ALLUVIUM, 3.0),
        record(setting("500k keys, 10x budget"), RAW_ROCKSDB, 1.0),
        record(get("500k keys, 10x budget"), ALLUVIUM, 3.5),
        record(get("500k keys, 10x budget"), RAW_ROCKSDB, 1.0),
        record(get("500k keys, 2x budget"), ALLUVIUM, 1.0),
        record(get("500k keys, 2x budget"), RAW_ROCKSDB, 1.0),
    ];

    let zipf = one(records, "Zipf");

    assert_eq!(
        (zipf.verdict, zipf.measured.as_str()),
        (Verdict::Met, "3.00x")
    );
}

#[test]
fn restores_are_compared_with_flinks_best_mode_local_or_remote() {
    let mut records = Vec::new();
    for shape in names::SHAPES {
        let local = ("recovery", shape, "1M rows, local", "restore");
        let remote = ("recovery", shape, "1M rows, remote", "restore");
        records.push(record(local, ALLUVIUM, 10.0));
        records.push(record(remote, ALLUVIUM, 100.0));
        records.push(record(
            ("recovery", shape, "1M rows, remote", "copy"),
            ALLUVIUM,
            90.0,
        ));
        records.push(record(remote, names::FLINK_DEFAULTS, 500.0));
        records.push(record(remote, names::FLINK_INGEST, 101.0));
    }
    assert_eq!(one(records.clone(), "with local copies").measured, "10.1x");
    assert_eq!(one(records.clone(), "copying").measured, "1.11x");
    let remote = one(records.clone(), "remote storage: against Flink");
    assert_eq!(
        (remote.verdict, remote.measured.as_str()),
        (Verdict::Met, "1.01x")
    );

    // Flink has local state where nothing is rescaled.
    let local = ("recovery", "1-1", "1M rows, local", "restore");
    records.push(record(local, names::FLINK_DEFAULTS, 30.0));
    let missed = one(records, "with local copies");
    assert_eq!(
        (missed.verdict, missed.measured.as_str()),
        (Verdict::Missed, "3.00x")
    );
    assert!(
        missed.of.starts_with("1-1, 1M rows, local"),
        "{}",
        missed.of
    );
}

#[test]
fn latency_is_compared_with_that_without_checkpoints() {
    let asked = |setting| ("latency", "rmw", setting, "p99.9");
    let records = vec![
        record(asked("1M rows, no checkpoints"), ALLUVIUM, 10.0),
        record(asked("1M rows, checkpoint each second"), ALLUVIUM, 13.0),
    ];

    let latency = one(records, "p99.9");

    assert_eq!(
        (latency.verdict, latency.measured.as_str()),
        (Verdict::Missed, "1.30x")
    );
}

#[test]
fn endurance_compares_the_end_with_the_most_of_the_beginning() {
    let asked = |n| ("endurance", "checkpoints", n, "storage-files");
    let records = vec![
        record(asked("after 50 checkpoints"), ALLUVIUM, 20.0),
        record(asked("after 100 checkpoints"), ALLUVIUM, 10.0),
        record(asked("after 500 checkpoints"), ALLUVIUM, 99.0),
        record(asked("after 1000 checkpoints"), ALLUVIUM, 30.0),
    ];

    let files = one(records, "1,000 checkpoints");

    assert_eq!(
        (files.verdict, files.measured.as_str()),
        (Verdict::Met, "1.50x")
    );
}

#[test]
fn memory_is_what_is_beyond_the_budget_of_alluvium_alone() {
    let mut own = record(inside("value/get"), ALLUVIUM, 1.0);
    let mut peer = record(inside("value/get"), FLINK_MANAGED, 1.0);
    peer.resident_bytes = 1 << 40;
    own.resident_bytes = (64 + 64) << 20;
    let met = one(vec![own.clone(), peer.clone()], "resident set");
    assert_eq!(
        (met.verdict, met.measured.as_str()),
        (Verdict::Met, "64.0 MiB")
    );

    own.resident_bytes += 1 << 20;
    let missed = one(vec![own.clone(), peer.clone()], "resident set");
    assert_eq!(missed.verdict, Verdict::Missed);

    // Without a budget there is nothing to keep; without a count nothing is known.
    own.budget_bytes = 0;
    assert_eq!(
        one(vec![own.clone()], "resident set").verdict,
        Verdict::NotMeasured
    );
    own.budget_bytes = 1;
    own.resident_bytes = 0;
    assert_eq!(one(vec![own], "resident set").verdict, Verdict::NotMeasured);
}

#[test]
fn a_ratio_that_is_no_number_is_missing() {
    let mut found = Found::default();
    found.push("a".to_owned(), Some(f64::NAN));
    found.push("b".to_owned(), Some(2.0));

    assert_eq!(found.missing, ["a"]);
    assert_eq!(found.verdict(Bound::AtLeast(1.0)), Verdict::NotMeasured);
    assert_eq!(found.verdict(Bound::AtLeast(3.0)), Verdict::Missed);
    assert!(!Bound::AtLeast(0.0).holds(f64::NAN) && !Bound::AtMost(0.0).holds(f64::NAN));
}
