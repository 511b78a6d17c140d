//! Options of the commands that write: copy, retain, sweep.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;

use super::Place;
use crate::output::Format;
use crate::units;

/// Options of `alluvium checkpoints copy`.
#[derive(Debug, Args)]
pub(crate) struct CopyOptions {
    /// Where the checkpoint is: the root that holds jobs, a job's folder, or a savepoint's folder
    #[arg(value_name = "FROM")]
    pub(crate) from: String,

    /// The folder of the new job, whose last part is its name; for a savepoint, the savepoint's folder
    #[arg(value_name = "TO")]
    pub(crate) to: String,

    /// The checkpoint's number, the savepoint's name, or `latest`
    #[arg(long, value_name = "ID", default_value = "latest")]
    pub(crate) checkpoint: String,

    /// The job to copy from, where FROM holds several
    #[arg(long, value_name = "NAME")]
    pub(crate) job: Option<String>,

    /// Once the copy is committed, delete the checkpoint and older ones from FROM; a job that still runs there is
    /// stopped
    #[arg(long = "move")]
    pub(crate) move_away: bool,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

/// Options of `alluvium checkpoints retain`.
#[derive(Debug, Args)]
pub(crate) struct RetainOptions {
    #[command(flatten)]
    pub(crate) place: Place,

    /// How many checkpoints stay: the newest
    #[arg(long, value_name = "N")]
    pub(crate) keep: NonZeroUsize,

    /// Delete; otherwise tell only. The job is taken over for it: one that still runs is stopped
    #[arg(long)]
    pub(crate) yes: bool,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

/// Options of `alluvium checkpoints sweep`.
#[derive(Debug, Args)]
pub(crate) struct SweepOptions {
    #[command(flatten)]
    pub(crate) place: Place,

    /// Delete; otherwise tell only
    #[arg(long)]
    pub(crate) yes: bool,

    /// Tell only, as without --yes
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,

    /// Leave alone what is younger, such as 90m, 12h or 7d: longer than any checkpoint takes, an hour at least
    #[arg(long, value_name = "AGE", default_value = "1d", value_parser = units::parse_duration)]
    pub(crate) min_age: Duration,

    /// Take the job over, which stops one that still runs; then nothing is too young
    #[arg(long, conflicts_with = "min_age")]
    pub(crate) take_over: bool,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}
