//! Rewrites a savepoint for another maximum parallelism, a wider key or wider namespaces.
//!
//! Rows are read file by file, renamed ([`plan_key_migration`]), and sorted by way of a store: memory holds one run of
//! rows, the local disk one file of the source and the rows of all. The source is only read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use alluvium_protocol::file::FileRef;
use alluvium_protocol::key_group::MaxParallelism;
use alluvium_protocol::manifest::Manifest;
use alluvium_protocol::plan::migrate_keys::{KeyMigration, NewNames, plan_key_migration};
use alluvium_protocol::row::RowRange;
use alluvium_protocol::schema;
use alluvium_protocol::shape::Shape;

use super::SavepointFolder;
use crate::builder::{Builder, Restored};
use crate::bytes::registry::Registry;
use crate::error::{Error, Result};
use crate::restore::{event_time, next_generation};
use crate::rows_file::RowsFileReader;
use crate::snapshot::history::History;
use crate::storage::Cancel;
use crate::store::{Change, RowCursor, SortedRun, Store, StoreFactory};
use crate::transfer::Progress;
use crate::transfer::object;
use crate::transfer::progress::Tally;
use crate::transfer::retry::Retry;
use crate::working_directory::Scratch;

/// Bytes of rows that are sorted in memory before they go to the store: 32 MiB, a file of a store as they usually are.
const RUN_BYTES: usize = 32 << 20;

/// What a savepoint is rewritten for, and with what.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "tools say what is to change")]
pub struct MigrateKeys {
    /// Another number of key groups; as it is if `None`.
    pub max_parallelism: Option<MaxParallelism>,
    /// A wider type of key; as it is if `None`.
    pub key: Option<Shape>,
    /// Wider types of the namespaces of these states; those of others are as they are.
    pub namespaces: BTreeMap<String, Shape>,
    /// Sorts the rows.
    pub factory: Arc<dyn StoreFactory>,
    /// A directory of its own on this machine, with room for all rows.
    pub directory: std::path::PathBuf,
}

/// What was rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MigratedKeys {
    /// Rows, each of which is in the new savepoint.
    pub rows: u64,
    /// Number of key groups before.
    pub groups_before: MaxParallelism,
    /// Number of key groups now.
    pub groups: MaxParallelism,
    /// The key's shape before.
    pub key_before: Shape,
    /// The key's shape now.
    pub key: Shape,
}

impl SavepointFolder {
    /// Makes this folder the savepoint `from`, with its rows in another number of key groups, under a wider key or in
    /// wider namespaces. What the engine attached goes along. `from` is only read.
    ///
    /// # Errors
    /// `Incompatible` when keys or namespaces cannot be rewritten without their program (see [`plan_key_migration`]); `Invalid` when
    /// `from` is no savepoint or there is one here already; `Corrupt` when an object is not what its manifest says, or
    /// two rows become one; `Unavailable` when storage or this machine fails; `Cancelled`. Nothing is left here then.
    pub fn migrate_keys(
        &self,
        from: &Self,
        migrate: &MigrateKeys,
        cancel: &Cancel,
        progress: &Arc<dyn Progress>,
    ) -> Result<MigratedKeys> {
        if self.find()?.is_some() {
            return Err(self.taken());
        }
        let savepoint = from.read()?;
        let manifests = from.restore_from(&savepoint)?.manifests;
        let schemas: Vec<_> = manifests.iter().map(|manifest| &manifest.schema).collect();
        let stored = schema::merge(&schemas)?;
        let groups = migrate.max_parallelism.unwrap_or(savepoint.max_parallelism);
        let new = NewNames {
            key: migrate.key.clone(),
            namespaces: migrate.namespaces.clone(),
            groups,
        };
        let plan = plan_key_migration(&stored, savepoint.max_parallelism, &new)?;
        let key = plan.schema().key.clone();

        let builder = Builder::new(
            &savepoint.job,
            Arc::clone(&migrate.factory),
            &migrate.directory,
        )
        .max_parallelism(groups)
        .key_shape(key.clone());
        let directory = builder.working_directory()?;
        let store = builder.factory.create(&directory.fresh("store"))?;
        let files = Scratch::create(directory.fresh("files"))?;
        let source = Source {
            folder: from,
            plan: &plan,
            store: &*store,
            retry: Retry::new(&builder.options, &builder.environment),
            tally: Tally::new(progress, &builder.environment.clock),
            cancel,
        };
        let rows = source.load(&manifests, files.path())?;
        drop(files);
        check_rows(&*store, rows, cancel)?;
        let restored = Restored {
            registry: Registry::restore(key.clone(), plan.schema().clone())?,
            history: History::default(),
            next_generation: next_generation(&manifests)?,
            event_time: event_time(&manifests),
            untidy: false,
            empty: rows == 0,
        };
        let mut backend = builder.assemble(directory, store, restored)?;
        let checkpoint = savepoint.checkpoint;
        self.write(
            &mut backend,
            checkpoint,
            savepoint.attachments,
            cancel,
            progress,
        )?;
        Ok(MigratedKeys {
            rows,
            groups_before: savepoint.max_parallelism,
            groups,
            key_before: stored.key,
            key,
        })
    }
}

