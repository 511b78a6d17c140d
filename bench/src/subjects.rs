//! What is measured: each subject keeps one value a key in its own manner.

use anyhow::Result;

pub(crate) mod alluvium;
pub(crate) mod hash_map;
pub(crate) mod raw_rocksdb;

/// A store of one value for each key, in the subject's own interface for it.
pub(crate) trait Values {
    /// The first word of the key's value; the whole value is read, and decoded where the subject has codecs.
    fn get(&mut self, key: u64) -> Result<Option<u64>>;
    /// The key's whole value. Not measured.
    fn read(&mut self, key: u64, out: &mut Vec<u8>) -> Result<bool>;
    fn set(&mut self, key: u64, value: &[u8]) -> Result<()>;
    /// Reads the value, adds one to its first word, writes it.
    fn add_one(&mut self, key: u64) -> Result<()>;
    /// Waits until what runs in the background after a fill is done.
    fn settle(&mut self) -> Result<()>;
}
