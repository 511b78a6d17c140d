//! The seam below the write buffer: an ordered map of rows that can be pinned.
//!
//! Invariants an implementation keeps:
//! - rows are ordered by their keys' bytes, unsigned;
//! - one writer at a time ([`Store::write`] and [`Store::pin`] are called by one thread, the flusher),
//!   while any number of threads read, and one tidies;
//! - a scan sees the store as it was when the scan began;
//! - a file name is never given to other content within the life of one store directory;
//! - a pinned file does not change or vanish while its [`Pinned`] lives.
//!
//! A store knows rows and files. It does not know states, key groups' owners, snapshots, checksums of
//! objects or where files are kept for good: that is planned above it (`protocol::plan`), because a
//! restore that lives inside one engine has to be written again for the next.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alluvium_protocol::row::RowRange;

use crate::error::{Error, Result};
use crate::storage::Cancel;

pub use alluvium_protocol::rows_file::Change;
pub use filter::{RowFilter, Verdict};

mod filter;
pub mod memory;
mod puts;

/// Changes in strictly ascending order of their row keys.
pub trait SortedRun {
    /// The next change, or `None` at the end.
    ///
    /// # Errors
    /// Whatever the run's source reports; the store gives up the write and passes it on.
    fn next(&mut self) -> Result<Option<(&[u8], Change<'_>)>>;
}

/// Rows in ascending order of their keys.
pub trait RowCursor {
    /// The next row's key and value, or `None` at the end.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) where stored bytes fail their checksum,
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) where the device fails.
    fn next(&mut self) -> Result<Option<(&[u8], &[u8])>>;
}

/// An ordered map of rows that can be pinned. See the module's invariants.
pub trait Store: Send + Sync + fmt::Debug {
    /// Reads one row. Replaces the contents of `value` and returns true if the row exists.
    ///
    /// # Errors
    /// As [`RowCursor::next`].
    fn get(&self, row: &[u8], value: &mut Vec<u8>) -> Result<bool>;

    /// Reads the rows of `range` in order.
    ///
    /// # Errors
    /// As [`RowCursor::next`].
    fn scan<'a>(&'a self, range: &RowRange) -> Result<Box<dyn RowCursor + 'a>>;

    /// Applies a sorted run. Returns when its changes are visible to every later read.
    ///
    /// # Errors
    /// `Unavailable` when the device fails. What part of the run is visible then is not defined; the
    /// flusher poisons the backend.
    fn write(&self, run: &mut dyn SortedRun) -> Result<()>;

    /// Adds rows in a range in which the store has none yet, faster than [`Store::write`] does: part of a restore.
    /// Any number of threads may load at the same time, each its own range; nobody reads or writes yet.
    ///
    /// # Errors
    /// As [`Store::write`]; the store is of no use then. `Invalid` when the run deletes.
    fn load(&self, run: &mut dyn SortedRun) -> Result<()> {
        self.write(&mut puts::Puts::new(run))
    }

    /// Gives back space that rows take which no read will ever see, such as those that another subtask took over.
    /// Returns whether there may be more to do after later writes. Takes long: for a thread of its own; several
    /// calls at the same time are allowed and pointless.
    ///
    /// # Errors
    /// `Cancelled` soon after `cancel` is set; `Unavailable` when the device fails. No row changes in either case.
    fn tidy(&self, cancel: &Cancel) -> Result<Tidied> {
        cancel.check("tidying a store")?;
        Ok(Tidied::Clean)
    }

    /// From now on `filter` may be asked whenever rows are written again. Told once, before the first [`Store::rewrite`]. A
    /// store that does not listen keeps all rows as they are.
    fn filter_rows(&self, filter: Arc<dyn RowFilter>) {
        drop(filter);
    }

    /// Writes the rows of a range again, so that those that the filter drops give back their space, in files as well, and all others
    /// have the form that it gives them. Takes long: for a thread of its own, one at a time.
    ///
    /// # Errors
    /// `Cancelled` when `cancel` was set before it ended, soon after: once the files that were being written are. `Unavailable` when
    /// the store cannot tell what it has; that files could not be written it may keep to itself, and they stay as they are. What
    /// anybody reads is the same in any case.
    fn rewrite(&self, range: &RowRange, cancel: &Cancel) -> Result<()> {
        let _nothing_is_filtered_here = range;
        cancel.check("rewriting rows of a store")
    }

    /// Pins all that was written so far as immutable files on this machine, in `directory`, which does
    /// not exist yet and lies in the store directory's file system.
    ///
    /// # Errors
    /// `Unavailable` when the device fails; nothing is left in `directory` then.
    fn pin(&self, directory: &Path) -> Result<Box<dyn Pinned>>;

    /// Sizes for metrics and people; cheap, approximate.
    fn size(&self) -> StoreSize;
}

/// What [`Store::tidy`] left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "callers must treat both")]
pub enum Tidied {
    /// Nothing: there is no need to call it again.
    Clean,
    /// Space that later writes and pins may make it possible to give back.
    More,
}

