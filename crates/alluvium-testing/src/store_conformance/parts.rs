//! What a store of parts shows: the rows of its parts, all of them and no others.

use alluvium::protocol::row::RowRange;
use alluvium::store::{Part, Store, StoreFactory};

use super::harness::{
    Changes, Place, Rows, all, apply, assert_rows, fill, get, groups, numbered, scan, scan_pinned,
    within, write,
};
use super::placing::Choice;

/// Reads a store in every way.
fn check(place: &Place<'_>, store: &dyn Store, known: &Rows, expected: &Rows, what: &str) {
    assert_rows(&all(store), expected, what);
    for row in known.keys() {
        assert_eq!(
            get(store, row),
            expected.get(row).cloned(),
            "{what}: {row:02x?}"
        );
    }
    let pinned = place.pin(store, &format!("{what}: pin"));
    assert_rows(&scan_pinned(&*pinned, &RowRange::all()), expected, what);
    let some = groups(17, 67);
    let expected_some = within(expected, &some);
    assert_rows(&scan_pinned(&*pinned, &some), &expected_some, what);
    assert_rows(&scan(store, &some), &expected_some, what);
    let again = place.reopen(&*pinned, &format!("{what}: again"));
    assert_rows(&all(&*again), expected, what);
}

/// Half-open, at whatever rows a part begins and ends, whichever files were placed.
pub fn a_part_shows_only_its_rows(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    let rows = fill(&place, &*store, 1000);
    let pinned = place.pin(&*store, "pin");
    let (first, middle) = (numbered(0), numbered(70));
    let after = |row: &[u8]| [row, &[0]].concat();
    let ranges = [
        RowRange::all(),
        groups(0, 40),
        groups(40, 90),
        groups(90, 128),
        // One row; all but the first; what is before it, and behind the last.
        RowRange::new(middle.clone(), Some(after(&middle))),
        RowRange::new(after(&first), None),
        RowRange::new(Vec::new(), Some(first)),
        groups(128, 200),
        // From behind a row to before another of the same group.
        RowRange::new(after(&middle), Some(numbered(70 + 128 * 4))),
    ];
    for (number, range) in ranges.iter().enumerate() {
        for choice in Choice::EACH {
            let what = format!("part {number} of {choice:?}");
            let part = place.part_of(&*pinned, &what, range, choice);

            let store = place.opened(&format!("{what}, opened"), vec![part]);

            check(&place, &*store, &rows, &within(&rows, range), &what);
        }
    }
}

/// As when a job goes on with fewer subtasks: rows of all, in order, and each row of its part's store.
pub fn parts_of_several_stores_open_as_one(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let ranges = [
        groups(0, 30),
        groups(30, 31),
        groups(31, 90),
        groups(90, 128),
    ];
    let mut known = Rows::new();
    let mut expected = Rows::new();
    let mut pins = Vec::new();
    for (number, range) in ranges.iter().enumerate() {
        let store = place.create(&format!("store {number}"));
        // Every store has rows in all groups, of which only those of its part count.
        let mut rows = fill(&place, &*store, 700);
        let own: Changes = (0..700)
            .step_by(3)
            .map(numbered)
            .zip(std::iter::repeat_with(|| {
                Some(format!("value of store {number}").into_bytes())
            }))
            .collect();
        write(&*store, &own);
        apply(&mut rows, &own);
        expected.append(&mut within(&rows, range));
        known.append(&mut rows);
        pins.push(place.pin(&*store, &format!("pin {number}")));
    }
    for choice in Choice::EACH {
        for reversed in [false, true] {
            let what = format!("{choice:?}, reversed: {reversed}");
            let parts = pins.iter().zip(&ranges).enumerate();
            let mut parts: Vec<Part> = parts
                .map(|(n, (pin, range))| {
                    place.part_of(&**pin, &format!("{what}, part {n}"), range, choice)
                })
                .collect();
            if reversed {
                parts.reverse();
            }

            let store = place.opened(&format!("{what}, opened"), parts);

            check(&place, &*store, &known, &expected, &what);
        }
    }
}

/// Snapshots of two subtasks refer to the same file when both came from it: it is linked twice. What is between
/// the parts is nobody's.
pub fn parts_of_one_store_open_as_one(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    let rows = fill(&place, &*store, 1000);
    let pinned = place.pin(&*store, "pin");
    for choice in Choice::EACH {
        let ranges = [
            groups(5, 40),
            groups(40, 41),
            groups(60, 64),
            groups(64, 100),
        ];
        let part = |n: usize| format!("{choice:?}, part {n}");
        let parts = ranges.iter().enumerate();
        let parts = parts.map(|(n, range)| place.part_of(&*pinned, &part(n), range, choice));
        let what = format!("{choice:?}");

        let store = place.opened(&format!("{what}, opened"), parts.collect());

        let inside = |row: &[u8]| ranges.iter().any(|range| range.contains(row));
        let mut expected = rows.clone();
        expected.retain(|row, _| inside(row));
        check(&place, &*store, &rows, &expected, &what);
    }
}

/// A source may have had no files where the target needs it. That is no reason to refuse it, alone or beside
/// others, and rows can be written there.
pub fn a_part_without_files_has_no_rows(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    let rows = fill(&place, &*store, 500);
    let pinned = place.pin(&*store, "pin");
    let nothing = |name: &str, rows: RowRange| {
        let all = place.part(&*pinned, name, &RowRange::new(Vec::new(), Some(Vec::new())));
        Part { rows, ..all }
    };

    let alone = place.opened("alone", vec![nothing("nothing", groups(0, 128))]);
    let beside = vec![
        nothing("before", groups(0, 20)),
        place.part(&*pinned, "some", &groups(20, 50)),
        nothing("behind", groups(50, 128)),
    ];
    let beside = place.opened("beside", beside);

    assert_rows(&all(&*alone), &Rows::new(), "alone");
    let mut expected = within(&rows, &groups(20, 50));
    assert_rows(&all(&*beside), &expected, "beside");
    let changes: Changes = [3, 30, 60]
        .map(|number| (numbered(number), Some(b"written".to_vec())))
        .into();
    write(&*alone, &changes);
    write(&*beside, &changes);
    let mut written = Rows::new();
    apply(&mut written, &changes);
    apply(&mut expected, &changes);
    check(&place, &*alone, &rows, &written, "written alone");
    check(&place, &*beside, &rows, &expected, "written beside");
}
