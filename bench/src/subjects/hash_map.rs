//! Plain maps of the standard library: what memory allows, without snapshots, files or types.
//!
//! Keys, values, list elements and map keys are byte strings of any length, as in a store that is told nothing of them.

use std::collections::HashMap;

use anyhow::{Context, Result};

mod lists;
mod maps;
mod timers;

use super::{Values, copied};
use crate::data;

pub(crate) use lists::PlainLists;
pub(crate) use maps::PlainMaps;
pub(crate) use timers::PlainTimers;

pub(crate) const VERSION: &str = concat!("std of Rust ", env!("CARGO_PKG_RUST_VERSION"));

/// A `HashMap` from byte strings to byte strings.
#[derive(Debug, Default)]
pub(crate) struct Plain(HashMap<Vec<u8>, Vec<u8>>);

impl Values for Plain {
    fn get(&mut self, key: u64) -> Result<Option<u64>> {
        let value = self.0.get(key.to_be_bytes().as_slice());
        Ok(value.map(|value| data::first_word(value)))
    }

    fn read(&mut self, key: u64, out: &mut Vec<u8>) -> Result<bool> {
        let value = self.0.get(key.to_be_bytes().as_slice());
        Ok(copied(value.map(Vec::as_slice), out))
    }

    fn set(&mut self, key: u64, value: &[u8]) -> Result<()> {
        match self.0.get_mut(key.to_be_bytes().as_slice()) {
            Some(old) => {
                old.clear();
                old.extend_from_slice(value);
            }
            None => {
                self.0.insert(key.to_be_bytes().to_vec(), value.to_vec());
            }
        }
        Ok(())
    }

    fn add_one(&mut self, key: u64) -> Result<()> {
        let value = self.0.get_mut(key.to_be_bytes().as_slice());
        data::add_one(value.context("a key without a value")?);
        Ok(())
    }
}

/// The long that eight bytes are.
fn long(bytes: &[u8]) -> u64 {
    bytes
        .first_chunk()
        .map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
