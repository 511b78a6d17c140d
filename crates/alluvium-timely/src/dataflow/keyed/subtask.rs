//! One worker's part of the keyed operator: which records are applied when, and what an epoch's end does.
//!
//! Knows epochs, not capabilities: what it puts out is taken by the caller before an epoch ends.

use std::collections::BTreeMap;
use std::rc::Rc;

use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::{PreparedSnapshot, Result};

use crate::dataflow::message::Message;
use crate::dataflow::{Subtask, Surroundings};
use crate::observer::Event;
use crate::operator::Operator;
use crate::options::SavepointAt;
use crate::watermarks::Watermarks;

/// The snapshots of a closed epoch.
pub(in crate::dataflow) struct Frozen {
    pub(in crate::dataflow) epoch: u64,
    pub(in crate::dataflow) checkpoint: PreparedSnapshot,
    pub(in crate::dataflow) savepoint: Option<PreparedSnapshot>,
}

/// A worker's operator, its state, and what must wait.
pub(in crate::dataflow) struct Keyed<O: Operator> {
    operator: O,
    subtask: Rc<Subtask<O>>,
    around: Surroundings,
    ended_before: bool,
    /// The epoch whose records may touch the backend.
    epoch: u64,
    /// The last epoch that a message was of. When the input has ended it is the same on all workers, because each
    /// tick of each source has a watermark for every worker.
    last: u64,
    /// Messages of later epochs, in the order in which they came.
    stash: BTreeMap<u64, Vec<Message<O::Record>>>,
    watermarks: Watermarks,
    results: Vec<O::Output>,
}

impl<O: Operator> Keyed<O> {
    pub(in crate::dataflow) fn new(
        operator: O,
        subtask: Rc<Subtask<O>>,
        around: &Surroundings,
        ended_before: bool,
    ) -> Self {
        let first = around.ticking.epochs.first();
        Self {
            operator,
            subtask,
            around: around.clone(),
            ended_before,
            epoch: first,
            last: first,
            stash: BTreeMap::new(),
            watermarks: Watermarks::new(around.peers),
            results: Vec::new(),
        }
    }

    /// The epoch that is open.
    pub(super) const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Applies messages of the open epoch, keeps those of later ones.
    pub(super) fn take(
        &mut self,
        epoch: u64,
        messages: &mut Vec<Message<O::Record>>,
    ) -> Result<()> {
        self.last = self.last.max(epoch);
        if epoch == self.epoch {
            self.apply(messages.drain(..))
        } else {
            self.stash.entry(epoch).or_default().append(messages);
            Ok(())
        }
    }

    /// Applies what was kept for the epoch that is open now.
    pub(super) fn apply_stashed(&mut self) -> Result<()> {
        let messages = self.stash.remove(&self.epoch).unwrap_or_default();
        self.apply(messages.into_iter())
    }

    fn apply(&mut self, messages: impl Iterator<Item = Message<O::Record>>) -> Result<()> {
        let mut backend = self.subtask.backend.borrow_mut();
        let out = &mut |result| self.results.push(result);
        for message in messages {
            match message {
                Message::Record(record) => self.operator.record(&mut backend, record, out)?,
                Message::Watermark {
                    source, progress, ..
                } => {
                    if let Some(watermark) = self.watermarks.update(source, progress) {
                        backend.advance_event_time(watermark);
                        self.operator.watermark(&mut backend, watermark, out)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Passes on what the operator put out, if anything.
    pub(super) fn give(&mut self, give: impl FnOnce(&mut Vec<O::Output>)) {
        if !self.results.is_empty() {
            give(&mut self.results);
            self.results.clear();
        }
    }

    /// Whether all messages of the open epoch came, at this frontier of the input (`None`: it has ended).
    pub(super) fn closes(&self, frontier: Option<u64>) -> bool {
        match frontier {
            Some(tick) => self.epoch < self.around.ticking.epochs.of(tick),
            None => self.epoch <= self.last,
        }
    }

    /// Whether one more checkpoint would be too many.
    pub(super) fn is_full(&self) -> bool {
        self.subtask.in_flight.get() >= self.around.options.checkpoints_in_flight_max
    }

    /// Freezes the open epoch's state and opens the next epoch. The operator's last results come out first,
    /// if the input has ended with this epoch.
    pub(super) fn close(&mut self, input_ended: bool) -> Result<Frozen> {
        let is_last = input_ended && self.epoch == self.last;
        let mut backend = self.subtask.backend.borrow_mut();
        // A run that goes on from the end of the input and finds nothing more repeats no final result.
        if is_last && (self.watermarks.read_any() || !self.ended_before) {
            self.operator
                .end(&mut backend, &mut |result| self.results.push(result))?;
        }

        let checkpoint = CheckpointId::new(self.epoch);
        let at = self
            .around
            .options
            .savepoint
            .as_ref()
            .map(|savepoint| savepoint.at);
        let with_savepoint = match at {
            Some(SavepointAt::End) => is_last,
            Some(SavepointAt::Checkpoint(number)) => number == self.epoch,
            None => false,
        };
        let frozen = Frozen {
            epoch: self.epoch,
            checkpoint: backend.snapshot(checkpoint, SnapshotKind::Incremental)?,
            savepoint: with_savepoint
                .then(|| backend.snapshot(checkpoint, SnapshotKind::Savepoint))
                .transpose()?,
        };
        let worker = self.around.worker;
        self.around
            .observer
            .event(&Event::CheckpointStarted { worker, checkpoint });
        self.subtask.in_flight.update(|frozen| frozen + 1);
        self.epoch += 1;
        Ok(frozen)
    }
}
