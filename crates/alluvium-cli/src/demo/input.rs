//! What the job reads: the departures file or generated departures, by split and index.
//!
//! Both are replayable by number, which is all a source needs: a position is an index in a split.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::flight::Flight;
use super::flights_file::{FileReport, FlightsFile, ReadOptions};
use super::generated::Generated;

/// Number of splits of every input: a constant of the job, so that positions outlive any parallelism.
pub(crate) const SPLITS: u32 = 16;

/// Which input to open; every process of a job opens the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum InputChoice {
    /// A departures file.
    File {
        /// Where it is.
        path: PathBuf,
        /// Read this many lines at most.
        lines_max: Option<u64>,
        /// Whether the first malformed line is an error.
        strict: bool,
    },
    /// Generated departures.
    Generated {
        /// Number of aircraft.
        aircraft: u64,
        /// Number of departures.
        rows: u64,
    },
}

/// An open input. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    /// Rows of a file, in memory.
    File(Arc<FlightsFile>),
    /// Rows computed when they are read.
    Generated(Generated),
}

impl Input {
    /// Opens an input.
    ///
    /// # Errors
    /// As [`FlightsFile::read`].
    pub(crate) fn open(choice: &InputChoice) -> Result<Self> {
        Ok(match choice {
            InputChoice::File {
                path,
                lines_max,
                strict,
            } => {
                let options = ReadOptions {
                    lines_max: *lines_max,
                    strict: *strict,
                };
                Self::File(Arc::new(FlightsFile::read(path, SPLITS, options)?))
            }
            InputChoice::Generated { aircraft, rows } => {
                Self::Generated(Generated::new(*aircraft, *rows, SPLITS))
            }
        })
    }

    /// Number of rows that the job takes.
    pub(crate) fn rows(&self) -> u64 {
        match self {
            Self::File(file) => file.rows.len() as u64,
            Self::Generated(generated) => generated.rows(),
        }
    }

    /// What reading the file met; `None` for generated departures.
    pub(crate) fn report(&self) -> Option<&FileReport> {
        match self {
            Self::File(file) => Some(&file.report),
            Self::Generated(_) => None,
        }
    }

    /// Tells this input from others, so that positions in one are not taken for positions in another.
    pub(crate) fn fingerprint(&self) -> u64 {
        match self {
            Self::File(file) => (u64::from(file.fingerprint) << 32) ^ self.rows(),
            Self::Generated(generated) => generated.fingerprint(),
        }
    }

    /// The event time of the last row.
    pub(crate) fn last_event_time(&self) -> i64 {
        match self {
            Self::File(file) => file.rows.last().map_or(i64::MIN, |flight| flight.at),
            Self::Generated(generated) => generated.at(generated.rows().saturating_sub(1)),
        }
    }

    /// Number of a split's rows.
    pub(crate) fn split_rows(&self, split: u32) -> u64 {
        match self {
            Self::File(file) => {
                let rows = usize::try_from(split)
                    .ok()
                    .and_then(|split| file.splits.get(split));
                rows.map_or(0, |rows| rows.len() as u64)
            }
            Self::Generated(generated) => generated.split_rows(split.into()),
        }
    }

    /// A split's row, or `None` behind its last.
    pub(crate) fn row(&self, split: u32, index: u64) -> Option<Flight> {
        match self {
            Self::File(file) => file_row(file, split, index).cloned(),
            Self::Generated(generated) => {
                generated_row(*generated, split, index).map(|row| generated.flight(row))
            }
        }
    }

    /// The event time of a split's row, or `None` behind its last.
    pub(crate) fn event_time(&self, split: u32, index: u64) -> Option<i64> {
        match self {
            Self::File(file) => file_row(file, split, index).map(|flight| flight.at),
            Self::Generated(generated) => {
                generated_row(*generated, split, index).map(|row| generated.at(row))
            }
        }
    }

    /// All rows in order, as one reader without splits sees them.
    pub(crate) fn in_order(&self) -> Box<dyn Iterator<Item = Flight> + '_> {
        match self {
            Self::File(file) => Box::new(file.rows.iter().cloned()),
            Self::Generated(generated) => {
                Box::new((0..generated.rows()).map(|row| generated.flight(row)))
            }
        }
    }
}

fn file_row(file: &FlightsFile, split: u32, index: u64) -> Option<&Flight> {
    let rows = file.splits.get(usize::try_from(split).ok()?)?;
    let row = rows.get(usize::try_from(index).ok()?)?;
    file.rows.get(usize::try_from(*row).ok()?)
}

fn generated_row(generated: Generated, split: u32, index: u64) -> Option<u64> {
    let split = u64::from(split);
    (index < generated.split_rows(split)).then(|| generated.row_number(split, index))
}
