//! `alluvium flink`: savepoints and checkpoints of Apache Flink.

mod described;
mod diff;
mod entries;
mod export;
mod import;
mod lines;
mod moving;
mod opened;
mod rewrite;
mod scan;
mod show;
mod states;
mod timers;
mod verify;
mod write;
mod written;

use std::sync::Arc;

use alluvium::storage::Cancel;
use alluvium_flink::Snapshot;
use anyhow::Result;

use crate::args::{FlinkCommand, FlinkPlace};
use crate::exit::Exit;
use crate::interrupt;

/// Carries a command out.
///
/// # Errors
/// When storage does not answer, the command line names what is not there, or the snapshot is damaged.
pub(crate) fn run(command: &FlinkCommand) -> Result<Exit> {
    match command {
        FlinkCommand::Show(options) => show::run(options),
        FlinkCommand::Import(options) => import::run(options),
        FlinkCommand::States(options) => states::run(options),
        FlinkCommand::Scan(options) => scan::scan(options),
        FlinkCommand::Get(options) => scan::get(options),
        FlinkCommand::Timers(options) => timers::run(options),
        FlinkCommand::Diff(options) => diff::run(options),
        FlinkCommand::Export(options) => export::run(options),
        FlinkCommand::Verify(options) => verify::run(options),
        FlinkCommand::Rewrite(options) => rewrite::run(options),
        FlinkCommand::Write(options) => write::run(options),
    }
}

/// Opens the snapshot; Ctrl-C stops downloads.
fn open(place: &FlinkPlace) -> Result<Snapshot> {
    open_until(place, &interrupt::cancel_on_interrupt()?)
}

/// Opens the snapshot; `cancel` stops downloads.
fn open_until(place: &FlinkPlace, cancel: &Cancel) -> Result<Snapshot> {
    let watch = Arc::new(cancel.clone());
    Ok(Snapshot::open_task_local(
        &place.location,
        &place.files.remap,
        watch,
        place.files.task_local_max_parallelism,
    )?)
}
