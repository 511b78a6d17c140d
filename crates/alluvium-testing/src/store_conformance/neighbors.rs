//! Regions that a neighbor's files reach into, of which their own source has nothing: the neighbor's rows there are stale.

#![expect(
    clippy::missing_panics_doc,
    reason = "a check panics where a store does not conform"
)]

use alluvium::protocol::row::RowRange;
use alluvium::store::{Pinned, StoreFactory};

use super::harness::{
    Changes, Place, Rows, all, assert_rows, fill, get, groups, numbered, within, write,
};
use super::placing::Choice;
use super::strays::{churn, tidy};

/// A region for which nobody has files lies between files that reach into it: it is empty, and what is written
/// there is what there is.
pub fn rows_can_be_written_where_only_a_neighbor_has_stale_ones(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let (left, right) = (place.create("left"), place.create("right"));
    let rows = fill(&place, &*left, 600);
    assert_rows(&fill(&place, &*right, 600), &rows, "the same rows in both");
    let (left, right) = (
        place.pin(&*left, "left pin"),
        place.pin(&*right, "right pin"),
    );
    let empty = groups(40, 90);
    let parts = |name: &str, middle: &dyn Pinned, choice| {
        let name = |part: &str| format!("{name}, {part}");
        vec![
            place.part_of(&*left, &name("left"), &groups(0, 40), Choice::Needed),
            place.part_of(middle, &name("middle"), &empty, choice),
            place.part_of(&*right, &name("right"), &groups(90, 128), Choice::Needed),
        ]
    };
    let nobody = place.create("nobody");
    let emptied = emptied(&place, &*left, &empty);
    let nobody = place.pin(&*nobody, "nobody's pin");
    let middles = [("without files", &*nobody), ("emptied", &*emptied)];
    for (what, middle) in middles {
        for choice in [Choice::Needed, Choice::All] {
            let what = format!("{what} {choice:?}");
            let store = place.opened(&format!("{what}, opened"), parts(&what, middle, choice));
            let mut expected = rows.clone();
            expected.retain(|row, _| !empty.contains(row));
            assert_rows(&all(&*store), &expected, &what);
            for row in within(&rows, &empty).keys() {
                assert_eq!(get(&*store, row), None, "{what}: {row:02x?}");
            }

            churn(&place, &*store, &mut expected, &empty, &what);
            churn(
                &place,
                &*store,
                &mut expected,
                &groups(30, 100),
                &format!("{what}, beyond"),
            );

            let pinned = place.pin(&*store, &format!("{what}, last pin"));
            let whole = place.reopen(&*pinned, &format!("{what}, reopened"));
            assert_rows(&all(&*whole), &expected, &what);
        }
    }
}

/// A pin of a store that was opened for a range and has deleted all of it, and merged what it had.
fn emptied(place: &Place<'_>, pinned: &dyn Pinned, range: &RowRange) -> Box<dyn Pinned> {
    let part = place.part(pinned, "to be emptied", range);
    let store = place.opened("emptied", vec![part]);
    let deletions: Changes = within(&all(&*store), range)
        .into_keys()
        .map(|row| (row, None))
        .collect();
    for number in 0..8 {
        write(&*store, &deletions);
        drop(place.pin(&*store, &format!("emptied {number}")));
    }
    tidy(&*store);
    assert_rows(&all(&*store), &Rows::new(), "a store that was emptied");
    place.pin(&*store, "emptied pin")
}

/// A source that has no file at one end of its part, of which its neighbor's files have rows: whichever has
/// more files, and whichever comes first.
pub fn a_region_without_rows_is_not_filled_by_a_neighbor(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let pinned = |name: &str, range: &RowRange, files: u32| {
        let store = place.create(name);
        for file in 0..files {
            let numbers = (0..600).step_by(6_usize.pow(file)).map(numbered);
            let changes = numbers.map(|row| (row, Some(format!("{name} {file}").into_bytes())));
            write(
                &*store,
                &changes.filter(|(row, _)| range.contains(row)).collect(),
            );
            drop(place.pin(&*store, &format!("{name}, {file}")));
        }
        let rows = all(&*store);
        (place.pin(&*store, &format!("{name}, pinned")), rows)
    };
    let regions = [
        // What the one has and is asked for, what the other has and is asked for.
        [
            groups(0, 30),
            groups(0, 60),
            groups(30, 128),
            groups(60, 128),
        ],
        [
            groups(90, 128),
            groups(60, 128),
            groups(0, 90),
            groups(0, 60),
        ],
    ];
    for (number, [has, asked, neighbor_has, neighbor_asked]) in regions.iter().enumerate() {
        for (files, neighbor_files) in [(2, 1), (1, 2), (1, 1)] {
            for swapped in [false, true] {
                let what = format!("{number}, {files} and {neighbor_files} files, {swapped}");
                let (one, rows) = pinned(&format!("{what}, one"), has, files);
                let name = format!("{what}, neighbor");
                let (neighbor, neighbor_rows) = pinned(&name, neighbor_has, neighbor_files);
                let mut parts = vec![
                    place.part(&*one, &format!("{what}, part"), asked),
                    place.part(
                        &*neighbor,
                        &format!("{what}, neighbor's part"),
                        neighbor_asked,
                    ),
                ];
                if swapped {
                    parts.reverse();
                }

                let store = place.opened(&format!("{what}, opened"), parts);

                let mut expected = within(&rows, asked);
                expected.append(&mut within(&neighbor_rows, neighbor_asked));
                assert_rows(&all(&*store), &expected, &what);
                churn(&place, &*store, &mut expected, &groups(25, 95), &what);
            }
        }
    }
}
