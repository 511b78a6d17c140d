//! Options of the commands on the rows of Flink's snapshots.

use std::path::PathBuf;

use alluvium_flink::scan::Selection;
use alluvium_protocol::key_group::KeyGroupRange;
use clap::{Args, ValueEnum};

use super::{FlinkFiles, FlinkPlace};
use crate::args::ExportFormat;
use crate::output::Format;
use crate::time;

/// Which rows of a snapshot.
#[derive(Debug, Args)]
pub(crate) struct FlinkRows {
    /// Only this operator, by uid, id (32 hexadecimal digits) or name; may be given several times
    #[arg(long, value_name = "OPERATOR")]
    pub(crate) operator: Vec<String>,

    /// Only the state of this name; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) state: Vec<String>,

    /// Only these key groups, such as 0-42 or 7
    #[arg(long, value_name = "A-B", value_parser = key_groups)]
    pub(crate) key_groups: Option<KeyGroupRange>,
}

impl FlinkRows {
    /// The rows of all keys, or of one.
    pub(crate) fn selection(&self, key: Option<&str>) -> Selection {
        Selection {
            operators: self.operator.clone(),
            states: self.state.clone(),
            key_groups: self.key_groups,
            key: key.map(str::to_owned),
        }
    }
}

fn key_groups(text: &str) -> Result<KeyGroupRange, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) => KeyGroupRange::new(first, last).map_err(|error| error.to_string()),
        _ => Err("give one number or a range such as 0-42".to_owned()),
    }
}

/// Options of `alluvium flink states`.
#[derive(Debug, Args)]
pub(crate) struct FlinkStatesOptions {
    #[command(flatten)]
    pub(crate) place: FlinkPlace,

    #[command(flatten)]
    pub(crate) rows: FlinkRows,

    /// Read all rows, and tell how many each state has, of how many bytes
    #[arg(long)]
    pub(crate) count: bool,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

/// Options of `alluvium flink scan`.
#[derive(Debug, Args)]
pub(crate) struct FlinkScanOptions {
    #[command(flatten)]
    pub(crate) place: FlinkPlace,

    #[command(flatten)]
    pub(crate) rows: FlinkRows,

    /// Only this key: as it prints, or a text without its quotes
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,

    /// Print this many lines at most: values, lists, maps and timers, or rows of the table [default: all; 100 for table and json]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,

    /// Tell of values with a time to live when they were accessed last: {"value": …, "accessed": milliseconds since 1970}
    #[arg(long)]
    pub(crate) timestamps: bool,

    /// How to print
    #[arg(long, value_enum, default_value_t = FlinkScanFormat::Jsonl)]
    pub(crate) output: FlinkScanFormat,
}

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FlinkScanFormat {
    /// One JSON object a line for each value, list, map and timer, as they are read
    Jsonl,
    /// A table with a row for each value, element, entry and timer
    Table,
    /// One JSON document
    Json,
}

/// Options of `alluvium flink get`.
#[derive(Debug, Args)]
pub(crate) struct FlinkGetOptions {
    #[command(flatten)]
    pub(crate) place: FlinkPlace,

    #[command(flatten)]
    pub(crate) rows: FlinkRows,

    /// The key: as it prints, or a text without its quotes
    #[arg(long, value_name = "KEY")]
    pub(crate) key: String,

    /// Only this namespace, as it prints: `[0,60000]` for a window, null for states without
    #[arg(long, value_name = "JSON")]
    pub(crate) namespace: Option<String>,

    /// Print this many lines or rows at most
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) limit: u64,

    /// Tell of values with a time to live when they were accessed last: {"value": …, "accessed": milliseconds since 1970}
    #[arg(long)]
    pub(crate) timestamps: bool,

    /// How to print
    #[arg(long, value_enum, default_value_t = FlinkScanFormat::Jsonl)]
    pub(crate) output: FlinkScanFormat,
}

/// Options of `alluvium flink timers`.
#[derive(Debug, Args)]
pub(crate) struct FlinkTimersOptions {
    #[command(flatten)]
    pub(crate) place: FlinkPlace,

    #[command(flatten)]
    pub(crate) rows: FlinkRows,

    /// Only timers due before this: 2013-01-01T10:15:00Z, or milliseconds since the Unix epoch
    #[arg(long, value_name = "TIME", value_parser = time::parse_time, allow_negative_numbers = true)]
    pub(crate) before: Option<i64>,

    /// Only timers of this key: as it prints, or a text without its quotes
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,

    /// List this many timers at most, those due first
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

/// Options of `alluvium flink diff`.
#[derive(Debug, Args)]
pub(crate) struct FlinkDiffOptions {
    /// A snapshot: what `LOCATION` is to the other commands
    #[arg(value_name = "A")]
    pub(crate) a: String,

    /// The one to compare it with
    #[arg(value_name = "B")]
    pub(crate) b: String,

    #[command(flatten)]
    pub(crate) files: FlinkFiles,

    #[command(flatten)]
    pub(crate) rows: FlinkRows,

    /// List the entries that differ
    #[arg(long)]
    pub(crate) entries: bool,

    /// List this many entries at most; jsonl has no limit
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: u64,

    /// How to print
    #[arg(long, value_enum, default_value_t = crate::args::DiffFormat::Table, requires_if("jsonl", "entries"))]
    pub(crate) output: crate::args::DiffFormat,
}

/// Options of `alluvium flink export`.
#[derive(Debug, Args)]
pub(crate) struct FlinkExportOptions {
    #[command(flatten)]
    pub(crate) place: FlinkPlace,

    #[command(flatten)]
    pub(crate) rows: FlinkRows,

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

/// Options of `alluvium flink verify`.
#[derive(Debug, Args)]
pub(crate) struct FlinkVerifyOptions {
    #[command(flatten)]
    pub(crate) place: FlinkPlace,

    #[command(flatten)]
    pub(crate) rows: FlinkRows,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}
