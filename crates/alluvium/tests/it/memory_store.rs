//! The memory store: what every store does, and what is its own: merges, files, parts that are cut exactly.

#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alluvium::protocol::row::RowRange;
use alluvium::storage::Cancel;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium::store::{Change, Opened, Part, Pinned, PlacedFile, SortedRun, Store, StoreFactory};
use alluvium::{ErrorKind, Result};
use tempfile::TempDir;

mod opening;
mod parts;

mod conformance {
    alluvium_testing::store_conformance!(super::MemoryStoreFactory::new());
}

/// More of what the suite has, because memory is fast.
#[test]
fn hundreds_of_random_rescales_match_an_ordered_map() {
    let factory = MemoryStoreFactory::new();
    alluvium_testing::store_conformance::rescales_match_an_ordered_map(&factory, 200);
}

/// Row numbers and values; `None` deletes.
struct Rows<I> {
    rows: I,
    row: [u8; 4],
    value: String,
}

impl<I> Rows<I> {
    const fn new(rows: I) -> Self {
        Self {
            rows,
            row: [0; 4],
            value: String::new(),
        }
    }
}

impl<I: Iterator<Item = (u32, Option<String>)>> SortedRun for Rows<I> {
    fn next(&mut self) -> Result<Option<(&[u8], Change<'_>)>> {
        let Some((row, value)) = self.rows.next() else {
            return Ok(None);
        };
        self.row = row.to_be_bytes();
        let Some(value) = value else {
            return Ok(Some((&self.row, Change::Delete)));
        };
        self.value = value;
        Ok(Some((&self.row, Change::Put(self.value.as_bytes()))))
    }
}

fn write(store: &dyn Store, rows: impl Iterator<Item = (u32, Option<String>)>) {
    store.write(&mut Rows::new(rows)).unwrap();
}

fn put(store: &dyn Store, rows: impl Iterator<Item = u32>) {
    write(
        store,
        rows.map(|row| (row, Some(format!("value of {row}")))),
    );
}

fn delete(store: &dyn Store, rows: impl Iterator<Item = u32>) {
    write(store, rows.map(|row| (row, None)));
}

fn rows_of(store: &dyn Store) -> BTreeMap<u32, String> {
    let mut scan = store.scan(&RowRange::all()).unwrap();
    let mut rows = BTreeMap::new();
    while let Some((row, value)) = scan.next().unwrap() {
        let row = u32::from_be_bytes(row.try_into().unwrap());
        rows.insert(row, String::from_utf8(value.to_vec()).unwrap());
    }
    rows
}

fn row_numbers(store: &dyn Store) -> Vec<u32> {
    rows_of(store).into_keys().collect()
}

fn range(from: u32, to: u32) -> RowRange {
    RowRange::new(from.to_be_bytes().to_vec(), Some(to.to_be_bytes().to_vec()))
}

struct Place {
    directory: TempDir,
    store: Arc<dyn Store>,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = MemoryStoreFactory::new()
            .create(&directory.path().join("store"))
            .unwrap();
        Self { directory, store }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn pin(&self, name: &str) -> Box<dyn Pinned> {
        self.store.pin(&self.path(name)).unwrap()
    }

    /// A part of pinned files, linked into a directory.
    fn part(&self, pinned: &dyn Pinned, name: &str, rows: RowRange) -> Part {
        let directory = self.path(name);
        fs::create_dir(&directory).unwrap();
        let files = pinned.files().iter().map(|file| {
            fs::hard_link(&file.path, directory.join(&file.name)).unwrap();
            PlacedFile {
                name: file.name.clone(),
                bounds: file.bounds.clone(),
                note: file.note.clone(),
            }
        });
        let files = files.collect();
        Part {
            directory,
            files,
            rows,
        }
    }

    fn open(&self, name: &str, parts: Vec<Part>) -> Result<Opened> {
        MemoryStoreFactory::new().open(&self.path(name), parts, &Cancel::new())
    }

