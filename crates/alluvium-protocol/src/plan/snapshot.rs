//! Which pinned files a snapshot uploads, and which it refers to.
//!
//! Only files of the *base*, the last checkpoint that the backend was told is complete (or was restored
//! from), may be referred to. A file that was uploaded for a checkpoint which is not known to be complete is
//! uploaded again: that checkpoint may be aborted, and its objects deleted, at any moment. The base
//! also replaces what was known of older checkpoints, which may be deleted as soon as it is complete.
//!
//! A full snapshot has no base: it uploads every file anew. Its files are shared all the same, so that it is
//! a base like any other and the increment after it uploads only what is new.

use std::collections::BTreeMap;

use crate::file::{FileId, FileRef};
use crate::manifest::SnapshotKind;

/// What is known of a pinned file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "snapshots build it field by field"
)]
pub struct PinnedFacts {
    /// Its name in the store's directory.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Whether it holds rows and never changes under its name; false for a store's bookkeeping.
    pub shared: bool,
    /// First and last row key in it, deleted rows included.
    pub bounds: Option<(Vec<u8>, Vec<u8>)>,
    /// What the store wants to be told again when it opens the file.
    pub note: Vec<u8>,
}

/// What happens to one pinned file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the upload must carry out each")]
pub enum FilePlan {
    /// Upload it.
    Upload {
        /// Its identity, if it has one already; else it gets a new one.
        id: Option<FileId>,
        /// Whether it goes to where later snapshots may refer to it, or under the checkpoint's own prefix.
        shared: bool,
    },
    /// List it like this: its bytes are in the object that the base's manifest named.
    Refer(FileRef),
}

/// Decides about each pinned file, in their order.
///
/// `known` are the identities of files in the store's directory by name; `base` are the files of the base.
/// A full snapshot refers to nothing, whatever `base` says, and later ones may refer to its files; a savepoint shares
/// nothing in either direction.
#[must_use]
pub fn plan_snapshot(
    kind: SnapshotKind,
    pinned: &[PinnedFacts],
    known: &BTreeMap<String, FileId>,
    base: &BTreeMap<FileId, FileRef>,
) -> Vec<FilePlan> {
    let incremental = kind == SnapshotKind::Incremental;
    let plan = |file: &PinnedFacts| {
        // Bookkeeping is rewritten under the same name, so a name says nothing about its content.
        let id = known.get(&file.name).copied().filter(|_id| file.shared);
        let shared = file.shared && kind != SnapshotKind::Savepoint;
        let in_base = id
            .and_then(|id| base.get(&id))
            .filter(|base| incremental && shared && base.shared);
        match in_base {
            Some(base) if base.bytes == file.bytes => FilePlan::Refer(refer(file, base)),
            // Another length is other content: the name was given anew, so the identity must be too.
            Some(_) => FilePlan::Upload { id: None, shared },
            None => FilePlan::Upload { id, shared },
        }
    };
    pinned.iter().map(plan).collect()
}

/// The base's object, with what the store says about the file now: it may lie in another level or under
/// another name than when it was uploaded.
fn refer(file: &PinnedFacts, base: &FileRef) -> FileRef {
    FileRef {
        name: file.name.clone(),
        bounds: file.bounds.clone(),
        note: file.note.clone(),
        ..base.clone()
    }
}
