//! What a store was told of rows that expire: between its compaction filters, which are made with the database, and
//! the backend, which knows of states later.

use std::sync::{Arc, OnceLock};

use alluvium::store::Expiry;

/// Of one store. Until it is told anything, nothing expires.
#[derive(Debug, Clone, Default)]
pub(crate) struct ToldExpiry(Arc<OnceLock<Arc<dyn Expiry>>>);

impl ToldExpiry {
    /// Told once; a second time changes nothing.
    pub(crate) fn tell(&self, expiry: Arc<dyn Expiry>) {
        self.0.set(expiry).unwrap_or_default();
    }

    pub(crate) fn is_expired(&self, row: &[u8], value: &[u8]) -> bool {
        let told = self.0.get();
        told.is_some_and(|expiry| expiry.is_expired(row, value))
    }
}
