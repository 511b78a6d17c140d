//! Places pinned files and opens stores of them, as restores do.

#![expect(
    clippy::expect_used,
    reason = "a check fails by panicking, and says what was expected"
)]

use std::fs;
use std::sync::Arc;

use alluvium::Result;
use alluvium::protocol::row::RowRange;
use alluvium::storage::Cancel;
use alluvium::store::{Opened, Part, Pinned, PinnedFile, PlacedFile, Store};

use super::harness::{Place, read};

/// Which files of a pin are placed for a part. A store must not depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// Those that may have rows of the part.
    Needed,
    /// All that there are, bookkeeping included.
    All,
}

impl Choice {
    pub(super) const EACH: [Self; 2] = [Self::Needed, Self::All];

    fn takes(self, file: &PinnedFile, rows: &RowRange) -> bool {
        let meets = |(first, last): &(Vec<u8>, Vec<u8>)| rows.meets(first, last);
        self == Self::All || file.bounds.as_ref().is_some_and(meets)
    }
}

impl Place<'_> {
    /// Links all pinned files into the new directory `name`, as a restore from local copies does.
    pub(super) fn place(&self, pinned: &dyn Pinned, name: &str) -> Vec<PlacedFile> {
        self.part_of(pinned, name, &RowRange::all(), Choice::All)
            .files
    }

    /// A part of as few of the pinned files as there must be, in the new directory `name`.
    pub(super) fn part(&self, pinned: &dyn Pinned, name: &str, rows: &RowRange) -> Part {
        self.part_of(pinned, name, rows, Choice::Needed)
    }

    /// A part of pinned files, in the new directory `name`.
    pub(super) fn part_of(
        &self,
        pinned: &dyn Pinned,
        name: &str,
        rows: &RowRange,
        choice: Choice,
    ) -> Part {
        let directory = self.path(name);
        fs::create_dir(&directory).expect("a new directory");
        let taken = pinned
            .files()
            .iter()
            .filter(|file| choice.takes(file, rows));
        let placed = taken.map(|file| {
            let to = directory.join(&file.name);
            fs::hard_link(&file.path, to).expect("a link to a pinned file");
            PlacedFile {
                name: file.name.clone(),
                bounds: file.bounds.clone(),
                note: file.note.clone(),
            }
        });
        Part {
            files: placed.collect(),
            directory,
            rows: rows.clone(),
        }
    }

    /// A store of parts.
    pub(super) fn open_parts(&self, name: &str, parts: Vec<Part>) -> Result<Opened> {
        self.factory().open(&self.path(name), parts, &Cancel::new())
    }

    /// A store of parts that are whole.
    pub(super) fn opened(&self, name: &str, parts: Vec<Part>) -> Arc<dyn Store> {
        let opened = self.open_parts(name, parts).expect("a store of parts");
        opened.store
    }

    /// A store of files that were placed in the directory `name`.
    pub(super) fn open(&self, name: &str, files: &[PlacedFile]) -> Result<Arc<dyn Store>> {
        let whole = Part {
            directory: self.path(name),
            files: files.to_vec(),
            rows: RowRange::all(),
        };
        let opened = self.open_parts(&format!("{name}, opened"), vec![whole])?;
        Ok(opened.store)
    }

    /// A store from the pinned files, in the directory `name`.
    pub(super) fn reopen(&self, pinned: &dyn Pinned, name: &str) -> Arc<dyn Store> {
        let files = self.place(pinned, name);
        self.open(name, &files).expect("a store from pinned files")
    }
}

/// Puts copies where a part's files are linked, as a download does.
pub(super) fn copy(part: &Part) {
    for file in &part.files {
        let path = part.directory.join(&file.name);
        let content = read(&path);
        replace(&path, &content);
    }
}

/// Puts other bytes where a link is, and leaves what was linked alone.
pub(super) fn replace(path: &std::path::Path, content: &[u8]) {
    fs::remove_file(path).expect("a placed file");
    fs::write(path, content).expect("a file in its place");
}
