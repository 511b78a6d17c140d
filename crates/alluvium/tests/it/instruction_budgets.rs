//! Instruction counts of hot paths fail a change that makes one slower, and are not judged where they mean nothing.

#[path = "../../benches/instructions/budget.rs"]
mod budget;

use budget::{Budgets, Counts, Report};

const BUDGETS: &str = "# For people.\n@ rustc 1\n@ cpu 3\nmap/get 200.0\nvalue/get 100.0\n";

/// Counts of one operation each, with the compiler of `BUDGETS`.
fn counts(each: &[(&str, u64)]) -> Counts {
    let mut counts = Counts::default();
    counts.toolchain = vec!["rustc 1".to_owned(), "cpu 3".to_owned()];
    for (path, instructions) in each {
        counts.insert(path, *instructions, 1);
    }
    counts
}

fn compare(counts: &Counts) -> Result<Report, String> {
    Budgets::parse(BUDGETS).map(|budgets| budgets.compare(counts, true))
}

#[test]
fn small_differences_pass() {
    let report = compare(&counts(&[("map/get", 210), ("value/get", 90)])).unwrap();

    assert!(!report.failed, "{}", report.verdict);
}

#[test]
fn more_than_five_percent_above_the_budget_fails_and_names_the_path() {
    let report = compare(&counts(&[("map/get", 211), ("value/get", 100)])).unwrap();

    assert!(report.failed);
    assert!(report.verdict.contains("above their budgets: map/get\n"));
    assert!(report.verdict.contains("ALLUVIUM_BLESS=1"));
}

#[test]
fn more_than_ten_percent_below_the_budget_asks_to_keep_the_gain() {
    let report = compare(&counts(&[("map/get", 200), ("value/get", 89)])).unwrap();

    assert!(report.failed);
    assert!(report.verdict.contains("keep the gain: value/get\n"));
}

#[test]
fn a_path_without_a_budget_and_a_budget_without_a_path_fail() {
    let report = compare(&counts(&[("map/get", 200), ("map/put", 1)])).unwrap();

    assert!(report.failed);
    assert!(report.verdict.contains("without budgets: map/put\n"));
    assert!(report.verdict.contains("no more: value/get\n"));
}

#[test]
fn a_part_of_the_paths_does_not_miss_the_others() {
    let budgets = Budgets::parse(BUDGETS).unwrap();

    let report = budgets.compare(&counts(&[("map/get", 200)]), false);

    assert!(!report.failed, "{}", report.verdict);
}

#[test]
fn counts_of_another_compiler_are_shown_and_not_judged() {
    let mut counts = counts(&[("map/get", 900), ("value/get", 100)]);
    counts.toolchain[0] = "rustc 2".to_owned();

    let report = compare(&counts).unwrap();

    assert!(!report.failed);
    assert!(report.table.contains("+350.0 %"));
    assert!(report.verdict.contains("not judged"));
    assert!(report.verdict.contains("rustc 2"));
}

#[test]
fn a_missing_file_of_budgets_fails() {
    let budgets = Budgets::parse("").unwrap();

    let report = budgets.compare(&counts(&[("map/get", 200)]), true);

    assert!(report.failed);
}

#[test]
fn what_was_blessed_passes_when_it_is_counted_again() {
    let mut counts = counts(&[]);
    counts.insert("map/get", 12_345_678, 10_000);
    let blessed = Budgets::default().blessed(&counts, true).unwrap();

    let read = Budgets::parse(&blessed.render()).unwrap();

    assert_eq!(read, blessed);
    let report = read.compare(&counts, true);
    assert!(!report.failed, "{}", report.verdict);
    assert!(report.table.contains("+0.0 %"), "{}", report.table);
}

#[test]
fn blessing_a_part_keeps_the_other_budgets() {
    let budgets = Budgets::parse(BUDGETS).unwrap();

    let blessed = budgets
        .blessed(&counts(&[("map/get", 150)]), false)
        .unwrap();

    assert_eq!(
        blessed,
        Budgets::parse("@ rustc 1\n@ cpu 3\nmap/get 150\nvalue/get 100").unwrap()
    );
}

#[test]
fn blessing_a_part_with_another_compiler_is_refused() {
    let mut counts = counts(&[("map/get", 150)]);
    counts.toolchain[0] = "rustc 2".to_owned();

    let refused = Budgets::parse(BUDGETS).unwrap().blessed(&counts, false);

    assert!(refused.unwrap_err().contains("another toolchain"));
}

#[test]
fn lines_that_are_no_budgets_are_named() {
    for line in [
        "value/get",
        "value/get much",
        "value/get -1",
        "map/get 1\nmap/get 2",
    ] {
        let refused = Budgets::parse(line).unwrap_err();

        assert!(refused.contains("line "), "{refused}");
    }
}
