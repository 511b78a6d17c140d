//! Tables of medians: a row for each question, a column for each subject.

use std::fmt::Write as _;

use super::figures::{Figures, Question};
use super::numbers::shown;
use super::targets::Target;
use crate::names;
use crate::results::{Results, Section};

/// All targets with their verdicts.
pub(super) fn verdicts(targets: &[Target]) -> String {
    let mut table = String::from(
        "| target | asked | measured, worst | which | verdict |\n|---|---|---|---|---|\n",
    );
    for target in targets {
        line(
            &mut table,
            &[
                target.target,
                &target.bound,
                &target.measured,
                &target.of,
                target.verdict.name(),
            ],
        );
    }
    table
}

/// A suite's medians, of the settings that end so: a table of what several subjects answered, and one of what a single one did.
pub(super) fn suite(figures: &Figures, suite: &str, setting: impl Fn(&str) -> bool) -> String {
    let questions = figures.questions(suite);
    let questions: Vec<_> = questions.filter(|q| setting(&q.setting)).collect();
    let mut measures: Vec<&str> = questions.iter().map(|q| q.measure.as_str()).collect();
    measures.sort_unstable();
    measures.dedup();
    let (mut compared, mut alone) = (Vec::new(), Vec::new());
    for question in questions {
        let all = figures
            .questions(suite)
            .filter(|q| q.measure == question.measure);
        match subjects(figures, &all.collect::<Vec<_>>()).as_slice() {
            [_] if measures.len() > 1 => alone.push(question),
            _ => compared.push(question),
        }
    }
    let mut tables = Vec::new();
    if !compared.is_empty() {
        tables.push(by_subject(figures, &compared));
    }
    for subject in subjects(figures, &alone) {
        let own: Vec<_> = alone
            .iter()
            .copied()
            .filter(|q| figures.get(q, subject).is_some())
            .collect();
        tables.push(format!(
            "Of `{subject}` alone:\n\n{}",
            by_measure(figures, &own, subject)
        ));
    }
    if tables.is_empty() {
        return "Not measured.\n".to_owned();
    }
    tables.join("\n")
}

/// A row for each question, a column for each subject.
fn by_subject(figures: &Figures, questions: &[&Question]) -> String {
    let subjects = subjects(figures, questions);
    let first = questions.first().map(|q| &q.measure);
    let measures = questions.iter().any(|q| Some(&q.measure) != first);
    let mut heads = vec!["case", "setting"];
    heads.extend(measures.then_some("measure"));
    let words = heads.len();
    heads.extend(&subjects);
    let mut table = head(&heads, words);
    for question in questions {
        let mut row = vec![question.case.clone(), question.setting.clone()];
        row.extend(measures.then(|| question.measure.clone()));
        let cells = subjects
            .iter()
            .map(|subject| cell(figures, question, subject));
        row.extend(cells);
        line(
            &mut table,
            &row.iter().map(String::as_str).collect::<Vec<_>>(),
        );
    }
    table
}

/// A row for each case and setting, a column for each measure.
fn by_measure(figures: &Figures, questions: &[&Question], subject: &str) -> String {
    let mut measures: Vec<&str> = Vec::new();
    let mut rows: Vec<(&str, &str)> = Vec::new();
    for question in questions {
        if !measures.contains(&question.measure.as_str()) {
            measures.push(&question.measure);
        }
        if !rows.contains(&(&question.case, &question.setting)) {
            rows.push((&question.case, &question.setting));
        }
    }
    let mut table = head(&[&["case", "setting"], measures.as_slice()].concat(), 2);
    for (case, setting) in rows {
        let mut row = vec![case.to_owned(), setting.to_owned()];
        for measure in &measures {
            let found = questions
                .iter()
                .find(|q| q.case == case && q.setting == setting && q.measure == *measure);
            row.push(found.map_or_else(|| "–".to_owned(), |q| cell(figures, q, subject)));
        }
        line(
            &mut table,
            &row.iter().map(String::as_str).collect::<Vec<_>>(),
        );
    }
    table
}

fn cell(figures: &Figures, question: &Question, subject: &str) -> String {
    let value = figures.get(question, subject);
    let unit = figures.unit(question);
    value.map_or_else(|| "–".to_owned(), |value| shown(value, unit))
}

/// The head of a table, of which the first columns are words and the others numbers.
fn head(heads: &[&str], words: usize) -> String {
    let mut table = String::new();
    line(&mut table, heads);
    let rules = (0..heads.len()).map(|index| if index < words { "---" } else { "--:" });
    line(&mut table, &rules.collect::<Vec<_>>());
    table
}

