//! Opens RocksDB stores.
//!
//! Invariant: placed files are checked before RocksDB sees them wherever RocksDB itself would take
//! damage for an older state of the store, or a missing file for a new store.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use alluvium::storage::Cancel;
use alluvium::store::{Opened, Part, PlacedFile, Store, StoreFactory};
use alluvium::{Error, Result};
use rust_rocksdb::{Cache, ColumnFamilyDescriptor, DB};

use crate::error::{failed, not_a_store};
use crate::families::{DEFAULT, Families, Family};
use crate::filter::ToldFilter;
use crate::note::FileNote;
use crate::options::RocksOptions;
use crate::packing::Bounds;
use crate::store::RocksStore;
use crate::tuning::Engine;
use crate::view::View;
use crate::{adopt, fragments, tuning};

/// Opens stores on RocksDB, which share one block cache. Its kind is `rocksdb`.
pub struct RocksStoreFactory {
    options: RocksOptions,
    engine: Engine,
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
        let engine = Engine::new(&options, &cache);
        Ok(Self { options, engine })
    }

    /// The options of its stores.
    #[must_use]
    pub fn options(&self) -> &RocksOptions {
        &self.options
    }

    /// A new database without rows.
    ///
    /// `open_files` of its files are kept open, if it is not to be as many as the options say.
    fn create_database(
        &self,
        directory: &Path,
        open_files: Option<i32>,
        told: &ToldFilter,
    ) -> Result<DB> {
        if directory.join(CURRENT).exists() {
            return Err(Error::invalid(format!(
                "create store {}: the directory holds a store already; name one that does not",
                directory.display()
            )));
        }
        let mut engine = self.engine.live.clone();
        engine.create_if_missing(true);
        engine.set_error_if_exists(true);
        if let Some(open_files) = open_files {
            engine.set_max_open_files(open_files);
        }
        let opened = DB::open_cf_descriptors(&engine, directory, [self.descriptor(DEFAULT, told)]);
        opened.map_err(|e| failed(format!("create store {}", directory.display()), e))
    }

    /// Of a family whose files have no rows outside its view.
    fn descriptor(&self, family: &str, told: &ToldFilter) -> ColumnFamilyDescriptor {
        let options = tuning::family(&self.engine.live, None, told.clone());
        ColumnFamilyDescriptor::new(family, options)
    }

    pub(crate) fn create_store(&self, directory: &Path) -> Result<RocksStore> {
        let told = ToldFilter::default();
        let db = self.create_database(directory, None, &told)?;
        Ok(self.store(db, DEFAULT.to_owned(), View::everything(), told))
    }

    fn store(&self, db: DB, name: String, view: View, told: ToldFilter) -> RocksStore {
        let families = Families::new(vec![Family { name, view }]);
        RocksStore::new(db, families, self.engine.clone(), told)
    }

    /// Opens a part whose files are a whole store, where they are.
    fn open_whole(&self, part: &Part) -> Result<Opened> {
        let directory = &part.directory;
        let what = || format!("open store {}", directory.display());
        bookkeeping(part)
            .try_for_each(|file| check_bookkeeping(directory, file))
            .map_err(|e| e.context(what()))?;
        let names =
            DB::list_cf(&self.engine.live, directory).map_err(|e| not_a_store(what(), e))?;
        let told = ToldFilter::default();
        let descriptors = names.iter().map(|name| self.descriptor(name, &told));
        let opened = DB::open_cf_descriptors(&self.engine.live, directory, descriptors);
        let db = opened.map_err(|e| not_a_store(what(), e))?;
        // Rows are in the family that the store was put together in, if it was; the first is empty then.
        let family = names.into_iter().find(|name| name != DEFAULT);
        let view = View::of([part.rows.clone()]);
        let family = family.unwrap_or_else(|| DEFAULT.to_owned());
        let store = self.store(db, family, view, told);
        let data = part.files.iter().enumerate();
        let data = data.filter(|(_, file)| file.bounds.is_some());
        Ok(Opened {
            store: Arc::new(store),
            origins: data.map(|(n, file)| (file.name.clone(), (0, n))).collect(),
            rows_copied: 0,
        })
    }
}

/// Whether the files of a part are a whole store, and all their rows count.
fn is_whole(part: &Part) -> Result<bool> {
    let mut data = 0;
    for file in part.files.iter().filter(|file| !is_bookkeeping(file)) {
        let inside = |bounds: &Bounds| part.rows.covers(&bounds.0, &bounds.1);
        let note = FileNote::decode(&file.note, &file.name)?;
        let unbounded = matches!(note, FileNote::Data { view, .. } if view.is_empty());
        if !unbounded || !file.bounds.as_ref().is_some_and(inside) {
            return Ok(false);
        }
        data += 1;
    }
    Ok(data > 0 && part.files.iter().any(|file| file.name == CURRENT))
}

fn is_bookkeeping(file: &PlacedFile) -> bool {
    file.bounds.is_none()
}

fn bookkeeping(part: &Part) -> impl Iterator<Item = &PlacedFile> {
    part.files.iter().filter(|file| is_bookkeeping(file))
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

    fn open(&self, directory: &Path, parts: Vec<Part>, cancel: &Cancel) -> Result<Opened> {
        Part::check(&parts)?;
        let mut files = parts.iter().flat_map(|part| &part.files);
        files.try_for_each(|file| fragments::check_name(&file.name))?;
        if let [part] = parts.as_slice()
            && is_whole(part)?
        {
            return self.open_whole(part);
        }
        // Importing reads each file's index and filter; reading them again, to keep it open, is left to its first reader.
        let told = ToldFilter::default();
        let open_files = Some(tuning::IMPORTING_OPEN_FILES);
        let db = self.create_database(directory, open_files, &told)?;
        let families_max = usize::from(self.options.families_max);
        let open_files = self.options.open_files.map_or(-1, i32::from);
        let limits = adopt::Limits {
            families_max,
            open_files,
        };
        adopt::adopt((db, told), &self.engine, &parts, limits, cancel)
    }
}

/// The file that names the MANIFEST; a directory with it is a store.
pub(crate) const CURRENT: &str = "CURRENT";

/// Checks what RocksDB itself would take for an older state of the store.
fn check_bookkeeping(directory: &Path, file: &PlacedFile) -> Result<()> {
    let name = file.name.as_str();
    let FileNote::Bookkeeping { bytes, crc32c } = FileNote::decode(&file.note, name)? else {
        return Err(Error::corrupt(format!("{name} has no bounds, but rows")));
    };
    let path = directory.join(name);
    let content = fs::read(&path).map_err(|e| fragments::unreadable(&path, e))?;
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
