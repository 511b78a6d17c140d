//! `alluvium flink write`: the state of a Rust job in a savepoint that Flink restores.

use alluvium::savepoint::SavepointFolder;
use alluvium_flink::Snapshot;
use alluvium_flink::files::Folder;
use alluvium_flink::return_path::{Return, write_back};
use alluvium_flink::write::Rewritten;
use anyhow::Result;
use serde::Serialize;

use crate::args::FlinkWriteOptions;
use crate::exit::Exit;
use crate::interrupt;
use crate::location::{FolderName, open_to_read};
use crate::output::{self, Format};
use crate::units;

#[derive(Debug, Serialize)]
struct Told {
    savepoint: String,
    /// The version of the metadata.
    version: String,
    operators: usize,
    bytes: u64,
    states: Vec<State>,
}

#[derive(Debug, Serialize)]
struct State {
    operator: String,
    state: String,
    rows: u64,
    bytes: u64,
}

/// Writes.
///
/// # Errors
/// When the savepoint's states are not those of the operator, something is damaged or cannot be written, there is something in the folder, or
/// Ctrl-C was pressed. Nothing is left then.
pub(super) fn run(options: &FlinkWriteOptions) -> Result<Exit> {
    let cancel = interrupt::cancel_on_interrupt()?;
    let (around, name) = FolderName::split(&options.savepoint)?;
    let savepoint = SavepointFolder::new(open_to_read(&around)?, name);
    let watch = std::sync::Arc::new(cancel.clone());
    let like = Snapshot::open_watched(&options.like, &options.remap, watch)?;
    let what = Return {
        operator: options.operator.clone(),
        renames: options.rename.iter().cloned().collect(),
        left_out: options.leave_out.iter().cloned().collect(),
        version: options.version,
    };
    let written = write_back(&savepoint, &like, &what, Folder::of(&options.to)?, &cancel)?;
    let told = Told::of(&written, options.to.clone());
    match options.output {
        Format::Json => output::json(&told)?,
        Format::Table => output::text(&table(&told))?,
    }
    Ok(Exit::Done)
}

impl Told {
    fn of(written: &Rewritten, savepoint: String) -> Self {
        let states = written.states.iter().map(|state| State {
            operator: state.operator.clone(),
            state: state.name.clone(),
            rows: state.rows,
            bytes: state.bytes,
        });
        Self {
            savepoint,
            version: format!("{:?}", written.version),
            operators: written.operators,
            bytes: written.bytes,
            states: states.collect(),
        }
    }
}

fn table(told: &Told) -> String {
    let rows = told.states.iter().map(|state| {
        vec![
            state.operator.clone(),
            state.state.clone(),
            units::count(state.rows),
            units::bytes(state.bytes),
        ]
    });
    let columns = ["operator", "state", "rows", "bytes"];
    format!(
        "savepoint {} of Flink, metadata {}, {} operators, {}\n{}",
        told.savepoint,
        told.version,
        told.operators,
        units::bytes(told.bytes),
        output::table(&columns, &["rows", "bytes"], rows)
    )
}
