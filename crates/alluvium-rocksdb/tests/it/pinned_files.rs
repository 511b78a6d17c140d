//! Which files a pin lists, in which order, and what it says of them.

use alluvium::Result;
use alluvium::store::StoreFactory;
use alluvium_rocksdb::FileNote;

use crate::stores::{Stores, fill};

#[test]
fn manifests_record_these_stores_as_rocksdb() -> Result<()> {
    assert_eq!(Stores::new()?.factory.kind(), "rocksdb");
    Ok(())
}

#[test]
fn a_pin_lists_data_files_oldest_first_then_bookkeeping_and_current_last() -> Result<()> {
    let stores = Stores::new()?;
    let store = stores.create("store")?;
    for round in 0..3 {
        fill(&*store, 10, &format!("round {round}"))?;
        drop(store.pin(&stores.path(&format!("pin {round}")))?);
    }

    let pinned = store.pin(&stores.path("pin"))?;

    let data = pinned.files().iter().take_while(|file| file.shared);
    let mut files = Vec::new();
    for file in data {
        assert!(file.name.ends_with(".sst"), "{}", file.name);
        let note = FileNote::decode(&file.note, &file.name)?;
        let FileNote::Data {
            level,
            smallest_sequence,
            largest_sequence,
            ..
        } = note
        else {
            panic!("no note of a data file: {}", file.name);
        };
        files.push((level, smallest_sequence, largest_sequence));
    }
    // The first run meets no other file and goes to the last level. Each later one has a sequence number of its own.
    assert_eq!(files, [(6, 0, 0), (0, 1, 1), (0, 2, 2)]);
    let rest = pinned.files().iter().skip_while(|file| file.shared);
    let kinds: Vec<&str> = rest
        .map(|file| file.name.split('-').next().unwrap_or_default())
        .collect();
    assert_eq!(kinds, ["OPTIONS", "MANIFEST", "CURRENT"]);
    Ok(())
}

#[test]
fn a_pin_of_an_unchanged_store_lists_the_same_data_files() -> Result<()> {
    let stores = Stores::new()?;
    let store = stores.create("store")?;
    fill(&*store, 100, "value")?;
    let data = |pin: &str| -> Result<Vec<_>> {
        let pinned = store.pin(&stores.path(pin))?;
        let shared = pinned.files().iter().filter(|file| file.shared);
        Ok(shared
            .map(|file| (file.name.clone(), file.note.clone(), file.bounds.clone()))
            .collect())
    };

    let first = data("first")?;

    assert_eq!(first.len(), 1);
    assert_eq!(data("second")?, first);
    Ok(())
}
