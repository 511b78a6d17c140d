//! The freeze, which the task thread waits for, and the flush behind it, with 10,000 dirty rows.

use std::path::Path;
use std::sync::Arc;

use alluvium::protocol::row::RowRange;
use alluvium::store::{Pinned, RowCursor, SortedRun, Store, StoreSize};
use alluvium::{Result, ValueState};

use crate::fixture::{KEYS, Subject, keys};
use crate::region::{end, ensure, measured};

const COUNTS: ValueState<u64> = ValueState::new("counts");

/// A backend with a row for every key that no store has.
fn dirty() -> Result<Subject> {
    let subject = Subject::prepared(|store| Ok(Arc::new(Last(store))))?;
    let counts = subject.backend.register(COUNTS)?;
    for key in keys(0, KEYS) {
        subject.backend.key(&key)?.value(counts).set(&1)?;
    }
    Ok(subject)
}

/// All that the stream waits for at a barrier.
pub(super) fn freeze() -> Result<()> {
    let mut subject = dirty()?;
    measured(&mut || subject.freeze())
}

/// What the flusher does: sorting the rows, and the memory store's writing of them.
pub(super) fn flush() -> Result<()> {
    let mut subject = dirty()?;
    subject.freeze()?;
    measured(&mut || subject.run_flusher())
}

/// A store whose first write is the last thing that the process does.
#[derive(Debug)]
struct Last(Arc<dyn Store>);

impl Store for Last {
    fn get(&self, row: &[u8], value: &mut Vec<u8>) -> Result<bool> {
        self.0.get(row, value)
    }

    fn scan<'a>(&'a self, range: &RowRange) -> Result<Box<dyn RowCursor + 'a>> {
        self.0.scan(range)
    }

    fn write(&self, run: &mut dyn SortedRun) -> Result<()> {
        self.0.write(run)?;
        end(&mut || {
            let mut rows = self.0.scan(&RowRange::all())?;
            let mut found = 0;
            while rows.next()?.is_some() {
                found += 1;
            }
            ensure(found == KEYS, "every row is in the store")
        })
    }

    fn pin(&self, directory: &Path) -> Result<Box<dyn Pinned>> {
        self.0.pin(directory)
    }

    fn size(&self) -> StoreSize {
        self.0.size()
    }
}
