//! A `HashMap` of lists of byte strings.

use std::collections::HashMap;

use anyhow::Result;

use super::long;
use crate::subjects::Lists;

#[derive(Debug, Default)]
pub(crate) struct PlainLists(HashMap<Vec<u8>, Vec<Vec<u8>>>);

impl PlainLists {
    fn elements(&self, key: u64) -> impl Iterator<Item = u64> {
        let list = self.0.get(key.to_be_bytes().as_slice());
        list.into_iter().flatten().map(|element| long(element))
    }

    /// Changes the key's list, or a new one if there is none.
    fn change(&mut self, key: u64, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
        match self.0.get_mut(key.to_be_bytes().as_slice()) {
            Some(list) => change(list),
            None => {
                let mut list = Vec::new();
                change(&mut list);
                self.0.insert(key.to_be_bytes().to_vec(), list);
            }
        }
    }
}

impl Lists for PlainLists {
    fn add(&mut self, key: u64, element: u64) -> Result<()> {
        self.change(key, |list| list.push(element.to_be_bytes().to_vec()));
        Ok(())
    }

    fn add_all(&mut self, key: u64, elements: &[u64]) -> Result<()> {
        let elements = elements
            .iter()
            .map(|element| element.to_be_bytes().to_vec());
        self.change(key, |list| list.extend(elements));
        Ok(())
    }

    fn set(&mut self, key: u64, element: u64) -> Result<()> {
        self.change(key, |list| {
            list.clear();
            list.push(element.to_be_bytes().to_vec());
        });
        Ok(())
    }

    fn first(&mut self, key: u64) -> Result<Option<u64>> {
        Ok(self.elements(key).next())
    }

    fn sum(&mut self, key: u64) -> Result<u64> {
        Ok(self.elements(key).fold(0, u64::wrapping_add))
    }

    fn read(&mut self, key: u64) -> Result<Vec<u64>> {
        Ok(self.elements(key).collect())
    }
}
