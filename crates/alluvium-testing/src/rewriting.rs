//! Stores that write all their rows again much more often than any would: before reads.
//!
//! What compaction does to rows must never be seen. So whatever is checked of a store is to hold with one of these around it,
//! too: each row has gone through the filter before it is read. [`Rewrites::rewrite_all`] does it when a test says, and
//! [`Rewrites::rows`] shows what is stored then.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use alluvium::Result;
use alluvium::protocol::row::RowRange;
use alluvium::storage::Cancel;
use alluvium::store::{
    Opened, Part, Pinned, RowCursor, RowFilter, SortedRun, Store, StoreFactory, StoreSize, Tidied,
};

/// Opens stores of another factory that write all rows again before every so many reads.
#[derive(Debug)]
pub struct RewritingFactory {
    inner: Arc<dyn StoreFactory>,
    reads: u64,
    rewrites: Rewrites,
}

/// The stores of a factory that live.
#[derive(Debug, Clone, Default)]
pub struct Rewrites(Arc<Mutex<Vec<Weak<RewritingStore>>>>);

#[derive(Debug)]
struct RewritingStore {
    inner: Arc<dyn Store>,
    /// Between two rewrites.
    reads: u64,
    read: AtomicU64,
    /// Whoever writes or rewrites has it. A run that is written may read from the store.
    writer: Mutex<()>,
}

impl RewritingFactory {
    /// Rewrites come before every read that is a multiple of `reads`, unless something is being written; 0 is never.
    pub fn new(inner: Arc<dyn StoreFactory>, reads: u64) -> Self {
        Self {
            inner,
            reads,
            rewrites: Rewrites::default(),
        }
    }

    /// The stores that it opens from now on.
    #[must_use]
    pub fn rewrites(&self) -> Rewrites {
        self.rewrites.clone()
    }

    fn over(&self, inner: Arc<dyn Store>) -> Arc<dyn Store> {
        let store = Arc::new(RewritingStore {
            inner,
            reads: self.reads,
            read: AtomicU64::new(0),
            writer: Mutex::default(),
        });
        let mut stores = self.rewrites.stores();
        stores.retain(|store| store.strong_count() > 0);
        stores.push(Arc::downgrade(&store));
        store
    }
}

impl Rewrites {
    fn stores(&self) -> MutexGuard<'_, Vec<Weak<RewritingStore>>> {
        // Every change is a single call.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has all stores that live write all rows again.
    ///
    /// # Errors
    /// Those of the stores.
    pub fn rewrite_all(&self) -> Result<()> {
        for store in self.stores().iter().filter_map(Weak::upgrade) {
            store.rewrite_all()?;
        }
        Ok(())
    }

    /// The rows of all stores that live, as they are stored.
    ///
    /// # Errors
    /// Those of the stores.
    pub fn rows(&self) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let mut found = Vec::new();
        for store in self.stores().iter().filter_map(Weak::upgrade) {
            let mut rows = store.inner.scan(&RowRange::all())?;
            while let Some((row, value)) = rows.next()? {
                found.push((row.to_vec(), value.to_vec()));
            }
        }
        Ok(found)
    }
}

impl RewritingStore {
    fn writer(&self) -> MutexGuard<'_, ()> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rewrite_all(&self) -> Result<()> {
        let _writer = self.writer();
        self.inner.rewrite(&RowRange::all(), &Cancel::new())
    }

    fn before_read(&self) -> Result<()> {
        let before = self.read.fetch_add(1, Ordering::Relaxed);
        if self.reads > 0
            && before.is_multiple_of(self.reads)
            && let Ok(_writer) = self.writer.try_lock()
        {
            self.inner.rewrite(&RowRange::all(), &Cancel::new())?;
        }
        Ok(())
    }
}

impl StoreFactory for RewritingFactory {
    fn kind(&self) -> &'static str {
        self.inner.kind()
    }

    fn create(&self, directory: &Path) -> Result<Arc<dyn Store>> {
        self.inner.create(directory).map(|store| self.over(store))
    }

    fn open(&self, directory: &Path, parts: Vec<Part>, cancel: &Cancel) -> Result<Opened> {
        let opened = self.inner.open(directory, parts, cancel)?;
        Ok(Opened {
            store: self.over(opened.store),
            ..opened
        })
    }
}

impl Store for RewritingStore {
    fn get(&self, row: &[u8], value: &mut Vec<u8>) -> Result<bool> {
        self.before_read()?;
        self.inner.get(row, value)
    }

    fn scan<'a>(&'a self, range: &RowRange) -> Result<Box<dyn RowCursor + 'a>> {
        self.before_read()?;
        self.inner.scan(range)
    }

    fn write(&self, run: &mut dyn SortedRun) -> Result<()> {
        let _writer = self.writer();
        self.inner.write(run)
    }

    fn load(&self, run: &mut dyn SortedRun) -> Result<()> {
        self.inner.load(run)
    }

    fn tidy(&self, cancel: &Cancel) -> Result<Tidied> {
        self.inner.tidy(cancel)
    }

    fn filter_rows(&self, filter: Arc<dyn RowFilter>) {
        self.inner.filter_rows(filter);
    }

    fn rewrite(&self, range: &RowRange, cancel: &Cancel) -> Result<()> {
        let _writer = self.writer();
        self.inner.rewrite(range, cancel)
    }

    fn pin(&self, directory: &Path) -> Result<Box<dyn Pinned>> {
        self.inner.pin(directory)
    }

    fn size(&self) -> StoreSize {
        self.inner.size()
    }
}
