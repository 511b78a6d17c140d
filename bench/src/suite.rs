//! The records of one suite on one subject: gathered while it is measured, printed once all of it was verified.
//!
//! Invariant: a record that says that it was verified is of contents that were compared. What fails before leaves no record.

use anyhow::Result;

use crate::memory;
use crate::record::Record;

/// A suite's records so far.
#[derive(Debug)]
pub(crate) struct Suite {
    name: &'static str,
    subject: String,
    version: &'static str,
    budget_bytes: usize,
    records: Vec<Record>,
}

impl Suite {
    pub(crate) fn new(
        name: &'static str,
        subject: &str,
        version: &'static str,
        budget_bytes: usize,
    ) -> Self {
        Self {
            name,
            subject: subject.to_owned(),
            version,
            budget_bytes,
            records: Vec::new(),
        }
    }

    /// Adds what was measured, with the most memory that was resident since the peak was forgotten.
    pub(crate) fn add(
        &mut self,
        case: &str,
        setting: &str,
        (measure, unit): (&str, &str),
        rounds: Vec<f64>,
    ) {
        self.records.push(Record {
            suite: self.name.to_owned(),
            case: case.to_owned(),
            subject: self.subject.clone(),
            setting: setting.to_owned(),
            measure: measure.to_owned(),
            unit: unit.to_owned(),
            rounds,
            verified: false,
            resident_bytes: memory::peak_resident_bytes(),
            budget_bytes: self.budget_bytes as u64,
            version: self.version.to_owned(),
        });
    }

    /// Prints all records so far: what they are of has been compared.
    pub(crate) fn verified(&mut self) -> Result<()> {
        for mut record in self.records.drain(..) {
            record.verified = true;
            record.print()?;
        }
        Ok(())
    }

    /// Prints all records so far, of contents that nobody compared: for looking at by hand.
    pub(crate) fn unverified(&mut self) -> Result<()> {
        self.records.drain(..).try_for_each(|record| record.print())
    }
}

/// A number of rows as settings have it: `1M rows`, `200k rows`.
pub(crate) fn rows(rows: u64) -> String {
    match rows {
        0 => "0 rows".to_owned(),
        rows if rows.is_multiple_of(1_000_000) => format!("{}M rows", rows / 1_000_000),
        rows if rows.is_multiple_of(1_000) => format!("{}k rows", rows / 1_000),
        rows => format!("{rows} rows"),
    }
}

/// Milliseconds.
pub(crate) fn millis(time: std::time::Duration) -> f64 {
    1_000.0 * time.as_secs_f64()
}

/// Millions of bytes.
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The value below which a share of all lies, in `0.0..=1.0`: of those measured, never between two.
pub(crate) fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    let index = rank.clamp(1, sorted.len().max(1)) - 1;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();

        let found = [0.0, 0.5, 0.99, 1.0].map(|share| percentile(&values, share));

        assert_eq!(found, [1.0, 50.0, 99.0, 100.0]);
    }

    #[test]
    fn numbers_of_rows_are_told_in_thousands_and_millions() {
        assert_eq!(
            [1_000_000, 200_000, 1_500].map(rows),
            ["1M rows", "200k rows", "1500 rows"]
        );
    }
}
