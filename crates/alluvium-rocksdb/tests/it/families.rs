//! How files of several stores live in one: what is shared, what is kept apart, what is copied, and what is cleaned.

use std::ops::Range;
use std::sync::Arc;

use alluvium::protocol::row::RowRange;
use alluvium::storage::Cancel;
use alluvium::store::{Change, Opened, Part, Pinned, SortedRun, Store, StoreFactory, Tidied};
use alluvium::{Error, ErrorKind, Result};
use alluvium_rocksdb::{FileNote, RocksOptions};

use crate::stores::{Stores, count, fill, fill_range};

fn rows(from: u32, to: u32) -> RowRange {
    RowRange::new(from.to_be_bytes().to_vec(), Some(to.to_be_bytes().to_vec()))
}

/// A store of parts of pinned stores.
fn open(stores: &Stores, name: &str, parts: &[(&dyn Pinned, RowRange)]) -> Result<Opened> {
    let part = |(number, (pinned, rows)): (usize, &(&dyn Pinned, RowRange))| {
        let directory = format!("{name} part {number}");
        Ok(Part {
            files: stores.place(*pinned, &directory)?,
            directory: stores.path(&directory),
            rows: rows.clone(),
        })
    };
    let parts = parts.iter().enumerate().map(part).collect::<Result<_>>()?;
    stores
        .factory
        .open(&stores.path(name), parts, &Cancel::new())
}

fn pin(stores: &Stores, store: &dyn Store, name: &str) -> Result<Box<dyn Pinned>> {
    store.pin(&stores.path(name))
}

/// The view in each data file's note.
fn views(pinned: &dyn Pinned) -> Result<Vec<Vec<RowRange>>> {
    let mut views = Vec::new();
    for file in pinned.files() {
        if let FileNote::Data { view, .. } = FileNote::decode(&file.note, &file.name)? {
            views.push(view);
        }
    }
    Ok(views)
}

/// A store with rows 0 to 99, as two halves that were opened from it and not cleaned.
fn halves(stores: &Stores) -> Result<[Arc<dyn Store>; 2]> {
    let whole = stores.create("whole")?;
    fill(&*whole, 100, "old")?;
    let pinned = pin(stores, &*whole, "whole pin")?;
    let left = open(stores, "left", &[(&*pinned, rows(0, 50))])?;
    let right = open(stores, "right", &[(&*pinned, rows(50, 100))])?;
    assert_eq!((left.rows_copied, right.rows_copied), (0, 0));
    Ok([left.store, right.store])
}

#[test]
fn neighbors_that_were_never_rescaled_share_a_family_and_have_no_views() -> Result<()> {
    let stores = Stores::new()?;
    let mut pins = Vec::new();
    for (number, from) in [0_u32, 100, 200].into_iter().enumerate() {
        let store = stores.create(&format!("store {number}"))?;
        fill_range(&*store, from..from + 100, "value")?;
        pins.push(pin(&stores, &*store, &format!("pin {number}"))?);
    }
    let parts = [
        (&*pins[0], rows(0, 100)),
        (&*pins[1], rows(100, 200)),
        (&*pins[2], rows(200, 300)),
    ];

    let opened = open(&stores, "opened", &parts)?;

    assert_eq!(opened.rows_copied, 0);
    assert_eq!(count(&*opened.store)?, 300);
    let again = pin(&stores, &*opened.store, "again")?;
    assert_eq!(views(&*again)?, [[], [], []]);
    Ok(())
}

#[test]
fn halves_that_were_not_cleaned_are_put_together_again_without_copying_a_row() -> Result<()> {
    let stores = Stores::new()?;
    let [left, right] = halves(&stores)?;
    // Each half's file still has the other half's rows, as they were.
    fill_range(&*left, 0..10, "new")?;
    fill_range(&*right, 50..60, "new")?;
    let (left, right) = (pin(&stores, &*left, "l")?, pin(&stores, &*right, "r")?);
    assert!(views(&*left)?.contains(&vec![rows(0, 50)]));

    let parts = [(&*left, rows(0, 50)), (&*right, rows(50, 100))];
    let whole = open(&stores, "again", &parts)?;

    assert_eq!(whole.rows_copied, 0);
    assert_eq!(count(&*whole.store)?, 100);
    let mut value = Vec::new();
    for (row, expected) in [
        (5_u32, "new 5"),
        (20, "old 20"),
        (55, "new 55"),
        (80, "old 80"),
    ] {
        assert!(whole.store.get(&row.to_be_bytes(), &mut value)?);
        assert_eq!(value, expected.as_bytes(), "row {row}");
    }
    Ok(())
}

