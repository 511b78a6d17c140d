//! The streams of a handle, one after the other, whatever its kind: for listing, checking and counting bytes.

use super::KeyedHandle;
use crate::metadata::StreamHandle;

/// One stream of a keyed handle.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// What it is there.
    pub role: Role,
    /// Its name in RocksDB's directory, if it has one.
    pub name: Option<&'a str>,
    /// Where its bytes are.
    pub stream: &'a StreamHandle,
}

/// What a stream is in a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Role {
    /// Key groups, one after the other.
    Stream,
    /// The names and serializers of the states.
    Meta,
    /// A table of RocksDB, which other checkpoints may refer to.
    Shared,
    /// Another file of RocksDB.
    Private,
    /// Changes.
    Changes,
}

impl Role {
    /// The role in one word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Meta => "meta",
            Self::Shared => "shared",
            Self::Private => "private",
            Self::Changes => "changes",
        }
    }
}

impl KeyedHandle {
    /// All its streams, in the order of the file; of a changelog, those of its handles.
    #[must_use]
    pub fn parts(&self) -> Vec<Part<'_>> {
        let mut parts = Vec::new();
        self.collect(&mut parts);
        parts
    }

    fn collect<'a>(&'a self, parts: &mut Vec<Part<'a>>) {
        let part = |role, name, stream| Part { role, name, stream };
        match self {
            Self::KeyGroups(handle) => parts.push(part(Role::Stream, None, &handle.stream)),
            Self::Incremental(handle) => {
                parts.push(part(Role::Meta, None, &handle.meta));
                for (role, files) in [
                    (Role::Shared, &handle.shared),
                    (Role::Private, &handle.private),
                ] {
                    let files = files.iter();
                    parts.extend(files.map(|file| part(role, Some(&*file.name), &file.stream)));
                }
            }
            Self::Changelog(handle) => {
                for nested in handle.materialized.iter().chain(&handle.changes) {
                    nested.collect(parts);
                }
            }
            Self::ByteChanges(_) => {}
            Self::FileChanges(handle) => {
                let files = handle.files.iter();
                parts.extend(files.map(|file| part(Role::Changes, None, &file.stream)));
            }
        }
    }
}
