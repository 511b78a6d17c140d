//! `alluvium checkpoints`: what checkpoints and savepoints a location holds, whether they are whole, and what to do
//! with them.
//!
//! Each command gathers its answer as one serializable value, which is then printed as tables or as
//! JSON, so that both say the same.

pub(crate) mod bar;
mod copy;
mod diff;
mod list;
mod retain;
mod show;
mod sweep;
mod verify;

use anyhow::Result;

use crate::args::CheckpointsCommand;
use crate::exit::Exit;

/// Carries a command out.
///
/// # Errors
/// When storage does not answer, or the command line names what is not there.
pub(crate) fn run(command: &CheckpointsCommand) -> Result<Exit> {
    match command {
        CheckpointsCommand::List(options) => list::run(options),
        CheckpointsCommand::Show(options) => show::run(options),
        CheckpointsCommand::Verify(options) => verify::run(options),
        CheckpointsCommand::Diff(options) => diff::run(options),
        CheckpointsCommand::Copy(options) => copy::run(options),
        CheckpointsCommand::Retain(options) => retain::run(options),
        CheckpointsCommand::Sweep(options) => sweep::run(options),
    }
}

/// Objects that storage did not delete, as a line.
fn left_told(left: &[String]) -> Option<String> {
    let first = left.first()?;
    Some(format!(
        "not deleted: {} objects, such as {first}; do it again",
        left.len()
    ))
}
