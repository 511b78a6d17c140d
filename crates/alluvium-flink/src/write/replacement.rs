//! Keyed state from elsewhere, in the place of an operator's.

use std::path::Path;

use alluvium::storage::Watch;
use alluvium_protocol::key_group::{KeyGroup, KeyGroupRange, MaxParallelism};

use super::group::GroupWriter;
use super::keyed_file::KeyedFile;
use super::plan::OperatorPlan;
use super::tally::Tally;
use crate::error::{Error, Result};
use crate::keyed::KeyedMeta;
use crate::metadata::OperatorId;

/// Keyed state that takes the place of an operator's.
pub(crate) trait Replacement {
    /// Whose state goes.
    fn operator(&self) -> OperatorId;

    /// Is told once which states are written, into how many key groups; rows name states by their position. In `scratch` there may be files without
    /// names.
    fn begin(
        &mut self,
        meta: &KeyedMeta,
        max_parallelism: MaxParallelism,
        scratch: &Path,
        watch: &dyn Watch,
    ) -> Result<()>;

    /// Hands out the rows of a key group: each once, in ascending order.
    fn group(&mut self, group: KeyGroup, rows: &mut dyn Rows) -> Result<()>;
}

/// Takes the rows of a key group.
pub(crate) trait Rows {
    /// Begins a row of a state, with its composite key and an empty value.
    fn begin(&mut self, state: u16, key: &[u8]) -> Result<()>;

    /// Appends to the value of the row that was begun last.
    fn append(&mut self, value: &[u8]) -> Result<()>;
}

/// Writes and counts rows.
struct Counted<'c, 'f, 'w> {
    section: &'c mut GroupWriter<'f>,
    tally: &'c mut Tally<'w>,
    state: u16,
}

impl Rows for Counted<'_, '_, '_> {
    fn begin(&mut self, state: u16, key: &[u8]) -> Result<()> {
        self.state = state;
        self.tally.row(state, key.len())?;
        self.section.begin(state, key)
    }

    fn append(&mut self, value: &[u8]) -> Result<()> {
        self.tally.more(self.state, value.len());
        self.section.append(value)
    }
}

/// Writes the key groups of one subtask.
pub(super) fn write_groups(
    replacement: &mut dyn Replacement,
    range: KeyGroupRange,
    file: &mut KeyedFile,
    tally: &mut Tally<'_>,
) -> Result<()> {
    for group in range.iter() {
        let mut section = file.group(group)?;
        let mut rows = Counted {
            section: &mut section,
            tally,
            state: 0,
        };
        replacement.group(group, &mut rows)?;
        section.end()?;
    }
    Ok(())
}

/// That the operator's subtasks have each key group once, in order: otherwise rows would have no place, or two.
pub(super) fn check_groups(plan: &OperatorPlan<'_>) -> Result<()> {
    let mut next = 0;
    for (_, range) in &plan.keyed {
        if u32::from(range.first().get()) != next {
            break;
        }
        next = u32::from(range.last().get()) + 1;
    }
    if next == u32::from(plan.max_parallelism.get()) {
        return Ok(());
    }
    Err(Error::unknown(format!(
        "the subtasks of operator {} do not have each of {} once: one of them had come to its end",
        plan.operator.label(),
        plan.max_parallelism
    )))
}
