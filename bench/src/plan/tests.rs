//! Plans stay within their bounds, and measure what verdicts need.

use super::{Measurement, Program, Size, plan, seconds, select};
use crate::names;

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|&word| word.to_owned()).collect()
}

#[test]
fn a_quick_run_takes_less_than_eight_minutes() {
    let estimate = seconds(&plan(Size::Quick));

    assert!(estimate < 480.0, "{estimate} s");
    assert!(estimate > 60.0, "{estimate} s are too few to be true");
}

#[test]
fn both_sizes_measure_alluvium_in_every_suite() {
    for size in [Size::Quick, Size::Full] {
        let plan = plan(size);
        for suite in names::SUITES {
            let measured = plan.iter().any(|measurement| {
                measurement.suite == suite
                    && measurement
                        .subjects
                        .iter()
                        .any(|name| name == names::ALLUVIUM)
            });
            assert!(measured, "{suite} in {}", size.name());
        }
    }
}

#[test]
fn subjects_of_one_setting_are_measured_one_after_the_other() {
    for size in [Size::Quick, Size::Full] {
        let plan = plan(size);
        let mut titles: Vec<_> = plan.iter().map(|m| (m.suite, &m.title)).collect();
        titles.dedup();
        let runs = titles.len();
        titles.sort_unstable();
        titles.dedup();

        assert_eq!(runs, titles.len(), "a setting is measured in two places");
    }
}

#[test]
fn subjects_of_one_setting_get_equal_arguments() {
    for size in [Size::Quick, Size::Full] {
        let plan = plan(size);
        for pair in plan.windows(2) {
            let [first, second] = pair else { continue };
            let alike = |m: &Measurement| (m.suite, m.title.clone(), m.program);
            if alike(first) == alike(second) {
                assert_eq!(first.arguments, second.arguments);
            }
        }
    }
}

#[test]
fn quick_has_every_case_that_a_target_compares_inside_the_budget() {
    let plan = plan(Size::Quick);
    for case in names::inside_cases() {
        for subject in [names::ALLUVIUM, names::FLINK_MANAGED, names::FLINK_HASH_MAP] {
            let measured = plan.iter().any(|measurement| {
                let cases = measurement
                    .arguments
                    .iter()
                    .skip_while(|word| *word != "--cases");
                let mut cases = cases.skip(1).flat_map(|list| list.split(','));
                measurement.subjects == [subject] && cases.any(|name| name == case)
            });
            assert!(measured, "{case} of {subject}");
        }
    }
}

#[test]
fn flink_is_measured_by_its_own_program_and_by_no_other() {
    for measurement in plan(Size::Full) {
        let java = measurement.program != Program::Bench;
        for subject in &measurement.subjects {
            assert_eq!(
                java,
                subject.starts_with("flink-"),
                "{}",
                measurement.name()
            );
        }
    }
}

#[test]
fn what_is_not_wanted_is_left_out_with_its_time() {
    let whole = plan(Size::Quick);

    let some = select(
        whole.clone(),
        &words(&["recovery"]),
        &words(&[names::ALLUVIUM, names::FLINK_INGEST]),
    );

    let subjects: Vec<_> = some.iter().map(|m| m.subjects.clone()).collect();
    assert_eq!(
        subjects,
        [words(&["alluvium"]), words(&["flink-rocksdb-ingest"])]
    );
    assert!(seconds(&some) < seconds(&whole));
    assert_eq!(select(whole.clone(), &[], &[]), whole);
}
