//! The splits of one worker, read as one.
//!
//! Invariant: the split that is behind in event time is read first, so that no split holds the watermark
//! back for long and timers fire early.

use std::collections::{BTreeMap, VecDeque};

use alluvium::Result;

use super::{Next, Source, SplitReader};
use crate::dataflow::message::SourceProgress;

/// Records read from one split before looking for the one that is most behind: enough that
/// looking costs nothing, few against a tick.
const RUN_RECORDS: u32 = 64;

struct Split<R> {
    number: u32,
    reader: Box<dyn SplitReader<R>>,
}

/// The splits of one worker.
pub(crate) struct Splits<R> {
    /// The one being read is in front.
    open: VecDeque<Split<R>>,
    ended: Vec<Split<R>>,
    run: u32,
    records: u64,
}

impl<R> Splits<R> {
    /// Opens those of a worker at their positions.
    pub(crate) fn open<S: Source<Record = R>>(
        source: &S,
        positions: &BTreeMap<u32, Vec<u8>>,
        worker: u32,
        peers: u32,
    ) -> Result<Self> {
        let numbers = (0..source.splits()).filter(|split| split % peers == worker);
        let open = numbers.map(|number| {
            let position = positions.get(&number).map(Vec::as_slice);
            let reader = source
                .open(number, position)
                .map_err(|error| error.context(format!("open split {number} of the source")))?;
            Ok(Split { number, reader })
        });
        Ok(Self {
            open: open.collect::<Result<_>>()?,
            ended: Vec::new(),
            run: 0,
            records: 0,
        })
    }

    /// The next record of any split.
    pub(crate) fn next(&mut self) -> Result<Next<R>> {
        if self.run == 0 {
            self.choose();
        }
        for _ in 0..self.open.len() {
            let Some(split) = self.open.front_mut() else {
                break;
            };
            let next = split.reader.next();
            match next.map_err(|error| {
                error.context(format!("read split {} of the source", split.number))
            })? {
                Next::Record(record) => {
                    self.run -= 1;
                    self.records += 1;
                    return Ok(Next::Record(record));
                }
                Next::Pending => self.open.rotate_left(1),
                Next::End => self.ended.extend(self.open.pop_front()),
            }
            self.run = RUN_RECORDS;
        }
        Ok(if self.open.is_empty() {
            Next::End
        } else {
            Next::Pending
        })
    }

    fn choose(&mut self) {
        let watermarks = self
            .open
            .iter()
            .map(|split| split.reader.watermark())
            .enumerate();
        if let Some((behind, _)) = watermarks.min_by_key(|(_, watermark)| *watermark) {
            self.open.swap(0, behind);
        }
        self.run = RUN_RECORDS;
    }

    /// Where each split is.
    pub(crate) fn positions(&self) -> Vec<(u32, Vec<u8>)> {
        let splits = self.open.iter().chain(&self.ended);
        splits
            .map(|split| (split.number, split.reader.position()))
            .collect()
    }

    /// How far they are in event time.
    pub(crate) fn progress(&self) -> SourceProgress {
        match self.open.iter().map(|split| split.reader.watermark()).min() {
            Some(watermark) => SourceProgress::Reading(watermark),
            None => {
                let last = self
                    .ended
                    .iter()
                    .map(|split| split.reader.watermark())
                    .max();
                let read_any = self.records > 0;
                SourceProgress::Ended {
                    last: last.unwrap_or(i64::MIN),
                    read_any,
                }
            }
        }
    }

    /// Records read in this attempt.
    pub(crate) const fn records(&self) -> u64 {
        self.records
    }
}

#[cfg(test)]
mod tests;
