//! Options of `alluvium timers`.

use clap::Args;

use super::OneCut;
use crate::output::Format;
use crate::time;

/// Options of `alluvium timers`.
#[derive(Debug, Args)]
#[command(after_help = TIMERS_EXAMPLES)]
pub(crate) struct TimersOptions {
    #[command(flatten)]
    pub(crate) from: OneCut,

    /// Only the timers of this state
    #[arg(long, value_name = "NAME")]
    pub(crate) state: Option<String>,

    /// Only timers due before this: 2013-01-01T10:15:00Z, or milliseconds since the Unix epoch
    #[arg(long, value_name = "TIME", value_parser = time::parse_time, allow_negative_numbers = true)]
    pub(crate) before: Option<i64>,

    /// Only timers of this key, as plain text or as JSON
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,

    /// List this many timers at most, those due first
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

const TIMERS_EXAMPLES: &str = "\
Examples:
  alluvium timers s3://bucket/flights
  alluvium timers /data/flights --checkpoint 12 --before 2013-02-01T00:00:00Z --limit 100
  alluvium timers /data/flights --key N14228 --output json

Exit codes: see `alluvium --help`.";
