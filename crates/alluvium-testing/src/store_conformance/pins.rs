//! Pinning a store's rows as files, and opening stores from such files.

#![expect(
    clippy::missing_panics_doc,
    clippy::expect_used,
    reason = "a check panics where a store does not conform"
)]

use std::fs;

use alluvium::protocol::row::RowRange;
use alluvium::store::StoreFactory;

use super::harness::{
    Changes, Place, Rows, all, apply, contents, delete, fill, get, put, rows, scan_pinned, write,
};

/// Neither the rows nor the files of a pin change when the store goes on.
pub fn a_pin_does_not_see_later_writes(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    let expected = fill(&place, &*store, 300);
    let pinned = place.pin(&*store, "pin");
    let files = contents(&*pinned);

    delete(
        &*store,
        &expected.keys().map(Vec::as_slice).collect::<Vec<_>>(),
    );
    put(&*store, &[(b"new", b"row")]);
    drop(place.pin(&*store, "later pin"));
    fill(&place, &*store, 600);

    assert_eq!(scan_pinned(&*pinned, &RowRange::all()), expected);
    assert_eq!(contents(&*pinned), files);
    let some = RowRange::prefix(&[0, 7]);
    let in_range = |(row, _): &(&Vec<u8>, &Vec<u8>)| some.contains(row);
    let expected: Rows = expected
        .iter()
        .filter(in_range)
        .map(|(row, value)| (row.clone(), value.clone()))
        .collect();
    assert_eq!(scan_pinned(&*pinned, &some), expected);
}

/// An upload may take longer than its backend lives.
pub fn a_pin_outlives_its_store(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    let expected = fill(&place, &*store, 100);
    let pinned = place.pin(&*store, "pin");

    drop(store);
    fs::remove_dir_all(place.path("store")).expect("the store's directory");

    assert_eq!(scan_pinned(&*pinned, &RowRange::all()), expected);
    assert_eq!(all(&*place.reopen(&*pinned, "reopened")), expected);
}

/// A pin's directory is the pin's own: one that exists may hold what somebody needs.
pub fn a_pin_into_an_existing_directory_is_refused_and_leaves_it_alone(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    put(&*store, &[(b"a", b"1")]);
    let taken = place.path("taken");
    fs::create_dir(&taken).expect("a directory");
    fs::write(taken.join("precious"), b"bytes").expect("a file");

    let refused = store.pin(&taken);

    assert!(refused.is_err(), "pinned into a directory that existed");
    assert_eq!(
        fs::read(taken.join("precious")).expect("the file"),
        b"bytes"
    );
    assert_eq!(all(&*store), rows(&[(b"a", b"1")]));
}

/// Nothing is a state too.
pub fn an_empty_store_pins_and_reopens(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");

    let pinned = place.pin(&*store, "pin");

    assert_eq!(scan_pinned(&*pinned, &RowRange::all()), Rows::new());
    let reopened = place.reopen(&*pinned, "reopened");
    assert_eq!(all(&*reopened), Rows::new());
    put(&*reopened, &[(b"a", b"1")]);
    assert_eq!(all(&*reopened), rows(&[(b"a", b"1")]));
}

/// A store from pinned files has their rows, their deletions, and a life of its own.
pub fn a_reopened_store_has_the_pinned_rows_and_goes_on(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    let mut expected = fill(&place, &*store, 500);
    let pinned = place.pin(&*store, "pin");

    let reopened = place.reopen(&*pinned, "reopened");

    assert_eq!(all(&*reopened), expected);
    let changes: Changes = expected
        .keys()
        .enumerate()
        .map(|(number, row)| (row.clone(), (number % 3 > 0).then(|| b"again".to_vec())))
        .collect();
    write(&*reopened, &changes);
    apply(&mut expected, &changes);
    assert_eq!(all(&*reopened), expected);
    let again = place.pin(&*reopened, "pin again");
    assert_eq!(all(&*place.reopen(&*again, "reopened again")), expected);
    for row in changes.keys() {
        assert_eq!(get(&*reopened, row).as_ref(), expected.get(row));
    }
}

/// Within the life of a directory, from pin to pin: a shared file's name is never given to other content, so
/// that a later snapshot may refer to it. Also where the directory begins with files of another.
pub fn equal_names_of_shared_files_mean_equal_content(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let mut store = place.create("store");
    for life in 0..3 {
        let mut seen = std::collections::BTreeMap::new();
        let mut pinned = place.pin(&*store, &format!("first pin of {life}"));
        for round in 0..6_u32 {
            let row = |number: u32| (number % 50).to_be_bytes().to_vec();
            let value = |number: u32| format!("{life} {round} {number}").into_bytes();
            let changes: Changes = (0..40)
                .map(|n| (row(n * (round + 1)), (n % 5 > 0).then(|| value(n))))
                .collect();
            write(&*store, &changes);
            pinned = place.pin(&*store, &format!("pin {round} of {life}"));
            let shared = pinned.files().iter().filter(|file| file.shared);
            for file in shared {
                let content = super::harness::read(&file.path);
                let length = u64::try_from(content.len()).expect("a length");
                assert_eq!(file.bytes, length, "length of {}", file.name);
                let first = seen
                    .entry(file.name.clone())
                    .or_insert_with(|| content.clone());
                assert!(
                    *first == content,
                    "{} was given to other content",
                    file.name
                );
            }
        }
        assert!(!seen.is_empty(), "no file was pinned");
        store = place.reopen(&*pinned, &format!("life {}", life + 1));
    }
}

/// A restore from local copies links the files. The store that opens the links must not write into
/// them.
pub fn reopening_links_leaves_the_pin_unchanged(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    let expected = fill(&place, &*store, 300);
    let pinned = place.pin(&*store, "pin");
    let files = contents(&*pinned);

    let reopened = place.reopen(&*pinned, "reopened");
    fill(&place, &*reopened, 400);
    drop(reopened);

    assert_eq!(contents(&*pinned), files);
    assert_eq!(scan_pinned(&*pinned, &RowRange::all()), expected);
}

/// Adoption relies on bounds: every row lies within those of some shared file, and a file with rows
/// has them.
pub fn bounds_cover_the_rows_of_each_shared_file(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    let expected = fill(&place, &*store, 300);

    let pinned = place.pin(&*store, "pin");

    let mut names = std::collections::BTreeSet::new();
    let mut bounds = Vec::new();
    for file in pinned.files() {
        assert!(names.insert(&file.name), "{} is listed twice", file.name);
        assert!(
            file.path.is_file(),
            "{} is not at {}",
            file.name,
            file.path.display()
        );
        assert_eq!(
            file.shared,
            file.bounds.is_some(),
            "bounds of {}",
            file.name
        );
        bounds.extend(file.bounds.clone());
    }
    for (first, last) in &bounds {
        assert!(first <= last, "bounds {first:02x?} to {last:02x?}");
    }
    for row in expected.keys() {
        let covered = bounds
            .iter()
            .any(|(first, last)| first <= row && row <= last);
        assert!(covered, "row {row:02x?} lies in the bounds of no file");
    }
}

/// A pin costs space only while it lives.
pub fn dropping_a_pin_removes_its_directory(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    let expected = fill(&place, &*store, 100);
    let scanned = place.pin(&*store, "scanned");
    let unread = place.pin(&*store, "unread");
    assert_eq!(scan_pinned(&*scanned, &RowRange::all()), expected);
    assert!(place.path("scanned").is_dir());

    drop((scanned, unread));

    assert!(!place.path("scanned").exists());
    assert!(!place.path("unread").exists());
    assert_eq!(all(&*store), expected);
}
