//! Whether the job's published lines are the recomputation's, each exactly once.
//!
//! Lines are compared as text, in any order. A missing, a differing and a repeated line are all
//! differences; the first few are kept to be shown.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;

use super::outcome::Outcome;

/// How many differences are kept.
const EXAMPLES_MAX: usize = 5;

/// What a comparison found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Comparison {
    /// Whether there is no difference.
    pub(crate) equal: bool,
    /// Alerts that the recomputation gives.
    pub(crate) alerts: u64,
    /// Aircraft that the recomputation gives.
    pub(crate) aircraft: u64,
    /// Lines that were published.
    pub(crate) published: u64,
    /// Lines that were published although the recomputation does not give them, or more often.
    pub(crate) unexpected: u64,
    /// Lines that the recomputation gives and that were not published.
    pub(crate) missing: u64,
    /// The first differences.
    pub(crate) examples: Vec<String>,
}

/// Compares published lines with the outcomes that are right.
///
/// # Errors
/// When an outcome cannot be written as a line.
pub(crate) fn compare(published: &[String], right: &[Outcome]) -> Result<Comparison> {
    let mut comparison = Comparison {
        published: published.len() as u64,
        ..Comparison::default()
    };
    // For each line, how much more often the recomputation gives it than it was published.
    let mut balance = BTreeMap::<String, i64>::new();
    for outcome in right {
        match outcome {
            Outcome::Alert(_) => comparison.alerts += 1,
            Outcome::Aircraft(_) => comparison.aircraft += 1,
        }
        *balance.entry(outcome.to_line()?).or_default() += 1;
    }
    for line in published {
        match balance.get_mut(line) {
            Some(count) => *count -= 1,
            None => {
                balance.insert(line.clone(), -1);
            }
        }
    }
    for (line, count) in balance {
        let times = count.unsigned_abs();
        match count {
            0 => continue,
            1.. => comparison.missing += times,
            _ => comparison.unexpected += times,
        }
        if comparison.examples.len() < EXAMPLES_MAX {
            let what = if count > 0 { "missing" } else { "unexpected" };
            comparison
                .examples
                .push(format!("{what}, {times} times: {line}"));
        }
    }
    comparison.equal = comparison.missing == 0 && comparison.unexpected == 0;
    Ok(comparison)
}

#[cfg(test)]
mod tests {
    use super::super::outcome::Alert;
    use super::*;

    fn alert(at: i64) -> Outcome {
        Outcome::Alert(Alert {
            at,
            tailnum: "N1".to_owned(),
            airport: "JFK".to_owned(),
        })
    }

    fn lines(outcomes: &[Outcome]) -> Vec<String> {
        outcomes
            .iter()
            .map(|outcome| outcome.to_line().expect("a line"))
            .collect()
    }

    #[test]
    fn the_same_lines_in_another_order_are_equal() {
        let found =
            compare(&lines(&[alert(2), alert(1)]), &[alert(1), alert(2)]).expect("comparable");

        assert!(found.equal);
        assert_eq!(found.alerts, 2);
    }

    #[test]
    fn an_alert_raised_twice_is_a_difference() {
        let found = compare(&lines(&[alert(1), alert(1)]), &[alert(1)]).expect("comparable");

        assert!(!found.equal);
        assert_eq!((found.unexpected, found.missing), (1, 0));
    }

    #[test]
    fn an_alert_that_was_lost_is_a_difference() {
        let found = compare(&[], &[alert(1)]).expect("comparable");

        assert!(!found.equal);
        assert_eq!(found.examples.len(), 1);
    }
}