#[test]
fn beyond_the_most_families_rows_are_copied_and_counted() -> Result<()> {
    let mut options = RocksOptions::default();
    options.families_max = 1;
    let stores = Stores::with(options)?;
    let [left, right] = halves(&stores)?;
    let (left, right) = (pin(&stores, &*left, "l")?, pin(&stores, &*right, "r")?);

    let parts = [(&*left, rows(0, 50)), (&*right, rows(50, 100))];
    let whole = open(&stores, "again", &parts)?;

    assert_eq!(whole.rows_copied, 100);
    assert_eq!(count(&*whole.store)?, 100);
    assert!(whole.origins.is_empty(), "no file is what it was");
    Ok(())
}

#[test]
fn a_region_whose_rows_were_all_deleted_does_not_show_a_neighbors_stale_ones() -> Result<()> {
    let stores = Stores::new()?;
    let [left, right] = halves(&stores)?;
    let none = stores.create("none")?;
    drop(right);
    let (left, right) = (pin(&stores, &*left, "l")?, pin(&stores, &*none, "r")?);

    let parts = [(&*left, rows(0, 50)), (&*right, rows(50, 100))];
    let whole = open(&stores, "again", &parts)?;

    assert_eq!(count(&*whole.store)?, 50);
    let mut value = Vec::new();
    assert!(!whole.store.get(&70_u32.to_be_bytes(), &mut value)?);
    fill_range(&*whole.store, 70..71, "new")?;
    assert_eq!(count(&*whole.store)?, 51);
    let again = pin(&stores, &*whole.store, "again pin")?;
    let reopened = open(&stores, "reopened", &[(&*again, rows(0, 100))])?;
    assert_eq!(count(&*reopened.store)?, 51);
    Ok(())
}

#[test]
fn tidying_rewrites_files_at_the_border_until_there_is_nothing_to_say_of_views() -> Result<()> {
    let stores = Stores::new()?;
    // Loaded rows lie in the last level: young files would wait for ordinary compaction.
    let whole = stores.create("whole")?;
    stores.load(&*whole, 0..100, "old")?;
    let pinned = pin(&stores, &*whole, "pin")?;
    let half = open(&stores, "half", &[(&*pinned, rows(25, 75))])?.store;
    let before = pin(&stores, &*half, "before")?;
    assert_eq!(views(&*before)?, [[rows(25, 75)]]);

    assert_eq!(half.tidy(&Cancel::new())?, Tidied::Clean);

    let after = pin(&stores, &*half, "after")?;
    assert_eq!(views(&*after)?, [[]]);
    assert_eq!(count(&*half)?, 50);
    let bounds = after.files()[0].bounds.clone().unwrap();
    assert_eq!(
        bounds,
        (25_u32.to_be_bytes().to_vec(), 74_u32.to_be_bytes().to_vec())
    );
    Ok(())
}

#[test]
fn young_files_are_not_rewritten_and_tidying_says_so() -> Result<()> {
    let stores = Stores::new()?;
    let whole = stores.create("whole")?;
    fill(&*whole, 100, "old")?;
    fill(&*whole, 100, "young")?;
    let pinned = pin(&stores, &*whole, "whole pin")?;
    let left = open(&stores, "left", &[(&*pinned, rows(0, 50))])?.store;

    assert_eq!(left.tidy(&Cancel::new())?, Tidied::More);

    let cancel = Cancel::new();
    cancel.cancel();
    assert_eq!(left.tidy(&cancel).unwrap_err().kind(), ErrorKind::Cancelled);
    Ok(())
}

