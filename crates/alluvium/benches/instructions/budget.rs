//! Budgets: what each path may take, and what a count means beside its budget.
//!
//! ```text
//! # A comment.
//! @ rustc 1.95.0 (…)          what the budgets hold for, one line each
//! value/get 123.4             instructions an operation
//! ```
//!
//! Pure: text and counts in, a report or new text out. Tested by `tests/it/instruction_budgets.rs`.

use std::collections::BTreeMap;
use std::fmt::Write;

/// A count this much above its budget is a loss: less is noise of inlining, and a budget would be blessed too often.
const SLOWER_PERCENT: f64 = 5.0;

/// A count this much below its budget is a gain, which a budget that stays would let somebody lose again.
const FASTER_PERCENT: f64 = 10.0;

/// Counts of one run.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// What they depend on: see `toolchain`.
    pub(crate) toolchain: Vec<String>,
    each: BTreeMap<String, f64>,
}

impl Counts {
    /// Notes what `operations` operations of a path took.
    pub(crate) fn insert(&mut self, path: &str, instructions: u64, operations: u32) {
        // As it is written down, so that what was blessed is what is compared.
        let tenths = instructions.saturating_mul(10) / u64::from(operations.max(1));
        let tenths = u32::try_from(tenths).unwrap_or(u32::MAX);
        self.each.insert(path.to_owned(), f64::from(tenths) / 10.0);
    }
}

/// What paths may take.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Budgets {
    toolchain: Vec<String>,
    each: BTreeMap<String, f64>,
}

/// What counts are worth beside the budgets.
#[derive(Debug)]
pub(crate) struct Report {
    /// A line for each path, with its count, its budget and the difference.
    pub(crate) table: String,
    /// One paragraph: what is wrong and what to do.
    pub(crate) verdict: String,
    pub(crate) failed: bool,
}

impl Budgets {
    /// Reads the file.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut budgets = Self::default();
        for (line, number) in text.lines().zip(1..) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(fact) = line.strip_prefix("@ ") {
                budgets.toolchain.push(fact.to_owned());
                continue;
            }
            let (path, budget) = line
                .split_once(' ')
                .and_then(|(path, budget)| Some((path, budget.trim().parse::<f64>().ok()?)))
                .filter(|(_, budget)| budget.is_finite() && *budget > 0.0)
                .ok_or_else(|| {
                    format!("line {number} of the budgets is no path and number: {line}")
                })?;
            if budgets.each.insert(path.to_owned(), budget).is_some() {
                return Err(format!(
                    "line {number} of the budgets: {path} has one already"
                ));
            }
        }
        Ok(budgets)
    }

    /// The file.
    pub(crate) fn render(&self) -> String {
        let mut text = "# Instructions an operation of the hot paths. Written by: ALLUVIUM_BLESS=1 make bench-instructions\n\
                        # They hold for these; with others the counts are shown and not judged.\n"
            .to_owned();
        let facts = self.toolchain.iter().map(|fact| format!("@ {fact}\n"));
        text.extend(facts);
        let lines = self
            .each
            .iter()
            .map(|(path, budget)| format!("{path:<24} {budget:>12.1}\n"));
        text.extend(lines);
        text
    }

    /// Says what `counts` are worth; `whole` when they are all that there are.
    pub(crate) fn compare(&self, counts: &Counts, whole: bool) -> Report {
        let mut table = format!(
            "{:<24} {:>12} {:>12} {:>8}",
            "instructions an operation", "counted", "budget", "change"
        );
        let (mut slower, mut faster, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        for (path, count) in &counts.each {
            let budget = self.each.get(path);
            // In tenths of a percent, as it is shown.
            let change = budget.map(|budget| ((count / budget - 1.0) * 1000.0).round() / 10.0);
            match change {
                None => unknown.push(path.as_str()),
                Some(change) if change > SLOWER_PERCENT => slower.push(path.as_str()),
                Some(change) if change < -FASTER_PERCENT => faster.push(path.as_str()),
                Some(_) => {}
            }
            let budget = budget.map_or_else(|| "-".to_owned(), |budget| format!("{budget:.1}"));
            let change = change.map_or_else(|| "-".to_owned(), |change| format!("{change:+.1} %"));
            let line = format!("\n{path:<24} {count:>12.1} {budget:>12} {change:>8}");
            table.push_str(&line);
        }
        let gone = self
            .each
            .keys()
            .filter(|path| whole && !counts.each.contains_key(*path));
        let gone: Vec<&str> = gone.map(String::as_str).collect();

        // Without any budgets there is no toolchain that they are of, and all paths lack theirs.
        if !self.toolchain.is_empty() && self.toolchain != counts.toolchain {
            let verdict = format!(
                "not judged: the budgets are of {}, these counts of {}",
                self.toolchain.join(", "),
                counts.toolchain.join(", ")
            );
            return Report {
                table,
                verdict,
                failed: false,
            };
        }
        let mut verdict = String::new();
        let mut say = |paths: &[&str], what: &str| {
            if !paths.is_empty() {
                writeln!(verdict, "{what}: {}", paths.join(", ")).unwrap_or_default();
            }
        };
        say(
            &slower,
            &format!("FAILED, more than {SLOWER_PERCENT} % above their budgets"),
        );
        say(
            &faster,
            &format!("FAILED, more than {FASTER_PERCENT} % below their budgets: keep the gain"),
        );
        say(&unknown, "FAILED, without budgets");
        say(&gone, "FAILED, budgets of paths that there are no more");
        let failed = !verdict.is_empty();
        if failed {
            verdict.push_str(
                "If that is meant: ALLUVIUM_BLESS=1 make bench-instructions, and say why in the commit. \
                 Where they go: CONTRIBUTING.md, \"Instruction counts\".",
            );
        } else {
            verdict = format!("{} paths within their budgets", counts.each.len());
        }
        Report {
            table,
            verdict,
            failed,
        }
    }

    /// Budgets that are what was counted; those of other paths stay unless `counts` are `whole`.
    pub(crate) fn blessed(&self, counts: &Counts, whole: bool) -> Result<Self, String> {
        let toolchain = counts.toolchain.clone();
        if whole {
            return Ok(Self {
                toolchain,
                each: counts.each.clone(),
            });
        }
        if self.toolchain != toolchain {
            return Err(
                "the other budgets are of another toolchain: count all paths to bless".to_owned(),
            );
        }
        let mut each = self.each.clone();
        each.extend(counts.each.clone());
        Ok(Self { toolchain, each })
    }
}
