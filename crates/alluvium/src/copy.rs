//! Copies objects from one folder to another, in one storage or between two.
//!
//! Invariants: what [`Copier::objects`] returns success for has the length and CRC32C that the manifest says, or, where
//! the storage copied it itself, the length; all names that a copy may have written are known before it writes
//! them, so that it can take them back. What is copied, and what makes the copy exist, is decided elsewhere: see [`Catalog::copy_from`](crate::catalog::Catalog)
//! and [`SavepointFolder::copy_from`](crate::savepoint::SavepointFolder).

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use alluvium_protocol::file::FileId;
use alluvium_protocol::plan::copy::ObjectCopy;

use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::options::Options;
use crate::storage::{Cancel, Storage, Transfer, Watch};
use crate::transfer::progress::{FileWatch, Tally};
use crate::transfer::retry::Retry;
use crate::transfer::{Progress, Task, run_all};
use crate::working_directory::Scratch;

/// The largest object that a storage copies itself: providers have a limit (S3: 5 GiB).
const IN_STORAGE_BYTES_MAX: u64 = 5 << 30;

/// Damaged downloads of one object that are begun anew: once tells damage on the way from damage at rest.
const DAMAGED_MAX: u32 = 1;

/// With what a copy is carried out.
#[derive(Clone)]
pub struct CopyOptions {
    pub(crate) environment: Environment,
    scratch: PathBuf,
    threads: NonZeroUsize,
    pub(crate) cancel: Cancel,
    progress: Arc<dyn Progress>,
}

impl CopyOptions {
    /// Copies by way of a folder in `scratch`, a directory of this machine that is made if it is missing. It needs
    /// room for as many of the largest files as are copied at once.
    #[must_use]
    pub fn new(scratch: impl Into<PathBuf>) -> Self {
        let threads = NonZeroUsize::new(Options::default().transfer_threads);
        Self {
            environment: Environment::system(),
            scratch: scratch.into(),
            threads: threads.unwrap_or(NonZeroUsize::MIN),
            cancel: Cancel::new(),
            progress: Arc::new(()),
        }
    }

    /// Clock, randomness and threads. By default the system's.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// How many files are copied at once. By default as many as a snapshot moves
    /// ([`Options::transfer_threads`]).
    #[must_use]
    pub const fn transfer_threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
        self
    }

    /// What stops it.
    #[must_use]
    pub fn cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }

    /// Whom it tells how far it has come.
    #[must_use]
    pub fn progress(mut self, progress: Arc<dyn Progress>) -> Self {
        self.progress = progress;
        self
    }
}

impl fmt::Debug for CopyOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyOptions")
            .field("scratch", &self.scratch)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

/// What a copy moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CopyReport {
    /// Files copied.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Whether all of it was there already, from a copy whose end was not heard of.
    pub was_there: bool,
}

impl CopyReport {
    pub(crate) fn of(objects: &[ObjectCopy]) -> Self {
        let bytes = objects.iter().map(|object| object.bytes);
        Self {
            files: u64::try_from(objects.len()).unwrap_or(u64::MAX),
            bytes: bytes.fold(0, u64::saturating_add),
            was_there: false,
        }
    }

    pub(crate) const fn was_there() -> Self {
        Self {
            files: 0,
            bytes: 0,
            was_there: true,
        }
    }
}

/// A folder in a storage.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) root: String,
}

impl Folder {
    pub(crate) fn name(&self, object: &str) -> String {
        format!("{}/{object}", self.root)
    }

    fn told(&self, object: &str) -> String {
        format!("{} in {}", self.name(object), self.storage.location())
    }
}

/// One copy in progress.
pub(crate) struct Copier<'a> {
    from: Folder,
    to: Folder,
    options: &'a CopyOptions,
    /// Whether the storage copies what stays in it.
    in_storage: bool,
    /// Full names of objects that exist because of this copy, or may.
    written: Arc<Mutex<Vec<String>>>,
    retry: Retry,
}

impl<'a> Copier<'a> {
    pub(crate) fn new(from: Folder, to: Folder, options: &'a CopyOptions) -> Self {
        Self {
            from,
            to,
            options,
            in_storage: false,
            written: Arc::default(),
            retry: Retry::new(&Options::default(), &options.environment),
        }
    }

    /// Lets the storage itself copy what stays in it: the bytes do not come here, so that lengths alone are checked.
    pub(crate) fn in_storage(mut self) -> Self {
        self.in_storage = Arc::ptr_eq(&self.from.storage, &self.to.storage);
        self
    }

    /// Copies objects and checks each.
    ///
    /// # Errors
    /// `Corrupt` when one is missing or not as told, naming it; `Unavailable` when a storage or this machine
    /// fails; `Cancelled`. Some are copied by then.
    pub(crate) fn objects(&self, objects: &[ObjectCopy]) -> Result<()> {
        let environment = &self.options.environment;
        let folder = FileId::new(environment.random.bits()).to_string();
        let scratch = Scratch::create(self.options.scratch.join(folder))?;
        let tally = Tally::new(&self.options.progress, &environment.clock);
        let tasks = objects.iter().enumerate().map(|(number, object)| {
            let one = One {
                from: self.from.clone(),
                to: self.to.clone(),
                object: object.clone(),
                in_storage: self.in_storage && object.bytes <= IN_STORAGE_BYTES_MAX,
                by_way_of: scratch.path().join(number.to_string()),
                written: Arc::clone(&self.written),
                retry: self.retry.clone(),
            };
            let tally = Arc::clone(&tally);
            tally.expect_file(object.bytes);
            let task: Task<()> = Box::new(move |cancel| {
                let watch = tally.watch(cancel);
                one.copy(&watch)?;
                watch.done(one.object.bytes);
                Ok(())
            });
            task
        });
        let (threads, cancel) = (self.options.threads.get(), &self.options.cancel);
        let copied = run_all(&*environment.spawn, threads, tasks.collect(), cancel);
        copied.map_err(|error| {
            // What fails while all is being stopped fails because of that.
            if cancel.is_cancelled() && error.kind() != ErrorKind::Cancelled {
                Error::cancelled("a copy").with_source(error)
            } else {
                error
            }
        })?;
        if self.in_storage {
            self.check_lengths(objects)?;
        }
        Ok(())
    }

