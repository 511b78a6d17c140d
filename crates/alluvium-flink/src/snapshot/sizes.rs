//! How many bytes a part of a snapshot has, and where.

use std::collections::BTreeSet;

use crate::metadata::{KeyedHandle, Operator, Role, Scope, StreamHandle, SubtaskState};

/// Bytes of a part of a snapshot, by the lengths in its handles.
///
/// A file that several handles name counts once; parts of a file count each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sizes {
    /// In the metadata itself.
    pub inline_bytes: u64,
    /// In files.
    pub file_bytes: u64,
    /// Of these, what other checkpoints may refer to: tables of RocksDB outside of the snapshot's folder.
    pub shared_bytes: u64,
    /// How many files, or parts of files.
    pub files: u64,
    /// Files whose length the metadata does not tell.
    pub unknown: u64,
}

impl Sizes {
    /// Those of one handle.
    #[must_use]
    pub fn of_handle(handle: &KeyedHandle) -> Self {
        let mut counted = Counted::default();
        counted.keyed(handle);
        counted.sizes
    }

    /// Those of an operator: of its coordinator, and of keyed state, operator state and records in flight of its subtasks.
    #[must_use]
    pub fn of_operator(operator: &Operator) -> Self {
        Self::of_operators(std::slice::from_ref(operator))
    }

    /// Those of several operators.
    #[must_use]
    pub fn of_operators(operators: &[Operator]) -> Self {
        let mut counted = Counted::default();
        for operator in operators {
            if let Some(coordinator) = &operator.coordinator {
                counted.stream(coordinator, false);
            }
            let states = operator.subtasks().iter().filter_map(|s| s.state.as_ref());
            states.for_each(|state| counted.subtask(state));
        }
        counted.sizes
    }

    /// All bytes.
    #[must_use]
    pub const fn total_bytes(&self) -> u64 {
        self.inline_bytes.saturating_add(self.file_bytes)
    }

    /// What no other checkpoint refers to.
    #[must_use]
    pub const fn exclusive_bytes(&self) -> u64 {
        self.total_bytes().saturating_sub(self.shared_bytes)
    }
}

#[derive(Default)]
struct Counted<'a> {
    sizes: Sizes,
    /// Name and first byte.
    seen: BTreeSet<(&'a str, u64)>,
}

impl<'a> Counted<'a> {
    fn subtask(&mut self, state: &'a SubtaskState) {
        let operator = [&state.operator_managed, &state.operator_raw];
        for handle in operator.into_iter().flatten() {
            self.stream(&handle.stream, false);
        }
        let keyed = [&state.keyed_managed, &state.keyed_raw];
        for handle in keyed.into_iter().flatten() {
            self.keyed(handle);
        }
        for channel in state.inputs.iter().chain(&state.outputs) {
            self.stream(&channel.stream, false);
        }
    }

    fn keyed(&mut self, handle: &'a KeyedHandle) {
        for part in handle.parts() {
            self.stream(part.stream, part.role == Role::Shared);
        }
        self.changes(handle);
    }

    /// Changes that are in the handle, not in a stream.
    fn changes(&mut self, handle: &KeyedHandle) {
        let sizes = &mut self.sizes;
        match handle {
            KeyedHandle::ByteChanges(handle) => {
                let changes = handle.changes.iter();
                let bytes: u64 = changes.map(|change| change.bytes.len() as u64).sum();
                sizes.inline_bytes = sizes.inline_bytes.saturating_add(bytes);
            }
            KeyedHandle::Changelog(handle) => {
                let nested = handle.materialized.iter().chain(&handle.changes);
                nested.for_each(|handle| self.changes(handle));
            }
            _ => {}
        }
    }

    /// `is_table`: other checkpoints may refer to it, if it is a file outside of the snapshot's folder.
    fn stream(&mut self, stream: &'a StreamHandle, is_table: bool) {
        let (identity, is_shared) = match stream {
            StreamHandle::KeyGroups { stream, .. } => return self.stream(stream, is_table),
            StreamHandle::Inline { .. } | StreamHandle::EmptySegment => (None, false),
            StreamHandle::File { uri, .. } => (Some((uri.as_str(), 0)), is_table),
            StreamHandle::Relative { path, .. } => (Some((path.as_str(), 0)), false),
            StreamHandle::Segment {
                uri, start, scope, ..
            } => (Some((uri.as_str(), *start)), *scope == Scope::Shared),
        };
        let bytes = stream.length().unwrap_or(0);
        let sizes = &mut self.sizes;
        if let Some(identity) = identity {
            if !self.seen.insert(identity) {
                return;
            }
            sizes.files += 1;
            sizes.unknown += u64::from(stream.length().is_none());
            sizes.file_bytes = sizes.file_bytes.saturating_add(bytes);
        } else {
            sizes.inline_bytes = sizes.inline_bytes.saturating_add(bytes);
        }
        if is_shared {
            sizes.shared_bytes = sizes.shared_bytes.saturating_add(bytes);
        }
    }
}
