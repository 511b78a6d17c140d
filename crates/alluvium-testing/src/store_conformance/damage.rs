//! Files that are missing, cut short or changed: an error, never wrong rows and never a panic.

#![expect(
    clippy::missing_panics_doc,
    clippy::expect_used,
    reason = "a check panics where a store does not conform"
)]

use std::fs;

use alluvium::protocol::row::RowRange;
use alluvium::store::{Pinned, PlacedFile, StoreFactory};
use alluvium::{ErrorKind, Result};

use super::harness::{Place, Rows, collect, fill};
use super::placing::replace;

/// Each file that a pin lists is needed, and its absence is named.
pub fn a_missing_file_is_corrupt_and_named(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let pinned = pinned(&place);
    for (number, missing) in pinned.files().iter().enumerate() {
        let name = format!("without {number}");
        let files = place.place(&*pinned, &name);
        fs::remove_file(place.path(&name).join(&missing.name)).expect("a placed file");

        let error = place
            .open(&name, &files)
            .expect_err("opened a store without one of its files");

        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
        assert!(
            format!("{error:?}").contains(&missing.name),
            "{error:?} for {}",
            missing.name
        );
    }
}

/// A file that ends too early, by one byte, by half or wholly, is noticed at the latest when it is
/// read.
pub fn a_truncated_file_is_an_error(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let pinned = pinned(&place);
    for (number, file) in pinned.files().iter().enumerate() {
        for bytes in [file.bytes - 1, file.bytes / 2, 0] {
            let name = format!("cut {number} at {bytes}");
            let files = place.place(&*pinned, &name);
            let mut content = super::harness::read(&file.path);
            content.truncate(usize::try_from(bytes).expect("a length"));
            replace(&place.path(&name).join(&file.name), &content);

            let read = read_all(&place, &name, &files);

            let error = read.expect_err("read rows from a file that was cut short");
            assert_eq!(
                error.kind(),
                ErrorKind::Corrupt,
                "{} cut at {bytes}: {error:?}",
                file.name
            );
        }
    }
}

/// One byte of one file changed: an error, or (where nothing depends on the byte) the right rows.
pub fn a_flipped_byte_is_an_error_or_harmless(factory: &dyn StoreFactory) {
    let place = Place::new(factory);
    let pinned = pinned(&place);
    let mut expected = pinned.scan(&RowRange::all()).expect("a scan");
    let expected = collect(expected.as_mut()).expect("rows");
    let (mut harmless, mut noticed) = (0, 0);
    for (number, file) in pinned.files().iter().enumerate() {
        let content = super::harness::read(&file.path);
        // A step that meets headers, blocks, indexes and trailers alike in files of any size.
        for at in (0..content.len()).step_by((content.len() / 23).max(1)) {
            let name = format!("flip {number} at {at}");
            let files = place.place(&*pinned, &name);
            let mut changed = content.clone();
            for byte in changed.iter_mut().skip(at).take(1) {
                *byte ^= 0x40;
            }
            replace(&place.path(&name).join(&file.name), &changed);

            match read_all(&place, &name, &files) {
                Ok(read) => {
                    assert!(read == expected, "wrong rows: byte {at} of {}", file.name);
                    harmless += 1;
                }
                Err(error) => {
                    assert_eq!(
                        error.kind(),
                        ErrorKind::Corrupt,
                        "{} at {at}: {error:?}",
                        file.name
                    );
                    noticed += 1;
                }
            }
            fs::remove_dir_all(place.path(&name)).expect("the damaged store's directory");
        }
    }
    assert!(
        noticed > harmless,
        "{noticed} of {} flipped bytes were noticed",
        noticed + harmless
    );
}

fn pinned(place: &Place<'_>) -> Box<dyn Pinned> {
    let store = place.create("store");
    fill(place, &*store, 400);
    place.pin(&*store, "pin")
}

fn read_all(place: &Place<'_>, name: &str, files: &[PlacedFile]) -> Result<Rows> {
    let store = place.open(name, files)?;
    let mut cursor = store.scan(&RowRange::all())?;
    collect(cursor.as_mut())
}
