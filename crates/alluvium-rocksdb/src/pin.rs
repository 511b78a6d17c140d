//! Pinned files: a RocksDB checkpoint, hard links to the data files beside copies of the
//! bookkeeping.
//!
//! Invariant: what is said of a file (bounds, level, sequence numbers) is what the checkpoint's own
//! MANIFEST says. The live database cannot be asked: a compaction that ends between the checkpoint
//! and the question has moved or replaced files, and a file whose level is misstated would be
//! adopted in the wrong order, which is wrong data without any error. Reading the checkpoint's
//! MANIFEST costs one opening for reading, in which few data files are opened (measured: 2 of 18 ms
//! for 207 files), and proves that the checkpoint can be opened.
//!
//! LOCK, LOG and the (empty) write-ahead log of a checkpoint are not among its files: opening does
//! not need them. OPTIONS is, for people and RocksDB's own tools; this crate never loads it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use alluvium::protocol::row::RowRange;
use alluvium::store::{Pinned, PinnedFile, RowCursor};
use alluvium::{Error, Result};
use rust_rocksdb::checkpoint::Checkpoint;
use rust_rocksdb::{ColumnFamilyDescriptor, DB, LiveFile, Options};

use crate::cursor::RocksCursor;
use crate::error::failed;
use crate::factory::CURRENT;
use crate::families::{DEFAULT, Families};
use crate::note::FileNote;
use crate::tuning;

pub(crate) struct RocksPinned {
    /// Opened for the first scan. Before `directory`, so that it is closed before its files are
    /// removed.
    rows: OnceLock<DB>,
    /// Held by the thread that opens it.
    opening: Mutex<()>,
    directory: PinDirectory,
    files: Vec<PinnedFile>,
    families: Families,
    engine: Options,
}

impl RocksPinned {
    pub(crate) fn new(
        db: &DB,
        families: &Families,
        engine: &Options,
        directory: &Path,
    ) -> Result<Self> {
        if directory.exists() {
            return Err(Error::invalid(format!(
                "pin store {} in {}: the directory exists; name one that does not",
                db.path().display(),
                directory.display()
            )));
        }
        // From here on an error removes what there is of the directory.
        let directory = PinDirectory(directory.to_owned());
        let engine = tuning::pinned(engine);
        let pinned = Checkpoint::new(db).and_then(|checkpoint| {
            // Flushes first: without a write-ahead log the rows in memory would be missing.
            checkpoint.create_checkpoint(&directory.0)?;
            open(&engine, families, &directory.0)?.live_files()
        });
        let data = pinned.map_err(|e| {
            failed(
                format!("pin store {} in {directory}", db.path().display()),
                e,
            )
        })?;
        let mut files = data_files(&directory.0, families, data)?;
        files.extend(bookkeeping_files(&directory.0)?);
        Ok(Self {
            rows: OnceLock::new(),
            opening: Mutex::new(()),
            directory,
            files,
            families: families.clone(),
            engine,
        })
    }

    fn rows(&self) -> Result<&DB> {
        if let Some(rows) = self.rows.get() {
            return Ok(rows);
        }
        let _opening = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rows) = self.rows.get() {
            return Ok(rows);
        }
        let opened = open(&self.engine, &self.families, &self.directory.0);
        let opened = opened.map_err(|e| failed(format!("open pin {}", self.directory), e))?;
        Ok(self.rows.get_or_init(|| opened))
    }
}

impl fmt::Debug for RocksPinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RocksPinned")
            .field("directory", &self.directory.0)
            .field("files", &self.files.len())
            .finish_non_exhaustive()
    }
}

impl Pinned for RocksPinned {
    fn files(&self) -> &[PinnedFile] {
        &self.files
    }

    fn scan<'a>(&'a self, range: &RowRange) -> Result<Box<dyn RowCursor + 'a>> {
        let rows = RocksCursor::new(self.rows()?, &self.families, range, tuning::scan_once)?;
        Ok(Box::new(rows))
    }
}

