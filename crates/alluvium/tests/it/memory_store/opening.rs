//! What opens as a store, and what does not.

use std::fs;

use alluvium::ErrorKind;
use alluvium::protocol::row::RowRange;
use alluvium::store::StoreFactory;
use alluvium::store::memory::MemoryStoreFactory;

use super::{Place, delete, names_in, names_of, put, range, row_numbers};

#[test]
fn files_of_stores_with_other_rows_open_as_one() {
    let (one, other) = (Place::new(), Place::new());
    for (place, first) in [(&one, 0), (&other, 1000)] {
        put(&*place.store, first..first + 100);
        delete(&*place.store, first..first + 2);
    }
    let parts = vec![
        one.part(&*one.pin("pin"), "part", range(0, 1000)),
        other.part(&*other.pin("pin"), "part", range(1000, 2000)),
    ];

    let both = one.open("both", parts).unwrap();

    assert_eq!(
        row_numbers(&*both.store),
        Vec::from_iter((2..100).chain(1002..1100))
    );
    let taken: Vec<_> = both.origins.values().copied().collect();
    assert_eq!(taken.len(), 4, "{taken:?}");
    put(&*both.store, 500..501);
    let again = both.store.pin(&one.path("again")).unwrap();
    assert_eq!(names_of(&*again)[0], "000004.rows");
}

#[test]
fn overlapping_files_of_one_age_are_not_of_one_store() {
    let (one, other) = (Place::new(), Place::new());
    put(&*one.store, 0..100);
    put(&*other.store, 50..60);
    let mut part = one.part(&*one.pin("pin"), "part", RowRange::all());
    let mut foreign = other.part(&*other.pin("pin"), "part", RowRange::all());
    let file = &mut foreign.files[0];
    let from = foreign.directory.join(&file.name);
    file.name = "foreign.rows".to_owned();
    fs::hard_link(from, part.directory.join(&file.name)).unwrap();
    part.files.append(&mut foreign.files);

    let error = one.open("both", vec![part]).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Corrupt);
    let told = error.to_string();
    assert!(told.contains("000000.rows and "), "{told}");
    assert!(told.contains("foreign.rows are of the same age"), "{told}");
    assert_eq!(
        names_in(&one.path("part")).len(),
        2,
        "a failed open removes nothing"
    );
}

#[test]
fn a_note_or_name_that_no_store_gave_is_corrupt() {
    let place = Place::new();
    put(&*place.store, 0..10);
    let pinned = place.pin("pin");
    let part = place.part(&*pinned, "part", RowRange::all());

    for (name, note) in [
        ("000000.rows", &b"short"[..]),
        ("../pin/000000.rows", &part.files[0].note),
        ("", &[]),
    ] {
        let mut part = part.clone();
        name.clone_into(&mut part.files[0].name);
        part.files[0].note = note.to_vec();
        let error = place.open("reopened", vec![part]).unwrap_err();

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
