//! Damage that only reading can find: in a local copy that was linked unread, where no write was seen.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alluvium::protocol::manifest::{CheckpointId, Manifest, SnapshotKind};
use alluvium::storage::{self, Cancel, Storage};
use alluvium::{
    Backend, Builder, Error, ErrorKind, LocalCopies, Ownership, Progress, RestoreFrom,
    RestoreReport, Result, SnapshotTarget, ValueState,
};
use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};
use tempfile::TempDir;

const TEXT: ValueState<String> = ValueState::new("text");
const KEYS: u64 = 4000;

fn builder(directory: &Path) -> Result<Builder> {
    let factory = Arc::new(RocksStoreFactory::new(RocksOptions::default())?);
    let local = LocalCopies::in_directory(&directory.join("copies"), "job")?;
    Ok(Builder::new("job", factory, directory.join("work")).local_copies(local))
}

/// Takes a checkpoint of all keys and closes the job.
fn taken(directory: &Path, storage: &Arc<dyn Storage>) -> Result<RestoreFrom> {
    let mut backend = Backend::<u64>::open(builder(directory)?)?;
    let text = backend.register(TEXT)?;
    for key in 0..KEYS {
        let value = format!("value of {key}, which is not short");
        backend.key(&key)?.value(text).set(&value)?;
    }
    let target = SnapshotTarget {
        storage: Arc::clone(storage),
        root: "job".to_owned(),
        attempt: 1,
    };
    let nobody: Arc<dyn Progress> = Arc::new(());
    let snapshot = backend.snapshot(CheckpointId::new(1), SnapshotKind::Incremental)?;
    let handle = snapshot.upload(&target, &Cancel::new(), &nobody)?;
    let name = format!("job/{}", handle.manifest.object);
    let manifest = Manifest::decode(&storage.get(&name)?.unwrap_or_default(), &name)?;
    Ok(RestoreFrom {
        storage: Arc::clone(storage),
        root: "job".to_owned(),
        manifests: vec![manifest],
        ownership: Ownership::Own,
    })
}

/// Restores and reads every key.
fn read_all(directory: &Path, from: &RestoreFrom) -> Result<(RestoreReport, Result<u64>)> {
    let nobody: Arc<dyn Progress> = Arc::new(());
    let (mut backend, report) =
        Backend::<u64>::restore(builder(directory)?, from, &Cancel::new(), &nobody)?;
    let text = backend.register(TEXT)?;
    let mut read = 0;
    for key in 0..KEYS {
        match backend.key(&key)?.value(text).get() {
            Ok(found) => read += u64::from(found.is_some()),
            Err(error) => return Ok((report, Err(error))),
        }
    }
    Ok((report, Ok(read)))
}

/// The largest file below a directory: the data.
fn largest(directory: &Path) -> std::io::Result<PathBuf> {
    let mut largest = (0, directory.to_owned());
    let mut left = vec![directory.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next)? {
            let (path, meta) = entry.and_then(|e| Ok((e.path(), e.metadata()?)))?;
            if meta.is_dir() {
                left.push(path);
            } else if meta.len() > largest.0 {
                largest = (meta.len(), path);
            }
        }
    }
    Ok(largest.1)
}

#[test]
fn a_copy_that_a_medium_has_damaged_fails_a_job_once_and_is_downloaded_from_then_on() -> Result<()>
{
    let failed = |e| Error::io("damage a copy", e);
    let place = TempDir::new().map_err(failed)?;
    let storage = storage::in_memory();
    let from = taken(place.path(), &storage)?;
    let copy = largest(&place.path().join("copies")).map_err(failed)?;
    let mut bytes = fs::read(&copy).map_err(failed)?;
    let modified = fs::metadata(&copy)
        .and_then(|m| m.modified())
        .map_err(failed)?;
    bytes[1000] ^= 1;
    fs::write(&copy, bytes)
        .and_then(|()| {
            fs::File::options()
                .write(true)
                .open(&copy)?
                .set_modified(modified)
        })
        .map_err(failed)?;

    let (report, read) = read_all(place.path(), &from)?;

    assert!(
        report.local_files_unread > 0,
        "the damage is not to be seen"
    );
    assert_eq!(read.unwrap_err().kind(), ErrorKind::Corrupt);

    let (report, read) = read_all(place.path(), &from)?;

    assert_eq!(read?, KEYS);
    assert_eq!(report.local_files_unread, 0);
    assert_eq!(
        (report.local_files_refused, report.files_downloaded),
        (1, 1)
    );
    Ok(())
}
