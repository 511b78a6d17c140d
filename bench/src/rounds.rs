//! Rounds of a benchmark: as many operations as fit into a time.

use std::time::{Duration, Instant};

use anyhow::Result;

/// How long and how often a case is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rounds {
    pub(crate) count: usize,
    pub(crate) time: Duration,
}

impl Rounds {
    /// The rates of all rounds, after one that only warms up: `batch` does some operations and says how many, or `None`
    /// when there are none left.
    pub(crate) fn rates(self, mut batch: impl FnMut() -> Result<Option<u64>>) -> Result<Vec<f64>> {
        let mut rates = Vec::with_capacity(self.count);
        for round in 0..=self.count {
            let start = Instant::now();
            let mut operations = 0;
            let mut left = true;
            while left && start.elapsed() < self.time {
                match batch()? {
                    Some(done) => operations += done,
                    None => left = false,
                }
            }
            if round > 0 && operations > 0 {
                rates.push(operations as f64 / start.elapsed().as_secs_f64());
            }
        }
        Ok(rates)
    }
}
