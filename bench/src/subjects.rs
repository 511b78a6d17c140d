//! What is measured: each subject keeps values, lists, maps or timers for keys in its own manner.
//!
//! Keys are 64-bit integers, which byte-level subjects write big-endian. No method does for one subject what another
//! is spared: encoding keys and values is part of each, allocating for them only where the subject's interface asks
//! for it.

use anyhow::Result;

pub(crate) mod alluvium;
#[cfg(feature = "cobble")]
pub(crate) mod cobble;
pub(crate) mod fjall;
pub(crate) mod hash_map;
pub(crate) mod raw_rocksdb;

/// A store of one value for each key, in the subject's own interface for it.
pub(crate) trait Values {
    /// The first word of the key's value; the whole value is read, and decoded where the subject has codecs.
    fn get(&mut self, key: u64) -> Result<Option<u64>>;
    /// Writes the key's whole value over `out`, and says whether there is one. Not measured.
    fn read(&mut self, key: u64, out: &mut Vec<u8>) -> Result<bool>;
    fn set(&mut self, key: u64, value: &[u8]) -> Result<()>;
    /// Reads the value, adds one to its first word, writes it.
    fn add_one(&mut self, key: u64) -> Result<()>;
}

/// A store of one list of longs for each key.
pub(crate) trait Lists {
    fn add(&mut self, key: u64, element: u64) -> Result<()>;
    fn add_all(&mut self, key: u64, elements: &[u64]) -> Result<()>;
    /// Replaces the list by one element.
    fn set(&mut self, key: u64, element: u64) -> Result<()>;
    /// The first element; the whole list is read, and decoded where the subject has codecs.
    fn first(&mut self, key: u64) -> Result<Option<u64>>;
    /// The sum of all elements, wrapping.
    fn sum(&mut self, key: u64) -> Result<u64>;
    /// The whole list. Not measured.
    fn read(&mut self, key: u64) -> Result<Vec<u64>>;
}

/// A store of one map from longs to longs for each key.
pub(crate) trait Maps {
    fn get(&mut self, key: u64, map_key: u64) -> Result<Option<u64>>;
    fn contains(&mut self, key: u64, map_key: u64) -> Result<bool>;
    fn is_empty(&mut self, key: u64) -> Result<bool>;
    /// The sum of all map keys, wrapping.
    fn sum_keys(&mut self, key: u64) -> Result<u64>;
    /// The sum of all values, wrapping.
    fn sum_values(&mut self, key: u64) -> Result<u64>;
    /// The sum of all map keys and values, wrapping.
    fn sum_entries(&mut self, key: u64) -> Result<u64>;
    fn put(&mut self, key: u64, map_key: u64, value: u64) -> Result<()>;
    fn put_all(&mut self, key: u64, entries: &[(u64, u64)]) -> Result<()>;
    fn remove(&mut self, key: u64, map_key: u64) -> Result<()>;
    /// The whole map, in the order of map keys. Not measured.
    fn read(&mut self, key: u64) -> Result<Vec<(u64, u64)>>;
}

/// Timers of keys: one for each time and key.
pub(crate) trait Timers {
    fn add(&mut self, key: u64, time: u64) -> Result<()>;
    /// Removes the first timer of all keys: its time and key.
    fn poll(&mut self) -> Result<Option<(u64, u64)>>;
}

/// Writes a value that was read over `out`, nothing if there is none, and says whether there is one.
fn copied(value: Option<&[u8]>, out: &mut Vec<u8>) -> bool {
    out.clear();
    out.extend_from_slice(value.unwrap_or_default());
    value.is_some()
}
