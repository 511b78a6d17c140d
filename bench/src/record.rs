//! A record: one measured number of one subject under one setting, as a line of JSON.

use serde::{Deserialize, Serialize};

/// One measured number. `docs/design/0006-benchmarks.md` says what the fields mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) suite: String,
    pub(crate) case: String,
    pub(crate) subject: String,
    pub(crate) setting: String,
    pub(crate) measure: String,
    pub(crate) unit: String,
    pub(crate) rounds: Vec<f64>,
    #[serde(default)]
    pub(crate) verified: bool,
    #[serde(default)]
    pub(crate) resident_bytes: u64,
    #[serde(default)]
    pub(crate) budget_bytes: u64,
    #[serde(default)]
    pub(crate) version: String,
}

impl Record {
    /// The middle of the rounds; of two middles the mean.
    pub(crate) fn median(&self) -> f64 {
        let mut rounds = self.rounds.clone();
        rounds.sort_by(f64::total_cmp);
        let at = |index: usize| rounds.get(index).copied().unwrap_or(f64::NAN);
        let half = rounds.len() / 2;
        if rounds.len() % 2 == 1 {
            at(half)
        } else {
            f64::midpoint(at(half.wrapping_sub(1)), at(half))
        }
    }

    pub(crate) fn print(&self) -> anyhow::Result<()> {
        println!("{}", serde_json::to_string(self)?);
        Ok(())
    }
}
