//! Scans of a store of several parts: they go from one to the next, and see one moment of all.

#![expect(
    clippy::missing_panics_doc,
    clippy::expect_used,
    reason = "a check panics where a store does not conform"
)]

use std::sync::Arc;

use alluvium::protocol::row::RowRange;
use alluvium::store::{Store, StoreFactory};

use super::harness::{
    Changes, Place, Rows, apply, assert_rows, collect, fill, groups, numbered, scan, within, write,
};

/// Wherever a scan begins and ends: at, before and behind the bounds of parts.
pub fn a_scan_goes_from_part_to_part(factory: &dyn StoreFactory) {
    let (place, store, expected) = patchwork(factory);
    let bounds: Vec<Vec<u8>> = [0, 9, 10, 11, 39, 40, 41, 79, 80, 81, 127]
        .iter()
        .flat_map(|group: &u16| [group.to_be_bytes().to_vec(), numbered(u32::from(*group))])
        .collect();
    for from in &bounds {
        for to in bounds.iter().map(Some).chain([None]) {
            let range = RowRange::new(from.clone(), to.cloned());
            let what = format!("from {from:02x?} to {to:02x?}");
            assert_rows(&scan(&*store, &range), &within(&expected, &range), &what);
        }
    }
    drop(place);
}

/// In all parts: what is written meanwhile is not seen, in those that the scan has not come to either.
pub fn a_scan_of_parts_does_not_see_later_writes(factory: &dyn StoreFactory) {
    let (place, store, expected) = patchwork(factory);
    let mut cursor = store.scan(&RowRange::all()).expect("a scan");
    assert!(matches!(cursor.next(), Ok(Some((row, _))) if expected.contains_key(row)));

    let changes: Changes = expected
        .keys()
        .enumerate()
        .map(|(number, row)| (row.clone(), (number % 2 > 0).then(|| b"later".to_vec())))
        .collect();
    write(&*store, &changes);
    for number in 0..6 {
        drop(place.pin(&*store, &format!("later pin {number}")));
        write(&*store, &changes);
    }

    let rest: Rows = expected.into_iter().skip(1).collect();
    let found = collect(cursor.as_mut()).expect("the rest of the rows");
    assert_rows(&found, &rest, "a scan that was under way");
}

/// A store of parts of two stores, each with rows where the other's part is, and what it holds.
fn patchwork(factory: &dyn StoreFactory) -> (Place<'_>, Arc<dyn Store>, Rows) {
    let place = Place::new(factory);
    let (one, other) = (place.create("one"), place.create("other"));
    let rows = fill(&place, &*one, 600);
    let mut others = fill(&place, &*other, 600);
    let changes: Changes = (0..600)
        .step_by(2)
        .map(|n| (numbered(n), Some(b"other".to_vec())))
        .collect();
    write(&*other, &changes);
    apply(&mut others, &changes);
    let (one, other) = (
        place.pin(&*one, "pin of one"),
        place.pin(&*other, "pin of other"),
    );
    let parts = vec![
        place.part(&*one, "first", &groups(0, 10)),
        place.part(&*other, "second", &groups(10, 40)),
        place.part(&*one, "third", &groups(40, 80)),
        place.part(&*other, "fourth", &groups(80, 127)),
    ];
    let store = place.opened("patchwork", parts);
    let mut expected = within(&rows, &groups(0, 10));
    expected.append(&mut within(&others, &groups(10, 40)));
    expected.append(&mut within(&rows, &groups(40, 80)));
    expected.append(&mut within(&others, &groups(80, 127)));
    (place, store, expected)
}
