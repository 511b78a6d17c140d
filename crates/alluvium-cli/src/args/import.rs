//! Options of `alluvium state import`.

use std::path::PathBuf;

use clap::Args;

use crate::output::Format;

/// Options of `alluvium state import`.
#[derive(Debug, Args)]
#[command(after_help = IMPORT_EXAMPLES)]
pub(crate) struct ImportOptions {
    /// JSON Lines as `alluvium export` writes them; `-` is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) files: Vec<PathBuf>,

    /// A checkpoint or savepoint whose job, key and states are taken over: LOCATION or LOCATION@ID
    #[arg(long, value_name = "LOCATION")]
    pub(crate) like: String,

    /// The job of --like, where its location holds several
    #[arg(long, value_name = "NAME")]
    pub(crate) job: Option<String>,

    /// The folder of the new savepoint: a path or an object-store URL
    #[arg(long, value_name = "SAVEPOINT")]
    pub(crate) to: String,

    /// Number of key groups [default: as --like]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=32_768))]
    pub(crate) max_parallelism: Option<u32>,

    /// Put keys into the key groups that the lines name, for a job that hashes its keys itself
    #[arg(long, conflicts_with = "max_parallelism")]
    pub(crate) keep_key_groups: bool,

    /// Take over what the engine attached to --like: where its sources were, and output that was not published yet
    #[arg(long)]
    pub(crate) attachments: bool,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

const IMPORT_EXAMPLES: &str = "\
Examples:
  alluvium export /data/flights --to all.jsonl
  alluvium state import all.jsonl --like /data/flights --to /data/bootstrapped
  echo '{\"state\":\"visits\",\"key\":\"alice\",\"value\":7}' | alluvium state import --like s3://bucket/clicks@empty --to s3://bucket/start

One object a line: `state`, `key`, and what its kind of state has of `namespace`, `map_key`, `time` and `value`. The
elements of a list are appended in the order of their lines. For a job that never ran, let it take a savepoint without
input, and name that with --like.

Exit codes: see `alluvium --help`.";
