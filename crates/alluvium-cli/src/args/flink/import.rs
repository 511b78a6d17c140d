//! Options of `alluvium flink import`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::FlinkPlace;
use crate::output::Format;
use crate::units;

/// Options of `alluvium flink import`.
#[derive(Debug, Args)]
pub(crate) struct FlinkImportOptions {
    #[command(flatten)]
    pub(crate) place: FlinkPlace,

    /// The operator whose keyed state is imported: uid, id or name
    #[arg(long, value_name = "OPERATOR")]
    pub(crate) operator: String,

    /// The folder of the new savepoint: a path or an object-store URL
    #[arg(long, value_name = "SAVEPOINT")]
    pub(crate) to: String,

    /// What values become: the bytes that Flink wrote, or values that were decoded and written anew
    #[arg(long, value_enum, default_value_t = ValuesChoice::Flink)]
    pub(crate) values: ValuesChoice,

    /// Key groups: Flink's, for a job that is keyed by `Java<K>`, or Alluvium's own
    #[arg(long, value_enum, default_value_t = KeyGroupsChoice::Keep)]
    pub(crate) key_groups: KeyGroupsChoice,

    /// Only this state. Can be given several times
    #[arg(long, value_name = "STATE")]
    pub(crate) state: Vec<String>,

    /// Another name for a state. Can be given several times
    #[arg(long, value_name = "STATE=NAME", value_parser = pair)]
    pub(crate) rename: Vec<(String, String)>,

    /// How long values of a state live after the last access, which Flink does not record: 36h, 7d. Can be given several times
    #[arg(long, value_name = "STATE=DURATION", value_parser = lifetime)]
    pub(crate) ttl: Vec<(String, Duration)>,

    /// A map state with null among its values, which become options. Can be given several times
    #[arg(long, value_name = "STATE")]
    pub(crate) nullable: Vec<String>,

    /// A state whose objects have no null in their fields, which become plain types (with --values postcard or msgpack). Can be
    /// given several times
    #[arg(long, value_name = "STATE")]
    pub(crate) not_null: Vec<String>,

    /// The job that the savepoint is of [default: the operator]
    #[arg(long, value_name = "NAME")]
    pub(crate) job: Option<String>,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

/// What values become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ValuesChoice {
    /// The bytes that Flink wrote (codec `Flink`): they can go back as they are
    Flink,
    /// Decoded, and written by the default codec
    Postcard,
    /// Decoded, and written with names: types whose fields change
    Msgpack,
}

/// Which key groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyGroupsChoice {
    /// Flink's
    Keep,
    /// Alluvium's own
    Recompute,
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((state, other)) if !state.is_empty() && !other.is_empty() => {
            Ok((state.to_owned(), other.to_owned()))
        }
        _ => Err("give a state and something for it: STATE=...".to_owned()),
    }
}

fn lifetime(text: &str) -> Result<(String, Duration), String> {
    let (state, duration) = pair(text)?;
    Ok((state, units::parse_duration(&duration)?))
}

pub(crate) const IMPORT_EXAMPLES: &str = "\
Examples:
  alluvium flink import /flink/savepoints/savepoint-0e6514-0ea1a2407061 --operator keyed-all --to /data/imported
  alluvium flink import /flink/checkpoints/0e65142edda784814974acbe27be240c --operator keyed-all --to s3://bucket/imported \\
    --remap file:/flink=/mnt/flink --ttl session=36h
  alluvium flink import /flink/savepoint --operator counts --to /data/counts --values postcard --key-groups recompute

It prints what the Rust job has to declare. Values stay the bytes that Flink wrote unless --values says otherwise, so that
`alluvium flink write` can bring them back; a state whose values no type of Rust has gets the codec `Bytes`.";
