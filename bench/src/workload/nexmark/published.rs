//! The sink of the measured jobs: adds up what was put out, each epoch's once.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use alluvium::{Error, Result};
use alluvium_timely::{Prepare, Sink};

use crate::workload::outputs::Outputs;

/// What each worker has published of each epoch.
#[derive(Debug, Default)]
pub(crate) struct Published(Mutex<BTreeMap<Vec<u8>, Outputs>>);

impl Published {
    /// All that was published.
    pub(crate) fn outputs(&self) -> Outputs {
        let parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = Outputs::default();
        for part in parts.values() {
            all.merge(*part);
        }
        all
    }
}

impl Sink for Published {
    type Item = Outputs;

    fn prepare(&self, of: Prepare, items: Vec<Outputs>) -> Result<Option<Vec<u8>>> {
        let mut all = Outputs::default();
        for item in items {
            all.merge(item);
        }
        let token = [of.epoch, u64::from(of.worker), all.count, all.sum];
        Ok(Some(token.map(u64::to_be_bytes).concat()))
    }

    fn publish(&self, token: &[u8]) -> Result<()> {
        let mut words = token
            .as_chunks()
            .0
            .iter()
            .map(|word| u64::from_be_bytes(*word));
        let (Some(_epoch), Some(_worker), Some(count), Some(sum)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Error::corrupt("a token of another sink"));
        };
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        parts.insert(token.to_vec(), Outputs { count, sum });
        Ok(())
    }

    fn discard_unpublished(&self, _: u64) -> Result<()> {
        // What is prepared is in its token alone.
        Ok(())
    }
}