/// Opens a pin for reading.
fn open(
    engine: &Options,
    families: &Families,
    directory: &Path,
) -> std::result::Result<DB, rust_rocksdb::Error> {
    // RocksDB wants all of the database's families named: the first is always there.
    let names = families.iter().map(|family| family.name.as_str());
    let names: BTreeSet<&str> = names.chain([DEFAULT]).collect();
    let descriptors = names
        .into_iter()
        .map(|name| ColumnFamilyDescriptor::new(name, engine.clone()));
    DB::open_cf_descriptors_read_only(engine, directory, descriptors, false)
}

/// A pin's directory, removed when it is dropped. RocksDB first collects the files in a directory
/// of a similar name, which it removes itself where it fails.
struct PinDirectory(PathBuf);

impl fmt::Display for PinDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

impl Drop for PinDirectory {
    fn drop(&mut self) {
        match fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                // The files cost space until the store's directory goes; nobody reads them by
                // mistake.
                tracing::warn!(directory = %self, %error, "a pin's directory could not be removed");
            }
            _ => {}
        }
    }
}

/// The data files, oldest first.
fn data_files(
    directory: &Path,
    families: &Families,
    mut data: Vec<LiveFile>,
) -> Result<Vec<PinnedFile>> {
    data.sort_by_key(|file| (Reverse(file.level), file.largest_seqno));
    let views = views(families, &data);
    data.into_iter()
        .map(|file| {
            let view = views.get(&file.column_family_name).cloned();
            data_file(directory, file, view.unwrap_or_default())
        })
        .collect()
}

/// What is to be said of the files of each family: nothing where every file has nothing but rows that count.
fn views(families: &Families, data: &[LiveFile]) -> BTreeMap<String, Vec<RowRange>> {
    let stray = |file: &LiveFile| {
        let (first, last) = (file.start_key.as_deref(), file.end_key.as_deref());
        let family = families.iter().find(|f| f.name == file.column_family_name);
        family.is_some_and(|f| !f.view.covers(first.unwrap_or(&[]), last.unwrap_or(&[])))
    };
    if families.len() == 1 && !data.iter().any(stray) {
        return BTreeMap::new();
    }
    families
        .iter()
        .map(|family| (family.name.clone(), family.view.ranges().to_vec()))
        .collect()
}

fn data_file(directory: &Path, file: LiveFile, view: Vec<RowRange>) -> Result<PinnedFile> {
    let name = file.name.trim_start_matches('/').to_owned();
    let (Ok(level), Ok(bytes)) = (u8::try_from(file.level), u64::try_from(file.size)) else {
        return Err(Error::corrupt(format!("{name} is on level {}", file.level)));
    };
    let note = FileNote::Data {
        level,
        smallest_sequence: file.smallest_seqno,
        largest_sequence: file.largest_seqno,
        view,
    };
    Ok(PinnedFile {
        path: directory.join(&name),
        name,
        bytes,
        shared: true,
        bounds: Some((
            file.start_key.unwrap_or_default(),
            file.end_key.unwrap_or_default(),
        )),
        note: note.encode(),
    })
}

/// OPTIONS, MANIFEST and last CURRENT: until it is there, a directory is not a store.
fn bookkeeping_files(directory: &Path) -> Result<Vec<PinnedFile>> {
    let unreadable = |e| Error::io(format!("list pin {}", directory.display()), e);
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        if let Some((rank, name)) = name.to_str().and_then(bookkeeping) {
            files.push((rank, bookkeeping_file(directory, name)?));
        }
    }
    files.sort_by_key(|(rank, _)| *rank);
    Ok(files.into_iter().map(|(_, file)| file).collect())
}

fn bookkeeping(name: &str) -> Option<(u8, &str)> {
    let rank = match name {
        CURRENT => 2,
        _ if name.starts_with("MANIFEST-") => 1,
        _ if name.starts_with("OPTIONS-") => 0,
        _ => return None,
    };
    Some((rank, name))
}

fn bookkeeping_file(directory: &Path, name: &str) -> Result<PinnedFile> {
    let path = directory.join(name);
    let content = fs::read(&path).map_err(|e| Error::io(format!("read {}", path.display()), e))?;
    let bytes = u64::try_from(content.len()).unwrap_or(u64::MAX);
    let note = FileNote::Bookkeeping {
        bytes,
        crc32c: crc32c::crc32c(&content),
    };
    Ok(PinnedFile {
        name: name.to_owned(),
        path,
        bytes,
        shared: false,
        bounds: None,
        note: note.encode(),
    })
}
