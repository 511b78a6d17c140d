//! The memory store: what every store does, and what is its own: merges, files, clips.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alluvium::protocol::row::RowRange;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium::store::{Change, Pinned, PlacedFile, SortedRun, Store, StoreFactory};
use alluvium::{ErrorKind, Result};
use tempfile::TempDir;

mod conformance {
    alluvium_testing::store_conformance!(super::MemoryStoreFactory::new());
}

/// Row numbers and values; `None` deletes.
struct Rows(std::vec::IntoIter<(u32, Option<String>)>, [u8; 4], String);

impl SortedRun for Rows {
    fn next(&mut self) -> Result<Option<(&[u8], Change<'_>)>> {
        let Some((row, value)) = self.0.next() else {
            return Ok(None);
        };
        self.1 = row.to_be_bytes();
        let change = match value {
            Some(value) => {
                self.2 = value;
                Change::Put(self.2.as_bytes())
            }
            None => Change::Delete,
        };
        Ok(Some((&self.1, change)))
    }
}

fn write(store: &dyn Store, rows: impl Iterator<Item = (u32, Option<String>)>) {
    let rows: Vec<_> = rows.collect();
    store
        .write(&mut Rows(rows.into_iter(), [0; 4], String::new()))
        .unwrap();
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

    fn open(&self, name: &str, files: &[PlacedFile]) -> Result<Arc<dyn Store>> {
        MemoryStoreFactory::new().open(&self.path(name), files)
    }

    /// Links pinned files into a directory, under names that begin with a prefix.
    fn link(&self, pinned: &dyn Pinned, name: &str, prefix: &str) -> Vec<PlacedFile> {
        fs::create_dir_all(self.path(name)).unwrap();
        let files = pinned.files().iter().map(|file| {
            let placed = format!("{prefix}{}", file.name);
            fs::hard_link(&file.path, self.path(name).join(&placed)).unwrap();
            PlacedFile {
                name: placed,
                note: file.note.clone(),
            }
        });
        files.collect()
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
    let files = place.link(&*first, "reopened", "");
    assert_eq!(
        row_numbers(&*place.open("reopened", &files).unwrap()),
        Vec::from_iter(0..100)
    );
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

    assert_eq!(row_numbers(&*place.store), []);
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
    let files = place.link(&*pinned, "reopened", "");
    let reopened = place.open("reopened", &files).unwrap();
    assert_eq!(rows_of(&*reopened), rows_of(&*place.store));
    assert_eq!(
        reopened.get(&5_u32.to_be_bytes(), &mut Vec::new()).unwrap(),
        false
    );
    assert_eq!(row_numbers(&*reopened).len(), 998);
}

#[test]
fn no_file_is_written_of_what_a_clip_cut_off() {
    let place = Place::new();
    put(&*place.store, 0..1000);
    let before = place.pin("before");
    put(&*place.store, 100..110);
    put(&*place.store, 2000..2001);

    place.store.clip(&range(50, 500)).unwrap();
    let after = place.pin("after");

    let bounds: Vec<_> = after
        .files()
        .iter()
        .map(|file| file.bounds.clone().unwrap())
        .collect();
    let bytes = |row: u32| row.to_be_bytes().to_vec();
    assert_eq!(bounds, [(bytes(100), bytes(109)), (bytes(50), bytes(499))]);
    assert!(
        !names_of(&*after).contains(&names_of(&*before)[0]),
        "a name was used again"
    );
    let files = place.link(&*after, "reopened", "");
    assert_eq!(
        row_numbers(&*place.open("reopened", &files).unwrap()),
        Vec::from_iter(50..500)
    );
}

#[test]
fn clipped_runs_keep_their_order() {
    let place = Place::new();
    put(&*place.store, 0..1000);
    write(
        &*place.store,
        (10..20).map(|row| (row, Some("newer".to_owned()))),
    );
    place.store.clip(&range(15, 900)).unwrap();

    let pinned = place.pin("pin");

    let files = place.link(&*pinned, "reopened", "");
    let reopened = rows_of(&*place.open("reopened", &files).unwrap());
    assert_eq!(reopened[&15], "newer");
    assert_eq!(reopened[&20], "value of 20");
    assert_eq!(reopened.len(), 885);
}

#[test]
fn files_of_stores_with_other_rows_open_as_one() {
    let (one, other) = (Place::new(), Place::new());
    for (place, first) in [(&one, 0), (&other, 1000)] {
        put(&*place.store, first..first + 100);
        delete(&*place.store, first..first + 2);
    }
    let (pinned_one, pinned_other) = (one.pin("pin"), other.pin("pin"));

    let mut files = one.link(&*pinned_one, "both", "one-");
    let from_other = other.link(&*pinned_other, "both", "other-");
    for file in &from_other {
        fs::hard_link(
            other.path("both").join(&file.name),
            one.path("both").join(&file.name),
        )
        .unwrap();
    }
    files.extend(from_other);
    let both = one.open("both", &files).unwrap();

    assert_eq!(
        row_numbers(&*both),
        Vec::from_iter((2..100).chain(1002..1100))
    );
    put(&*both, 500..501);
    let again = both.pin(&one.path("again")).unwrap();
    assert_eq!(names_of(&*again)[0], "000000.rows");
}

#[test]
fn overlapping_files_of_one_age_are_not_of_one_store() {
    let (one, other) = (Place::new(), Place::new());
    put(&*one.store, 0..100);
    put(&*other.store, 50..60);
    let mut files = one.link(&*one.pin("pin"), "both", "one-");
    for file in other.pin("pin").files() {
        fs::hard_link(&file.path, one.path("both").join(&file.name)).unwrap();
        files.push(PlacedFile {
            name: file.name.clone(),
            note: file.note.clone(),
        });
    }

    let error = one.open("both", &files).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(
        error
            .to_string()
            .contains("one-000000.rows and 000000.rows"),
        "{error}"
    );
    assert_eq!(
        names_in(&one.path("both")).len(),
        2,
        "a failed open removes nothing"
    );
}

#[test]
fn a_note_or_name_that_no_store_gave_is_corrupt() {
    let place = Place::new();
    put(&*place.store, 0..10);
    let pinned = place.pin("pin");
    let files = place.link(&*pinned, "reopened", "");

    for (name, note) in [
        ("000000.rows", &b"short"[..]),
        ("../pin/000000.rows", &files[0].note),
        ("", &[]),
    ] {
        let placed = PlacedFile {
            name: name.to_owned(),
            note: note.to_vec(),
        };
        let error = place.open("reopened", &[placed]).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_store_is_not_created_over_files_of_another() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("000000.rows"), "").unwrap();

    let error = MemoryStoreFactory::new()
        .create(directory.path())
        .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("not empty"), "{error}");
}

#[test]
fn a_run_that_is_not_in_order_is_refused_and_changes_nothing() {
    let place = Place::new();
    put(&*place.store, 0..3);
    let unsorted = vec![(7, None), (6, None)];

    let error = place
        .store
        .write(&mut Rows(unsorted.into_iter(), [0; 4], String::new()))
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
