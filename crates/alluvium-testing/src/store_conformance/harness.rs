//! Rows, runs and directories, for the checks beside it.

#![expect(
    clippy::expect_used,
    reason = "a check fails by panicking, and says what was expected"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alluvium::Result;
use alluvium::protocol::row::RowRange;
use alluvium::store::{Change, Pinned, RowCursor, SortedRun, Store, StoreFactory};
use tempfile::TempDir;

/// What a store should hold.
pub(super) type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// A run to write: a value, or `None` for a deletion, by row.
pub(super) type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// A temporary directory for the stores and pins of one check, and the factory that opens them.
pub(super) struct Place<'a> {
    factory: &'a dyn StoreFactory,
    root: TempDir,
}

impl<'a> Place<'a> {
    pub(super) fn new(factory: &'a dyn StoreFactory) -> Self {
        Self {
            factory,
            root: TempDir::new().expect("a temporary directory"),
        }
    }

    /// A directory of this name, which does not exist until someone makes it.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(super) fn factory(&self) -> &'a dyn StoreFactory {
        self.factory
    }

    pub(super) fn create(&self, name: &str) -> Arc<dyn Store> {
        self.factory
            .create(&self.path(name))
            .expect("an empty store")
    }

    pub(super) fn pin(&self, store: &dyn Store, name: &str) -> Box<dyn Pinned> {
        store.pin(&self.path(name)).expect("a pin")
    }
}

/// A run over changes in memory.
pub(super) struct MapRun<'a>(std::collections::btree_map::Iter<'a, Vec<u8>, Option<Vec<u8>>>);

impl<'a> MapRun<'a> {
    pub(super) fn new(changes: &'a Changes) -> Self {
        Self(changes.iter())
    }
}

impl SortedRun for MapRun<'_> {
    fn next(&mut self) -> Result<Option<(&[u8], Change<'_>)>> {
        Ok(self.0.next().map(|(row, value)| {
            (
                row.as_slice(),
                value.as_deref().map_or(Change::Delete, Change::Put),
            )
        }))
    }
}

pub(super) fn write(store: &dyn Store, changes: &Changes) {
    store
        .write(&mut MapRun::new(changes))
        .expect("a written run");
}

/// Writes these values, in whatever order they are named.
pub(super) fn put(store: &dyn Store, rows: &[(&[u8], &[u8])]) {
    let change = |&(row, value): &(&[u8], &[u8])| (row.to_vec(), Some(value.to_vec()));
    write(store, &rows.iter().map(change).collect());
}

pub(super) fn delete(store: &dyn Store, rows: &[&[u8]]) {
    write(
        store,
        &rows.iter().map(|row| (row.to_vec(), None)).collect(),
    );
}

/// The rows and values, as a store should report them.
pub(super) fn rows(rows: &[(&[u8], &[u8])]) -> Rows {
    rows.iter()
        .map(|&(row, value)| (row.to_vec(), value.to_vec()))
        .collect()
}

/// What changes do to rows.
pub(super) fn apply(rows: &mut Rows, changes: &Changes) {
    for (row, value) in changes {
        match value {
            Some(value) => drop(rows.insert(row.clone(), value.clone())),
            None => drop(rows.remove(row)),
        }
    }
}

/// Those of a range.
pub(super) fn within(rows: &Rows, range: &RowRange) -> Rows {
    let inside = rows.iter().filter(|(row, _)| range.contains(row));
    inside
        .map(|(row, value)| (row.clone(), value.clone()))
        .collect()
}

pub(super) fn get(store: &dyn Store, row: &[u8]) -> Option<Vec<u8>> {
    let mut value = Vec::new();
    store.get(row, &mut value).expect("a read").then_some(value)
}

/// All rows that the cursor has to give.
///
/// # Panics
/// Where the rows are not in strictly ascending order, or the end is not the end.
pub(super) fn collect(cursor: &mut dyn RowCursor) -> Result<Rows> {
    let mut rows = Rows::new();
    while let Some((row, value)) = cursor.next()? {
        let ascending = rows
            .last_key_value()
            .is_none_or(|(last, _)| last.as_slice() < row);
        assert!(
            ascending,
            "row {row:02x?} comes after {:02x?}",
            rows.last_key_value()
        );
        rows.insert(row.to_vec(), value.to_vec());
    }
    assert!(cursor.next()?.is_none(), "a cursor stays at its end");
    Ok(rows)
}

pub(super) fn scan(store: &dyn Store, range: &RowRange) -> Rows {
    let mut cursor = store.scan(range).expect("a scan");
    collect(cursor.as_mut()).expect("rows without an error")
}

pub(super) fn scan_pinned(pinned: &dyn Pinned, range: &RowRange) -> Rows {
    let mut cursor = pinned.scan(range).expect("a scan of a pin");
    collect(cursor.as_mut()).expect("pinned rows without an error")
}

pub(super) fn all(store: &dyn Store) -> Rows {
    scan(store, &RowRange::all())
}

/// Contents of the pinned files by name.
pub(super) fn contents(pinned: &dyn Pinned) -> BTreeMap<String, Vec<u8>> {
    let read = |file: &alluvium::store::PinnedFile| (file.name.clone(), read(&file.path));
    pinned.files().iter().map(read).collect()
}

pub(super) fn read(path: &Path) -> Vec<u8> {
    fs::read(path).expect("a readable file")
}

/// Writes `count` rows in runs of a few hundred and pins after each, so that a store has
/// several files with overlapping rows to merge. Returns what the store holds.
pub(super) fn fill(place: &Place<'_>, store: &dyn Store, count: u32) -> Rows {
    let mut expected = Rows::new();
    for round in 0..4_u32 {
        let mut changes = Changes::new();
        for number in (0..count).filter(|number| number % 4 <= round) {
            let value = format!("value {number} of round {round}, {}", "x".repeat(100));
            // Each round overwrites what earlier rounds wrote, and deletes some of it.
            let deleted = round > 0 && number % 7 == round;
            changes.insert(numbered(number), (!deleted).then(|| value.into_bytes()));
        }
        write(store, &changes);
        apply(&mut expected, &changes);
        drop(place.pin(store, &format!("fill {round}")));
    }
    expected
}

/// A row of a key group (its first two bytes) as backends write them.
pub(super) fn numbered(number: u32) -> Vec<u8> {
    let group = u16::try_from(number % 128).expect("below 128");
    [&group.to_be_bytes()[..], &[0, 1], &number.to_be_bytes()].concat()
}

/// The rows of the key groups from `first` to before `end`.
pub(super) fn groups(first: u16, end: u16) -> RowRange {
    let bound = |group: u16| group.to_be_bytes().to_vec();
    RowRange::new(bound(first), Some(bound(end)))
}

/// Whether the rows are the expected ones, and if not, which differ.
///
/// # Panics
/// When they are not, with the first differences.
pub(super) fn assert_rows(found: &Rows, expected: &Rows, what: &str) {
    let text = |value: Option<&Vec<u8>>| {
        value.map(|value| String::from_utf8_lossy(value.get(..24).unwrap_or(value)).into_owned())
    };
    let every: std::collections::BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    let differs = every
        .into_iter()
        .filter(|&row| found.get(row) != expected.get(row));
    let told = differs.map(|row| {
        let (found, expected) = (text(found.get(row)), text(expected.get(row)));
        format!("{row:02x?}: {found:?} instead of {expected:?}")
    });
    let told: Vec<_> = told.collect();
    let first = told.get(..8).unwrap_or(&told).join("\n");
    assert!(
        told.is_empty(),
        "{what}: {} rows differ:\n{first}",
        told.len()
    );
}
