//! The ratios of each target, looked up. What belongs to a target and has no number is named as missing.

use crate::names::{self, ALLUVIUM};
use crate::report::figures::{Figures, Question};
use crate::report::verdict::Found;
use crate::results::Results;

/// How many times the best peer's rate Alluvium has, for each case in all settings that end so.
pub(super) fn rates(figures: &Figures, cases: &[&str], setting: &str, peers: &[&str]) -> Found {
    let mut found = Found::default();
    for case in cases {
        let questions = asked(figures, "access", "rate", setting, |q| q.case == *case);
        if questions.is_empty() {
            found.missing.push(format!("{case}, {setting}"));
        }
        for question in questions {
            let rates = peers.iter().filter_map(|peer| figures.get(question, peer));
            let best = rates.reduce(f64::max);
            found.push(
                question.name(),
                quotient(figures.get(question, ALLUVIUM), best),
            );
        }
    }
    found
}

/// How many times the best peer's time for an operation Alluvium takes.
pub(super) fn costs(figures: &Figures, cases: &[&str], setting: &str, peers: &[&str]) -> Found {
    let mut found = rates(figures, cases, setting, peers);
    for ratio in &mut found.ratios {
        ratio.value = ratio.value.recip();
    }
    found
}

/// Milliseconds of the synchronous part where all of a million rows are dirty.
pub(super) fn freeze(figures: &Figures) -> Found {
    let dirty = |q: &Question| q.setting.starts_with("1M rows");
    own(figures, "checkpoint", "sync-p99", "100% dirty", dirty)
}

/// Latency with checkpoints against that without, both of Alluvium.
pub(super) fn latency(figures: &Figures) -> Found {
    let mut found = Found::default();
    let with = asked(
        figures,
        "latency",
        "p99.9",
        "checkpoint each second",
        |_| true,
    );
    if with.is_empty() {
        found
            .missing
            .push("p99.9, checkpoint each second".to_owned());
    }
    for question in with {
        let without = Question {
            setting: question
                .setting
                .replace("checkpoint each second", "no checkpoints"),
            ..question.clone()
        };
        let ratio = quotient(
            figures.get(question, ALLUVIUM),
            figures.get(&without, ALLUVIUM),
        );
        found.push(question.name(), ratio);
    }
    found
}

/// Files and bytes after the thousandth checkpoint against the most of the first hundred.
pub(super) fn endurance(figures: &Figures) -> Found {
    let mut found = Found::default();
    let measures = figures.questions("endurance").filter(|q| {
        q.setting.ends_with("after 1000 checkpoints") && matches!(figures.unit(q), "files" | "MB")
    });
    for last in measures {
        let early = figures.questions("endurance").filter(|q| {
            q.case == last.case
                && q.measure == last.measure
                && count(&q.setting).is_some_and(|n| n <= 100)
        });
        let most = early
            .filter_map(|q| figures.get(q, ALLUVIUM))
            .reduce(f64::max);
        let ratio = quotient(figures.get(last, ALLUVIUM), most);
        found.push(format!("{} {}", last.case, last.measure), ratio);
    }
    if found.ratios.is_empty() && found.missing.is_empty() {
        found.missing.push("after 1000 checkpoints".to_owned());
    }
    found
}

/// The number in `after 100 checkpoints`.
pub(in crate::report) fn count(setting: &str) -> Option<u32> {
    let words = setting.split("after ").nth(1)?;
    words.split(' ').next()?.parse().ok()
}

/// Restores with local copies: Flink's best is local where it can, and else remote.
pub(super) fn local_restores(figures: &Figures) -> Found {
    restores(figures, "local", |question| {
        let remote = Question {
            setting: question.setting.replace("local", "remote"),
            ..question.clone()
        };
        [
            flinks_best(figures, question),
            flinks_best(figures, &remote),
        ]
        .into_iter()
        .flatten()
        .reduce(f64::min)
    })
}

/// Remote restores against Flink's.
pub(super) fn remote_restores(figures: &Figures) -> Found {
    restores(figures, "remote", |question| flinks_best(figures, question))
}

