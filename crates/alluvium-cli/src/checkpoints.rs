//! `alluvium checkpoints`: what checkpoints and savepoints a location holds, and whether they are whole.
//!
//! Each command gathers its answer as one serializable value, which is then printed as tables or as
//! JSON, so that both say the same.

mod list;
mod show;
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
    }
}
