//! Opens RocksDB stores.
//!
//! Invariant: placed files are checked before RocksDB sees them wherever RocksDB itself would take
//! damage for an older state of the store, or a missing file for a new store.

use std::fmt;
use std::fs;
use std::path::{Component, Path};
use std::sync::Arc;

use alluvium::store::{PlacedFile, Store, StoreFactory};
use alluvium::{Error, ErrorKind, Result};
use rust_rocksdb::{Cache, DB, Options};

use crate::error::{failed, not_a_store};
use crate::note::FileNote;
use crate::options::RocksOptions;
use crate::store::RocksStore;
use crate::tuning;

/// Opens stores on RocksDB, which share one block cache. Its kind is `rocksdb`.
pub struct RocksStoreFactory {
    options: RocksOptions,
    engine: Options,
}

impl RocksStoreFactory {
    /// A factory of stores with these options.
    ///
    /// # Errors
    /// `Invalid` when an option is outside of what RocksDB takes; the message names it.
    pub fn new(options: RocksOptions) -> Result<Self> {
        options.check()?;
        // Zero means that the cache sizes its table as it goes.
        let cache = Cache::new_hyper_clock_cache(options.block_cache_bytes, 0);
        let engine = tuning::live(&options, &cache);
        Ok(Self { options, engine })
    }

    /// The options of its stores.
    #[must_use]
    pub fn options(&self) -> &RocksOptions {
        &self.options
    }

    pub(crate) fn create_store(&self, directory: &Path) -> Result<RocksStore> {
        if directory.join(CURRENT).exists() {
            return Err(Error::invalid(format!(
                "create store {}: the directory holds a store already; name one that does not",
                directory.display()
            )));
        }
        let mut engine = self.engine.clone();
        engine.create_if_missing(true);
        engine.set_error_if_exists(true);
        let opened = DB::open(&engine, directory);
        let db = opened.map_err(|e| failed(format!("create store {}", directory.display()), e))?;
        Ok(RocksStore::new(db, self.engine.clone()))
    }

    pub(crate) fn open_store(&self, directory: &Path, files: &[PlacedFile]) -> Result<RocksStore> {
        let what = || format!("open store {}", directory.display());
        check_placed(directory, files).map_err(|e| e.context(what()))?;
        let opened = DB::open(&self.engine, directory);
        let db = opened.map_err(|e| not_a_store(what(), e))?;
        Ok(RocksStore::new(db, self.engine.clone()))
    }
}

impl fmt::Debug for RocksStoreFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RocksStoreFactory")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl StoreFactory for RocksStoreFactory {
    fn kind(&self) -> &'static str {
        "rocksdb"
    }

    fn create(&self, directory: &Path) -> Result<Arc<dyn Store>> {
        Ok(Arc::new(self.create_store(directory)?))
    }

    fn open(&self, directory: &Path, files: &[PlacedFile]) -> Result<Arc<dyn Store>> {
        Ok(Arc::new(self.open_store(directory, files)?))
    }
}

/// The file that names the MANIFEST; a directory with it is a store.
pub(crate) const CURRENT: &str = "CURRENT";

fn check_placed(directory: &Path, files: &[PlacedFile]) -> Result<()> {
    if !files.iter().any(|file| file.name == CURRENT) {
        return Err(Error::corrupt(
            "no CURRENT is among the files: they are not a whole store",
        ));
    }
    files
        .iter()
        .try_for_each(|file| check_file(directory, file))
}

fn check_file(directory: &Path, file: &PlacedFile) -> Result<()> {
    let name = file.name.as_str();
    let mut components = Path::new(name).components();
    if !matches!(
        (components.next(), components.next()),
        (Some(Component::Normal(_)), None)
    ) {
        return Err(Error::corrupt(format!(
            "{name:?} is not the name of a file of a store"
        )));
    }
    let path = directory.join(name);
    match FileNote::decode(&file.note, name)? {
        FileNote::Data { .. } => fs::metadata(&path)
            .map(drop)
            .map_err(|e| unreadable(name, e)),
        FileNote::Bookkeeping { bytes, crc32c } => {
            let content = fs::read(&path).map_err(|e| unreadable(name, e))?;
            let length = u64::try_from(content.len()).unwrap_or(u64::MAX);
            if length != bytes {
                return Err(Error::corrupt(format!(
                    "{name} has {length} bytes instead of {bytes}"
                )));
            }
            if crc32c::crc32c(&content) != crc32c {
                return Err(Error::corrupt(format!(
                    "{name} does not match its checksum"
                )));
            }
            Ok(())
        }
    }
}

fn unreadable(name: &str, source: std::io::Error) -> Error {
    if source.kind() == std::io::ErrorKind::NotFound {
        return Error::new(ErrorKind::Corrupt, format!("{name} is missing")).with_source(source);
    }
    Error::io(format!("read {name}"), source)
}
