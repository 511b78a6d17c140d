//! Options of the commands on Flink's snapshots.

use alluvium_flink::files::Remap;
use alluvium_protocol::key_group::MaxParallelism;
use clap::{Args, Subcommand};

use crate::exit;
use crate::output::Format;

mod examples;
mod import;
mod rewrite;
mod rows;
mod write;

pub(crate) use import::{FlinkImportOptions, KeyGroupsChoice, ValuesChoice};
pub(crate) use rewrite::FlinkRewriteOptions;
pub(crate) use rows::{
    FlinkDiffOptions, FlinkExportOptions, FlinkGetOptions, FlinkRows, FlinkScanFormat,
    FlinkScanOptions, FlinkStatesOptions, FlinkTimersOptions, FlinkVerifyOptions,
};
pub(crate) use write::FlinkWriteOptions;

/// Commands on the savepoints and checkpoints of Apache Flink.
#[derive(Debug, Subcommand)]
pub(crate) enum FlinkCommand {
    /// Tell what a snapshot consists of: operators, subtasks, handles, files and their sizes
    #[command(after_help = format!("{SHOW_EXAMPLES}\n\n{}", exit::HELP))]
    Show(FlinkShowOptions),
    /// Make a savepoint for a Rust job of the keyed state of an operator
    #[command(after_help = format!("{}\n\n{}", import::IMPORT_EXAMPLES, exit::HELP))]
    Import(Box<FlinkImportOptions>),
    /// Tell which keyed states there are: kinds, types of keys, namespaces and values, with --count how much
    #[command(after_help = format!("{}\n\n{}", examples::STATES, exit::HELP))]
    States(FlinkStatesOptions),
    /// Print the keyed state, typed as it was recorded, as JSON Lines
    #[command(after_help = format!("{}\n\n{}", examples::SCAN, exit::HELP))]
    Scan(FlinkScanOptions),
    /// Print what one key has
    #[command(after_help = format!("{}\n\n{}", examples::GET, exit::HELP))]
    Get(FlinkGetOptions),
    /// Tell which timers there are, how many are due when, and the ones due first
    #[command(after_help = format!("{}\n\n{}", examples::TIMERS, exit::HELP))]
    Timers(FlinkTimersOptions),
    /// Compare two snapshots, state by state
    #[command(after_help = format!("{}\n\n{}", examples::DIFF, exit::HELP))]
    Diff(FlinkDiffOptions),
    /// Write the rows of states as JSON Lines or CSV, or as Parquet if it was built in
    #[command(after_help = format!("{}\n\n{}", examples::EXPORT, exit::HELP))]
    Export(FlinkExportOptions),
    /// Read every file, and check presence, lengths, offsets, checksums, key groups and that all rows can be decoded
    #[command(after_help = format!("{}\n\n{}", examples::VERIFY, exit::HELP))]
    Verify(FlinkVerifyOptions),
    /// Make a canonical savepoint of any snapshot: operators and states renamed or left out, other key groups, chosen keys
    #[command(after_help = format!("{}\n\n{}", rewrite::REWRITE_EXAMPLES, exit::HELP))]
    Rewrite(Box<FlinkRewriteOptions>),
    /// Write the state of a Rust job back into a savepoint that Flink restores
    #[command(after_help = format!("{}\n\n{}", write::WRITE_EXAMPLES, exit::HELP))]
    Write(Box<FlinkWriteOptions>),
}

/// Which snapshot of Flink.
#[derive(Debug, Args)]
pub(crate) struct FlinkPlace {
    /// A path or URL: the folder of a savepoint or checkpoint (chk-17), its _metadata, or a folder of checkpoints: the newest
    #[arg(value_name = "LOCATION")]
    pub(crate) location: String,

    #[command(flatten)]
    pub(crate) files: FlinkFiles,
}

/// What the metadata of a snapshot does not tell of its files.
#[derive(Debug, Args)]
pub(crate) struct FlinkFiles {
    /// Where files are that were moved: names that begin with FROM begin with TO. Can be given several times
    #[arg(long, value_name = "FROM=TO")]
    pub(crate) remap: Vec<Remap>,

    /// Of a task manager's own copy (chk_17 in vtx_..._sti_0), which does not tell: the job's max parallelism [default: 128]
    #[arg(long, value_name = "N", value_parser = max_parallelism)]
    pub(crate) task_local_max_parallelism: Option<MaxParallelism>,
}

fn max_parallelism(text: &str) -> Result<MaxParallelism, String> {
    let number = text.parse::<u32>().map_err(|error| error.to_string())?;
    MaxParallelism::new(number).map_err(|error| error.to_string())
}

/// Options of `alluvium flink show`.
#[derive(Debug, Args)]
pub(crate) struct FlinkShowOptions {
    #[command(flatten)]
    pub(crate) place: FlinkPlace,

    /// Only this operator, by uid, id or name, with all its handles
    #[arg(long, value_name = "OPERATOR")]
    pub(crate) operator: Option<String>,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

const SHOW_EXAMPLES: &str = "\
Examples:
  alluvium flink show /flink/savepoints/savepoint-0e6514-0ea1a2407061
  alluvium flink show /flink/checkpoints/0e65142edda784814974acbe27be240c --operator keyed-all
  alluvium flink show s3://bucket/checkpoints/0e65142edda784814974acbe27be240c/chk-51 --output json

Only the metadata is read. Files are listed as it names them and --remap changes the names.";
