//! The way back: the state of a Rust job in a savepoint that Flink restores.
//!
//! ```text
//! savepoint of Alluvium ──► rows, in Flink's key groups ──► composite keys and values by the serializers of `like` ───┐
//! snapshot `like` of Flink: everything else, as it is ───────────────────────────────────────────────────────────────┴──► `write`
//! ```
//!
//! Values of the codec `flink` are the bytes that Flink reads; others are decoded and written by the serializer that `like` recorded for
//! the state. Rows in other key groups than Flink's are sorted first (`order`). Nothing here decides what a savepoint of Flink
//! is (`write`).
//!
//! Memory: the largest element or value and some buffers, and 64 MiB if rows are sorted; lists have any length.

mod conform;
mod order;
mod returned;
mod rows;
mod source;
mod states;

use std::collections::{BTreeMap, BTreeSet};

use alluvium::savepoint::SavepointFolder;
use alluvium::storage::Watch;

use self::returned::Returned;
use self::source::Source;
use crate::error::Result;
use crate::files::Folder;
use crate::metadata::Version;
use crate::snapshot::Snapshot;
use crate::write::{Rewrite, Rewritten, Savepoint, rewrite_into};

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
/// Keys that are in Alluvium's own key groups, or in another number of them, get Flink's.
///
/// # Errors
/// `Invalid` when the savepoint's states are not those of the operator, or a key is in no group of its own; `Incompatible` when a state's values
/// are not what its serializer in `like` writes, or key groups cannot be computed; otherwise as [`rewrite`](crate::write::rewrite). Nothing is left in the folder then.
pub fn write_back(
    savepoint: &SavepointFolder,
    like: &Snapshot,
    what: &Return,
    folder: impl Into<Folder>,
    watch: &dyn Watch,
) -> Result<Rewritten> {
    let to = Savepoint::create(folder)?;
    let operator = like.operator(&what.operator)?.id;
    let source = Source::download(savepoint, watch)?;
    let drop_states = what.left_out.iter();
    let rewrite = Rewrite {
        version: what.version,
        drop_states: drop_states
            .map(|state| (what.operator.clone(), state.clone()))
            .collect(),
        ..Rewrite::default()
    };
    let mut returned = Returned::new(operator, source, what.renames.clone());
    rewrite_into(to, like, &rewrite, watch, Some(&mut returned))
}
