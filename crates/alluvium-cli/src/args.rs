//! The command line: commands, options, and their help texts.
//!
//! Ranges that clap can check are checked here, so that a wrong number ends with exit code 2 before
//! anything is touched. What needs more than one option or a look at storage is the command's.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::exit;
use crate::output::Format;

mod diff;
mod export;
mod flink;
mod import;
mod savepoint;
mod timers;
mod upkeep;

pub(crate) use diff::{DIFF_EXAMPLES, DiffFormat, DiffOptions};
pub(crate) use export::{ExportFormat, ExportOptions};
pub(crate) use flink::{
    FlinkCommand, FlinkDiffOptions, FlinkExportOptions, FlinkFiles, FlinkGetOptions,
    FlinkImportOptions, FlinkPlace, FlinkRewriteOptions, FlinkRows, FlinkScanFormat,
    FlinkScanOptions, FlinkShowOptions, FlinkStatesOptions, FlinkTimersOptions, FlinkVerifyOptions,
    FlinkWriteOptions, KeyGroupsChoice, ValuesChoice,
};
pub(crate) use import::ImportOptions;
pub(crate) use savepoint::{MigrateKeysOptions, SavepointCommand};
pub(crate) use timers::TimersOptions;
pub(crate) use upkeep::{CopyOptions, RetainOptions, SweepOptions};

/// Keyed state for stream processing: a demo job, and tools for its checkpoints.
#[derive(Debug, Parser)]
#[command(name = "alluvium", version, after_help = exit::HELP, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a job over a year of departures, kill it, recover, rescale, and prove the result.
    Demo(Box<DemoOptions>),
    /// One process of the demo job: started by `demo`, not by people.
    #[command(hide = true)]
    DemoWorker(WorkerOptions),
    /// List, show, verify, copy and clear up the checkpoints and savepoints of a location.
    #[command(subcommand, after_help = exit::HELP)]
    Checkpoints(CheckpointsCommand),
    /// Print the state in a checkpoint or savepoint, typed as it was recorded, or make a savepoint of it.
    #[command(subcommand, after_help = exit::HELP)]
    State(StateCommand),
    /// Rewrite savepoints.
    #[command(subcommand, after_help = exit::HELP)]
    Savepoint(SavepointCommand),
    /// Tell which timers there are, how many are due when, and the ones due first.
    Timers(TimersOptions),
    /// Write the rows of states as JSON Lines or CSV, or as Parquet if it was built in.
    Export(ExportOptions),
    /// Look into the savepoints and checkpoints of Apache Flink, without a JVM.
    #[command(subcommand, after_help = exit::HELP)]
    Flink(FlinkCommand),
}

/// Options of `alluvium demo`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches of a command line are independent"
)]
#[command(after_help = exit::HELP)]
pub(crate) struct DemoOptions {
    /// The departures file, gzip or plain [default: data/flights-2013.csv.gz of the sources]
    #[arg(long, value_name = "FILE", conflicts_with = "keys")]
    pub(crate) data: Option<PathBuf>,

    /// Generate departures of this many aircraft instead of reading a file (needs --records)
    #[arg(long, value_name = "N", requires = "records", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub(crate) keys: Option<u64>,

    /// Departures to generate; of a file, the number of lines to read
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) records: Option<u64>,

    /// Stop at the first malformed line of the file (otherwise it is counted, told and left out)
    #[arg(long)]
    pub(crate) strict: bool,

    /// Workers before the crash, over all processes
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) workers: u32,

    /// Workers after recovery [default: one more than --workers, for each process]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rescale_to: Option<u32>,

    /// Recover with as many workers as before
    #[arg(long, conflicts_with = "rescale_to")]
    pub(crate) no_rescale: bool,

    /// Processes, joined over loopback; workers are divided among them evenly
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=16))]
    pub(crate) processes: u32,

    /// Run to the end without killing anything
    #[arg(long)]
    pub(crate) no_crash: bool,

    /// Departures read a second, over all workers; 0 reads as fast as the job goes
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub(crate) rate: u64,

    /// Departures between two checkpoints, about
    #[arg(long, value_name = "N", default_value_t = 40_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) checkpoint_every: u64,

    /// Where checkpoints go: a directory or an object-store URL, empty [default: in the work directory]
    #[arg(long, value_name = "LOCATION")]
    pub(crate) checkpoint_dir: Option<String>,

    /// Where workers keep live state, local copies and the job's output, empty unless --resume [default: a new temporary directory]
    #[arg(long, value_name = "DIR")]
    pub(crate) work_dir: Option<PathBuf>,

    /// Go on with a demo that was interrupted, from the newest checkpoint of its --work-dir
    #[arg(long, requires = "work_dir", conflicts_with = "keep")]
    pub(crate) resume: bool,

    /// Keep the temporary work directory
    #[arg(long)]
    pub(crate) keep: bool,

    /// The store below the write buffer
    #[arg(long, value_enum, default_value_t = StoreChoice::Rocksdb)]
    pub(crate) store: StoreChoice,

    /// Number of key groups: the largest parallelism that the job can ever have
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=32_768))]
    pub(crate) max_parallelism: u32,

    /// Rows of each result table
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) top: usize,

    /// How to print the summary
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

