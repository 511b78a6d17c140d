//! Rows that lie outside a part, in files that the store has all the same: whatever happens, they do not come back.

#![expect(
    clippy::missing_panics_doc,
    clippy::expect_used,
    reason = "a check panics where a store does not conform"
)]

use alluvium::ErrorKind;
use alluvium::protocol::row::RowRange;
use alluvium::storage::Cancel;
use alluvium::store::{Part, Pinned, Store, StoreFactory};

use super::harness::{
    Changes, Place, Rows, all, apply, assert_rows, fill, groups, numbered, scan_pinned, within,
    write,
};
use super::placing::Choice;

/// Writes that go on until a store has merged what it had, with pins and tidying between. Every third row is deleted.
pub(super) fn churn(
    place: &Place<'_>,
    store: &dyn Store,
    expected: &mut Rows,
    range: &RowRange,
    what: &str,
) {
    for round in 0..12_u32 {
        let numbers = (0..600).filter(|number| number % 12 != round);
        let changes: Changes = numbers
            .map(|number| {
                let value = format!("{what}, {round} {}", "y".repeat(60)).into_bytes();
                (numbered(number), (number % 3 > 0).then_some(value))
            })
            .filter(|(row, _)| range.contains(row))
            .collect();
        write(store, &changes);
        apply(expected, &changes);
        let pinned = place.pin(store, &format!("{what}, pin {round}"));
        let found = scan_pinned(&*pinned, &RowRange::all());
        assert_rows(&found, expected, &format!("{what}, pin {round}"));
        if round % 4 == 3 {
            tidy(store);
        }
        assert_rows(&all(store), expected, &format!("{what}, round {round}"));
    }
}

pub(super) fn tidy(store: &dyn Store) {
    store.tidy(&Cancel::new()).expect("a tidy store");
}

/// Not through writes, deletions, merges and tidying, nor by opening all rows of the pins of a store of a part.
pub fn rows_outside_a_part_do_not_come_back(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    let rows = fill(&place, &*store, 600);
    let mut pinned = place.pin(&*store, "pin");
    let mut expected = rows;
    // Each is opened from the one before; at the end a range that the first did not have.
    let ranges = [
        groups(10, 100),
        groups(20, 128),
        groups(0, 60),
        groups(0, 128),
    ];
    let mut visible = RowRange::all();
    for (number, range) in ranges.iter().enumerate() {
        visible = visible.intersection(range).expect("groups in all ranges");
        expected = within(&expected, range);
        let choice = if number % 2 == 0 {
            Choice::Needed
        } else {
            Choice::All
        };
        let what = format!("life {number}");
        let part = place.part_of(&*pinned, &what, range, choice);
        let store = place.opened(&format!("{what}, opened"), vec![part]);
        assert_rows(&all(&*store), &expected, &what);
        // Only where it had rows: what is elsewhere would be written by a churn, too.
        churn(&place, &*store, &mut expected, &visible, &what);
        pinned = place.pin(&*store, &format!("{what}, last pin"));
    }

    let whole = place.reopen(&*pinned, "whole");
    assert_rows(&all(&*whole), &expected, "the last pin");
    assert!(expected.keys().all(|row| visible.contains(row)));
}

/// One store becomes two, each deletes and overwrites, two become one: both halves' files have stale rows of the
/// other half, below its deletions.
pub fn what_was_deleted_after_a_split_stays_deleted_after_the_join(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    let mut expected = fill(&place, &*store, 600);
    let whole = place.pin(&*store, "pin");
    let mut pins: Vec<(RowRange, Box<dyn Pinned>)> = vec![(RowRange::all(), whole)];
    for round in 0..4_u16 {
        let what = |part: &str| format!("round {round}, {part}");
        let middle = 30 + 20 * round;
        let halves = [groups(0, middle), groups(middle, 128)];
        let mut halves_pinned = Vec::new();
        for (half, range) in halves.into_iter().enumerate() {
            let name = what(&format!("half {half}"));
            let store = place.opened(&name, parts(&place, &name, &pins, &range));
            let changes: Changes = within(&expected, &range)
                .into_keys()
                .enumerate()
                .filter(|(n, _)| n % 2 == usize::from(round % 2))
                .map(|(n, row)| (row, (n % 3 > 0).then(|| name.clone().into_bytes())))
                .collect();
            write(&*store, &changes);
            apply(&mut expected, &changes);
            assert_rows(&all(&*store), &within(&expected, &range), &name);
            halves_pinned.push((range, place.pin(&*store, &format!("{name}, pin"))));
        }
        let name = what("joined");
        let joined = place.opened(&name, parts(&place, &name, &halves_pinned, &groups(0, 128)));
        assert_rows(&all(&*joined), &expected, &name);
        let pinned = place.pin(&*joined, &format!("{name}, pin"));
        pins = vec![(groups(0, 128), pinned)];
    }
}

/// The parts of a range.
fn parts(
    place: &Place<'_>,
    name: &str,
    pins: &[(RowRange, Box<dyn Pinned>)],
    range: &RowRange,
) -> Vec<Part> {
    let numbered = pins.iter().enumerate();
    let parts = numbered.filter_map(|(number, (rows, pinned))| {
        let rows = rows.intersection(range)?;
        Some(place.part(&**pinned, &format!("{name}, part {number}"), &rows))
    });
    parts.collect()
}

/// Tidying gives back space, at whatever moment: rows stay, whether it ends or is cancelled.
pub fn tidying_changes_no_row(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    let rows = fill(&place, &*store, 600);
    let pinned = place.pin(&*store, "pin");
    let parts = [groups(0, 20), groups(30, 70), groups(70, 75)]
        .into_iter()
        .enumerate();
    let parts = parts.map(|(n, range)| place.part(&*pinned, &format!("part {n}"), &range));
    let store = place.opened("opened", parts.collect());
    let mut expected = rows;
    expected.retain(|row, _| !groups(20, 30).contains(row) && !groups(75, 128).contains(row));

    let cancelled = Cancel::new();
    cancelled.cancel();
    let refused = store.tidy(&cancelled);
    assert_eq!(
        refused.expect_err("tidied though cancelled").kind(),
        ErrorKind::Cancelled
    );
    assert_rows(&all(&*store), &expected, "cancelled");

    std::thread::scope(|scope| {
        let tidying = scope.spawn(|| (0..20).for_each(|_| tidy(&*store)));
        churn(
            &place,
            &*store,
            &mut expected,
            &groups(30, 75),
            "while it is tidied",
        );
        assert!(tidying.join().is_ok(), "tidying failed");
    });
    tidy(&*store);
    assert_rows(&all(&*store), &expected, "tidy");
}
