//! What compaction does to rows: those outside of a family's view go, and of the others a store was told later, by the backend, which
//! knows of states.
//!
//! RocksDB makes a filter for each compaction, and for each part of one that has a thread of its own. So a filter has a buffer for
//! values that change, and two never share one.

use std::ffi::CStr;
use std::sync::{Arc, OnceLock};

use alluvium::store::{RowFilter, Verdict};
use rust_rocksdb::CompactionDecision as Decision;
use rust_rocksdb::compaction_filter::CompactionFilter;
use rust_rocksdb::compaction_filter_factory::{CompactionFilterContext, CompactionFilterFactory};

use crate::lent::Lent;
use crate::view::View;

/// What one store was told. Until then, all rows are kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct ToldFilter(Arc<OnceLock<Arc<dyn RowFilter>>>);

impl ToldFilter {
    /// Told once; a second time changes nothing.
    pub(crate) fn tell(&self, filter: Arc<dyn RowFilter>) {
        self.0.set(filter).unwrap_or_default();
    }
}

/// Makes the filters of a family.
#[derive(Debug)]
pub(crate) struct Filters {
    /// Rows outside of it go. `None` if files have no such rows.
    pub(crate) view: Option<View>,
    pub(crate) told: ToldFilter,
}

impl CompactionFilterFactory for Filters {
    type Filter = Filter;

    // Several compactions may ask at the same time, whatever the binding says: this reads alone.
    fn create(&mut self, _context: CompactionFilterContext) -> Filter {
        Filter {
            view: self.view.clone(),
            told: self.told.0.get().cloned(),
            changed: Lent::default(),
        }
    }

    fn name(&self) -> &CStr {
        c"alluvium.filters"
    }
}

/// Of one compaction, on one thread.
#[derive(Debug)]
pub(crate) struct Filter {
    view: Option<View>,
    told: Option<Arc<dyn RowFilter>>,
    changed: Lent,
}

impl CompactionFilter for Filter {
    fn filter(&mut self, _level: u32, row: &[u8], value: &[u8]) -> Decision {
        // What is removed above older versions becomes a tombstone: none of them comes back.
        if self.view.as_ref().is_some_and(|view| !view.contains(row)) {
            return Decision::Remove;
        }
        let Some(told) = &self.told else {
            return Decision::Keep;
        };
        match told.filter(row, value, self.changed.cleared()) {
            Verdict::Keep => Decision::Keep,
            Verdict::Drop => Decision::Remove,
            Verdict::Change => Decision::Change(self.changed.lend()),
        }
    }

    fn name(&self) -> &CStr {
        c"alluvium.filter"
    }
}
