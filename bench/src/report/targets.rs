//! Every target, as a row: what is asked, what was measured, the verdict.
//!
//! A ratio is always "how many times as good as the peer" where the target is a least, and "how many times the cost of the peer" where it is a most.

pub(super) mod ratios;

#[cfg(test)]
mod tests;

use serde::Serialize;

use super::figures::Figures;
use super::verdict::{Bound, Found, Verdict};
use crate::names;
use crate::results::Results;

/// One target, judged.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Target {
    /// The suite whose section explains it.
    pub(crate) suite: &'static str,
    /// What is asked.
    pub(crate) target: &'static str,
    /// The bound, for people.
    pub(crate) bound: String,
    /// The worst ratio, with its unit.
    pub(crate) measured: String,
    /// Which it is, and of how many.
    pub(crate) of: String,
    pub(crate) verdict: Verdict,
    pub(crate) ratios: Vec<super::verdict::Ratio>,
    pub(crate) missing: Vec<String>,
}

/// All targets, in the order in which they are asked.
pub(crate) fn judge(results: &Results) -> Vec<Target> {
    let figures = Figures::new(results);
    let mut targets = access(&figures);
    targets.extend(snapshots(&figures));
    targets.extend(correctness(results));
    targets
}

fn access(figures: &Figures) -> Vec<Target> {
    let inside = |peers: &[&str]| {
        let cases: Vec<_> = names::inside_cases().collect();
        ratios::rates(figures, &cases, names::INSIDE, peers)
    };
    let beyond =
        |cases: &[&str], peers: &[&str]| ratios::rates(figures, cases, names::TEN_TIMES, peers);
    let uniform = &names::UNIFORM_CASES;
    vec![
        target(
            "access",
            "inside the buffer, every operation: against Flink's RocksDB with managed memory",
            Bound::AtLeast(10.0),
            "x",
            inside(&[names::FLINK_MANAGED]),
        ),
        unbuilt(
            "access",
            "inside the buffer, values with a time to live: against Flink's RocksDB with managed memory",
            "at least 10x",
            "its benchmark is not written yet",
        ),
        target(
            "access",
            "inside the buffer, geometric mean: against Flink's HashMap",
            Bound::AtLeast(1.5),
            "x",
            inside(&[names::FLINK_HASH_MAP]).geometric_mean("all operations"),
        ),
        target(
            "access",
            "inside the buffer, read-modify-write: time against a plain `HashMap`",
            Bound::AtMost(3.0),
            "x",
            ratios::costs(
                figures,
                &names::RMW_CASES,
                names::INSIDE,
                &[names::HASH_MAP],
            ),
        ),
        target(
            "access",
            "10 times the budget, uniform: against raw RocksDB with the same memory",
            Bound::AtLeast(1.0),
            "x",
            beyond(uniform, &[names::RAW_ROCKSDB]),
        ),
        target(
            "access",
            "10 times the budget, uniform: against Flink's RocksDB with managed memory, the better of its two ways",
            Bound::AtLeast(2.0),
            "x",
            beyond(uniform, &names::FLINK_BUDGETED),
        ),
        target(
            "access",
            "10 times the budget, Zipf: against raw RocksDB with the same memory",
            Bound::AtLeast(3.0),
            "x",
            beyond(&names::ZIPF_CASES, &[names::RAW_ROCKSDB]),
        ),
    ]
}

fn snapshots(figures: &Figures) -> Vec<Target> {
    vec![
        target(
            "checkpoint",
            "freeze with 1M dirty rows, p99",
            Bound::AtMost(1.0),
            " ms",
            ratios::freeze(figures),
        ),
        target(
            "latency",
            "a record's p99.9 with a checkpoint each second, against none",
            Bound::AtMost(1.2),
            "x",
            ratios::latency(figures),
        ),
        target(
            "endurance",
            "1,000 checkpoints in a row: files and bytes against the most in the first 100",
            Bound::AtMost(1.5),
            "x",
            ratios::endurance(figures),
        ),
        target(
            "recovery",
            "restore and rescale with local copies: against Flink's best mode",
            Bound::AtLeast(4.0),
            "x",
            ratios::local_restores(figures),
        ),
        target(
            "recovery",
            "restore and rescale from remote storage: time against copying the needed bytes",
            Bound::AtMost(1.25),
            "x",
            ratios::copies(figures),
        ),
        target(
            "recovery",
            "restore and rescale from remote storage: against Flink's best mode",
            Bound::AtLeast(1.0),
            "x",
            ratios::remote_restores(figures),
        ),
        target(
            "savepoint",
            "savepoint restore: against Flink's canonical, buffered",
            Bound::AtLeast(5.0),
            "x",
            ratios::savepoints(figures, "restore"),
        ),
        target(
            "savepoint",
            "savepoint write: against Flink's canonical",
            Bound::AtLeast(2.0),
            "x",
            ratios::savepoints(figures, "write"),
        ),
    ]
}

fn correctness(results: &Results) -> Vec<Target> {
    vec![
        target(
            "memory",
            "resident set beyond the budget, in every measurement",
            Bound::AtMost(64.0),
            " MiB",
            ratios::memory(results),
        ),
        target(
            "verified",
            "contents verified after each measurement: records that were not, and measurements that failed",
            Bound::AtMost(0.0),
            "",
            ratios::unverified(results),
        ),
    ]
}

/// A target for what has no benchmark yet: nothing is measured, and that misses it.
fn unbuilt(suite: &'static str, target: &'static str, bound: &str, why: &str) -> Target {
    Target {
        suite,
        target,
        bound: bound.to_owned(),
        measured: "–".to_owned(),
        of: why.to_owned(),
        verdict: Verdict::Missed,
        ratios: Vec::new(),
        missing: Vec::new(),
    }
}

fn target(
    suite: &'static str,
    target: &'static str,
    bound: Bound,
    unit: &str,
    found: Found,
) -> Target {
    let (word, number) = match bound {
        Bound::AtLeast(number) => ("at least", number),
        Bound::AtMost(number) => ("at most", number),
    };
    let worst = found.worst(bound);
    let of = match worst {
        Some(_) if found.missing.is_empty() && found.ratios.len() == 1 => {
            worst.map(|ratio| ratio.of.clone()).unwrap_or_default()
        }
        Some(ratio) => format!(
            "{}; kept in {} of {}{}",
            ratio.of,
            found.kept(bound),
            found.ratios.len(),
            not_measured(&found.missing)
        ),
        None => not_measured(&found.missing)
            .trim_start_matches("; ")
            .to_owned(),
    };
    Target {
        suite,
        target,
        bound: format!("{word} {number}{unit}"),
        measured: worst.map_or_else(|| "–".to_owned(), |ratio| shown(ratio.value, unit)),
        of,
        verdict: found.verdict(bound),
        ratios: found.ratios,
        missing: found.missing,
    }
}

fn shown(value: f64, unit: &str) -> String {
    match unit {
        "" => format!("{value:.0}"),
        _ if value.abs() >= 100.0 => format!("{value:.0}{unit}"),
        _ if value.abs() >= 10.0 => format!("{value:.1}{unit}"),
        _ => format!("{value:.2}{unit}"),
    }
}

/// At most three names: the rest is a number.
fn not_measured(missing: &[String]) -> String {
    match missing {
        [] => String::new(),
        [first, second, third, rest @ ..] if !rest.is_empty() => format!(
            "; not measured: {first}; {second}; {third}; and {} more",
            rest.len()
        ),
        some => format!("; not measured: {}", some.join("; ")),
    }
}
