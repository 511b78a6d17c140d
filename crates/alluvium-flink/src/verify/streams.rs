//! Whether the files are there, and as long as their handles say.

use super::{Verified, add};
use crate::error::{ErrorKind, Result};
use crate::files::Files;
use crate::metadata::{KeyedHandle, Operator, Part, StreamHandle, Subtask, SubtaskState};
use crate::scan::whose;

/// Looks at the files of the operator and of its subtasks that are chosen.
pub(super) fn verify(
    operator: &Operator,
    is_chosen: &dyn Fn(&&Subtask) -> bool,
    files: &Files,
    verified: &mut Verified,
) -> Result<()> {
    if let Some(coordinator) = &operator.coordinator {
        open(operator, 0, coordinator, files, verified)?;
    }
    for subtask in operator.subtasks().iter().filter(is_chosen) {
        for stream in subtask.state.iter().flat_map(streams) {
            open(operator, subtask.index, stream, files, verified)?;
        }
    }
    Ok(())
}

fn streams(state: &SubtaskState) -> Vec<&StreamHandle> {
    let keyed = [&state.keyed_managed, &state.keyed_raw];
    let keyed = keyed.into_iter().flatten().flat_map(KeyedHandle::parts);
    let keyed = keyed.map(|part: Part<'_>| part.stream);
    let operator = [&state.operator_managed, &state.operator_raw];
    let operator = operator.into_iter().flatten().map(|handle| &handle.stream);
    let channels = state.inputs.iter().chain(&state.outputs);
    let channels = channels.map(|channel| &channel.stream);
    keyed.chain(operator).chain(channels).collect()
}

fn open(
    operator: &Operator,
    subtask: u32,
    stream: &StreamHandle,
    files: &Files,
    verified: &mut Verified,
) -> Result<()> {
    match files.open(stream, &whose(operator, subtask)) {
        Ok(source) => {
            verified.streams += 1;
            verified.bytes += source.len();
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::Cancelled => Err(error),
        Err(error) => {
            add(&mut verified.report, operator, subtask, error);
            Ok(())
        }
    }
}
