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
        draw: workload,
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
        draw: recovery,
    },
    Plot {
        name: "savepoint",
        title: "Savepoints: time to write and to restore",
        draw: savepoint,
    },
];

fn access(
    figures: &Figures,
    title: &'static str,
    setting: impl Fn(&str) -> bool,
) -> Result<Option<String>> {
    let questions = figures.questions("access");
    let mut questions: Vec<_> = questions.filter(|q| setting(&q.setting)).collect();
    // Cases of one kind stay together; within it they are in the order of their measurement.
    questions.sort_by_key(|q| kind_rank(&q.case));
    let mut dots = Gathered::default();
    for question in questions {
        let row = question.name().replace(", inside the budget", "");
        dots.add_subjects(figures, question, &row);
    }
    dots.svg(title, "1/s")
}

fn kind_rank(case: &str) -> usize {
    let kind = case.split('/').next().unwrap_or_default();
    let kinds = ["value", "list", "map", "timers", "ttl"];
    let known = kinds.iter().position(|name| *name == kind);
    known.unwrap_or(kinds.len())
}

fn workload(figures: &Figures, title: &'static str) -> Result<Option<String>> {
    let mut dots = Gathered::default();
    for question in figures
        .questions("workload")
        .filter(|q| q.measure == "rate")
    {
        dots.add_subjects(figures, question, &question.name());
    }
    dots.svg(title, "1/s")
}

/// A row for each percentile, a dot for each subject with and without checkpoints.
fn latency(figures: &Figures, title: &'static str) -> Result<Option<String>> {
    let mut dots = Gathered::default();
    for question in figures.questions("latency") {
        let with = !question.setting.ends_with("no checkpoints");
        for subject in subjects(figures, &[question]) {
            let full = mark(subject);
            let (name, mark) = match with {
                true => (format!("{subject}, a checkpoint each second"), full),
                false => (format!("{subject}, none"), full.hollow()),
            };
            let value = figures.get(question, subject);
            dots.add(&question.measure, &name, mark, value);
        }
    }
    dots.svg(title, "us")
}

/// Restores with local copies above, from storage below, with the plain copy that they are compared with.
fn recovery(figures: &Figures, title: &'static str) -> Result<Option<String>> {
    let mut questions: Vec<_> = figures.questions("recovery").collect();
    questions.sort_by_key(|q| q.setting.ends_with("remote"));
    let mut dots = Gathered::default();
    for question in questions {
        let row = question.name();
        match question.measure.as_str() {
            "restore" => dots.add_subjects(figures, question, &row),
            "copy" => {
                let value = figures.get(question, names::ALLUVIUM);
                dots.add(
                    &row,
                    "a plain copy of the bytes",
                    mark("copy").hollow(),
                    value,
                );
            }
            _ => {}
        }
    }
    dots.svg(title, "ms")
}

fn savepoint(figures: &Figures, title: &'static str) -> Result<Option<String>> {
    let mut dots = Gathered::default();
    for question in figures
        .questions("savepoint")
        .filter(|q| q.measure == "time")
    {
        dots.add_subjects(figures, question, &question.name());
    }
    dots.svg(title, "ms")
}

/// Rows and series of a plot of dots, in the order in which they came.
#[derive(Default)]
struct Gathered {
    series: Vec<(String, Mark)>,
    rows: Vec<Row>,
}

impl Gathered {
    fn add_subjects(&mut self, figures: &Figures, question: &Question, row: &str) {
        for subject in subjects(figures, &[question]) {
            self.add(row, subject, mark(subject), figures.get(question, subject));
        }
    }

    fn add(&mut self, row: &str, name: &str, mark: Mark, value: Option<f64>) {
        let Some(value) = value else { return };
        let known = self.series.iter().position(|(known, _)| known == name);
        let series = known.unwrap_or_else(|| {
            self.series.push((name.to_owned(), mark));
            self.series.len() - 1
        });
        let point = Point { series, value };
        match self.rows.iter_mut().find(|known| known.label == row) {
            Some(known) => known.points.push(point),
            None => self.rows.push(Row {
                label: row.to_owned(),
                points: vec![point],
            }),
        }
    }

    fn svg(self, title: &'static str, unit: &'static str) -> Result<Option<String>> {
        Dots {
            title,
            unit,
            series: self.series,
            rows: self.rows,
        }
        .svg()
    }
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
