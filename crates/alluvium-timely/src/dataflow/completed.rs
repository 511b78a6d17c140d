//! Tells a worker's backend how checkpoints ended.
//!
//! An operator of its own, because the keyed one is gone when its input has ended, and the last announcements come
//! after that.

use std::rc::Rc;

use alluvium::protocol::manifest::CheckpointId;
use timely::dataflow::StreamVec;
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::generic::Operator as _;
use timely::scheduling::Activator;

use super::message::Announcement;
use super::{Subtask, Tally};
use crate::operator::Operator;

/// Builds the operator. `keyed` is woken up, as it may wait for a checkpoint's end.
pub(super) fn completed<O: Operator>(
    announcements: StreamVec<'_, u64, Announcement>,
    subtask: Rc<Subtask<O>>,
    tally: Rc<Tally>,
    keyed: Activator,
) {
    announcements.sink(Pipeline, "completed", move |(input, _frontier)| {
        input.for_each(|_capability, announcements| {
            for announcement in announcements.drain(..) {
                let mut backend = subtask.backend.borrow_mut();
                let checkpoint = CheckpointId::new(announcement.epoch);
                if announcement.complete {
                    backend.notify_complete(checkpoint);
                    tally.checkpoints.update(|checkpoints| checkpoints + 1);
                    tally.last_checkpoint.set(Some(announcement.epoch));
                } else {
                    backend.notify_aborted(checkpoint);
                }
                subtask
                    .in_flight
                    .set(subtask.in_flight.get().saturating_sub(1));
                keyed.activate();
            }
        });
    });
}
