//! The document and the plots of results: complete, equal for equal results, and honest about a quick run.

use super::{blocks, plots, rendered, targets};
use crate::names;
use crate::record::Record;
use crate::report::figures::Figures;
use crate::results::{Ended, Results, Run, Section};

fn record(suite: &str, case: &str, setting: &str, measure: &str, unit: &str) -> Record {
    Record {
        suite: suite.to_owned(),
        case: case.to_owned(),
        subject: names::ALLUVIUM.to_owned(),
        setting: setting.to_owned(),
        measure: measure.to_owned(),
        unit: unit.to_owned(),
        rounds: vec![1_234.0],
        verified: true,
        resident_bytes: 3 << 20,
        budget_bytes: 2 << 20,
        version: String::new(),
    }
}

/// A record for each plot.
fn results() -> Results {
    let records = vec![
        record(
            "access",
            "value/get",
            "500k keys, inside the budget",
            "rate",
            "1/s",
        ),
        record(
            "access",
            "value/get",
            "500k keys, 10x budget",
            "rate",
            "1/s",
        ),
        record(
            "workload",
            "aggregation",
            "1M events, inside the budget",
            "rate",
            "1/s",
        ),
        record("latency", "rmw", "1M rows, no checkpoints", "p50", "us"),
        record(
            "endurance",
            "checkpoints",
            "after 100 checkpoints",
            "storage-files",
            "files",
        ),
        record("recovery", "1-2", "1M rows, local", "restore", "ms"),
        record("savepoint", "write", "1M rows", "time", "ms"),
    ];
    let ended = records.iter().map(|record| Ended {
        suite: record.suite.clone(),
        measurement: format!("{}: alluvium", record.suite),
        seconds: 61.0,
        processor_seconds: 0.5,
        error: (record.suite == "savepoint").then(|| "lost a row\nat line 7".to_owned()),
    });
    let mut results = Results::default();
    let ended = ended.collect();
    results.put(Section {
        run: Run {
            size: "quick".to_owned(),
            missing: vec!["Flink: javac is missing".to_owned()],
            ..Run::default()
        },
        ended,
        records,
    });
    results
}

#[test]
fn the_document_of_this_clone_has_the_place_of_every_block() {
    let document = super::bench_directory().join("../docs/performance.md");
    for results in [Results::default(), results()] {
        let blocks = blocks(&results, &targets::judge(&results)).unwrap();

        let text = rendered(&document, &blocks).unwrap();

        assert!(text.contains("| freeze with 1M dirty rows, p99 | at most 1 ms |"));
    }
}

#[test]
fn a_document_says_that_its_run_was_quick_and_what_is_missing() {
    let results = results();

    let blocks = blocks(&results, &targets::judge(&results)).unwrap();

    let runs = &blocks["runs"];
    assert!(runs.contains("This was the quick run"), "{runs}");
    assert!(
        runs.contains("- Not measured: Flink: javac is missing.\n"),
        "{runs}"
    );
    assert!(
        runs.contains("- Not measured: savepoint: alluvium: lost a row.\n"),
        "{runs}"
    );
    assert!(blocks["recovery"].starts_with("![Restore to the first row"));
    let row = "| value/get | 500k keys, 10x budget | 1.23k |";
    assert!(
        blocks["access-beyond"].contains(row),
        "{}",
        blocks["access-beyond"]
    );
    assert_eq!(blocks["checkpoint"], "Not measured.\n");
}

#[test]
fn what_one_subject_alone_answered_is_told_by_measure() {
    let mut results = results();
    let setting = "1M rows, local";
    let mut peer = record("recovery", "1-2", setting, "restore", "ms");
    peer.subject = names::FLINK_INGEST.to_owned();
    let records = &mut results.sections[0].records;
    records.push(peer);
    records.push(record("recovery", "1-2", setting, "files", "files"));
    records.push(record("recovery", "1-2", setting, "bytes", "MB"));

    let table = &blocks(&results, &[]).unwrap()["recovery"];

    let compared = "| 1-2 | 1M rows, local | 1234 ms | 1234 ms |\n\nOf `alluvium` alone:\n";
    assert!(table.contains(compared), "{table}");
    let alone = "| case | setting | files | bytes |\n| --- | --- | --: | --: |\n| 1-2 | 1M rows, local | 1,234 | 1234 MB |";
    assert!(table.contains(alone), "{table}");
}

#[test]
fn equal_results_give_equal_plots_and_none_give_none() {
    let results = results();
    for plot in &plots::PLOTS {
        let first = plot.svg(&Figures::new(&results)).unwrap().expect(plot.name);
        let second = plot.svg(&Figures::new(&results)).unwrap().unwrap();

        assert_eq!(first, second);
        assert!(first.starts_with("<svg") && first.trim_end().ends_with("</svg>"));
        assert!(plot.svg(&Figures::default()).unwrap().is_none());
    }
}
