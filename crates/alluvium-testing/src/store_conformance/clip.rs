//! Dropping the rows outside a range: what a rescale does to a store that has more than its share.

#![expect(
    clippy::missing_panics_doc,
    clippy::expect_used,
    reason = "a check panics where a store does not conform"
)]

use alluvium::protocol::row::RowRange;
use alluvium::store::{Store, StoreFactory};

use super::harness::{
    Changes, Place, Rows, all, fill, get, numbered, put, rows, scan_pinned, write,
};

/// `keep` is half-open, like every range.
pub fn a_clip_keeps_the_rows_at_its_bounds(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    put(
        &*store,
        &[
            (b"a", b"1"),
            (b"b", b"2"),
            (b"bb", b"22"),
            (b"c", b"3"),
            (b"d", b"4"),
        ],
    );
    drop(place.pin(&*store, "pin"));

    store
        .clip(&RowRange::new(b"b".to_vec(), Some(b"d".to_vec())))
        .expect("a clip");
    assert_eq!(
        all(&*store),
        rows(&[(b"b", b"2"), (b"bb", b"22"), (b"c", b"3")])
    );
    assert_eq!(get(&*store, b"a"), None);
    assert_eq!(get(&*store, b"d"), None);

    store
        .clip(&RowRange::new(b"bb".to_vec(), None))
        .expect("a clip from a row on");
    assert_eq!(all(&*store), rows(&[(b"bb", b"22"), (b"c", b"3")]));

    store.clip(&RowRange::all()).expect("a clip to everything");
    assert_eq!(all(&*store), rows(&[(b"bb", b"22"), (b"c", b"3")]));

    store
        .clip(&RowRange::new(b"x".to_vec(), Some(b"x".to_vec())))
        .expect("a clip to nothing");
    assert_eq!(all(&*store), Rows::new());
}

/// A clip drops the rows that are there, not those that come.
pub fn rows_may_be_written_again_after_a_clip(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    put(&*store, &[(b"a", b"old"), (b"b", b"old"), (b"c", b"old")]);
    store.clip(&RowRange::prefix(b"b")).expect("a clip");

    put(&*store, &[(b"a", b"new"), (b"b", b"new")]);

    let expected = rows(&[(b"a", b"new"), (b"b", b"new")]);
    assert_eq!(all(&*store), expected);
    let pinned = place.pin(&*store, "pin");
    assert_eq!(scan_pinned(&*pinned, &RowRange::all()), expected);
    assert_eq!(all(&*place.reopen(&*pinned, "reopened")), expected);
}

/// What a clip dropped does not come back: not at once, not in a pin, not in a store from the pin,
/// not through later deletions of the same rows.
pub fn clipped_rows_stay_away_through_writes_pins_and_reopening(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let mut store = place.create("store");
    let mut expected = fill(&place, &*store, 1000);
    let mut keep = (0_u16, 128_u16);
    for life in 0..3 {
        keep = (keep.0 + 11, keep.1 - 17);
        store.clip(&groups(keep)).expect("a clip");
        expected.retain(|row, _| groups(keep).contains(row));
        check(&*store, &expected);

        let deletions = (0..1000).step_by(3).map(|number| (numbered(number), None));
        let deletions: Changes = deletions
            .filter(|(row, _)| groups(keep).contains(row))
            .collect();
        write(&*store, &deletions);
        expected.retain(|row, _| !deletions.contains_key(row));
        check(&*store, &expected);

        let pinned = place.pin(&*store, &format!("pin {life}"));
        assert_eq!(scan_pinned(&*pinned, &RowRange::all()), expected);
        store = place.reopen(&*pinned, &format!("life {life}"));
        check(&*store, &expected);
    }
}

/// The same while the store merges its files, which throws deletions away that hide nothing any
/// more.
pub fn clipped_rows_stay_away_while_files_are_merged(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    let mut expected = fill(&place, &*store, 1000);
    // Deletions of rows outside, which must not go before the rows that they hide.
    let deletions: Changes = (0..1000)
        .step_by(2)
        .map(|number| (numbered(number), None))
        .collect();
    write(&*store, &deletions);
    drop(place.pin(&*store, "deleted"));
    store.clip(&groups((40, 80))).expect("a clip");
    expected.retain(|row, _| groups((40, 80)).contains(row) && !deletions.contains_key(row));

    // Pins make files, and enough files make a store merge them.
    for round in 0..12_u32 {
        let row = |number: u32| numbered(40 + (number * 7 + round) % 40 + number * 128);
        let changes: Changes = (0..50)
            .map(|n| (row(n), Some(format!("{round} {n}").into_bytes())))
            .collect();
        write(&*store, &changes);
        super::harness::apply(&mut expected, &changes);
        let pinned = place.pin(&*store, &format!("pin {round}"));
        assert_eq!(scan_pinned(&*pinned, &RowRange::all()), expected);
        check(&*store, &expected);
    }
}

/// The rows of the key groups `from..to`.
fn groups((from, to): (u16, u16)) -> RowRange {
    RowRange::new(from.to_be_bytes().to_vec(), Some(to.to_be_bytes().to_vec()))
}

fn check(store: &dyn Store, expected: &Rows) {
    assert_eq!(all(store), *expected);
    for number in (0..1000).step_by(13) {
        let row = numbered(number);
        assert_eq!(
            get(store, &row).as_ref(),
            expected.get(&row),
            "row {row:02x?}"
        );
    }
}
