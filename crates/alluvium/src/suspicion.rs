//! A store whose files came from local copies that were not read before they were used.
//!
//! Invariant: after the first damage that the store meets, the copies are no longer taken as noted: the next restore reads
//! them whole, and downloads what is damaged, instead of failing over the same copy again.
//! What goes through is neither changed nor delayed.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use alluvium_protocol::row::RowRange;

use crate::error::{ErrorKind, Result};
use crate::local::LocalCopies;
use crate::storage::Cancel;
use crate::store::{Pinned, RowCursor, RowFilter, SortedRun, Store, StoreSize, Tidied};

/// What is done once damage is met.
#[derive(Debug)]
struct Suspicion {
    local: LocalCopies,
    raised: AtomicBool,
}

impl Suspicion {
    fn watch<T>(&self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result
            && error.kind() == ErrorKind::Corrupt
            && !self.raised.swap(true, Ordering::AcqRel)
        {
            tracing::warn!(
                ?error,
                "local copies will be read before they are used again"
            );
            self.local.distrust();
        }
        result
    }
}

/// A store that is watched for damage.
#[derive(Debug)]
pub(crate) struct SuspectedStore {
    inner: Arc<dyn Store>,
    suspicion: Suspicion,
}

impl SuspectedStore {
    pub(crate) fn new(inner: Arc<dyn Store>, local: LocalCopies) -> Self {
        let raised = AtomicBool::new(false);
        Self {
            inner,
            suspicion: Suspicion { local, raised },
        }
    }
}

impl Store for SuspectedStore {
    fn get(&self, row: &[u8], value: &mut Vec<u8>) -> Result<bool> {
        self.suspicion.watch(self.inner.get(row, value))
    }

    fn scan<'a>(&'a self, range: &RowRange) -> Result<Box<dyn RowCursor + 'a>> {
        let rows = self.suspicion.watch(self.inner.scan(range))?;
        let suspicion = &self.suspicion;
        Ok(Box::new(SuspectedRows { rows, suspicion }))
    }

    fn write(&self, run: &mut dyn SortedRun) -> Result<()> {
        self.suspicion.watch(self.inner.write(run))
    }

    fn load(&self, run: &mut dyn SortedRun) -> Result<()> {
        self.suspicion.watch(self.inner.load(run))
    }

    fn tidy(&self, cancel: &Cancel) -> Result<Tidied> {
        self.suspicion.watch(self.inner.tidy(cancel))
    }

    fn filter_rows(&self, filter: Arc<dyn RowFilter>) {
        self.inner.filter_rows(filter);
    }

    fn rewrite(&self, range: &RowRange, cancel: &Cancel) -> Result<()> {
        self.suspicion.watch(self.inner.rewrite(range, cancel))
    }

    fn pin(&self, directory: &Path) -> Result<Box<dyn Pinned>> {
        self.suspicion.watch(self.inner.pin(directory))
    }

    fn size(&self) -> StoreSize {
        self.inner.size()
    }
}

struct SuspectedRows<'a> {
    rows: Box<dyn RowCursor + 'a>,
    suspicion: &'a Suspicion,
}

impl RowCursor for SuspectedRows<'_> {
    fn next(&mut self) -> Result<Option<(&[u8], &[u8])>> {
        self.suspicion.watch(self.rows.next())
    }
}
