//! A memory store that can be held up, that fails or panics when told to, and that knows who calls it.

#![cfg(test)]

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, ThreadId};

use alluvium::protocol::row::RowRange;
use alluvium::storage::Cancel;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium::store::{Opened, Part, Pinned, RowCursor, SortedRun, Store, StoreFactory, StoreSize};
use alluvium::{Error, ErrorKind, Result};

/// What becomes of the next writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writes {
    Succeed,
    /// Half of the run is read, and then the device fails.
    Fail,
    Panic,
}

/// What becomes of reads of many rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scans {
    Succeed,
    /// After that many rows one fails; later ones do not.
    FailOnce(usize),
    /// After that many rows all fail.
    Fail(usize),
}

impl Scans {
    /// The next row is read.
    fn next(&mut self) -> Result<()> {
        match self {
            Self::Succeed => return Ok(()),
            Self::FailOnce(0) => *self = Self::Succeed,
            Self::Fail(0) => {}
            Self::FailOnce(left) | Self::Fail(left) => {
                *left -= 1;
                return Ok(());
            }
        }
        Err(Error::new(
            ErrorKind::Unavailable,
            "the disk cannot be read",
        ))
    }
}

#[derive(Debug)]
struct Watch {
    held: Mutex<bool>,
    changed: Condvar,
    writes: Mutex<Writes>,
    scans: Mutex<Scans>,
    task: ThreadId,
    calls_by_task: AtomicUsize,
    written: AtomicUsize,
}

impl Watch {
    fn call(&self) {
        if thread::current().id() == self.task {
            self.calls_by_task.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn pass(&self) {
        let held = self.held.lock().unwrap();
        drop(self.changed.wait_while(held, |held| *held).unwrap());
    }

    fn hold(&self, hold: bool) {
        *self.held.lock().unwrap() = hold;
        self.changed.notify_all();
    }
}

/// Makes watched stores. The thread that makes the factory is the task's.
#[derive(Debug, Clone)]
pub(crate) struct WatchedStores(Arc<Watch>);

/// Holds up writes and pins as long as it lives. Drop it before the backend, which waits for the store.
pub(crate) struct Held(Arc<Watch>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.hold(false);
    }
}

impl WatchedStores {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Watch {
            held: Mutex::new(false),
            changed: Condvar::new(),
            writes: Mutex::new(Writes::Succeed),
            scans: Mutex::new(Scans::Succeed),
            task: thread::current().id(),
            calls_by_task: AtomicUsize::new(0),
            written: AtomicUsize::new(0),
        }))
    }

    pub(crate) fn hold(&self) -> Held {
        self.0.hold(true);
        Held(Arc::clone(&self.0))
    }

    pub(crate) fn writes(&self, writes: Writes) {
        *self.0.writes.lock().unwrap() = writes;
    }

    /// Of the task's thread: the flusher's reads succeed.
    pub(crate) fn scans(&self, scans: Scans) {
        *self.0.scans.lock().unwrap() = scans;
    }

    /// How often the task's own thread called the store.
    pub(crate) fn calls_by_task(&self) -> usize {
        self.0.calls_by_task.load(Ordering::SeqCst)
    }

    /// How many runs were written.
    pub(crate) fn written(&self) -> usize {
        self.0.written.load(Ordering::SeqCst)
    }

    fn watch(&self, inner: Arc<dyn Store>) -> Arc<dyn Store> {
        let watch = Arc::clone(&self.0);
        Arc::new(WatchedStore { inner, watch })
    }
}

impl StoreFactory for WatchedStores {
    fn kind(&self) -> &'static str {
        "memory"
    }

    fn create(&self, directory: &Path) -> Result<Arc<dyn Store>> {
        let inner = MemoryStoreFactory::new().create(directory)?;
        Ok(self.watch(inner))
    }

    fn open(&self, directory: &Path, parts: Vec<Part>, cancel: &Cancel) -> Result<Opened> {
        let opened = MemoryStoreFactory::new().open(directory, parts, cancel)?;
        let store = self.watch(opened.store);
        Ok(Opened { store, ..opened })
    }
}

#[derive(Debug)]
struct WatchedStore {
    inner: Arc<dyn Store>,
    watch: Arc<Watch>,
}

impl Store for WatchedStore {
    fn get(&self, row: &[u8], value: &mut Vec<u8>) -> Result<bool> {
        self.watch.call();
        self.inner.get(row, value)
    }

    fn scan<'a>(&'a self, range: &RowRange) -> Result<Box<dyn RowCursor + 'a>> {
        self.watch.call();
        let cursor = self.inner.scan(range)?;
        let watch = &*self.watch;
        Ok(Box::new(WatchedCursor { cursor, watch }))
    }

    fn write(&self, run: &mut dyn SortedRun) -> Result<()> {
        self.watch.call();
        self.watch.pass();
        let writes = *self.watch.writes.lock().unwrap();
        match writes {
            Writes::Succeed => {
                self.watch.written.fetch_add(1, Ordering::SeqCst);
                self.inner.write(run)
            }
            Writes::Fail => {
                run.next()?;
                Err(Error::new(ErrorKind::Unavailable, "the disk is full"))
            }
            Writes::Panic => panic!("as planned"),
        }
    }

    fn pin(&self, directory: &Path) -> Result<Box<dyn Pinned>> {
        self.watch.call();
        self.watch.pass();
        self.inner.pin(directory)
    }

    fn size(&self) -> StoreSize {
        self.watch.call();
        self.inner.size()
    }
}

struct WatchedCursor<'s> {
    cursor: Box<dyn RowCursor + 's>,
    watch: &'s Watch,
}

impl RowCursor for WatchedCursor<'_> {
    fn next(&mut self) -> Result<Option<(&[u8], &[u8])>> {
        if thread::current().id() == self.watch.task {
            self.watch.scans.lock().unwrap().next()?;
        }
        self.cursor.next()
    }
}
