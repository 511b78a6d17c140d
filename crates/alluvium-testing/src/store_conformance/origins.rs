//! Which files of a store of parts are which placed ones: on that, snapshots after a restore are incremental.

#![expect(
    clippy::missing_panics_doc,
    clippy::expect_used,
    reason = "a check panics where a store does not conform"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use alluvium::protocol::row::RowRange;
use alluvium::storage::Cancel;
use alluvium::store::{Opened, Part, Pinned, Store, StoreFactory};

use super::harness::{
    Changes, Place, all, assert_rows, contents, fill, groups, numbered, read, scan_pinned, write,
};
use super::placing::{Choice, copy};

/// What a store says of its origins, in bytes: those of each file that is a placed one, by the name it has now.
pub(super) struct Origins {
    pub(super) store: Arc<dyn Store>,
    files: BTreeMap<String, Vec<u8>>,
}

impl Origins {
    /// Opens parts and reads what the origins name. The same pins as the parts, in that order.
    pub(super) fn open(
        place: &Place<'_>,
        name: &str,
        parts: Vec<Part>,
        pins: &[&dyn Pinned],
    ) -> Self {
        let placed: Vec<_> = parts.iter().map(|part| part.files.clone()).collect();
        let Opened { store, origins, .. } =
            place.open_parts(name, parts).expect("a store of parts");
        let named = origins.into_iter().map(|(name, (part, file))| {
            let placed = placed.get(part).and_then(|files| files.get(file));
            assert!(placed.is_some(), "{name} came from nowhere: {part}, {file}");
            let placed = placed.expect("a placed file");
            assert!(placed.bounds.is_some(), "{name} came from bookkeeping");
            let pin = pins.get(part).expect("a pin for each part");
            let source = pin.files().iter().find(|file| file.name == placed.name);
            (name, read(&source.expect("a pinned file").path))
        });
        let files = named.collect();
        Self { store, files }
    }

    /// A store without origins.
    pub(super) const fn none(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            files: BTreeMap::new(),
        }
    }

    /// Compares the files that a later pin still has, and returns their number.
    pub(super) fn check(&self, pinned: &dyn Pinned, what: &str) -> usize {
        let kept = pinned.files().iter().filter_map(|file| {
            let content = self.files.get(&file.name)?;
            Some((file, content))
        });
        let checked = kept.map(|(file, content)| {
            assert!(file.shared, "{what}: {} cannot be referred to", file.name);
            assert!(
                read(&file.path) == *content,
                "{what}: {} is not the file that it came from",
                file.name
            );
        });
        checked.count()
    }
}

/// A store with rows of some groups, in as many files, so few that nothing has to merge them.
fn small_store(place: &Place<'_>, name: &str, range: &RowRange, files: u32) -> Box<dyn Pinned> {
    let store = place.create(name);
    for file in 0..files {
        // Each an eighth of the one before, so that they are not worth merging.
        let numbers = (0..2000).step_by(8_usize.pow(file));
        let changes: Changes = numbers
            .map(|n| (numbered(n), Some(format!("{name} {file} {n}").into_bytes())))
            .filter(|(row, _)| range.contains(row))
            .collect();
        write(&*store, &changes);
        drop(place.pin(&*store, &format!("{name}, {file}")));
    }
    place.pin(&*store, &format!("{name}, pinned"))
}

fn shared_names(pinned: &dyn Pinned) -> BTreeSet<&str> {
    let shared = pinned.files().iter().filter(|file| file.shared);
    shared.map(|file| file.name.as_str()).collect()
}

