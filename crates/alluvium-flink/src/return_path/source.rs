//! The rows of an Alluvium savepoint, on this machine.

use std::ops::ControlFlow;
use std::sync::Arc;

use alluvium::rows_file::RowsFileReader;
use alluvium::savepoint::SavepointFolder;
use alluvium::storage::Watch;
use alluvium::store::RowCursor as _;
use alluvium_protocol::key_group::{KeyGroup, KeyGroupRange, MaxParallelism};
use alluvium_protocol::manifest::SnapshotKind;
use alluvium_protocol::row::{StateId, split_prefix};
use alluvium_protocol::schema::{KeyedSchema, merge};
use tempfile::TempDir;

use crate::error::{Error, Result};

/// A savepoint that was downloaded into a temporary directory, which goes with it.
#[derive(Debug)]
pub(super) struct Source {
    schema: KeyedSchema,
    max_parallelism: MaxParallelism,
    created_unix_millis: i64,
    /// In the order of their rows.
    files: Vec<RowsFileReader>,
    _directory: TempDir,
}

/// Takes a row: its state, what is behind the state's number, and its value; and tells whether others are wanted.
pub(super) type EachStored<'e> = dyn FnMut(StateId, &[u8], &[u8]) -> Result<ControlFlow<()>> + 'e;

impl Source {
    /// Downloads a savepoint.
    pub(super) fn download(from: &SavepointFolder, watch: &dyn Watch) -> Result<Self> {
        let savepoint = from.read()?;
        let restore = from.restore_from(&savepoint)?;
        let directory =
            tempfile::tempdir().map_err(|error| Error::io("make a temporary directory", error))?;
        let storage = Arc::clone(&restore.storage);
        let mut files = Vec::new();
        for manifest in &restore.manifests {
            if manifest.kind != SnapshotKind::Savepoint {
                return Err(Error::invalid(
                    "only savepoints go back to Flink: take one of the job",
                ));
            }
            for file in &manifest.files {
                let object = format!("{}/{}", restore.root, file.object);
                let path = directory.path().join(files.len().to_string());
                let moved = storage.download(&object, &path, watch)?;
                if (moved.bytes, moved.crc32c) != (file.bytes, file.crc32c) {
                    return Err(Error::corrupt(format!(
                        "{object} is damaged: it is not what was written"
                    )));
                }
                files.push((file.bounds.clone(), RowsFileReader::open(&path)?));
            }
        }
        files.sort_by(|(one, _), (other, _)| one.cmp(other));
        let schemas: Vec<_> = restore
            .manifests
            .iter()
            .map(|manifest| &manifest.schema)
            .collect();
        Ok(Self {
            schema: merge(&schemas).map_err(alluvium::Error::from)?,
            max_parallelism: savepoint.max_parallelism,
            created_unix_millis: savepoint.created_unix_millis,
            files: files.into_iter().map(|(_, reader)| reader).collect(),
            _directory: directory,
        })
    }

    pub(super) const fn schema(&self) -> &KeyedSchema {
        &self.schema
    }

    pub(super) const fn max_parallelism(&self) -> MaxParallelism {
        self.max_parallelism
    }

    pub(super) const fn created_unix_millis(&self) -> i64 {
        self.created_unix_millis
    }

    /// The rows of a key group, in order.
    pub(super) fn group(&self, group: KeyGroup, each: &mut EachStored<'_>) -> Result<()> {
        let range = KeyGroupRange::new(group.get(), group.get()).map_err(alluvium::Error::from)?;
        let rows = range.rows();
        for file in &self.files {
            let bounds = file.index().bounds();
            if !bounds.is_some_and(|(first, last)| rows.meets(first, last)) {
                continue;
            }
            let mut scan = file.scan(&rows)?;
            while let Some((row, value)) = scan.next()? {
                let (_, id, rest) = split_prefix(row).map_err(alluvium::Error::from)?;
                if each(id, rest, value)?.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