    /// A store of all pinned rows.
    fn reopen(&self, pinned: &dyn Pinned) -> Arc<dyn Store> {
        let whole = self.part(pinned, "part", RowRange::all());
        self.open("reopened", vec![whole]).unwrap().store
    }
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn names_of(pinned: &dyn Pinned) -> Vec<&str> {
    pinned
        .files()
        .iter()
        .map(|file| file.name.as_str())
        .collect()
}

#[test]
fn a_run_that_was_not_merged_is_pinned_under_its_name_again() {
    let place = Place::new();
    put(&*place.store, 0..100);
    let first = place.pin("first");
    put(&*place.store, 200..202);

    let second = place.pin("second");

    assert_eq!(names_of(&*first), ["000000.rows"]);
    assert_eq!(names_of(&*second), ["000001.rows", "000000.rows"]);
    assert_eq!(
        names_in(&place.path("store")),
        ["000000.rows", "000001.rows"]
    );
}

#[test]
fn a_merge_removes_the_files_of_what_it_merged_but_not_their_pins() {
    let place = Place::new();
    put(&*place.store, 0..100);
    let first = place.pin("first");

    put(&*place.store, 100..300);

    assert_eq!(names_in(&place.path("store")), Vec::<String>::new());
    assert_eq!(names_in(&place.path("first")), ["000000.rows"]);
    assert_eq!(row_numbers(&*place.reopen(&*first)), Vec::from_iter(0..100));
}

#[test]
fn many_writes_leave_few_files() {
    let place = Place::new();
    for write in 0..500 {
        put(
            &*place.store,
            (write..write + 3)
                .map(|n| n * 37 % 600)
                .collect::<std::collections::BTreeSet<_>>()
                .into_iter(),
        );
    }

    let pinned = place.pin("pin");

    assert!(pinned.files().len() <= 10, "{:?}", names_of(&*pinned));
}

#[test]
fn deletes_leave_with_the_rows_they_delete() {
    let place = Place::new();
    put(&*place.store, 0..100);
    // Deletes weigh less than the rows that they delete: it takes some to outweigh them.
    for _ in 0..10 {
        delete(&*place.store, 0..100);
    }

    let pinned = place.pin("pin");

    assert!(row_numbers(&*place.store).is_empty());
    assert_eq!(names_of(&*pinned), Vec::<&str>::new());
}

#[test]
fn a_delete_of_a_row_in_an_older_run_stays() {
    let place = Place::new();
    put(&*place.store, 0..1000);
    delete(&*place.store, 5..6);
    delete(&*place.store, 6..7);

    let pinned = place.pin("pin");

    assert_eq!(pinned.files().len(), 2);
    let reopened = place.reopen(&*pinned);
    assert_eq!(rows_of(&*reopened), rows_of(&*place.store));
    assert!(!reopened.get(&5_u32.to_be_bytes(), &mut Vec::new()).unwrap());
    assert_eq!(row_numbers(&*reopened).len(), 998);
}

#[test]
fn a_run_that_is_not_in_order_is_refused_and_changes_nothing() {
    let place = Place::new();
    put(&*place.store, 0..3);
    let unsorted = vec![(7, None), (6, None)];

    let error = place
        .store
        .write(&mut Rows::new(unsorted.into_iter()))
        .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(row_numbers(&*place.store), [0, 1, 2]);
}

#[test]
fn a_store_that_is_closed_removes_its_files() {
    let Place { directory, store } = Place::new();
    put(&*store, 0..3);
    let pinned = store.pin(&directory.path().join("pin")).unwrap();

    drop(store);

    assert_eq!(
        names_in(&directory.path().join("store")),
        Vec::<String>::new()
    );
    assert_eq!(pinned.files().len(), 1);
    assert!(
        pinned
            .scan(&RowRange::all())
            .unwrap()
            .next()
            .unwrap()
            .is_some()
    );
}
