//! Parts that cannot be opened: those that contradict each other, and those with files that are missing or damaged.

#![expect(
    clippy::missing_panics_doc,
    clippy::expect_used,
    reason = "a check panics where a store does not conform"
)]

use std::fs;

use alluvium::protocol::row::RowRange;
use alluvium::store::{Part, StoreFactory};
use alluvium::{ErrorKind, Result};

use super::harness::{Place, Rows, assert_rows, collect, fill, groups, read, scan_pinned};
use super::placing::{Choice, replace};

/// A store of nothing is created, not opened.
pub fn no_part_is_invalid(factory: &dyn StoreFactory) {
    let place = Place::new(factory);

    let refused = place.open_parts("nothing", Vec::new());

    assert_eq!(
        refused.expect_err("opened nothing").kind(),
        ErrorKind::Invalid
    );
}

/// A row that came from two parts would be which one's?
pub fn parts_whose_rows_meet_are_invalid(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    fill(&place, &*store, 300);
    let pinned = place.pin(&*store, "pin");
    let meeting = [
        (groups(0, 50), groups(49, 100)),
        (groups(49, 100), groups(0, 50)),
        (RowRange::all(), groups(49, 100)),
        (groups(20, 30), groups(20, 30)),
        // They meet where there are no files.
        (groups(200, 300), groups(250, 251)),
    ];
    for (number, (one, other)) in meeting.iter().enumerate() {
        for choice in [Choice::Needed, Choice::All] {
            let part = |name: &str, rows| {
                let name = format!("{name} {number} of {choice:?}");
                place.part_of(&*pinned, &name, rows, choice)
            };
            let parts = vec![
                part("one", one),
                part("between", &groups(400, 401)),
                part("other", other),
            ];

            let refused = place.open_parts(&format!("{number} {choice:?}"), parts);

            let error = refused.expect_err("opened parts that meet");
            assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
        }
    }
}

/// What is done to a file.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Missing,
    /// Cut to so many eighths.
    Cut(usize),
    /// A byte changed, so many sixteenths behind the beginning.
    Flipped(usize),
}

/// In any file of any of several parts: an error that says so, or (where nothing depends on it) the right rows. What
/// has rows is never missing without an error that names it.
pub fn damage_to_one_of_several_parts_is_an_error_or_harmless(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    let rows = fill(&place, &*store, 400);
    let pinned = place.pin(&*store, "pin");
    let mut expected = rows.clone();
    expected.retain(|row, _| !groups(40, 60).contains(row));
    let damages = [Damage::Missing, Damage::Cut(0), Damage::Cut(5)];
    let flips = (0..16).map(Damage::Flipped);
    let damages: Vec<Damage> = damages.into_iter().chain(flips).collect();
    let mut refused = 0;
    for choice in [Choice::Needed, Choice::All] {
        let count = place
            .part_of(&*pinned, &format!("{choice:?}"), &groups(60, 128), choice)
            .files
            .len();
        for number in 0..count {
            for &damage in &damages {
                let what = format!("{damage:?} {number} of {choice:?}");
                let parts = [groups(0, 40), groups(60, 128)].into_iter().enumerate();
                let parts: Vec<Part> = parts
                    .map(|(n, range)| {
                        place.part_of(&*pinned, &format!("{what}, part {n}"), &range, choice)
                    })
                    .collect();
                let part = parts.last().expect("two parts");
                let file = part
                    .files
                    .get(number)
                    .expect("as many files as before")
                    .clone();
                apply(damage, &part.directory.join(&file.name));

                let error = match read_all(&place, &what, parts) {
                    Ok(found) => {
                        let needed = matches!(damage, Damage::Missing) && file.bounds.is_some();
                        assert!(!needed, "{what}: opened without {}", file.name);
                        assert_rows(&found, &expected, &what);
                        continue;
                    }
                    Err(error) => error,
                };
                refused += 1;
                assert_eq!(error.kind(), ErrorKind::Corrupt, "{what}: {error:?}");
                if matches!(damage, Damage::Missing) {
                    assert!(
                        format!("{error:?}").contains(&file.name),
                        "{what}: {error:?}"
                    );
                }
            }
        }
    }
    assert!(
        refused > damages.len() / 2,
        "{refused} damaged files were noticed"
    );
    assert_rows(
        &scan_pinned(&*pinned, &RowRange::all()),
        &rows,
        "what was damaged was a copy",
    );
}

fn apply(damage: Damage, path: &std::path::Path) {
    let mut content = read(path);
    match damage {
        Damage::Missing => return fs::remove_file(path).expect("a placed file"),
        Damage::Cut(eighths) => content.truncate(content.len() * eighths / 8),
        Damage::Flipped(sixteenths) => {
            let at = content.len() * sixteenths / 16;
            for byte in content.iter_mut().skip(at).take(1) {
                *byte ^= 0x40;
            }
        }
    }
    replace(path, &content);
}

fn read_all(place: &Place<'_>, name: &str, parts: Vec<Part>) -> Result<Rows> {
    let opened = place.open_parts(&format!("{name}, opened"), parts)?;
    let mut cursor = opened.store.scan(&RowRange::all())?;
    collect(cursor.as_mut())
}
