//! A plain `HashMap`: what memory allows, without snapshots, files or types.

use std::collections::HashMap;

use anyhow::Result;

use super::Values;
use crate::data;

#[derive(Debug, Default)]
pub(crate) struct Plain(HashMap<Vec<u8>, Vec<u8>>);

impl Values for Plain {
    fn get(&mut self, key: u64) -> Result<Option<u64>> {
        let value = self.0.get(key.to_be_bytes().as_slice());
        Ok(value.map(|value| data::first_word(value)))
    }

    fn read(&mut self, key: u64, out: &mut Vec<u8>) -> Result<bool> {
        let Some(value) = self.0.get(key.to_be_bytes().as_slice()) else {
            return Ok(false);
        };
        out.clone_from(value);
        Ok(true)
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
        if let Some(value) = self.0.get_mut(key.to_be_bytes().as_slice()) {
            data::add_one(value);
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<()> {
        Ok(())
    }
}
