//! What a clip cut off is gone, from files too.

use super::{Place, names_of, put, range, row_numbers, rows_of, write};

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