#[test]
fn of_a_row_that_was_flushed_again_and_again_the_newest_is_seen_wherever_its_files_go() -> Result<()>
{
    let stores = Stores::new()?;
    let store = stores.create("store")?;
    for round in 0..5 {
        fill_range(&*store, round..100 - round, &format!("round {round}"))?;
    }
    store.write(&mut Deletes(10..15, Vec::new()))?;
    fill_range(&*store, 12..14, "round 6")?;
    let pinned = pin(&stores, &*store, "pin")?;
    // Two parts, so that the files are imported. One that is cut, so that not all of their rows count.
    let other = stores.create("other")?;
    fill_range(&*other, 200..300, "other")?;
    let other = pin(&stores, &*other, "other pin")?;
    let parts = [(&*pinned, rows(0, 90)), (&*other, rows(200, 300))];

    let opened = open(&stores, "opened", &parts)?.store;

    fill_range(&*opened, 50..60, "later")?;
    let expected = |row: u32| match row {
        0..4 => Some(format!("round {row} {row}")),
        12..14 => Some(format!("round 6 {row}")),
        10..15 => None,
        50..60 => Some(format!("later {row}")),
        4..90 => Some(format!("round 4 {row}")),
        _ => None,
    };
    let mut value = Vec::new();
    for row in 0..100_u32 {
        let found = opened.get(&row.to_be_bytes(), &mut value)?;
        let found = found.then(|| String::from_utf8_lossy(&value).into_owned());
        assert_eq!(found, expected(row), "row {row}");
    }
    assert_eq!(count(&*opened)?, 90 - 3 + 100);
    Ok(())
}

/// A run that deletes the rows of these numbers.
struct Deletes(Range<u32>, Vec<u8>);

impl SortedRun for Deletes {
    fn next(&mut self) -> Result<Option<(&[u8], Change<'_>)>> {
        let Some(row) = self.0.next() else {
            return Ok(None);
        };
        self.1 = row.to_be_bytes().to_vec();
        Ok(Some((&self.1, Change::Delete)))
    }
}

#[test]
fn files_keep_their_identity_and_their_level() -> Result<()> {
    let stores = Stores::new()?;
    let store = stores.create("store")?;
    stores.load(&*store, 0..100, "old")?;
    fill_range(&*store, 10..90, "new")?;
    let pinned = pin(&stores, &*store, "pin")?;

    let opened = open(&stores, "opened", &[(&*pinned, rows(0, 95))])?;

    let again = pin(&stores, &*opened.store, "again")?;
    let data = again.files().iter().filter(|file| file.shared);
    let mut levels = Vec::new();
    for file in data {
        let (part, position) = opened.origins[&file.name];
        assert_eq!(part, 0);
        let origin = &pinned.files()[position];
        let read = |path| std::fs::read(path).map_err(|e| Error::io("read", e));
        assert_eq!(read(&file.path)?, read(&origin.path)?);
        let level = |note: FileNote| match note {
            FileNote::Data { level, .. } => level,
            _ => panic!("no data"),
        };
        let (was, is) = (&origin.note, &file.note);
        levels.push((
            level(FileNote::decode(was, "")?),
            level(FileNote::decode(is, "")?),
        ));
    }
    assert_eq!(levels, [(6, 6), (0, 0)]);
    Ok(())
}

#[test]
fn bounds_that_a_file_does_not_have_are_refused() -> Result<()> {
    let stores = Stores::new()?;
    let store = stores.create("store")?;
    fill(&*store, 100, "value")?;
    let pinned = pin(&stores, &*store, "pin")?;
    let mut files = stores.place(&*pinned, "part")?;
    files[0].bounds = Some((vec![0, 0, 0, 0], vec![0, 0, 0, 9]));
    let part = Part {
        directory: stores.path("part"),
        files,
        rows: rows(0, 5),
    };

    let error = stores
        .factory
        .open(&stores.path("opened"), vec![part], &Cancel::new())
        .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains(".sst has rows from"), "{error}");
    Ok(())
}

#[test]
fn an_opening_that_is_cancelled_says_so() -> Result<()> {
    let stores = Stores::new()?;
    let store = stores.create("store")?;
    fill(&*store, 100, "value")?;
    let pinned = pin(&stores, &*store, "pin")?;
    let part = Part {
        files: stores.place(&*pinned, "part")?,
        directory: stores.path("part"),
        rows: rows(0, 50),
    };
    let cancel = Cancel::new();
    cancel.cancel();

    let opened = stores
        .factory
        .open(&stores.path("opened"), vec![part], &cancel);

    assert_eq!(opened.unwrap_err().kind(), ErrorKind::Cancelled);
    Ok(())
}
