//! Options of the commands on savepoints.

use alluvium_protocol::shape::Shape;
use clap::{Args, Subcommand};

use crate::exit;
use crate::output::Format;
use crate::shape_argument;

/// Commands on savepoints.
#[derive(Debug, Subcommand)]
pub(crate) enum SavepointCommand {
    /// Rewrite a savepoint for another number of key groups, or a wider type of key or namespace
    #[command(after_help = format!("{MIGRATE_EXAMPLES}\n\n{}", exit::HELP))]
    MigrateKeys(MigrateKeysOptions),
}

/// Options of `alluvium savepoint migrate-keys`.
#[derive(Debug, Args)]
#[group(id = "change", multiple = true)]
pub(crate) struct MigrateKeysOptions {
    /// The savepoint: its folder, or the location of its job and then @NAME
    #[arg(value_name = "FROM")]
    pub(crate) from: String,

    /// The folder of the new savepoint: a path or an object-store URL
    #[arg(value_name = "TO")]
    pub(crate) to: String,

    /// The job, where FROM holds several
    #[arg(long, value_name = "NAME")]
    pub(crate) job: Option<String>,

    /// The new number of key groups, which is the largest parallelism that the job can have [default: as it is]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=32_768), required_unless_present_any = ["key", "namespaces"])]
    pub(crate) max_parallelism: Option<u32>,

    /// The new type of key, such as u64, (str, i64) or {day: u32, tail: str} [default: as it is]
    #[arg(long, value_name = "TYPE", value_parser = shape_argument::parse)]
    pub(crate) key: Option<Shape>,

    /// The new type of the namespaces of a state, such as windows=(i64, i64); may be given for several states
    #[arg(long = "namespace", value_name = "STATE=TYPE", value_parser = namespace)]
    pub(crate) namespaces: Vec<(String, Shape)>,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

fn namespace(text: &str) -> Result<(String, Shape), String> {
    let split = text.rsplit_once('=');
    let (state, shape) =
        split.ok_or_else(|| "give STATE=TYPE, such as windows=(i64, i64)".to_owned())?;
    Ok((state.to_owned(), shape_argument::parse(shape)?))
}

const MIGRATE_EXAMPLES: &str = "\
Examples:
  alluvium savepoint migrate-keys /data/flights@before-upgrade /data/wide --max-parallelism 1024
  alluvium savepoint migrate-keys s3://bucket/orders s3://bucket/orders-u64 --key u64
  alluvium savepoint migrate-keys /data/flights@end /data/wide --namespace 'windows=(i64, i64)'

Every row is written again under its new name, with what the engine attached; FROM is only read. Integers in keys and
namespaces can become wider. TO is a savepoint when the command ends with 0, and nothing otherwise.";
