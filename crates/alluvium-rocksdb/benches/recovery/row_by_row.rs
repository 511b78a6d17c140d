//! The restore that all others are compared with: open each source, scan the target's rows, write them into a new store.

use std::fs;
use std::path::Path;
use std::time::Duration;

use alluvium::environment::Environment;
use alluvium::protocol::manifest::Manifest;
use alluvium::protocol::row::push_prefix;
use alluvium::storage::Cancel;
use alluvium::store::{Change, Part, PlacedFile, RowCursor, SortedRun, StoreFactory};
use alluvium::{Error, Result};
use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};

use crate::job::{Checkpoint, Job};
use crate::measure::{Io, Target, any_row};
use crate::rows::{Rows, group_of, key, value, version};

/// What it took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowByRow {
    pub(crate) first_read: Duration,
    pub(crate) rows: u64,
    pub(crate) io: Io,
}

/// Restores a subtask row by row, with files linked from the storage's directory, and reads one row.
pub(crate) fn restore(
    job: &Job,
    rows: &Rows,
    checkpoint: &Checkpoint,
    target: Target,
) -> Result<RowByRow> {
    let range = job.max.range_of(target.subtask, target.parallelism)?;
    let place = job.directory.join("row-by-row");
    let factory = RocksStoreFactory::new(RocksOptions::default())?;
    let number = any_row(rows, range, 0)?;
    let key = key(number);
    let clock = Environment::system().clock;

    let before = Io::now()?;
    let began = clock.monotonic();
    let store = factory.create(&place.join("target"))?;
    let mut written = 0;
    let sources = checkpoint.manifests.iter().enumerate();
    let sources =
        sources.filter_map(|(n, source)| Some((n, source, source.range.intersection(range)?)));
    for (n, source, taken) in sources {
        let directory = place.join(format!("source-{n}"));
        let opened = place.join(format!("source-{n}-opened"));
        let part = place_source(job, source, &directory)?;
        let source = factory.open(&opened, vec![part], &Cancel::new())?.store;
        let cursor = source.scan(&taken.rows())?;
        let mut run = Copied { cursor, rows: 0 };
        store.write(&mut run)?;
        written += run.rows;
    }
    let mut row = Vec::new();
    push_prefix(&mut row, group_of(&key, job.max), state_id(checkpoint)?);
    row.extend(key);
    let mut found = Vec::new();
    let there = store.get(&row, &mut found)?;
    let first_read = clock.monotonic() - began;
    let io = Io::now()?.since(before);

    drop(store);
    fs::remove_dir_all(&place).map_err(|e| Error::io("remove a restored store", e))?;
    if !there || found != value(number, version(number, checkpoint.stage)) {
        return Err(Error::invalid("the restore row by row is wrong"));
    }
    Ok(RowByRow {
        first_read,
        rows: written,
        io,
    })
}

fn state_id(checkpoint: &Checkpoint) -> Result<alluvium::protocol::row::StateId> {
    let manifest = checkpoint.manifests.first();
    let state = manifest.and_then(|manifest| manifest.schema.states.first());
    let state = state.ok_or_else(|| Error::invalid("a checkpoint without states"))?;
    Ok(state.id)
}

/// Links a source's files into a directory, all of its rows wanted.
fn place_source(job: &Job, source: &Manifest, directory: &Path) -> Result<Part> {
    fs::create_dir_all(directory).map_err(|e| Error::io("make a directory", e))?;
    let mut files = Vec::new();
    for file in &source.files {
        let (from, to) = (job.object(&file.object), directory.join(&file.name));
        let placed = if file.shared {
            fs::hard_link(&from, &to)
        } else {
            fs::copy(&from, &to).map(drop)
        };
        placed.map_err(|e| Error::io(format!("place {}", from.display()), e))?;
        files.push(PlacedFile {
            name: file.name.clone(),
            bounds: file.bounds.clone(),
            note: file.note.clone(),
        });
    }
    Ok(Part {
        directory: directory.to_owned(),
        files,
        rows: source.range.rows(),
    })
}

struct Copied<'a> {
    cursor: Box<dyn RowCursor + 'a>,
    rows: u64,
}

impl SortedRun for Copied<'_> {
    fn next(&mut self) -> Result<Option<(&[u8], Change<'_>)>> {
        let next = self.cursor.next()?;
        self.rows += u64::from(next.is_some());
        Ok(next.map(|(row, value)| (row, Change::Put(value))))
    }
}
