//! Options of `alluvium checkpoints diff`.

use clap::{Args, ValueEnum};

/// Options of `alluvium checkpoints diff`.
#[derive(Debug, Args)]
pub(crate) struct DiffOptions {
    /// A checkpoint or savepoint: LOCATION for the newest there, or LOCATION@ID; with --in, its ID alone
    #[arg(value_name = "A")]
    pub(crate) a: String,

    /// The one to compare it with
    #[arg(value_name = "B")]
    pub(crate) b: String,

    /// Where both are; A and B are numbers of checkpoints or names of savepoints then
    #[arg(long = "in", value_name = "LOCATION")]
    pub(crate) within: Option<String>,

    /// The job, where a location holds several
    #[arg(long, value_name = "NAME")]
    pub(crate) job: Option<String>,

    /// Only this state, and list its entries that differ
    #[arg(long, value_name = "NAME")]
    pub(crate) state: Option<String>,

    /// List this many entries at most; jsonl has no limit
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: u64,

    /// How to print
    #[arg(long, value_enum, default_value_t = DiffFormat::Table, requires_if("jsonl", "state"))]
    pub(crate) output: DiffFormat,
}

/// How differences are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// Tables for people
    Table,
    /// One JSON document for programs
    Json,
    /// One JSON object a line for each entry of --state that differs, as they are found
    Jsonl,
}

/// What `--help` ends with.
pub(crate) const DIFF_EXAMPLES: &str = "\
Examples:
  alluvium checkpoints diff --in s3://bucket/flights 12 13
  alluvium checkpoints diff s3://bucket/flights@12 /backup/before-upgrade --state position
  alluvium checkpoints diff old new --state visits --output jsonl | jq .key

Ends with 0 if they are equal and with 1 if they differ. A list is one entry, whose elements are compared one by one:
`index` is the first that differs, and what is shown begins there.";
