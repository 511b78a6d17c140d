//! `alluvium state import`: a savepoint from JSON Lines, of the very form that `alluvium export` writes.
//!
//! Lines go through a backend with a store below it, which sorts them within its memory budget. Invariant: there is a
//! savepoint when every line was taken, and nothing where it was to be otherwise.

mod line;
mod load;
mod waiting;

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;
use std::sync::Arc;

use alluvium::savepoint::SavepointFolder;
use alluvium::storage::Cancel;
use alluvium::{Builder, BytesBackend, Progress};
use alluvium_protocol::key_group::MaxParallelism;
use alluvium_protocol::manifest::CheckpointId;
use alluvium_protocol::schema::KeyedSchema;
use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};
use anyhow::{Context as _, Result};
use serde::Serialize;

use self::load::Load;
use self::waiting::Waiting;
use crate::args::ImportOptions;
use crate::exit::{Exit, Failure};
use crate::interrupt;
use crate::location::{FolderName, NamedCut, open_to_write};
use crate::output::{self, Format};
use crate::progress;
use crate::state::cut_rows::CutRows;
use crate::units;

/// Bytes that a line may have: 256 MiB, so that a file that is none of ours does not take all memory.
const LINE_BYTES_MAX: u64 = 256 << 20;

/// Lines between two looks at whether the command was interrupted: some milliseconds.
const LINES_BETWEEN_LOOKS: u64 = 1024;

#[derive(Debug, Serialize)]
struct Imported {
    savepoint: String,
    job: String,
    max_parallelism: u16,
    lines: u64,
    states: Vec<State>,
}

#[derive(Debug, Serialize)]
struct State {
    state: String,
    kind: String,
    lines: u64,
}

/// Imports.
///
/// # Errors
/// When a line does not fit, naming it and what was expected; when files, storage or this machine fail, the checkpoint
/// to be like is not there, there is a savepoint already, or Ctrl-C was pressed. Nothing is left then.
pub(super) fn run(options: &ImportOptions) -> Result<Exit> {
    let cancel = interrupt::cancel_on_interrupt()?;
    let named = NamedCut::parse(&options.like);
    let like = CutRows::of(named.find(options.job.as_deref())?, cancel.clone())?;
    let (schema, like) = (like.schema().clone(), like.cut().clone());
    let groups = match options.max_parallelism {
        Some(groups) => MaxParallelism::new(groups)?,
        None => like.max_parallelism,
    };
    let (folder, to) = savepoint_folder(&options.to)?;

    let directory = tempfile::tempdir().context("make a temporary directory")?;
    let factory = RocksStoreFactory::new(RocksOptions::default())?;
    let builder = Builder::new(&like.job, Arc::new(factory), directory.path().join("state"))
        .max_parallelism(groups)
        .key_shape(schema.key.clone());
    let mut backend = builder.open()?;
    let mut load = Load::begin(&mut backend, &schema, groups, options)?;
    let mut lines = 0;
    for file in &options.files {
        lines += read(file, &mut load, &cancel)?;
    }
    let states = states(&schema, &load);
    write(&folder, &mut backend, &like, options, &cancel)?;

    let imported = Imported {
        savepoint: to.told(),
        job: like.job,
        max_parallelism: groups.get(),
        lines,
        states,
    };
    match options.output {
        Format::Json => output::json(&imported)?,
        Format::Table => output::text(&told(&imported))?,
    }
    Ok(Exit::Done)
}

/// The folder of a savepoint that is to be made.
///
/// # Errors
/// When there is one already, or its storage cannot be opened.
pub(crate) fn savepoint_folder(location: &str) -> Result<(SavepointFolder, FolderName)> {
    let (around, name) = FolderName::split(location)?;
    let storage = open_to_write(&around)?;
    let folder = SavepointFolder::new(Arc::clone(&storage), &name);
    if folder.find()?.is_some() {
        return Err(folder.taken().into());
    }
    Ok((folder, FolderName { storage, name }))
}

fn write(
    folder: &SavepointFolder,
    backend: &mut BytesBackend,
    like: &crate::location::Cut,
    options: &ImportOptions,
    cancel: &Cancel,
) -> Result<()> {
    let attachments = if options.attachments {
        like.attachments.clone()
    } else {
        std::collections::BTreeMap::new()
    };
    let checkpoint = CheckpointId::new(like.checkpoint);
    let nobody: Arc<dyn Progress> = Arc::new(());
    folder.write(backend, checkpoint, attachments, cancel, &nobody)?;
    Ok(())
}

/// Takes all lines of a file, and returns how many there are.
fn read(file: &Path, load: &mut Load<'_>, cancel: &Cancel) -> Result<u64> {
    let is_stdin = file == Path::new("-");
    let name = if is_stdin {
        "standard input".to_owned()
    } else {
        file.display().to_string()
    };
    let mut from: Box<dyn BufRead> = if is_stdin {
        Box::new(BufReader::new(Waiting::for_stdin(cancel)?))
    } else {
        let file = File::open(file).with_context(|| format!("open {name}"))?;
        Box::new(BufReader::new(file))
    };
    let bar = progress::bar("{spinner} {msg}");
    let mut number = 0_u64;
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut limited = (&mut from).take(LINE_BYTES_MAX);
        let read = limited.read_until(b'\n', &mut line);
        if read.is_err() {
            cancel.check("an import")?;
        }
        let read = read.with_context(|| format!("read {name}"))?;
        if read == 0 {
            break;
        }
        number += 1;
        let bad = |what: &str| Failure::problem(format!("{name}, line {number}: {what}"));
        if read as u64 == LINE_BYTES_MAX {
            return Err(bad("it is longer than 256 MiB"));
        }
        let text = str::from_utf8(&line).map_err(|wrong| bad(&format!("no UTF-8: {wrong}")))?;
        if !text.trim().is_empty() {
            load.line(text.trim())?.map_err(|what| bad(&what))?;
        }
        if number.is_multiple_of(LINES_BETWEEN_LOOKS) {
            cancel.check("an import")?;
            if let Some(bar) = &bar {
                bar.set_message(format!("{name}: {} lines", units::count(number)));
            }
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok(number)
}

fn states(schema: &KeyedSchema, load: &Load<'_>) -> Vec<State> {
    let states = schema.states.iter().map(|state| State {
        state: state.name.clone(),
        kind: state.kind.to_string(),
        lines: load.lines_of(&state.name),
    });
    states.collect()
}

fn told(imported: &Imported) -> String {
    let rows = imported.states.iter().map(|state| {
        vec![
            state.state.clone(),
            state.kind.clone(),
            units::count(state.lines),
        ]
    });
    format!(
        "savepoint {} of job {}, {} key groups, of {} lines\n{}",
        imported.savepoint,
        imported.job,
        imported.max_parallelism,
        units::count(imported.lines),
        output::table(&["state", "kind", "lines"], &["lines"], rows)
    )
}
