//! Stores of rows below [`encoded`](super::encoded).

use anyhow::Result;

pub(crate) mod hash_map;
pub(crate) mod rocksdb;

/// A row in a map: `row` is the whole row key, of which the map key begins at `map_key`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) row: &'a [u8],
    pub(crate) map_key: usize,
}

/// A store of rows, single writer.
pub(crate) trait Engine {
    fn get<R>(&mut self, row: &[u8], read: impl FnOnce(Option<&[u8]>) -> R) -> Result<R>;
    fn put(&mut self, row: &[u8], value: &[u8]) -> Result<()>;
    fn delete(&mut self, row: &[u8]) -> Result<()>;
    /// Appends to a row's value, or makes it.
    fn append(&mut self, row: &[u8], bytes: &[u8]) -> Result<()>;

    fn map_put(&mut self, place: Place<'_>, value: &[u8]) -> Result<()>;
    fn map_delete(&mut self, place: Place<'_>) -> Result<()>;
    /// Visits map keys and values of one map, in order, from a row on and before the row key `to`.
    fn map_scan(
        &mut self,
        from: Place<'_>,
        to: &[u8],
        visit: impl FnMut(&[u8], &[u8]) -> Result<()>,
    ) -> Result<()>;

    /// The most bytes of row keys and values that there were at one time, if the engine counts them.
    fn peak_bytes(&self) -> Option<u64> {
        None
    }
}
