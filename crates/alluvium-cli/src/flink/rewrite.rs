//! `alluvium flink rewrite`: a canonical savepoint of any snapshot of Flink, with changes.

use std::io::{BufRead as _, BufReader};
use std::path::Path;

use alluvium::storage::{Cancel, Watch};
use alluvium_flink::Snapshot;
use alluvium_flink::files::Folder;
use alluvium_flink::metadata::Version;
use alluvium_flink::snapshot::Sizes;
use alluvium_flink::write::{KeyFilter, Rewrite, Rewritten, rewrite};
use alluvium_protocol::key_group::MaxParallelism;
use anyhow::{Context as _, Result};
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::Value as Json;

use crate::args::FlinkRewriteOptions;
use crate::exit::{Exit, Failure};
use crate::interrupt;
use crate::output::{self, Format};
use crate::progress;
use crate::units;

/// Bytes of keys that are chosen by a file: they are held in memory.
const KEYS_BYTES_MAX: u64 = 256 << 20;

#[derive(Debug, Serialize)]
struct Told {
    from: String,
    to: String,
    /// The releases of Flink that restore it.
    written_for: &'static str,
    metadata_version: u8,
    operators: usize,
    bytes: u64,
    states: Vec<State>,
}

#[derive(Debug, Serialize)]
struct State {
    operator: String,
    /// What it was called.
    state: String,
    name: String,
    rows: u64,
    bytes: u64,
    left_out: u64,
}

/// Rewrites.
///
/// # Errors
/// When the snapshot cannot be read, something that is to be changed is not there or cannot be changed, the folder has something in it, or Ctrl-C was
/// pressed. Nothing is left then.
pub(super) fn run(options: &FlinkRewriteOptions) -> Result<Exit> {
    let cancel = interrupt::cancel_on_interrupt()?;
    let changes = changes(options)?;
    let snapshot = super::open_until(&options.place, &cancel)?;
    let moving = Moving::new(cancel, &snapshot);
    let rewritten = rewrite(&snapshot, &changes, Folder::of(&options.to)?, &moving);
    if let Some(bar) = &moving.bar {
        bar.finish_and_clear();
    }
    let told = Told::of(&snapshot, &options.to, &rewritten?);
    match options.output {
        Format::Json => output::json(&told)?,
        Format::Table => output::text(&table(&told))?,
    }
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

/// Shows how many bytes of rows were read. They are more than the files have if these are compressed.
struct Moving {
    cancel: Cancel,
    bar: Option<ProgressBar>,
}

impl Moving {
    fn new(cancel: Cancel, snapshot: &Snapshot) -> Self {
        let stored = Sizes::of_operators(snapshot.operators()).total_bytes();
        let template = "{spinner} {bytes} of rows, {bytes_per_sec}, from {msg} of files";
        let bar = progress::bar(template);
        if let Some(bar) = &bar {
            bar.set_message(units::bytes(stored));
        }
        Self { cancel, bar }
    }
}

impl Watch for Moving {
    fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    fn moved(&self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(bytes);
        }
    }
}

impl Told {
    fn of(snapshot: &Snapshot, to: &str, rewritten: &Rewritten) -> Self {
        let states = rewritten.states.iter().map(|state| State {
            operator: state.operator.clone(),
            state: state.state.clone(),
            name: state.name.clone(),
            rows: state.rows,
            bytes: state.bytes,
            left_out: state.left_out,
        });
        Self {
            from: snapshot.folder().to_string(),
            to: to.to_owned(),
            written_for: match rewritten.version {
                Version::V4 => "1.16 to 1.20",
                Version::V5 => "2.0",
                _ => "2.1 and later",
            },
            metadata_version: rewritten.version.number(),
            operators: rewritten.operators,
            bytes: rewritten.bytes,
            states: states.collect(),
        }
    }
}

fn table(told: &Told) -> String {
    let rows = told.states.iter().map(|state| {
        let was = (state.state != state.name).then(|| state.state.clone());
        let left_out = match state.left_out {
            0 => String::new(),
            rows => units::count(rows),
        };
        vec![
            state.operator.clone(),
            state.name.clone(),
            was.unwrap_or_default(),
            units::count(state.rows),
            left_out,
            units::bytes(state.bytes),
        ]
    });
    let columns = ["operator", "state", "before", "rows", "left out", "size"];
    let rows = output::table(&columns, &["rows", "left out", "size"], rows);
    format!(
        "wrote {} of {} for Flink {}: {} operators, {}\n{rows}",
        told.to,
        told.from,
        told.written_for,
        told.operators,
        units::bytes(told.bytes)
    )
}
