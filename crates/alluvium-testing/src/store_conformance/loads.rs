//! Loading rows into a store that has none there.

#![expect(
    clippy::missing_panics_doc,
    clippy::expect_used,
    reason = "a check panics where a store does not conform"
)]

use alluvium::ErrorKind;
use alluvium::store::{Store, StoreFactory};

use super::harness::{
    Changes, MapRun, Place, Rows, all, apply, assert_rows, get, groups, numbered, within, write,
};

/// Loads rows.
pub(super) fn load(store: &dyn Store, rows: &Rows) {
    let puts: Changes = rows
        .iter()
        .map(|(row, value)| (row.clone(), Some(value.clone())))
        .collect();
    store.load(&mut MapRun::new(&puts)).expect("loaded rows");
}

fn many_rows() -> Rows {
    let value = |number: u32| format!("loaded {number} {}", "z".repeat(80)).into_bytes();
    (0..4000)
        .map(|number| (numbered(number), value(number)))
        .collect()
}

/// Each thread its own range, in several runs: afterwards it is a store like any other.
pub fn loads_from_several_threads_read_as_written(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    let mut expected = many_rows();

    std::thread::scope(|scope| {
        for thread in 0..4_u16 {
            let (store, rows) = (&*store, &expected);
            scope.spawn(move || {
                for first in (thread * 32..thread * 32 + 32).step_by(8) {
                    load(store, &within(rows, &groups(first, first + 8)));
                }
                load(store, &Rows::new());
            });
        }
    });

    assert_rows(&all(&*store), &expected, "loaded");
    let changes: Changes = (0..4000)
        .step_by(3)
        .map(|number| {
            (
                numbered(number),
                (number % 2 > 0).then(|| b"written".to_vec()),
            )
        })
        .collect();
    write(&*store, &changes);
    apply(&mut expected, &changes);
    assert_rows(&all(&*store), &expected, "written after loading");
    for row in changes.keys() {
        assert_eq!(get(&*store, row).as_ref(), expected.get(row), "{row:02x?}");
    }
    let pinned = place.pin(&*store, "pin");
    let reopened = place.reopen(&*pinned, "reopened");
    assert_rows(&all(&*reopened), &expected, "reopened");
    let part = place.part(&*pinned, "part", &groups(10, 90));
    let part = place.opened("opened part", vec![part]);
    let expected = within(&expected, &groups(10, 90));
    assert_rows(&all(&*part), &expected, "a part of what was loaded");
}

/// There is nothing that could be deleted: it is a mistake.
pub fn a_load_that_deletes_is_invalid(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    let changes: Changes = [(numbered(1), Some(b"1".to_vec())), (numbered(2), None)].into();

    let refused = store.load(&mut MapRun::new(&changes));

    assert_eq!(
        refused.expect_err("loaded a deletion").kind(),
        ErrorKind::Invalid
    );
}
