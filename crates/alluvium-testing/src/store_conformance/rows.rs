//! Reading and writing rows.

#![expect(
    clippy::missing_panics_doc,
    clippy::expect_used,
    reason = "a check panics where a store does not conform"
)]

use alluvium::protocol::row::RowRange;
use alluvium::store::StoreFactory;

use super::harness::{
    Changes, Place, Rows, all, apply, collect, delete, get, put, rows, scan, write,
};

/// A row is what was written last: put, overwritten, deleted, put again.
pub fn rows_are_as_last_written(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    put(&*store, &[(b"a", b"1"), (b"b", b"2"), (b"c", b"3")]);

    put(&*store, &[(b"b", b"two")]);
    delete(&*store, &[b"c", b"never written"]);

    assert_eq!(get(&*store, b"a"), Some(b"1".to_vec()));
    assert_eq!(get(&*store, b"b"), Some(b"two".to_vec()));
    assert_eq!(get(&*store, b"c"), None);
    assert_eq!(get(&*store, b"never written"), None);

    put(&*store, &[(b"c", b"three")]);

    assert_eq!(get(&*store, b"c"), Some(b"three".to_vec()));
    assert_eq!(
        all(&*store),
        rows(&[(b"a", b"1"), (b"b", b"two"), (b"c", b"three")])
    );
}

/// `get` leaves nothing of an earlier value in the caller's buffer.
pub fn a_get_replaces_what_the_buffer_held(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    put(&*store, &[(b"row", b"short")]);
    let mut value = b"something longer".to_vec();

    assert!(matches!(store.get(b"row", &mut value), Ok(true)));

    assert_eq!(value, b"short");
}

/// A run without changes is a run.
pub fn an_empty_run_changes_nothing(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    write(&*store, &Changes::new());
    assert_eq!(all(&*store), Rows::new());

    put(&*store, &[(b"a", b"1")]);
    write(&*store, &Changes::new());

    assert_eq!(all(&*store), rows(&[(b"a", b"1")]));
}

/// A scan gives exactly the rows of its range, the first bound included and the second not.
pub fn scans_are_ordered_and_bounded(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    put(&*store, &[(b"b", b"2"), (b"d", b"4"), (b"f", b"6")]);
    put(
        &*store,
        &[(b"a", b"1"), (b"c", b"3"), (b"cc", b"33"), (b"e", b"5")],
    );
    delete(&*store, &[b"d"]);

    let range = |from: &[u8], to: Option<&[u8]>| {
        scan(
            &*store,
            &RowRange::new(from.to_vec(), to.map(<[u8]>::to_vec)),
        )
    };

    let every = rows(&[
        (b"a", b"1"),
        (b"b", b"2"),
        (b"c", b"3"),
        (b"cc", b"33"),
        (b"e", b"5"),
        (b"f", b"6"),
    ]);
    assert_eq!(all(&*store), every);
    assert_eq!(
        range(b"b", Some(b"e")),
        rows(&[(b"b", b"2"), (b"c", b"3"), (b"cc", b"33")])
    );
    assert_eq!(range(b"bb", Some(b"c\0")), rows(&[(b"c", b"3")]));
    assert_eq!(range(b"e", None), rows(&[(b"e", b"5"), (b"f", b"6")]));
    assert_eq!(range(b"d", Some(b"e")), Rows::new());
    assert_eq!(range(b"e", Some(b"b")), Rows::new());
    assert_eq!(range(b"", Some(b"")), Rows::new());
    assert_eq!(range(b"g", None), Rows::new());
    assert_eq!(
        scan(&*store, &RowRange::prefix(b"c")),
        rows(&[(b"c", b"3"), (b"cc", b"33")])
    );
}

/// A scan shows the store as it was when the scan began, whatever is written meanwhile.
pub fn a_scan_does_not_see_later_writes(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    let before = super::harness::fill(&place, &*store, 200);
    let mut cursor = store.scan(&RowRange::all()).expect("a scan");
    assert!(matches!(cursor.next(), Ok(Some((row, _))) if before.contains_key(row)));

    // Before, between and after the rows of the scan; then what makes a store merge its files.
    put(
        &*store,
        &[
            (b"", b"first"),
            (b"\0\x01\0\x01x", b"between"),
            (b"\xff", b"last"),
        ],
    );
    delete(
        &*store,
        &before.keys().map(Vec::as_slice).collect::<Vec<_>>(),
    );
    drop(place.pin(&*store, "pin"));

    let rest = collect(cursor.as_mut());
    let expected: Rows = before.into_iter().skip(1).collect();
    assert!(
        matches!(rest, Ok(rest) if rest == expected),
        "the scan changed under its reader"
    );
    assert_eq!(all(&*store).len(), 3);
}

/// Row keys may be empty, hold any byte and be long; values may be empty.
pub fn odd_rows_and_values_come_back(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    let long = vec![0xff; 5000];
    let odd = rows(&[
        (b"", b"the empty row"),
        (b"\0", b"\0"),
        (b"\0\0", b""),
        (b"a", b""),
        (b"a\0", b"value"),
        (b"a\xff", b"\xff"),
        (b"\xff", b""),
        (b"\xff\xff", b"value"),
        (b"\xff\xff\xff\xff", b"\xff\xff"),
        (&long, b"long"),
    ]);
    let changes: Changes = odd
        .iter()
        .map(|(row, value)| (row.clone(), Some(value.clone())))
        .collect();
    write(&*store, &changes);

    for (row, value) in &odd {
        assert_eq!(get(&*store, row).as_ref(), Some(value), "row {row:02x?}");
    }
    assert_eq!(all(&*store), odd);
    let from_ff = odd.clone().split_off(&b"\xff"[..]);
    assert_eq!(scan(&*store, &RowRange::prefix(b"\xff")), from_ff);

    let pinned = place.pin(&*store, "pin");
    assert_eq!(all(&*place.reopen(&*pinned, "reopened")), odd);
}

/// A value may be larger than a block, a batch and a page of anything.
pub fn large_values_come_back_whole(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    let patterned: Vec<u8> = (0..=u8::MAX).cycle().take(1 << 20).collect();
    // Three of them, so that batches fill up between rows.
    let large: &[(&[u8], &[u8])] = &[
        (b"a", &patterned),
        (b"b", b"small"),
        (b"c", &patterned),
        (b"d", &patterned),
    ];
    put(&*store, large);
    assert_eq!(all(&*store), rows(large));

    let pinned = place.pin(&*store, "pin");

    let reopened = place.reopen(&*pinned, "reopened");
    assert_eq!(all(&*reopened), rows(large));
    assert_eq!(get(&*reopened, b"c"), Some(patterned));
}

/// Thousands of rows, written, overwritten and deleted in several runs with pins between.
pub fn many_rows_come_back_in_order(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");

    let mut expected = super::harness::fill(&place, &*store, 5000);
    let more = Changes::from([(b"\0\x05".to_vec(), Some(b"last".to_vec()))]);
    write(&*store, &more);
    apply(&mut expected, &more);

    assert_eq!(all(&*store), expected);
    for row in expected.keys().step_by(97) {
        assert_eq!(get(&*store, row).as_ref(), expected.get(row));
    }
}

/// `size` counts the files that hold rows.
pub fn size_grows_when_rows_are_pinned(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");

    super::harness::fill(&place, &*store, 500);

    let size = store.size();
    assert!(size.files > 0, "{size:?}");
    assert!(size.file_bytes > 0, "{size:?}");
}
