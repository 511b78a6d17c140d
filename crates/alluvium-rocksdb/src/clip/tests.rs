//! Clipping where the rows lie on the levels that RocksDB moves them to in its own time: forced
//! here.

use std::path::{Path, PathBuf};

use alluvium::Result;
use alluvium::protocol::row::RowRange;
use alluvium::store::{Change, Pinned, SortedRun, Store};
use rust_rocksdb::CompactionOptions;
use tempfile::TempDir;

use crate::options::RocksOptions;
use crate::store::RocksStore;
use crate::{FileNote, RocksStoreFactory};

#[test]
fn a_file_that_ends_with_the_first_row_to_keep_is_not_dropped() {
    let place = Place::new();
    place.put(&["a", "b", "c"]);
    place.compact();

    place.store.clip(&range("c", None)).unwrap();

    assert_eq!(place.rows(), ["c"]);
}

#[test]
fn a_file_that_starts_with_the_first_row_to_drop_is_dropped_and_needs_no_tombstone() {
    let place = Place::new();
    place.put(&["a", "b"]);
    place.compact();
    place.put(&["c", "d"]);
    place.compact_from("c");
    assert_eq!(place.store.size().files, 2);

    place.store.clip(&range("a", Some("c"))).unwrap();

    assert_eq!(place.rows(), ["a", "b"]);
    assert_eq!(place.store.size().files, 1);
    assert_eq!(place.bounds("pin"), [("a".to_owned(), "b".to_owned())]);
}

#[test]
fn a_row_whose_deletion_goes_with_a_dropped_file_does_not_come_back() {
    let place = Place::new();
    // On the bottom level a file that straddles the boundary; above it, in a file of its own, the
    // deletion of one of its rows.
    place.put(&["a", "b", "m", "z"]);
    place.compact();
    place.delete(&["b"]);
    place.store.db().flush().unwrap();
    place.push_down_youngest_file();
    assert_eq!(place.levels("before"), [6, 5]);

    place.store.clip(&range("m", None)).unwrap();

    assert_eq!(place.rows(), ["m", "z"]);
    place.compact();
    assert_eq!(place.rows(), ["m", "z"]);
}

#[test]
fn bounds_of_a_clipped_store_reach_as_far_as_its_tombstones_until_it_is_compacted() {
    let place = Place::new();
    place.put(&["a", "b", "m", "y", "z"]);
    place.compact();

    place.store.clip(&range("m", Some("n"))).unwrap();

    assert_eq!(place.rows(), ["m"]);
    let reach = place.bounds("clipped");
    assert_eq!(
        reach.iter().map(|(first, _)| first.as_str()).min(),
        Some("a")
    );
    assert_eq!(
        reach.iter().map(|(_, last)| last.as_str()).max(),
        Some("z\0")
    );
    place.compact();
    assert_eq!(place.rows(), ["m"]);
    assert_eq!(
        place.bounds("compacted"),
        [("m".to_owned(), "m".to_owned())]
    );
}

#[test]
fn a_clip_to_nothing_leaves_no_rows_on_any_level() {
    let place = Place::new();
    place.put(&["a", "m"]);
    place.compact();
    place.put(&["m", "z"]);
    place.store.db().flush().unwrap();
    place.put(&["b"]);

    place.store.clip(&range("k", Some("k"))).unwrap();

    assert_eq!(place.rows(), [""; 0]);
    place.compact();
    assert_eq!(place.rows(), [""; 0]);
    assert_eq!(place.store.size().files, 0);
}

fn range(from: &str, to: Option<&str>) -> RowRange {
    RowRange::new(from.into(), to.map(Into::into))
}

struct Place {
    store: RocksStore,
    root: TempDir,
}

impl Place {
    fn new() -> Self {
        let root = TempDir::new().unwrap();
        let factory = RocksStoreFactory::new(RocksOptions::default()).unwrap();
        let store = factory.create_store(&root.path().join("store")).unwrap();
        Self { store, root }
    }

    fn put(&self, rows: &[&str]) {
        self.store
            .write(&mut Each {
                rows,
                change: Change::Put(b"value"),
            })
            .unwrap();
    }

    fn delete(&self, rows: &[&str]) {
        self.store
            .write(&mut Each {
                rows,
                change: Change::Delete,
            })
            .unwrap();
    }

    /// Merges everything into the bottom level.
    fn compact(&self) {
        self.store.db().compact_range(None::<&[u8]>, None::<&[u8]>);
    }

    fn compact_from(&self, row: &str) {
        self.store.db().compact_range(Some(row), None::<&str>);
    }

    /// Moves the only file of level 0 to the level above the bottom.
    fn push_down_youngest_file(&self) {
        let db = self.store.db();
        let youngest = db
            .live_files()
            .unwrap()
            .into_iter()
            .find(|file| file.level == 0)
            .unwrap();
        db.compact_files(&CompactionOptions::default(), [&youngest.name], 5)
            .unwrap();
    }

    fn rows(&self) -> Vec<String> {
        let mut cursor = self.store.scan(&RowRange::all()).unwrap();
        let mut rows = Vec::new();
        while let Some((row, _)) = cursor.next().unwrap() {
            rows.push(text(row));
        }
        rows
    }

    fn pin(&self, name: &str) -> Box<dyn Pinned> {
        let directory: PathBuf = self.root.path().join(Path::new(name));
        self.store.pin(&directory).unwrap()
    }

    fn bounds(&self, pin: &str) -> Vec<(String, String)> {
        let pinned = self.pin(pin);
        let bounds = pinned
            .files()
            .iter()
            .filter_map(|file| file.bounds.as_ref());
        bounds
            .map(|(first, last)| (text(first), text(last)))
            .collect()
    }

    fn levels(&self, pin: &str) -> Vec<u8> {
        let pinned = self.pin(pin);
        let notes = pinned
            .files()
            .iter()
            .map(|file| FileNote::decode(&file.note, &file.name));
        let level = |note| match note {
            FileNote::Data { level, .. } => Some(level),
            FileNote::Bookkeeping { .. } => None,
        };
        notes.filter_map(|note| level(note.unwrap())).collect()
    }
}

fn text(row: &[u8]) -> String {
    String::from_utf8(row.to_vec()).unwrap()
}

/// The same change to each of these rows.
struct Each<'a> {
    rows: &'a [&'a str],
    change: Change<'a>,
}

impl SortedRun for Each<'_> {
    fn next(&mut self) -> Result<Option<(&[u8], Change<'_>)>> {
        let Some((first, rest)) = self.rows.split_first() else {
            return Ok(None);
        };
        self.rows = rest;
        Ok(Some((first.as_bytes(), self.change)))
    }
}
