//! What the job puts out: alerts as they are raised, and each aircraft's state at the end.
//!
//! Outcomes travel as lines of JSON text: what the sink publishes and what the recomputation gives
//! are compared as text, so that nothing is equal by a lenient comparison.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::{Deserialize, Serialize};

/// An aircraft that is not seen for this much event time raises an alert: 7 days.
pub(crate) const GROUNDED_AFTER_MILLIS: i64 = 7 * crate::time::DAY_MILLIS;

/// How many delays each aircraft remembers.
pub(crate) const LAST_DELAYS: usize = 10;

/// One line of the job's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// An aircraft was not seen for 7 days.
    Alert(Alert),
    /// What is known of an aircraft when the input ends.
    Aircraft(Aircraft),
}

/// An aircraft was not seen for 7 days.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Alert {
    /// The 7 days were over then, in milliseconds since the Unix epoch.
    pub(crate) at: i64,
    /// The aircraft.
    pub(crate) tailnum: String,
    /// Where it was seen last.
    pub(crate) airport: String,
}

/// What is known of an aircraft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Aircraft {
    /// The aircraft.
    pub(crate) tailnum: String,
    /// Where it was seen last.
    pub(crate) airport: String,
    /// When it was seen last, in milliseconds since the Unix epoch.
    pub(crate) seen: i64,
    /// Whether its 7 days are over and it was not seen since.
    pub(crate) grounded: bool,
    /// Its last delays in minutes, oldest first.
    pub(crate) last_delays: Vec<i32>,
    /// Departed flights and delay for each destination.
    pub(crate) destinations: BTreeMap<String, Destination>,
    /// Minutes in the air, all flights together.
    pub(crate) air_minutes: u64,
    /// Delays of flights that arrived; `None` if none did.
    pub(crate) delay: Option<Delay>,
}

/// What an aircraft did for one destination.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Destination {
    /// Departed flights.
    pub(crate) flights: u64,
    /// Minutes late, all arrivals together, early ones counted negative.
    pub(crate) delay_minutes: i64,
}

/// Delays of an aircraft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Delay {
    /// Flights that arrived.
    pub(crate) arrivals: u64,
    /// The mean, in thousandths of a minute, rounded toward zero: an integer is the same everywhere.
    pub(crate) mean_millis: i64,
    /// The worst, in minutes.
    pub(crate) worst: i32,
}

impl Aircraft {
    /// Departed flights, all destinations together.
    pub(crate) fn flights(&self) -> u64 {
        self.destinations
            .values()
            .map(|destination| destination.flights)
            .sum()
    }
}

impl Outcome {
    /// The line of JSON text, without its end.
    ///
    /// # Errors
    /// When `serde_json` refuses, which it does not for these types.
    pub(crate) fn to_line(&self) -> Result<String> {
        Ok(serde_json::to_string(self)?)
    }

    /// The outcome of a line.
    ///
    /// # Errors
    /// When the line is not an outcome.
    pub(crate) fn from_line(line: &str) -> Result<Self> {
        Ok(serde_json::from_str(line)?)
    }
}
