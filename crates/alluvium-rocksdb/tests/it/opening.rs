//! What is opened, and what is refused.

use std::fs;

use alluvium::store::PlacedFile;
use alluvium::{Error, ErrorKind, Result};
use alluvium_rocksdb::{Compression, RocksOptions, RocksStoreFactory};

use crate::stores::{Stores, count, fill};

#[test]
fn creating_a_store_where_one_lives_is_refused_and_leaves_it_alone() -> Result<()> {
    let stores = Stores::new()?;
    let store = stores.create("store")?;
    fill(&*store, 10, "value")?;

    let error = stores.create("store").unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(
        error.to_string().contains("holds a store already"),
        "{error}"
    );
    assert_eq!(count(&*store)?, 10);
    Ok(())
}

#[test]
fn a_store_cannot_be_created_below_a_file() -> Result<()> {
    let stores = Stores::new()?;
    fs::write(stores.path("file"), b"").map_err(|e| Error::io("write", e))?;

    let error = stores.create("file/store").unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    Ok(())
}

#[test]
fn files_may_be_opened_with_other_options_than_they_were_written_with() -> Result<()> {
    let stores = Stores::new()?;
    let store = stores.create("store")?;
    fill(&*store, 1000, "value")?;
    let pinned = store.pin(&stores.path("pin"))?;
    let placed = stores.place(&*pinned, "reopened")?;
    let mut other = RocksOptions::default();
    other.compression = Compression::None;
    other.bloom_bits = 0;
    other.open_files = Some(32);

    let reopened = stores.open_with(&RocksStoreFactory::new(other)?, "reopened", &placed)?;

    assert_eq!(count(&*reopened)?, 1000);
    fill(&*reopened, 2000, "more")?;
    assert_eq!(count(&*reopened)?, 2000);
    Ok(())
}

#[test]
fn a_manifest_cut_anywhere_is_refused_rather_than_read_as_an_older_state() -> Result<()> {
    let stores = Stores::new()?;
    let store = stores.create("store")?;
    for round in 0..3 {
        fill(&*store, 10 * (round + 1), "value")?;
        drop(store.pin(&stores.path(&format!("pin {round}")))?);
    }
    let pinned = store.pin(&stores.path("pin"))?;
    let placed = stores.place(&*pinned, "cut")?;
    let manifest = placed
        .iter()
        .find(|file| file.name.starts_with("MANIFEST"))
        .unwrap();
    let path = stores.path("cut").join(&manifest.name);
    let length = fs::metadata(&path).map_err(|e| Error::io("look", e))?.len();
    let file = fs::File::options()
        .write(true)
        .open(&path)
        .map_err(|e| Error::io("open", e))?;

    for bytes in (0..length).rev() {
        file.set_len(bytes).map_err(|e| Error::io("cut", e))?;
        let error = stores.open("cut", &placed).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(format!("{error:?}").contains(&manifest.name), "{error:?}");
    }
    Ok(())
}

#[test]
fn a_data_file_in_anothers_place_is_refused() -> Result<()> {
    let stores = Stores::new()?;
    let (mine, theirs) = (stores.create("mine")?, stores.create("theirs")?);
    fill(&*mine, 100, "mine")?;
    fill(&*theirs, 100, "them")?;
    let (mine, theirs) = (mine.pin(&stores.path("a"))?, theirs.pin(&stores.path("b"))?);
    let placed = stores.place(&*mine, "swapped")?;
    let (ours, other) = (&mine.files()[0], &theirs.files()[0]);
    assert_eq!(
        (&ours.name, ours.bytes),
        (&other.name, other.bytes),
        "alike but for the rows"
    );
    fs::copy(&other.path, stores.path("swapped").join(&ours.name))
        .map_err(|e| Error::io("swap", e))?;

    let opened = stores.open("swapped", &placed);

    assert_eq!(opened.unwrap_err().kind(), ErrorKind::Corrupt);
    Ok(())
}

#[test]
fn a_name_that_leads_out_of_the_directory_is_refused() -> Result<()> {
    let stores = Stores::new()?;
    let store = stores.create("store")?;
    let pinned = store.pin(&stores.path("pin"))?;
    let placed = stores.place(&*pinned, "reopened")?;

    for name in ["../pin/CURRENT", "/etc/hosts", "a/b", "..", ""] {
        let mut placed = placed.clone();
        placed.push(PlacedFile {
            name: name.to_owned(),
            bounds: placed[0].bounds.clone(),
            note: placed[0].note.clone(),
        });
        let error = stores.open("reopened", &placed).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(
            format!("{error:?}").contains(&format!("{name:?}")),
            "{error:?}"
        );
    }
    Ok(())
}

#[test]
fn a_note_that_is_not_ours_is_refused_by_file_name() -> Result<()> {
    let stores = Stores::new()?;
    let store = stores.create("store")?;
    let pinned = store.pin(&stores.path("pin"))?;
    let mut placed = stores.place(&*pinned, "reopened")?;
    let last = placed.last_mut().unwrap();
    last.note = b"something else".to_vec();

    let error = stores.open("reopened", &placed).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(format!("{error:?}").contains("CURRENT"), "{error:?}");
    Ok(())
}
