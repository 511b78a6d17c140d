//! Loads rows of a restore: written to files once, in order, and taken over as they are.
//!
//! Nothing goes through RocksDB's memory and nothing is compacted afterwards: the files of a range that has no
//! others go to the last level.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use alluvium::store::{Change, SortedRun};
use alluvium::{Error, Result};
use rust_rocksdb::SstFileWriter;

use crate::error::failed;
use crate::families::Family;
use crate::store::RocksStore;
use crate::{tuning, write};

/// A file that is being written.
struct Open<'a> {
    writer: SstFileWriter<'a>,
    path: PathBuf,
}

pub(crate) fn load(store: &RocksStore, run: &mut dyn SortedRun) -> Result<()> {
    let mut files = Vec::new();
    let loaded = write_files(store, run, &mut files).and_then(|()| take_over(store, &files));
    if loaded.is_err() {
        for (_, path) in &files {
            // What was taken over is not there any more.
            if let Err(error) = std::fs::remove_file(path)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(%error, path = %path.display(), "a file of a failed load is left");
            }
        }
    }
    loaded
}

/// Writes the run to files of the store's usual size; each has rows of one family. Their paths are in
/// `files` from before they are made.
fn write_files<'a>(
    store: &'a RocksStore,
    run: &mut dyn SortedRun,
    files: &mut Vec<(&'a Family, PathBuf)>,
) -> Result<()> {
    let mut open: Option<Open<'_>> = None;
    while let Some((row, change)) = run.next()? {
        let Change::Put(value) = change else {
            return Err(Error::invalid(format!(
                "row {row:02x?} is deleted in a run to load: there is nothing to delete"
            )));
        };
        write::check_length("row key", row)?;
        write::check_length("value", value)?;
        let family = store
            .families
            .of(row)
            .ok_or_else(|| write::foreign(&store.db, row))?;
        let full = |open: &mut Open<'_>| open.writer.file_size() >= tuning::LOADED_FILE_BYTES;
        if open.as_mut().is_some_and(full) || files.last().is_some_and(|(last, _)| *last != family)
        {
            finish(open.take())?;
        }
        let target = match &mut open {
            Some(open) => open,
            None => {
                let number = store.loaded.fetch_add(1, Ordering::Relaxed);
                let path = store.db.path().join(format!("load-{number}.sst"));
                files.push((family, path.clone()));
                let writer = SstFileWriter::create(&store.engine);
                let target = open.insert(Open { writer, path });
                let opened = target.writer.open(&target.path);
                opened.map_err(|e| failed(format!("write {}", target.path.display()), e))?;
                target
            }
        };
        let put = target.writer.put(row, value);
        put.map_err(|e| failed(format!("write {}", target.path.display()), e))?;
    }
    finish(open)
}

fn finish(open: Option<Open<'_>>) -> Result<()> {
    let Some(mut open) = open else { return Ok(()) };
    let finished = open.writer.finish();
    finished.map_err(|e| failed(format!("write {}", open.path.display()), e))
}

fn take_over(store: &RocksStore, files: &[(&Family, PathBuf)]) -> Result<()> {
    let families = files.chunk_by(|(one, _), (other, _)| one == other);
    for files in families {
        let Some((family, _)) = files.first() else {
            continue;
        };
        let paths: Vec<&Path> = files.iter().map(|(_, path)| path.as_path()).collect();
        let handle = family.handle(&store.db)?;
        let taken = store
            .db
            .ingest_external_file_cf_opts(handle, &tuning::ingest(), paths);
        taken.map_err(|e| failed(format!("load into store {}", store.db.path().display()), e))?;
    }
    Ok(())
}
