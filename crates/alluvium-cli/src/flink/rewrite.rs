//! `alluvium flink rewrite`: a canonical savepoint of any snapshot of Flink, with changes.

use std::io::{BufRead as _, BufReader};
use std::path::Path;

use alluvium_flink::files::Folder;
use alluvium_flink::write::{KeyFilter, Rewrite, rewrite};
use alluvium_protocol::key_group::MaxParallelism;
use anyhow::{Context as _, Result};
use serde_json::Value as Json;

use super::moving::Moving;
use super::written::Told;
use crate::args::FlinkRewriteOptions;
use crate::exit::{Exit, Failure};
use crate::interrupt;
use crate::units;

/// Bytes of keys that are chosen by a file: they are held in memory.
const KEYS_BYTES_MAX: u64 = 256 << 20;

/// Rewrites.
///
/// # Errors
/// When the snapshot cannot be read, something that is to be changed is not there or cannot be changed, the folder has something in it, or Ctrl-C was
/// pressed. Nothing is left then.
pub(super) fn run(options: &FlinkRewriteOptions) -> Result<Exit> {
    let cancel = interrupt::cancel_on_interrupt()?;
    let changes = changes(options)?;
    let snapshot = super::open_until(&options.place, &cancel)?;
    let moving = Moving::of_rows(cancel, &snapshot);
    let rewritten = rewrite(&snapshot, &changes, Folder::of(&options.to)?, &moving);
    moving.finish();
    let from = snapshot.folder().to_string();
    Told::of(from, &options.to, &rewritten?).print(options.output)?;
    Ok(Exit::Done)
}

fn changes(options: &FlinkRewriteOptions) -> Result<Rewrite> {
    let groups = options.max_parallelism.map(MaxParallelism::new);
    let operators = options.operator.clone();
    let keys = match (&options.keep_keys, &options.drop_keys) {
        (Some(file), _) => Some(KeyFilter::keep(keys_in(file)?, operators)),
        (None, Some(file)) => Some(KeyFilter::drop(keys_in(file)?, operators)),
        (None, None) if !options.key.is_empty() => {
            let keys = options.key.iter().map(|text| {
                serde_json::from_str(text).unwrap_or_else(|_text| Json::String(text.clone()))
            });
            Some(KeyFilter::keep(keys, operators))
        }
        (None, None) if operators.is_empty() => None,
        (None, None) => {
            return Err(Failure::usage(
                "--operator says whose keys are chosen: give --key, --keep-keys or --drop-keys, too",
            ));
        }
    };
    Ok(Rewrite {
        rename_operators: options.rename_operator.clone(),
        rename_states: options.rename_state.clone(),
        drop_states: options.drop_state.clone(),
        drop_operators: options.drop_operator.clone(),
        max_parallelism: groups.transpose()?,
        parallelism: options.parallelism,
        keys,
        version: options.version,
    })
}

fn keys_in(path: &Path) -> Result<Vec<Json>> {
    let named = || format!("read keys of {}", path.display());
    let file = std::fs::File::open(path).with_context(named)?;
    if file.metadata().with_context(named)?.len() > KEYS_BYTES_MAX {
        return Err(Failure::usage(format!(
            "{} has more than {}, and keys are held in memory: choose in several steps",
            path.display(),
            units::bytes(KEYS_BYTES_MAX)
        )));
    }
    let mut keys = Vec::new();
    for (nth, line) in (1..).zip(BufReader::new(file).lines()) {
        let line: String = line.with_context(named)?;
        if line.trim().is_empty() {
            continue;
        }
        let key = serde_json::from_str(&line).map_err(|error| {
            Failure::usage(format!(
                "{}, line {nth}: a key is one JSON value, such as \"user-17\" in quotes: {error}",
                path.display()
            ))
        })?;
        keys.push(key);
    }
    Ok(keys)
}