/// The rows of a savepoint on their way to a store.
struct Source<'a> {
    folder: &'a SavepointFolder,
    plan: &'a KeyMigration,
    store: &'a dyn Store,
    retry: Retry,
    tally: Arc<Tally>,
    cancel: &'a Cancel,
}

impl Source<'_> {
    /// Renames all rows, and returns how many there are.
    fn load(&self, manifests: &[Manifest], scratch: &Path) -> Result<u64> {
        let files = || manifests.iter().flat_map(|manifest| &manifest.files);
        files().for_each(|file| self.tally.expect_file(file.bytes));
        let mut run = Run::default();
        let mut rows = 0;
        for file in files() {
            let path = scratch.join("one.rows");
            self.download(file, &path)?;
            rows += self.rename(file, &path, &mut run)?;
            fs::remove_file(&path)
                .map_err(|cause| Error::io(format!("remove {}", path.display()), cause))?;
        }
        run.write(self.store)?;
        Ok(rows)
    }

    fn download(&self, file: &FileRef, to: &Path) -> Result<()> {
        let watch = self.tally.watch(self.cancel);
        let name = format!("{}/{}", self.folder.folder, file.object);
        let storage = &*self.folder.storage;
        let moved = object::download(storage, &name, to, file, &self.retry, &watch)?;
        watch.done(moved.bytes);
        Ok(())
    }

    fn rename(&self, file: &FileRef, path: &Path, run: &mut Run) -> Result<u64> {
        let told = |error: Error| error.context(self.folder.told(&file.object));
        let reader = RowsFileReader::open(path).map_err(told)?;
        let mut cursor = reader.scan(&RowRange::all()).map_err(told)?;
        let mut rows = 0;
        while let Some((row, value)) = cursor.next().map_err(told)? {
            let mut renamed = Vec::with_capacity(row.len() + 8);
            let planned = self.plan.rename(row, &mut renamed);
            planned.map_err(|error| told(error.into()))?;
            run.push(renamed, value);
            rows += 1;
            if run.bytes >= RUN_BYTES {
                self.cancel.check("a migration of keys")?;
                run.write(self.store)?;
            }
        }
        Ok(rows)
    }
}

/// Rows that are to be sorted.
#[derive(Default)]
struct Run {
    rows: Vec<(Vec<u8>, Vec<u8>)>,
    bytes: usize,
}

impl Run {
    fn push(&mut self, row: Vec<u8>, value: &[u8]) {
        self.bytes += row.len() + value.len() + size_of::<(Vec<u8>, Vec<u8>)>();
        self.rows.push((row, value.to_vec()));
    }

    fn write(&mut self, store: &dyn Store) -> Result<()> {
        self.rows.sort_unstable();
        let mut sorted = Sorted {
            rows: &self.rows,
            next: 0,
        };
        store.write(&mut sorted)?;
        self.rows.clear();
        self.bytes = 0;
        Ok(())
    }
}

struct Sorted<'a> {
    rows: &'a [(Vec<u8>, Vec<u8>)],
    next: usize,
}

impl SortedRun for Sorted<'_> {
    fn next(&mut self) -> Result<Option<(&[u8], Change<'_>)>> {
        let row = self.rows.get(self.next);
        self.next += 1;
        Ok(row.map(|(row, value)| (row.as_slice(), Change::Put(value))))
    }
}

/// Checks that no two rows became one: then the store has as many as were read.
fn check_rows(store: &dyn Store, rows: u64, cancel: &Cancel) -> Result<()> {
    let mut cursor = store.scan(&RowRange::all())?;
    let mut found = 0_u64;
    while cursor.next()?.is_some() {
        found += 1;
        if found.is_multiple_of(4096) {
            cancel.check("a migration of keys")?;
        }
    }
    if found == rows {
        return Ok(());
    }
    Err(Error::corrupt(format!(
        "{rows} rows became {found}: the savepoint has a key twice"
    )))
}