/// Options of one process of the demo job.
#[derive(Debug, Args)]
pub(crate) struct WorkerOptions {
    /// What to run, as the parent wrote it
    #[arg(long, value_name = "JSON")]
    pub(crate) plan: String,
}

/// Stores that state can live in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StoreChoice {
    /// RocksDB: more state than memory holds
    Rocksdb,
    /// Memory: fastest, all state in memory
    Memory,
}

/// Commands on checkpoints.
#[derive(Debug, Subcommand)]
pub(crate) enum CheckpointsCommand {
    /// List all checkpoints and savepoints
    #[command(after_help = exit::HELP)]
    List(ListOptions),
    /// Show one checkpoint: its manifests, files and states
    #[command(after_help = exit::HELP)]
    Show(ShowOptions),
    /// Read every object and check presence, length, checksum, format and coverage
    #[command(after_help = exit::HELP)]
    Verify(VerifyOptions),
    /// Compare two checkpoints or savepoints, state by state
    #[command(after_help = format!("{DIFF_EXAMPLES}\n\n{}", exit::HELP))]
    Diff(DiffOptions),
    /// Copy one checkpoint or savepoint, with every file it refers to, to another folder or storage
    #[command(after_help = exit::HELP)]
    Copy(CopyOptions),
    /// Tell, or delete with --yes, all checkpoints but the newest
    #[command(after_help = exit::HELP)]
    Retain(RetainOptions),
    /// Tell, or delete with --yes, objects that no checkpoint needs
    #[command(after_help = exit::HELP)]
    Sweep(SweepOptions),
}

/// Where checkpoints are.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// A directory or object-store URL: the root that holds jobs, a job's folder, or a savepoint's folder
    #[arg(value_name = "LOCATION")]
    pub(crate) location: String,

    /// The job, where the location holds several
    #[arg(long, value_name = "NAME")]
    pub(crate) job: Option<String>,
}

/// One checkpoint or savepoint.
#[derive(Debug, Args)]
pub(crate) struct OneCut {
    #[command(flatten)]
    pub(crate) place: Place,

    /// The checkpoint's number or the savepoint's name [default: the newest checkpoint]
    #[arg(long, value_name = "ID")]
    pub(crate) checkpoint: Option<String>,
}

/// Options of `alluvium checkpoints list`.
#[derive(Debug, Args)]
pub(crate) struct ListOptions {
    #[command(flatten)]
    pub(crate) place: Place,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

/// Options of `alluvium checkpoints show`.
#[derive(Debug, Args)]
pub(crate) struct ShowOptions {
    #[command(flatten)]
    pub(crate) from: OneCut,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

/// Options of `alluvium checkpoints verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyOptions {
    #[command(flatten)]
    pub(crate) place: Place,

    /// Only this checkpoint's number or savepoint's name [default: all]
    #[arg(long, value_name = "ID")]
    pub(crate) checkpoint: Option<String>,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

/// Commands on state.
#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// Print the rows of all states, or of one
    #[command(after_help = exit::HELP)]
    Scan(ScanOptions),
    /// Print what one key has
    #[command(after_help = exit::HELP)]
    Get(GetOptions),
    /// Make a savepoint of JSON Lines
    Import(ImportOptions),
}

/// Options of `alluvium state scan`.
#[derive(Debug, Args)]
pub(crate) struct ScanOptions {
    #[command(flatten)]
    pub(crate) from: OneCut,

    /// Only the state of this name
    #[arg(long, value_name = "NAME")]
    pub(crate) state: Option<String>,

    /// Only these key groups, such as 0-42 or 7
    #[arg(long, value_name = "A-B")]
    pub(crate) key_group: Option<String>,

    /// Print this many rows at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: u64,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

/// Options of `alluvium state get`.
#[derive(Debug, Args)]
pub(crate) struct GetOptions {
    #[command(flatten)]
    pub(crate) from: OneCut,

    /// The key, as plain text or as JSON
    #[arg(long, value_name = "KEY")]
    pub(crate) key: String,

    /// Only the state of this name
    #[arg(long, value_name = "NAME")]
    pub(crate) state: Option<String>,

    /// Print this many rows at most
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) limit: u64,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