/// From files that have nothing but rows of their parts, whether linked or copied: the first pin has them all and
/// no others, so that the first snapshot uploads nothing.
pub fn the_first_pin_has_the_files_of_its_parts(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let ranges = [groups(0, 50), groups(50, 128)];
    let pins = [(0, 2), (1, 1)].map(|(number, files)| {
        let range = ranges.get(number).expect("two ranges");
        small_store(&place, &format!("store {number}"), range, files)
    });
    for choice in Choice::EACH {
        for copied in [false, true] {
            for count in [1, 2] {
                let what = format!("{choice:?}, copied: {copied}, {count}");
                let parts = pins.iter().zip(&ranges).take(count).enumerate();
                let parts: Vec<Part> = parts
                    .map(|(n, (pin, range))| {
                        place.part_of(&**pin, &format!("{what}, part {n}"), range, choice)
                    })
                    .collect();
                if copied {
                    parts.iter().for_each(copy);
                }
                let sources: Vec<&dyn Pinned> = pins.iter().map(|pin| &**pin).collect();
                let placed: usize = sources
                    .iter()
                    .take(count)
                    .map(|p| shared_names(*p).len())
                    .sum();

                let opened = Origins::open(&place, &format!("{what}, opened"), parts, &sources);
                let first = place.pin(&*opened.store, &format!("{what}, first"));

                assert_eq!(
                    opened.check(&*first, &what),
                    placed,
                    "{what}: {:?}",
                    first.files()
                );
                assert_eq!(
                    shared_names(&*first).len(),
                    placed,
                    "{what}: {:?}",
                    first.files()
                );
            }
        }
    }
}

/// Files of parts that are cut out of what several stores have, through the whole life of the new store.
pub fn an_origin_is_never_another_file(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    fill(&place, &*store, 600);
    let one = place.pin(&*store, "pin of one");
    let other = small_store(&place, "other", &groups(20, 128), 2);
    for choice in Choice::EACH {
        let what = format!("{choice:?}");
        // The first source twice, with the same names in both directories and in that of the other source.
        let cuts = [
            (&one, groups(0, 30)),
            (&other, groups(30, 90)),
            (&one, groups(90, 128)),
        ];
        let parts = cuts.iter().enumerate().map(|(n, (pin, range))| {
            place.part_of(&***pin, &format!("{what}, part {n}"), range, choice)
        });
        let parts = parts.collect();
        let opened = Origins::open(
            &place,
            &format!("{what}, opened"),
            parts,
            &[&*one, &*other, &*one],
        );

        opened.check(
            &*place.pin(&*opened.store, &format!("{what}, first")),
            &what,
        );

        for round in 0..10_u32 {
            let numbers = (0..400).filter(|number| number % 10 >= round);
            let value =
                |n: u32| (!n.is_multiple_of(4)).then(|| format!("{what} {round} {n}").into_bytes());
            let changes: Changes = numbers.map(|n| (numbered(n), value(n))).collect();
            write(&*opened.store, &changes);
            opened.check(
                &*place.pin(&*opened.store, &format!("{what}, pin {round}")),
                &what,
            );
        }
    }
}

/// A local copy is linked, and linked again at the next failure: no store may change it.
pub fn opening_parts_leaves_their_pins_unchanged(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let store = place.create("store");
    let rows = fill(&place, &*store, 600);
    let pinned = place.pin(&*store, "pin");
    let files = contents(&*pinned);
    for choice in Choice::EACH {
        let ranges = [groups(0, 40), groups(40, 100)].into_iter().enumerate();
        let name = |n: usize| format!("{choice:?}, part {n}");
        let parts = ranges.map(|(n, range)| place.part_of(&*pinned, &name(n), &range, choice));
        let store = place.opened(&format!("{choice:?}, opened"), parts.collect());

        for round in 0..6_u32 {
            let rows = (0..600)
                .map(numbered)
                .filter(|row| groups(0, 100).contains(row));
            let changes = rows.map(|row| (row, (round % 2 > 0).then(|| b"other".to_vec())));
            write(&*store, &changes.collect());
            drop(place.pin(&*store, &format!("{choice:?}, pin {round}")));
        }
        store.tidy(&Cancel::new()).expect("a tidy store");
        drop(store);

        assert!(
            contents(&*pinned) == files,
            "{choice:?}: a pinned file changed"
        );
        assert_rows(&scan_pinned(&*pinned, &RowRange::all()), &rows, "the pin");
        let again = place.reopen(&*pinned, &format!("{choice:?}, again"));
        assert_rows(&all(&*again), &rows, "opened again");
    }
}
