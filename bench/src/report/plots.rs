//! The plots: which figures each shows. `dots` and `lines` draw.
//!
//! Drawing is a function of the figures alone, so that equal results give equal files.

mod dots;
mod lines;
mod style;

use anyhow::Result;

use super::figures::{Figures, Question};
use super::tables::subjects;
use crate::names;
use dots::{Dots, Point, Row};
use lines::{Lines, Panel};
use style::{Mark, mark};

/// A plot: the name of its file, what a reader who cannot see it is told, and what draws it.
pub(super) struct Plot {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    draw: fn(&Figures, &'static str) -> Result<Option<String>>,
}

impl Plot {
    /// The plot as SVG, or `None` where nothing of it was measured.
    pub(super) fn svg(&self, figures: &Figures) -> Result<Option<String>> {
        (self.draw)(figures, self.title)
    }

    pub(super) fn file(&self) -> String {
        format!("{}.svg", self.name)
    }
}

pub(super) const PLOTS: [Plot; 7] = [
    Plot {
        name: "access-inside",
        title: "State inside the budget: operations a second (entries a second: keys, values, entries, put-all)",
        draw: |figures, title| access(figures, title, |setting| setting.ends_with(names::INSIDE)),
    },
    Plot {
        name: "access-beyond",
        title: "State larger than the budget: operations a second",
        draw: |figures, title| access(figures, title, |setting| !setting.ends_with(names::INSIDE)),
    },
    Plot {
        name: "workload",
        title: "Streaming workloads: events a second",
        draw: |figures, title| {
            let row = |q: &Question| Some(q.name());
            by_subject(figures, title, "1/s", "workload", row)
        },
    },
    Plot {
        name: "latency",
        title: "Latency of a read-modify-write, without checkpoints and with one each second",
        draw: latency,
    },
    Plot {
        name: "endurance",
        title: "A thousand checkpoints in a row: files and bytes",
        draw: endurance,
    },
    Plot {
        name: "recovery",
        title: "Restore to the first row read, slowest subtask, by old and new parallelism",
        draw: |figures, title| {
            let row = |q: &Question| (q.measure == "restore").then(|| q.name());
            by_subject(figures, title, "ms", "recovery", row)
        },
    },
    Plot {
        name: "savepoint",
        title: "Savepoints: time to write and to restore",
        draw: |figures, title| {
            let row = |q: &Question| (q.measure == "time").then(|| q.name());
            by_subject(figures, title, "ms", "savepoint", row)
        },
    },
];

fn access(
    figures: &Figures,
    title: &'static str,
    setting: impl Fn(&str) -> bool,
) -> Result<Option<String>> {
    let mut questions: Vec<_> = figures
        .questions("access")
        .filter(|q| setting(&q.setting))
        .collect();
    // Cases of one kind and setting stay together, kinds in the order of their measurement.
    questions.sort_by_key(|q| (kind_rank(&q.case), &q.setting));
    let row = |q: &Question| Some(q.name().replace(", inside the budget", ""));
    dots(figures, title, "1/s", &questions, row)
}

fn kind_rank(case: &str) -> usize {
    let kind = case.split('/').next().unwrap_or_default();
    let kinds = ["value", "list", "map", "timers", "ttl"];
    kinds
        .iter()
        .position(|name| *name == kind)
        .unwrap_or(kinds.len())
}

/// A row for each question of a suite, a dot for each subject.
fn by_subject(
    figures: &Figures,
    title: &'static str,
    unit: &'static str,
    suite: &str,
    row: impl Fn(&Question) -> Option<String>,
) -> Result<Option<String>> {
    let questions: Vec<_> = figures.questions(suite).collect();
    dots(figures, title, unit, &questions, row)
}

fn dots(
    figures: &Figures,
    title: &'static str,
    unit: &'static str,
    questions: &[&Question],
    row: impl Fn(&Question) -> Option<String>,
) -> Result<Option<String>> {
    let named: Vec<_> = questions
        .iter()
        .filter_map(|q| Some((*q, row(q)?)))
        .collect();
    let shown: Vec<_> = named.iter().map(|(q, _)| *q).collect();
    let subjects = subjects(figures, &shown);
    let rows = named.into_iter().map(|(question, label)| {
        let points = subjects.iter().enumerate().filter_map(|(series, subject)| {
            let value = figures.get(question, subject)?;
            Some(Point { series, value })
        });
        Row {
            label,
            points: points.collect(),
        }
    });
    Dots {
        title,
        unit,
        series: subjects
            .iter()
            .map(|name| ((*name).to_owned(), mark(name)))
            .collect(),
        rows: rows.collect(),
    }
    .svg()
}

/// A row for each percentile, a dot for each subject with and without checkpoints.
fn latency(figures: &Figures, title: &'static str) -> Result<Option<String>> {
    let questions: Vec<_> = figures.questions("latency").collect();
    let mut series: Vec<(String, Mark)> = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    for question in &questions {
        for subject in subjects(figures, &[question]) {
            let Some(value) = figures.get(question, subject) else {
                continue;
            };
            let with = !question.setting.ends_with("no checkpoints");
            let name = match with {
                true => format!("{subject}, a checkpoint each second"),
                false => format!("{subject}, none"),
            };
            let index = series.iter().position(|(known, _)| *known == name);
            let index = index.unwrap_or_else(|| {
                let full = mark(subject);
                series.push((name, if with { full } else { full.hollow() }));
                series.len() - 1
            });
            let label = &question.measure;
            if !rows.iter().any(|row| row.label == *label) {
                rows.push(Row {
                    label: label.clone(),
                    points: Vec::new(),
                });
            }
            if let Some(row) = rows.iter_mut().find(|row| row.label == *label) {
                row.points.push(Point {
                    series: index,
                    value,
                });
            }
        }
    }
    Dots {
        title,
        unit: "us",
        series,
        rows,
    }
    .svg()
}

/// Files above, bytes below, by the number of checkpoints; a line for each place.
fn endurance(figures: &Figures, title: &'static str) -> Result<Option<String>> {
    let panel = |unit: &'static str| {
        let mut lines: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
        for question in figures
            .questions("endurance")
            .filter(|q| figures.unit(q) == unit)
        {
            let count = super::targets::ratios::count(&question.setting);
            let value = figures.get(question, names::ALLUVIUM);
            let (Some(count), Some(value)) = (count, value) else {
                continue;
            };
            let place = question.measure.rsplit_once('-');
            let place = place.map_or(question.measure.as_str(), |(place, _)| place);
            let known = lines.iter().position(|(name, _)| name == place);
            let index = known.unwrap_or_else(|| {
                lines.push((place.to_owned(), Vec::new()));
                lines.len() - 1
            });
            if let Some((_, points)) = lines.get_mut(index) {
                points.push((f64::from(count), value));
            }
        }
        Panel { unit, lines }
    };
    Lines {
        title,
        across: "checkpoints",
        panels: vec![panel("files"), panel("MB")],
    }
    .svg()
}
