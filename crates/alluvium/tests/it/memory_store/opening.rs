//! What opens as a store, and what does not.

use std::fs;

use alluvium::ErrorKind;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium::store::{PlacedFile, StoreFactory};

use super::{Place, delete, names_in, names_of, put, row_numbers};

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
