//! Results are read as they were written; a newer run takes the place of an older one, suite by suite.

use super::{Ended, Results, Run, Section};
use crate::record::Record;

fn section(size: &str, suites: &[&str]) -> Section {
    let ended = suites.iter().map(|suite| Ended {
        suite: (*suite).to_owned(),
        measurement: format!("{suite} 1M rows: alluvium"),
        seconds: 1.5,
        processor_seconds: 0.5,
        error: None,
    });
    let records = suites.iter().map(|suite| Record {
        suite: (*suite).to_owned(),
        case: "value/get".to_owned(),
        subject: "alluvium".to_owned(),
        setting: "500k keys".to_owned(),
        measure: "rate".to_owned(),
        unit: "1/s".to_owned(),
        rounds: vec![3.0, 1.0, 2.0],
        verified: true,
        resident_bytes: 1,
        budget_bytes: 2,
        version: "1".to_owned(),
    });
    Section {
        run: Run {
            size: size.to_owned(),
            ..Run::default()
        },
        ended: ended.collect(),
        records: records.collect(),
    }
}

#[test]
fn results_are_read_as_they_were_written() {
    let mut results = Results::default();
    results.put(section("full", &["access"]));
    results.put(section("quick", &["recovery"]));

    let read = Results::parse(&results.render().unwrap()).unwrap();

    assert_eq!(read, results);
}

#[test]
fn a_newer_run_takes_the_place_of_its_suites_alone() {
    let mut results = Results::default();
    results.put(section("full", &["access", "recovery"]));
    results.put(section("quick", &["recovery"]));

    let found: Vec<_> = results
        .sections
        .iter()
        .flat_map(|s| {
            s.records
                .iter()
                .map(|r| (s.run.size.as_str(), r.suite.as_str()))
        })
        .collect();
    assert_eq!(found, [("quick", "recovery"), ("full", "access")]);

    results.put(section("quick", &["access", "recovery"]));
    assert_eq!(results.sections.len(), 1);
}

#[test]
fn a_line_that_is_no_record_is_named() {
    let text = section_text() + "{\"suite\": \"access\"}\n";

    let error = format!("{:#}", Results::parse(&text).unwrap_err());

    assert!(
        error.contains("line 4") && error.contains("missing field"),
        "{error}"
    );
}

#[test]
fn a_record_without_a_run_is_refused() {
    let text = section_text();
    let record = text.lines().last().unwrap();

    let error = format!("{:#}", Results::parse(record).unwrap_err());

    assert!(
        error.contains("line 1: the first line does not say which run"),
        "{error}"
    );
}

#[test]
fn a_record_that_does_not_say_that_it_was_verified_was_not() {
    let line = r#"{"suite":"access","case":"c","subject":"s","setting":"t","measure":"rate","unit":"1/s","rounds":[4,1]}"#;

    let record: Record = serde_json::from_str(line).unwrap();

    assert!(!record.verified);
    assert!((record.median() - 2.5).abs() < f64::EPSILON);
}

fn section_text() -> String {
    let mut results = Results::default();
    results.put(section("full", &["access"]));
    results.render().unwrap()
}