/// A store's size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreSize {
    /// Bytes in files (on disk, compressed).
    pub file_bytes: u64,
    /// Number of data files.
    pub files: u64,
}

impl StoreSize {
    /// A size.
    #[must_use]
    pub const fn new(file_bytes: u64, files: u64) -> Self {
        Self { file_bytes, files }
    }
}

/// Immutable files that hold all rows of a store at one moment. Dropping it releases (and deletes) them.
/// Any number of threads may scan it at the same time.
pub trait Pinned: Send + Sync + fmt::Debug {
    /// The files, data files and others, in the order in which a store wants them back.
    fn files(&self) -> &[PinnedFile];

    /// The pinned rows of `range`, in order. Does not disturb the live store.
    ///
    /// # Errors
    /// As [`RowCursor::next`].
    fn scan<'a>(&'a self, range: &RowRange) -> Result<Box<dyn RowCursor + 'a>>;
}

/// One file of a [`Pinned`] store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build it field by field")]
pub struct PinnedFile {
    /// Its name within the store, such as `000012.sst`.
    pub name: String,
    /// Where it is now.
    pub path: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// Whether it holds rows and never changes under its name, so that later snapshots may refer to
    /// it. False for a store's bookkeeping (RocksDB: MANIFEST, CURRENT), which every snapshot uploads.
    pub shared: bool,
    /// First and last row key in the file, deleted rows included; `None` for bookkeeping.
    pub bounds: Option<(Vec<u8>, Vec<u8>)>,
    /// What the store wants to be told again when it opens the file: opaque, small.
    pub note: Vec<u8>,
}

/// A file that was placed for [`StoreFactory::open`], in the directory of its [`Part`] under its `name`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "restore builds it field by field"
)]
pub struct PlacedFile {
    /// Its name within the store that pinned it.
    pub name: String,
    /// The bounds that [`PinnedFile::bounds`] had.
    pub bounds: Option<(Vec<u8>, Vec<u8>)>,
    /// The note that [`PinnedFile::note`] carried.
    pub note: Vec<u8>,
}

/// Files of one pinned store, and which of their rows count.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "restore builds it field by field"
)]
pub struct Part {
    /// Where the files are. The store lives in this directory or deletes it.
    pub directory: PathBuf,
    /// The files: all of the pinned ones, or those alone whose bounds meet `rows`, without bookkeeping. Bookkeeping
    /// beside a choice of files would speak of others that are not there.
    pub files: Vec<PlacedFile>,
    /// The rows that count. What else is in the files is never seen.
    pub rows: RowRange,
}

impl Part {
    /// Checks what every store asks of the parts that it is opened from.
    ///
    /// # Errors
    /// `Invalid` when there is no part, or rows of two parts meet.
    pub fn check(parts: &[Self]) -> Result<()> {
        if parts.is_empty() {
            return Err(Error::invalid(
                "open a store of no part: create an empty one instead",
            ));
        }
        let mut order: Vec<_> = parts.iter().filter(|part| !part.rows.is_empty()).collect();
        order.sort_by(|one, other| one.rows.from().cmp(other.rows.from()));
        for (one, other) in order.iter().zip(order.iter().skip(1)) {
            if one.rows.intersection(&other.rows).is_some() {
                return Err(Error::invalid(format!(
                    "the same rows would come from {} and {}: give each row to one part",
                    one.directory.display(),
                    other.directory.display()
                )));
            }
        }
        Ok(())
    }
}

/// A store that was opened from parts.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "stores build it field by field")]
pub struct Opened {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Which of its files are files of the parts: by the name that the file has now, the positions of
    /// part and file. A file that is missing here counts as new.
    pub origins: BTreeMap<String, (usize, usize)>,
    /// Rows that were copied one by one.
    pub rows_copied: u64,
}

/// Opens stores of one kind.
pub trait StoreFactory: Send + Sync + fmt::Debug {
    /// The name that manifests record, such as `rocksdb`: files of one kind are opened by that kind only.
    fn kind(&self) -> &'static str;

    /// An empty store in `directory`, which is created.
    ///
    /// # Errors
    /// `Unavailable` when the directory cannot be made or the engine does not start.
    fn create(&self, directory: &Path) -> Result<Arc<dyn Store>>;

    /// A store that holds the rows of all parts, whose rows are disjoint, and no others. It may use `directory`,
    /// which does not exist, in the file system of the parts. In time that depends on the number of files, unless
    /// [`Opened::rows_copied`] says otherwise.
    ///
    /// # Errors
    /// `Corrupt` when files of a part are missing, damaged or contradict each other; `Invalid` when there is no
    /// part, or rows of two parts meet; `Unavailable` when the device fails; `Cancelled` soon after `cancel` is set, also
    /// while rows are read or copied. `directory` and those of the parts are left
    /// in any state, for the caller to delete.
    fn open(&self, directory: &Path, parts: Vec<Part>, cancel: &Cancel) -> Result<Opened>;
}
