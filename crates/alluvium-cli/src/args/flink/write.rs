//! Options of `alluvium flink write`.

use alluvium_flink::files::Remap;
use alluvium_flink::metadata::Version;
use clap::Args;

use super::import::pair;
use super::rewrite::flink_version;
use crate::output::Format;

/// Options of `alluvium flink write`.
#[derive(Debug, Args)]
pub(crate) struct FlinkWriteOptions {
    /// The savepoint of the Rust job: a path or an object-store URL
    #[arg(value_name = "SAVEPOINT")]
    pub(crate) savepoint: String,

    /// Flink's snapshot that the state came from: all but the operator's keyed state is taken from it
    #[arg(long, value_name = "LOCATION")]
    pub(crate) like: String,

    /// Where files of --like are that were moved: names that begin with FROM begin with TO. Can be given several times
    #[arg(long, value_name = "FROM=TO")]
    pub(crate) remap: Vec<Remap>,

    /// The operator whose keyed state is replaced: uid, id or name
    #[arg(long, value_name = "OPERATOR")]
    pub(crate) operator: String,

    /// The folder of Flink's new savepoint, a path or an object-store URL: not there yet, or empty
    #[arg(long, value_name = "FOLDER")]
    pub(crate) to: String,

    /// The Flink that is to restore it [default: as --like]
    #[arg(long = "for", value_name = "VERSION", value_parser = flink_version)]
    pub(crate) version: Option<Version>,

    /// A state of Flink's, and its name in the Rust job. Can be given several times
    #[arg(long, value_name = "STATE=NAME", value_parser = pair)]
    pub(crate) rename: Vec<(String, String)>,

    /// A state of Flink's that the Rust job does not have, and that is left out. Can be given several times
    #[arg(long, value_name = "STATE")]
    pub(crate) leave_out: Vec<String>,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

pub(super) const WRITE_EXAMPLES: &str = "\
Examples:
  alluvium flink write /data/after --like /flink/savepoints/savepoint-0e6514-0ea1a2407061 --operator keyed-all --to /flink/back
  alluvium flink write s3://bucket/after --like /flink/savepoint --operator counts --to /flink/back --for 1.16

Values of the codec `Flink` are written as they are, others by the serializers that --like recorded. The Rust job has to be
keyed by `Java<K>`, as it is after `alluvium flink import` unless --key-groups recompute was given.";