/// Who answered any of the questions, in the order of [`names::SUBJECTS`].
pub(super) fn subjects<'a>(figures: &'a Figures, questions: &[&Question]) -> Vec<&'a str> {
    let all = questions
        .iter()
        .flat_map(|question| figures.subjects(question));
    let mut subjects: Vec<_> = all.collect();
    subjects.sort_by_key(|subject| (names::rank(subject), *subject));
    subjects.dedup();
    subjects
}

/// The most memory of each subject in each suite, beside its budget.
pub(super) fn memory(results: &Results) -> String {
    let mut rows = Vec::new();
    for suite in names::SUITES {
        let records = results.records().filter(|record| record.suite == suite);
        let records: Vec<_> = records.filter(|record| record.resident_bytes > 0).collect();
        let mut subjects: Vec<_> = records.iter().map(|record| &record.subject).collect();
        subjects.sort_by_key(|subject| (names::rank(subject), *subject));
        subjects.dedup();
        for subject in subjects {
            let own = records.iter().filter(|record| record.subject == *subject);
            // What is nearest to its bound, or furthest beyond it.
            let beyond = |resident: u64, budget: u64| i128::from(resident) - i128::from(budget);
            if let Some(most) = own.max_by_key(|r| beyond(r.resident_bytes, r.budget_bytes)) {
                rows.push((suite, *most));
            }
        }
    }
    if rows.is_empty() {
        return "Not measured.\n".to_owned();
    }
    let mut table = String::from(
        "| suite | subject | setting | budget | resident set, at most |\n|---|---|---|--:|--:|\n",
    );
    for (suite, record) in rows {
        let mebibytes = |bytes: u64| match bytes {
            0 => "none".to_owned(),
            _ => format!("{} MiB", bytes >> 20),
        };
        let cells = [
            suite,
            &record.subject,
            &record.setting,
            &mebibytes(record.budget_bytes),
            &mebibytes(record.resident_bytes),
        ];
        line(&mut table, &cells);
    }
    table
}

/// Which runs, on what, with what, and what of them failed.
pub(super) fn runs(results: &Results) -> String {
    if results.sections.is_empty() {
        return "Nothing has been measured yet.\n".to_owned();
    }
    results.sections.iter().map(run).collect()
}

fn run(section: &Section) -> String {
    let run = &section.run;
    let machine = &run.machine;
    let mut suites: Vec<_> = section.ended.iter().map(|e| e.suite.as_str()).collect();
    suites.sort_by_key(|suite| names::SUITES.iter().position(|name| name == suite));
    suites.dedup();
    let seconds: f64 = section.ended.iter().map(|ended| ended.seconds).sum();
    let minutes = format!(
        "{:.0} min {:.0} s",
        (seconds / 60.0).floor(),
        seconds % 60.0
    );
    let quick = if run.size == "quick" {
        " **This was the quick run: few and short rounds, small states. `make bench` is the one to judge by.**"
    } else {
        ""
    };
    let memory = machine.memory_bytes as f64 / f64::from(1 << 30);
    let flags = match run.flags.as_slice() {
        [] => "none".to_owned(),
        flags => format!("`{}`", flags.join("`, `")),
    };
    let mut text = format!(
        "A {} run of {}, commit `{}`, in {minutes}: {}.{quick}\n\n- {} ({} cores), {memory:.0} GiB of memory, {}, Linux {}; files on {}; load before the run {}.\n- {}. Flags: {flags}.\n",
        run.size,
        run.started,
        run.commit,
        suites.join(", "),
        machine.processor,
        machine.cores,
        machine.distribution,
        machine.kernel,
        machine.file_system,
        machine.load,
        run.versions.join("; "),
    );
    let failed = section.ended.iter().filter_map(|ended| {
        let error = ended.error.as_ref()?;
        Some(format!("{}: {error}", ended.measurement))
    });
    for line in run.missing.iter().cloned().chain(failed) {
        // Writing to a string does not fail.
        writeln!(text, "- Not measured: {}.", first_line(&line)).unwrap_or_default();
    }
    text.push('\n');
    text
}

fn first_line(text: &str) -> &str {
    text.lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches('.')
}

fn line(table: &mut String, cells: &[&str]) {
    let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "/")).collect();
    // Writing to a string does not fail.
    writeln!(table, "| {} |", cells.join(" | ")).unwrap_or_default();
}
