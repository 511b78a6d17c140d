//! Durable objects of a chain, with a clock of their own, and changes that arrive late.
//!
//! A storage in memory that is a plain map, so that a chain can look at it whole after every step. Time goes on
//! when the chain says so: an object's age is a matter of steps, not of the machine. A change whose writer
//! was told of a failure can be kept back and [land](Objects::keep_back) some operations later, as a request
//! does that was on its way when its connection broke.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use alluvium::storage::{ObjectInfo, PutOutcome, Storage, Transfer, Watch};
use alluvium::{Error, ErrorKind, Result};

/// What a write does to the objects.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Put(String, Vec<u8>),
    PutIfAbsent(String, Vec<u8>),
    Delete(String),
}

/// All objects there are, and those on their way.
#[derive(Debug, Default)]
pub(super) struct Objects {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    objects: BTreeMap<String, (Vec<u8>, i64)>,
    now_unix_millis: i64,
    /// Changes that land when so many more operations were made.
    late: Vec<(u8, Change)>,
}

impl Objects {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Every change is one call on the map: it is whole whatever panicked.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now_unix_millis(&self) -> i64 {
        self.inner().now_unix_millis
    }

    /// Lets a second pass.
    pub(super) fn tick(&self) {
        self.inner().now_unix_millis += 1000;
    }

    /// Lets `change` land after `operations` more of them.
    pub(super) fn keep_back(&self, operations: u8, change: Change) {
        self.inner().late.push((operations, change));
    }

    /// Counts an operation: what was due lands.
    pub(super) fn count_operation(&self) {
        let mut inner = self.inner();
        for (left, _) in &mut inner.late {
            *left = left.saturating_sub(1);
        }
        let (due, late) = std::mem::take(&mut inner.late)
            .into_iter()
            .partition(|(left, _)| *left == 0);
        inner.late = late;
        inner.land(due);
    }

    /// Everything that is on its way lands.
    pub(super) fn settle(&self) {
        let mut inner = self.inner();
        let due = std::mem::take(&mut inner.late);
        inner.land(due);
    }

    /// Makes a change now; whether a conditional one took effect.
    pub(super) fn apply(&self, change: Change) -> PutOutcome {
        self.inner().apply(change)
    }

    /// The bytes of an object that should be there.
    pub(super) fn existing(&self, name: &str) -> Result<Vec<u8>> {
        let missing = || Error::new(ErrorKind::Unavailable, format!("there is no object {name}"));
        self.get(name)?.ok_or_else(missing)
    }

    /// Whether changes are on their way.
    pub(super) fn is_unsettled(&self) -> bool {
        !self.inner().late.is_empty()
    }

    /// Length and checksum of an object, if it is there.
    pub(super) fn facts(&self, name: &str) -> Option<(u64, u32)> {
        let inner = self.inner();
        let (bytes, _) = inner.objects.get(name)?;
        Some((bytes.len() as u64, crc32c::crc32c(bytes)))
    }
}

impl Inner {
    fn land(&mut self, due: Vec<(u8, Change)>) {
        for (_, change) in due {
            // Whoever made it was told of a failure, and hears no more.
            match self.apply(change) {
                PutOutcome::Created | PutOutcome::Exists => {}
            }
        }
    }

    fn apply(&mut self, change: Change) -> PutOutcome {
        let now = self.now_unix_millis;
        match change {
            Change::PutIfAbsent(name, _) if self.objects.contains_key(&name) => PutOutcome::Exists,
            Change::Put(name, bytes) | Change::PutIfAbsent(name, bytes) => {
                self.objects.insert(name, (bytes, now));
                PutOutcome::Created
            }
            Change::Delete(name) => {
                self.objects.remove(&name);
                PutOutcome::Created
            }
        }
    }
}

impl Storage for Objects {
    fn location(&self) -> String {
        "chain:///".to_owned()
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.apply(Change::Put(name.to_owned(), bytes.to_vec()));
        Ok(())
    }

    fn put_if_absent(&self, name: &str, bytes: &[u8]) -> Result<PutOutcome> {
        Ok(self.apply(Change::PutIfAbsent(name.to_owned(), bytes.to_vec())))
    }

    fn upload(&self, name: &str, from: &Path, watch: &dyn Watch) -> Result<Transfer> {
        watch.cancel().check(format_args!("upload {name}"))?;
        let bytes = read(from)?;
        let moved = transfer(&bytes);
        self.apply(Change::Put(name.to_owned(), bytes));
        Ok(moved)
    }

    fn download(&self, name: &str, to: &Path, watch: &dyn Watch) -> Result<Transfer> {
        watch.cancel().check(format_args!("download {name}"))?;
        let bytes = self.existing(name)?;
        fs::write(to, &bytes)
            .map_err(|error| Error::io(format!("write {}", to.display()), error))?;
        Ok(transfer(&bytes))
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let inner = self.inner();
        Ok(inner.objects.get(name).map(|(bytes, _)| bytes.clone()))
    }

    fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>> {
        let inner = self.inner();
        let named = inner
            .objects
            .iter()
            .filter(|(name, _)| name.starts_with(prefix));
        let listed = named.map(|(name, (bytes, modified))| ObjectInfo {
            name: name.clone(),
            bytes: bytes.len() as u64,
            modified_unix_millis: *modified,
        });
        Ok(listed.collect())
    }

    fn copy(&self, from: &str, to: &str) -> Result<()> {
        let bytes = self.existing(from)?;
        self.put(to, &bytes)
    }

    fn delete(&self, name: &str) -> Result<()> {
        self.apply(Change::Delete(name.to_owned()));
        Ok(())
    }
}

/// The bytes of a local file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| Error::io(format!("read {}", path.display()), error))
}

pub(super) fn transfer(bytes: &[u8]) -> Transfer {
    Transfer {
        bytes: bytes.len() as u64,
        crc32c: crc32c::crc32c(bytes),
    }
}