    fn check_lengths(&self, objects: &[ObjectCopy]) -> Result<()> {
        let listed = self.to.storage.list(&self.to.name(""))?;
        let there: BTreeMap<&str, u64> = listed
            .iter()
            .map(|info| (info.name.as_str(), info.bytes))
            .collect();
        for object in objects {
            let found = there.get(self.to.name(&object.to).as_str());
            if found != Some(&object.bytes) {
                return Err(Error::corrupt(format!(
                    "{} has {} bytes instead of {}",
                    self.from.told(&object.from),
                    found.map_or_else(|| "no".to_owned(), u64::to_string),
                    object.bytes
                )));
            }
        }
        Ok(())
    }

    /// Writes a small object.
    ///
    /// # Errors
    /// `Unavailable` when storage fails; `Cancelled`.
    pub(crate) fn put(&self, object: &str, bytes: &[u8]) -> Result<()> {
        self.options.cancel.check("a copy")?;
        let name = self.to.name(object);
        note(&self.written, name.clone());
        self.retry.run(&self.options.cancel, 0, || {
            self.to.storage.put(&name, bytes)
        })
    }

    /// Deletes what the copy wrote, last first, so that no manifest is there without its files. The error says so if
    /// something is left.
    pub(crate) fn take_back(&self, error: Error) -> Error {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = Vec::new();
        for name in written.drain(..).rev() {
            if let Err(error) = self.to.storage.delete(&name) {
                tracing::warn!(?error, object = name, "left by a copy");
                left.push(name);
            }
        }
        match left.first() {
            None => error,
            Some(first) => error.context(format!(
                "{} objects of the copy may be left in {}, such as {first}: copy again, or sweep them",
                left.len(),
                self.to.storage.location()
            )),
        }
    }
}

/// One object's way.
struct One {
    from: Folder,
    to: Folder,
    object: ObjectCopy,
    in_storage: bool,
    by_way_of: PathBuf,
    written: Arc<Mutex<Vec<String>>>,
    retry: Retry,
}

impl One {
    /// Each byte counts once, on its way here.
    fn copy(&self, watch: &FileWatch) -> Result<()> {
        let (from, to) = (
            self.from.name(&self.object.from),
            self.to.name(&self.object.to),
        );
        if self.in_storage {
            note(&self.written, to.clone());
            let copied = self
                .retry
                .run(watch.cancel(), 0, || self.to.storage.copy(&from, &to));
            return copied.map_err(|error| self.missing(error));
        }
        self.retry
            .run(watch.cancel(), DAMAGED_MAX, || {
                watch.begin();
                let moved = self.from.storage.download(&from, &self.by_way_of, watch)?;
                self.check(moved, || self.from.told(&self.object.from))
                    .inspect_err(|_damaged| {
                        // Else the next attempt finds a file in its way, and says so.
                        remove(&self.by_way_of).ok();
                    })
            })
            .map_err(|error| self.missing(error))?;
        note(&self.written, to.clone());
        let moved = self.retry.run(watch.cancel(), 0, || {
            self.to.storage.upload(&to, &self.by_way_of, watch.cancel())
        })?;
        self.check(moved, || self.by_way_of.display().to_string())?;
        remove(&self.by_way_of)
    }

    fn check(&self, moved: Transfer, told: impl FnOnce() -> String) -> Result<()> {
        let expected = Transfer {
            bytes: self.object.bytes,
            crc32c: self.object.crc32c,
        };
        if moved == expected {
            return Ok(());
        }
        Err(Error::corrupt(format!(
            "{} has {} bytes with checksum {:08x} instead of {} with {:08x}",
            told(),
            moved.bytes,
            moved.crc32c,
            expected.bytes,
            expected.crc32c
        )))
    }

    /// Storage says "unavailable" of a missing object as of a broken network: look again.
    fn missing(&self, error: Error) -> Error {
        let name = self.from.name(&self.object.from);
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        if error.kind() != ErrorKind::Unavailable {
            return error;
        }
        match self.from.storage.list(folder) {
            Ok(listed) if !listed.iter().any(|it| it.name == name) => {
                let told = self.from.told(&self.object.from);
                Error::corrupt(format!("{told} is missing")).with_source(error)
            }
            _ => error,
        }
    }
}

fn note(written: &Mutex<Vec<String>>, name: String) {
    // Noted before the call: a call that fails may have written the object all the same.
    written
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(name);
}

fn remove(path: &Path) -> Result<()> {
    std::fs::remove_file(path)
        .map_err(|error| Error::io(format!("remove {}", path.display()), error))
}