fn restores(figures: &Figures, place: &str, peer: impl Fn(&Question) -> Option<f64>) -> Found {
    shapes(figures, place, |question| {
        quotient(peer(question), figures.get(question, ALLUVIUM))
    })
}

/// Remote restores against a plain copy of the bytes that they need.
pub(super) fn copies(figures: &Figures) -> Found {
    shapes(figures, "remote", |question| {
        let copy = Question {
            measure: "copy".to_owned(),
            ..question.clone()
        };
        quotient(
            figures.get(question, ALLUVIUM),
            figures.get(&copy, ALLUVIUM),
        )
    })
}

fn shapes(figures: &Figures, place: &str, ratio: impl Fn(&Question) -> Option<f64>) -> Found {
    let mut found = Found::default();
    for shape in names::SHAPES {
        let rows = asked(figures, "recovery", "restore", place, |q| q.case == shape);
        // Flink alone may have been measured: that is a row still, and not measured.
        if rows.is_empty() {
            found.missing.push(format!("{shape}, {place}"));
        }
        for question in rows {
            found.push(question.name(), ratio(question));
        }
    }
    found
}

fn flinks_best(figures: &Figures, question: &Question) -> Option<f64> {
    let modes = names::FLINK_RESTORES.iter();
    modes
        .filter_map(|mode| figures.get(question, mode))
        .reduce(f64::min)
}

/// How many times faster than Flink's canonical savepoint.
pub(super) fn savepoints(figures: &Figures, case: &str) -> Found {
    let mut found = Found::default();
    let rows = asked(figures, "savepoint", "time", "", |q| q.case == case);
    if rows.is_empty() {
        found.missing.push(case.to_owned());
    }
    for question in rows {
        let peer = figures.get(question, names::FLINK_CANONICAL);
        found.push(
            question.name(),
            quotient(peer, figures.get(question, ALLUVIUM)),
        );
    }
    found
}

/// Mebibytes of each process of Alluvium beyond its budget, where it has one.
pub(super) fn memory(results: &Results) -> Found {
    let mut found = Found::default();
    let bounded = |subject: &str| [ALLUVIUM, names::ALLUVIUM_TIMELY].contains(&subject);
    let own = results
        .records()
        .filter(|r| bounded(&r.subject) && r.budget_bytes > 0);
    for record in own {
        let of = format!("{} {}, {}", record.suite, record.case, record.setting);
        let beyond = record.resident_bytes as f64 - record.budget_bytes as f64;
        let counted = record.resident_bytes > 0;
        found.push(of, counted.then_some(beyond / f64::from(1 << 20)));
    }
    if found.ratios.is_empty() && found.missing.is_empty() {
        found.missing.push("resident set".to_owned());
    }
    found
}

/// How much was measured and not verified, or failed.
pub(super) fn unverified(results: &Results) -> Found {
    let mut found = Found::default();
    let records = results.records().count();
    let not = results.records().filter(|record| !record.verified).count();
    let failed = results
        .ended()
        .filter(|ended| ended.error.is_some())
        .count();
    let of = format!(
        "{records} records, {} measurements",
        results.ended().count()
    );
    found.push(of, (records > 0).then_some((not + failed) as f64));
    found
}

fn own(
    figures: &Figures,
    suite: &str,
    measure: &str,
    setting: &str,
    wanted: impl Fn(&Question) -> bool,
) -> Found {
    let mut found = Found::default();
    let questions = asked(figures, suite, measure, setting, wanted);
    if questions.is_empty() {
        found.missing.push(format!("{measure}, {setting}"));
    }
    for question in questions {
        found.push(question.name(), figures.get(question, ALLUVIUM));
    }
    found
}

/// Questions that anybody answered, by suite, measure and how their setting ends.
fn asked<'a>(
    figures: &'a Figures,
    suite: &str,
    measure: &str,
    setting: &str,
    wanted: impl Fn(&Question) -> bool,
) -> Vec<&'a Question> {
    let all = figures.questions(suite);
    all.filter(|q| q.measure == measure && q.setting.ends_with(setting) && wanted(q))
        .collect()
}

fn quotient(of: Option<f64>, by: Option<f64>) -> Option<f64> {
    let (of, by) = (of?, by?);
    (by > 0.0).then(|| of / by)
}
