//! `alluvium flink write`: the state of a Rust job in a savepoint that Flink restores.

use alluvium::savepoint::SavepointFolder;
use alluvium_flink::Snapshot;
use alluvium_flink::files::Folder;
use alluvium_flink::return_path::{Return, write_back};
use anyhow::Result;

use super::moving::Moving;
use super::written::Told;
use crate::args::FlinkWriteOptions;
use crate::exit::Exit;
use crate::interrupt;
use crate::location::{FolderName, open_to_read};

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
    let moving = Moving::of_all(cancel);
    let written = write_back(&savepoint, &like, &what, Folder::of(&options.to)?, &moving);
    moving.finish();
    Told::of(options.savepoint.clone(), &options.to, &written?).print(options.output)?;
    Ok(Exit::Done)
}
