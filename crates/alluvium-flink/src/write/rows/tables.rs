//! Handles of RocksDB's files: put together in a temporary directory, and opened there.
//!
//! Files of this machine are linked, others are written. The directory goes with the reader.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use alluvium_protocol::key_group::{KeyGroup, MaxParallelism};
use alluvium_rocksdb::{Append, ForeignDatabase};
use tempfile::TempDir;

use super::Each;
use crate::error::{Error, Result};
use crate::files::{Files, Source};
use crate::keyed::KeyedMeta;
use crate::keyed::composite::Layout;
use crate::metadata::Incremental;

/// What Flink's list states are merged by.
const MERGE_OPERATOR: &str = "StringAppendTESTOperator";

pub(in crate::write) struct Tables {
    // Closed before its directory goes.
    database: ForeignDatabase,
    _directory: TempDir,
}

impl Tables {
    pub(super) fn open(files: &Files, handle: &Incremental, whose: &str) -> Result<Self> {
        let failed = |error| Error::io("make a temporary directory for tables", error);
        let directory = TempDir::new().map_err(failed)?;
        for file in handle.shared.iter().chain(&handle.private) {
            let source = files.open(&file.stream, whose)?;
            place(source, &directory.path().join(&file.name))?;
        }
        let append = Append {
            name: MERGE_OPERATOR.to_owned(),
            delimiter: b',',
        };
        let database = ForeignDatabase::open(directory.path(), Some(&append))
            .map_err(|error| Error::from(error).context(format!("open the tables of {whose}")))?;
        Ok(Self {
            database,
            _directory: directory,
        })
    }

    pub(super) fn group(
        &self,
        meta: &KeyedMeta,
        group: KeyGroup,
        max_parallelism: MaxParallelism,
        each: &mut Each<'_>,
    ) -> Result<()> {
        let layout = Layout::of_timers(max_parallelism);
        let prefix = layout.prefix(group.get())?;
        let next = layout.prefix(group.get() + 1)?;
        for (number, state) in (0_u16..).zip(&meta.states) {
            let mut rows = self.database.rows(&state.name, &prefix, Some(&next))?;
            while let Some((key, value)) = rows.next()? {
                each(number, key, value)?;
            }
        }
        Ok(())
    }
}

/// Puts a file into the directory.
fn place(mut source: Source, path: &Path) -> Result<()> {
    let failed = |error| Error::io(format!("write {}", path.display()), error);
    if let Some(from) = source.path() {
        let from = std::path::absolute(from).map_err(failed)?;
        return std::os::unix::fs::symlink(from, path).map_err(failed);
    }
    let mut file = File::create_new(path).map_err(failed)?;
    std::io::copy(&mut source, &mut file).map_err(failed)?;
    file.flush().map_err(failed)
}
