//! Options of `alluvium flink rewrite`.

use std::path::PathBuf;

use alluvium_flink::metadata::Version;
use alluvium_flink::write::StateRename;
use clap::Args;

use super::FlinkPlace;
use crate::output::Format;

pub(super) const REWRITE_EXAMPLES: &str = "\
Examples:
  alluvium flink rewrite /flink/checkpoints/0e65142edda784814974acbe27be240c --to /flink/savepoints/portable
  alluvium flink rewrite savepoint-0e6514 --to renamed --rename-operator keyed-all=accounts --rename-state keyed-all/value-long=balance
  alluvium flink rewrite savepoint-0e6514 --to wider --max-parallelism 1000
  alluvium flink rewrite savepoint-0e6514 --to some --key '\"user-17\"' --operator keyed-all
  alluvium flink rewrite savepoint-0e6514 --to older --for 1.20

FROM may be a checkpoint or a savepoint of any backend and is only read. Operators are named by uid, id or name, as they are in FROM.";

/// Options of `alluvium flink rewrite`.
#[derive(Debug, Args)]
pub(crate) struct FlinkRewriteOptions {
    #[command(flatten)]
    pub(crate) place: FlinkPlace,

    /// The folder of the savepoint to be written, a path or an object-store URL: not there yet, or empty
    #[arg(long, value_name = "FOLDER")]
    pub(crate) to: String,

    /// Give an operator another uid, or another id of 32 hexadecimal digits. Can be given several times
    #[arg(long, value_name = "OLD=NEW", value_parser = pair)]
    pub(crate) rename_operator: Vec<(String, String)>,

    /// Give a state another name. Can be given several times
    #[arg(long, value_name = "OPERATOR/OLD=NEW", value_parser = state_rename)]
    pub(crate) rename_state: Vec<StateRename>,

    /// Leave a state out. Can be given several times
    #[arg(long, value_name = "OPERATOR/STATE", value_parser = state)]
    pub(crate) drop_state: Vec<(String, String)>,

    /// Leave an operator out, with all its state. Can be given several times
    #[arg(long, value_name = "OPERATOR")]
    pub(crate) drop_operator: Vec<String>,

    /// Deal the keys of all operators to so many key groups, by the hash that Java has for them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=32768))]
    pub(crate) max_parallelism: Option<u32>,

    /// Write the files of so many subtasks; operators with operator state keep theirs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=32768))]
    pub(crate) parallelism: Option<u32>,

    /// Keep only this key, as JSON, or as text if it is none. Can be given several times
    #[arg(long, value_name = "KEY", conflicts_with_all = ["keep_keys", "drop_keys"])]
    pub(crate) key: Vec<String>,

    /// Keep only the keys in FILE, a JSON value a line as `flink scan` prints keys
    #[arg(long, value_name = "FILE", conflicts_with = "drop_keys")]
    pub(crate) keep_keys: Option<PathBuf>,

    /// Leave out the keys in FILE, a JSON value a line as `flink scan` prints keys
    #[arg(long, value_name = "FILE")]
    pub(crate) drop_keys: Option<PathBuf>,

    /// Choose among the keys of this operator alone [default: of all]. Can be given several times
    #[arg(long, value_name = "OPERATOR")]
    pub(crate) operator: Vec<String>,

    /// The Flink that is to restore it: 1.16 to 1.20, 2.0, or 2.1 and later [default: as FROM, 1.16 at the least]
    #[arg(long = "for", value_name = "VERSION", value_parser = flink_version)]
    pub(crate) version: Option<Version>,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => Ok((old.into(), new.into())),
        _ => Err("expected OLD=NEW".into()),
    }
}

fn state_rename(text: &str) -> Result<StateRename, String> {
    let (state_before, to) = pair(text).map_err(|told| told.replace("OLD", "OPERATOR/OLD"))?;
    let (operator, from) = state(&state_before)?;
    Ok(StateRename { operator, from, to })
}

/// States may have slashes in their names, uids in practice have none.
fn state(text: &str) -> Result<(String, String), String> {
    match text.split_once('/') {
        Some((operator, state)) if !operator.is_empty() && !state.is_empty() => {
            Ok((operator.into(), state.into()))
        }
        _ => Err("expected OPERATOR/STATE".into()),
    }
}

pub(super) fn flink_version(text: &str) -> Result<Version, String> {
    let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
    // A release within a minor version has the same format.
    let minor = minor
        .split('.')
        .next()
        .unwrap_or_default()
        .trim_end_matches('+');
    match (major.parse::<u32>(), minor.parse::<u32>()) {
        (Ok(1), Ok(16..=20)) => Ok(Version::V4),
        (Ok(2), Ok(0)) => Ok(Version::V5),
        (Ok(2), Ok(_)) => Ok(Version::V6),
        _ => Err("expected 1.16 to 1.20, 2.0, or 2.1 and later".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_flink_have_versions_of_metadata() {
        for (text, version) in [
            ("1.16", Version::V4),
            ("1.20.5", Version::V4),
            ("2.0", Version::V5),
            ("2.1+", Version::V6),
            ("2.3.0", Version::V6),
        ] {
            assert_eq!(flink_version(text), Ok(version), "{text}");
        }
        for text in ["1.15", "1.21", "3.0", "x", ""] {
            assert!(flink_version(text).is_err(), "{text}");
        }
    }

    #[test]
    fn states_are_named_with_their_operators() {
        let renamed = state_rename("op/_timer_state/event_x=y").unwrap();
        assert_eq!(
            (&*renamed.operator, &*renamed.from, &*renamed.to),
            ("op", "_timer_state/event_x", "y")
        );
        assert!(state("op").is_err() && state("/x").is_err() && state_rename("a=b").is_err());
    }
}
