//! The table in `docs/conformance.md` names what exists, and all that the suite has.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A test that a document names: file and function.
type Named = (PathBuf, String);

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn suite() -> PathBuf {
    crates().join("alluvium-testing/src")
}

/// The file that a path in the document means.
fn file(path: &str) -> PathBuf {
    let of_suite = suite().join(path);
    if of_suite.is_file() {
        return of_suite;
    }
    crates().join(path)
}

/// What is between backticks, in order: after the name of a file come functions of it.
fn named(document: &str) -> BTreeSet<Named> {
    let mut found = BTreeSet::new();
    let prose = document.split("```").step_by(2).collect::<String>();
    for line in prose.split("\n|").flat_map(|line| line.split("\n\n")) {
        let mut of = None;
        for code in line.split('`').skip(1).step_by(2) {
            let is_function = code.matches('_').count() > 1
                && code
                    .chars()
                    .all(|c| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit());
            if code.ends_with(".rs") {
                of = Some(file(code));
            } else if is_function && let Some(of) = &of {
                found.insert((of.clone(), code.to_owned()));
            }
        }
    }
    found
}

/// The checks of the suite's topics: public functions that take nothing but a setting.
fn checks() -> BTreeSet<Named> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(suite().join("conformance")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for function in text.split("\npub fn ").skip(1) {
            let (name, rest) = function.split_once('(').unwrap();
            let parameters = rest.split_once(')').unwrap().0;
            let parameters = parameters.trim().trim_end_matches(',');
            if parameters == "setting: &Setting<'_>" {
                found.insert((path.clone(), name.to_owned()));
            }
        }
    }
    found
}

fn document() -> String {
    fs::read_to_string(crates().join("../docs/conformance.md")).unwrap()
}

#[test]
fn every_test_that_the_table_names_exists() {
    let named = named(&document());

    assert!(
        named.len() > 100,
        "{} names: the table is read wrongly",
        named.len()
    );
    for (path, function) in named {
        let text = fs::read_to_string(&path);
        let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let is_there = text.contains(&format!("fn {function}("));
        assert!(is_there, "{} has no {function}", path.display());
    }
}

#[test]
fn every_check_of_the_suite_is_in_the_table_and_runs() {
    let named = named(&document());
    let suite = fs::read_to_string(suite().join("conformance.rs")).unwrap();
    let checks = checks();

    assert!(
        checks.len() > 40,
        "{} checks: the suite is read wrongly",
        checks.len()
    );
    for check in checks {
        let (path, name) = &check;
        assert!(
            named.contains(&check),
            "{} of {} is not in the table",
            name,
            path.display()
        );
        assert!(suite.contains(&format!("{name},")), "{name} does not run");
    }
}
