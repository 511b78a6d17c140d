//! The way back: the state of a Rust job in a savepoint that Flink restores.
//!
//! ```text
//! savepoint of Alluvium ──► rows, key group by key group ──► composite keys and values by the serializers of `like` ─┐
//! snapshot `like` of Flink: everything else, as it is ───────────────────────────────────────────────────────────────┴──► `write`
//! ```
//!
//! Values of the codec `flink` are the bytes that Flink reads; others are decoded and written by the serializer that `like` recorded for
//! the state. Nothing here decides what a savepoint of Flink is (`write`).

mod conform;
mod rows;
mod source;
mod states;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use alluvium::savepoint::SavepointFolder;
use alluvium::storage::Watch;

use self::rows::Returned;
use self::source::Source;
use crate::error::{Error, Result};
use crate::metadata::Version;
use crate::snapshot::Snapshot;
use crate::write::{Rewrite, Rewritten, rewrite_replacing};

/// What goes back, and where.
#[derive(Debug, Clone, Default)]
#[expect(clippy::exhaustive_structs, reason = "callers build it")]
pub struct Return {
    /// The operator whose keyed state is replaced: its uid, id (32 hexadecimal digits) or name.
    pub operator: String,
    /// The names that states have in the Rust job, by their names in Flink, where they differ.
    pub renames: BTreeMap<String, String>,
    /// States, by their names in Flink, that are left out of the savepoint that is written: all others of the operator have to be in
    /// the Rust job.
    pub left_out: BTreeSet<String>,
    /// The version of the metadata; without it that of the snapshot, and V4 at the least.
    pub version: Option<Version>,
}

/// Writes the canonical savepoint `folder`: that of `like`, with the keyed state of one operator from an Alluvium savepoint.
///
/// # Errors
/// `Invalid` when the savepoint's states are not those of the operator, or in other key groups than Flink's; `Incompatible` when a state's values
/// are not what its serializer in `like` writes; otherwise as [`rewrite`](crate::write::rewrite). Nothing is left in the folder then.
pub fn write_back(
    savepoint: &SavepointFolder,
    like: &Snapshot,
    what: &Return,
    folder: &Path,
    watch: &dyn Watch,
) -> Result<Rewritten> {
    let operator = like.operator(&what.operator)?;
    for subtask in operator.subtasks() {
        if subtask
            .state
            .as_ref()
            .is_some_and(|state| state.keyed_raw.is_some())
        {
            return Err(Error::unknown(format!(
                "operator {} has timers apart from its backend, which would be there twice: let Flink take a canonical savepoint",
                operator.label()
            )));
        }
    }
    let source = Source::download(savepoint, watch)?;
    if source.max_parallelism() != operator.max_parallelism {
        return Err(Error::invalid(format!(
            "the savepoint has {}, operator {} has {}: rewrite the snapshot with as many first",
            source.max_parallelism(),
            operator.label(),
            operator.max_parallelism
        )));
    }
    let drop_states = what.left_out.iter();
    let rewrite = Rewrite {
        version: what.version,
        drop_states: drop_states
            .map(|state| (what.operator.clone(), state.clone()))
            .collect(),
        ..Rewrite::default()
    };
    let mut returned = Returned::new(operator.id, source, what.renames.clone());
    rewrite_replacing(like, &rewrite, folder, watch, Some(&mut returned))
}
