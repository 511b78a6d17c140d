//! The restore that all others are compared with: open each source, scan the target's rows, write them into a new store.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use alluvium::protocol::manifest::Manifest;
use alluvium::protocol::row::push_prefix;
use alluvium::storage::Cancel;
use alluvium::store::{Change, Part, PlacedFile, RowCursor, SortedRun, StoreFactory};
use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};
use anyhow::{Context, Result, ensure};

use super::grown::{Checkpoint, Grown};
use super::restored::Target;
use super::rows::{Rows, group_of, key, value, version};

/// Restores a subtask row by row, with files linked from the storage's directory, and reads one row.
pub(crate) fn restore(
    grown: &Grown,
    rows: &Rows,
    checkpoint: &Checkpoint,
    target: Target,
) -> Result<Duration> {
    let range = grown.job.max.range_of(target.subtask, target.parallelism)?;
    let place = grown.job.directory.join("row-by-row");
    let factory = RocksStoreFactory::new(RocksOptions::default())?;
    let number = rows.any_of(range, 0)?;
    let key = key(number);
    let manifests = &checkpoint.from.manifests;
    let first = manifests
        .first()
        .and_then(|first| first.schema.states.first());
    let state = first.context("a checkpoint without states")?;

    let began = Instant::now();
    let store = factory.create(&place.join("target"))?;
    for (n, source) in manifests.iter().enumerate() {
        let Some(taken) = source.range.intersection(range) else {
            continue;
        };
        let directory = place.join(format!("source-{n}"));
        let opened = place.join(format!("source-{n}-opened"));
        let part = place_source(grown, source, &directory)?;
        let source = factory.open(&opened, vec![part], &Cancel::new())?.store;
        let mut run = Copied(source.scan(&taken.rows())?);
        store.write(&mut run)?;
    }
    let mut row = Vec::new();
    push_prefix(&mut row, group_of(&key, grown.job.max), state.id);
    row.extend(key);
    let mut found = Vec::new();
    let there = store.get(&row, &mut found)?;
    let first_read = began.elapsed();

    drop(store);
    fs::remove_dir_all(&place)?;
    let expected = value(number, version(number, checkpoint.stage));
    ensure!(
        there && found == expected,
        "the restore row by row is wrong"
    );
    Ok(first_read)
}

/// Links a source's files into a directory, all of its rows wanted.
fn place_source(grown: &Grown, source: &Manifest, directory: &Path) -> Result<Part> {
    fs::create_dir_all(directory)?;
    let mut files = Vec::new();
    for file in &source.files {
        let from = grown.job.object(&file.object);
        let to = directory.join(&file.name);
        let placed = if file.shared {
            fs::hard_link(&from, &to)
        } else {
            fs::copy(&from, &to).map(drop)
        };
        placed.with_context(|| format!("place {}", from.display()))?;
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

struct Copied<'a>(Box<dyn RowCursor + 'a>);

impl SortedRun for Copied<'_> {
    fn next(&mut self) -> alluvium::Result<Option<(&[u8], Change<'_>)>> {
        let next = self.0.next()?;
        Ok(next.map(|(row, value)| (row, Change::Put(value))))
    }
}
