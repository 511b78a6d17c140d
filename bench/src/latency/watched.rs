//! A store that notes when its calls began and ended, for telling what slow records waited for.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use alluvium::Result;
use alluvium::protocol::row::RowRange;
use alluvium::storage::Cancel;
use alluvium::store::{
    Opened, Part, Pinned, RowCursor, SortedRun, Store, StoreFactory, StoreSize, Tidied,
};

/// Reads that are shorter are not noted.
const READ_NOTED: Duration = Duration::from_micros(50);

/// A call of the store.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub(super) what: &'static str,
    pub(super) began: Instant,
    pub(super) ended: Instant,
}

/// The calls so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Calls(Arc<Mutex<Vec<Call>>>);

impl Calls {
    fn note<R>(&self, what: &'static str, longer_than: Duration, act: impl FnOnce() -> R) -> R {
        let began = Instant::now();
        let result = act();
        let ended = Instant::now();
        if ended - began >= longer_than {
            let call = Call { what, began, ended };
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(call);
        }
        result
    }

    /// Takes what was noted.
    pub(super) fn take(&self) -> Vec<Call> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Makes stores that are watched.
#[derive(Debug)]
pub(super) struct WatchedFactory {
    pub(super) stores: Arc<dyn StoreFactory>,
    pub(super) calls: Calls,
}

impl StoreFactory for WatchedFactory {
    fn kind(&self) -> &'static str {
        self.stores.kind()
    }

    fn create(&self, directory: &Path) -> Result<Arc<dyn Store>> {
        Ok(Arc::new(Watched {
            store: self.stores.create(directory)?,
            calls: self.calls.clone(),
        }))
    }

    fn open(&self, directory: &Path, parts: Vec<Part>, cancel: &Cancel) -> Result<Opened> {
        self.stores.open(directory, parts, cancel)
    }
}

#[derive(Debug)]
struct Watched {
    store: Arc<dyn Store>,
    calls: Calls,
}

impl Store for Watched {
    fn get(&self, row: &[u8], value: &mut Vec<u8>) -> Result<bool> {
        let read = || self.store.get(row, value);
        self.calls.note("get", READ_NOTED, read)
    }

    fn scan<'a>(&'a self, range: &RowRange) -> Result<Box<dyn RowCursor + 'a>> {
        self.store.scan(range)
    }

    fn write(&self, run: &mut dyn SortedRun) -> Result<()> {
        let write = || self.store.write(run);
        self.calls.note("write", Duration::ZERO, write)
    }

    fn load(&self, run: &mut dyn SortedRun) -> Result<()> {
        self.store.load(run)
    }

    fn tidy(&self, cancel: &Cancel) -> Result<Tidied> {
        self.store.tidy(cancel)
    }

    fn pin(&self, directory: &Path) -> Result<Box<dyn Pinned>> {
        let pin = || self.store.pin(directory);
        self.calls.note("pin", Duration::ZERO, pin)
    }

    fn size(&self) -> StoreSize {
        self.store.size()
    }
}
