//! What lies outside a part is gone, from files too.

use std::collections::BTreeMap;

use alluvium::protocol::row::RowRange;
use alluvium::store::{Part, PinnedFile};

use super::{Place, names_in, names_of, put, range, row_numbers, rows_of, write};

fn bounds(file: &PinnedFile) -> (u32, u32) {
    let number = |row: &[u8]| u32::from_be_bytes(row.try_into().unwrap());
    let (first, last) = file.bounds.as_ref().unwrap();
    (number(first), number(last))
}

#[test]
fn no_file_is_written_of_what_lies_outside_the_part() {
    let place = Place::new();
    put(&*place.store, 0..1000);
    put(&*place.store, 100..110);
    put(&*place.store, 2000..2001);
    let pinned = place.pin("pin");
    assert_eq!(
        pinned.files().iter().map(bounds).collect::<Vec<_>>(),
        [(2000, 2000), (100, 109), (0, 999)]
    );

    let part = place.part(&*pinned, "part", range(50, 500));
    let opened = place.open("opened", vec![part]).unwrap();
    let after = opened.store.pin(&place.path("after")).unwrap();

    assert_eq!(
        after.files().iter().map(bounds).collect::<Vec<_>>(),
        [(100, 109), (50, 499)]
    );
    // The run that was cut has a new file, the one that was not has its own.
    let kept = after.files().first().unwrap().name.clone();
    assert_eq!(opened.origins, BTreeMap::from([(kept, (0, 1))]));
    assert_eq!(
        row_numbers(&*place.reopen(&*after)),
        Vec::from_iter(50..500)
    );
}

#[test]
fn cut_runs_keep_their_order() {
    let place = Place::new();
    put(&*place.store, 0..1000);
    write(
        &*place.store,
        (10..20).map(|row| (row, Some("newer".to_owned()))),
    );
    let pinned = place.pin("pin");
    let part = place.part(&*pinned, "part", range(15, 900));
    let cut = place.open("cut", vec![part]).unwrap().store;

    let pinned = cut.pin(&place.path("pin of the cut")).unwrap();

    let reopened = rows_of(&*place.reopen(&*pinned));
    assert_eq!(reopened[&15], "newer");
    assert_eq!(reopened[&20], "value of 20");
    assert_eq!(reopened.len(), 885);
}

#[test]
fn what_a_part_was_read_from_is_gone() {
    let place = Place::new();
    put(&*place.store, 0..100);
    let pinned = place.pin("pin");
    let halves = |middle| [range(0, middle), range(middle, 100)];
    let parts = ["one", "other"].iter().zip(halves(50));
    let parts: Vec<Part> = parts
        .map(|(name, rows)| place.part(&*pinned, name, rows))
        .collect();

    let opened = place.open("opened", parts).unwrap();

    assert_eq!(opened.rows_copied, 0);
    assert!(!place.path("one").exists());
    assert!(!place.path("other").exists());
    // Neither half is the file, and rows are in memory until they are pinned.
    assert!(names_in(&place.path("opened")).is_empty());
    assert_eq!(row_numbers(&*opened.store), Vec::from_iter(0..100));
    assert_eq!(names_of(&*pinned), ["000000.rows"]);
}

#[test]
fn a_part_of_no_rows_is_a_part() {
    let place = Place::new();
    put(&*place.store, 0..100);
    let pinned = place.pin("pin");
    let nothing = place.part(&*pinned, "nothing", range(70, 70));
    let behind = place.part(&*pinned, "behind", range(100, 200));
    let before = place.part(&*pinned, "before", RowRange::new(Vec::new(), Some(vec![0])));

    let opened = place.open("opened", vec![nothing, behind, before]).unwrap();

    assert!(row_numbers(&*opened.store).is_empty());
    assert!(opened.origins.is_empty());
    put(&*opened.store, 150..151);
    assert_eq!(row_numbers(&*opened.store), [150]);
}
