//! Options of `alluvium export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::OneCut;
use crate::output::Format;

/// Options of `alluvium export`.
#[derive(Debug, Args)]
#[command(after_help = EXPORT_EXAMPLES)]
pub(crate) struct ExportOptions {
    #[command(flatten)]
    pub(crate) from: OneCut,

    /// Only the state of this name; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) state: Vec<String>,

    /// Only these key groups, such as 0-42 or 7
    #[arg(long, value_name = "A-B")]
    pub(crate) key_groups: Option<String>,

    /// Write this file, which must not exist yet [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,

    /// What to write [default: what the file's name ends with, or jsonl]
    #[arg(long, value_enum)]
    pub(crate) format: Option<ExportFormat>,

    /// How to print what was written to a file
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

/// What an export is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One JSON object a line: what `state import` reads
    Jsonl,
    /// Comma-separated values with a line of names
    Csv,
    /// Parquet
    #[cfg(feature = "parquet")]
    Parquet,
}

const EXPORT_EXAMPLES: &str = "\
Examples:
  alluvium export s3://bucket/flights --state position --to position.csv
  alluvium export /data/flights --checkpoint before-upgrade | jq -c 'select(.state == \"visits\")'

One row for each value, map entry, timer and list element. CSV has a column for each field where one state is exported
whose values are structs of plain fields; other values are JSON text.

Exit codes: see `alluvium --help`.";
