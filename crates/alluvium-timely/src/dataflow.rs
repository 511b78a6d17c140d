//! The dataflow of one worker: the same on all workers.
//!
//! ```text
//!  read ──messages──► keyed ──output──► write
//!   │ ▲                 │ └─gate──┐       │
//!   │ └────feedback───────────────┘       │
//!   └──────acks─────────┴────────acks─────┴──► coordinate ──announcements──► completed
//! ```
//!
//! Each operator is a file. Invariant: an operator never blocks; what blocks is done by its [`side_thread`],
//! while a capability of the epoch stays in the operator.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use alluvium::environment::Environment;
use alluvium::{Backend, SnapshotTarget};
use timely::dataflow::operators::vec::Broadcast;
use timely::dataflow::operators::{Concat, ConnectLoop, Feedback};
use timely::worker::Worker;

use crate::commit::Committer;
use crate::observer::Observer;
use crate::operator::Operator;
use crate::options::{JobOptions, Ticking};
use crate::sink::Sink;
use crate::source::splits::Splits;
use crate::stop::Stop;

mod completed;
mod coordinate;
mod keyed;
pub(crate) mod message;
mod read;
mod side_thread;
mod write;

/// What all operators of a worker know.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) worker: u32,
    pub(crate) peers: u32,
    pub(crate) attempt: u64,
    pub(crate) ticking: Ticking,
    pub(crate) options: Arc<JobOptions>,
    pub(crate) environment: Environment,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) stop: Stop,
    pub(crate) tally: Rc<Tally>,
}

/// What a worker counts.
#[derive(Default)]
pub(crate) struct Tally {
    /// Records that it has read.
    pub(crate) records: Cell<u64>,
    /// Checkpoints that completed.
    pub(crate) checkpoints: Cell<u64>,
    pub(crate) last_checkpoint: Cell<Option<u64>>,
}

/// What a worker's dataflow is made of.
pub(crate) struct Parts<O: Operator, K> {
    pub(crate) surroundings: Surroundings,
    pub(crate) splits: Splits<O::Record>,
    pub(crate) operator: O,
    pub(crate) subtask: Rc<Subtask<O>>,
    /// Whether the state is that of an input that had ended.
    pub(crate) ended_before: bool,
    pub(crate) checkpoints: SnapshotTarget,
    pub(crate) savepoint: Option<SnapshotTarget>,
    pub(crate) sink: Arc<K>,
    /// In worker 0 alone.
    pub(crate) committer: Option<Committer<K>>,
}

/// What the keyed operator and the receiver of announcements share.
///
/// The keyed operator is gone when its input has ended, and the last announcements come after that.
pub(crate) struct Subtask<O: Operator> {
    pub(crate) backend: RefCell<Backend<O::Key>>,
    /// Checkpoints that are frozen and not announced yet.
    pub(crate) in_flight: Cell<usize>,
}

/// Builds the dataflow.
pub(crate) fn build<O, K>(worker: &mut Worker, parts: Parts<O, K>) -> alluvium::Result<()>
where
    O: Operator,
    K: Sink<Item = O::Output>,
{
    let around = parts.surroundings;
    let tally = Rc::clone(&around.tally);
    worker.dataflow::<u64, _, _>(|scope| {
        let (gate_end, gate) = scope.feedback::<Vec<()>>(around.options.gate_ticks.get());
        let (messages, positions) = read::read(scope, gate, parts.splits, around.clone());
        let keyed = keyed::Keyed::new(
            parts.operator,
            Rc::clone(&parts.subtask),
            &around,
            parts.ended_before,
        );
        let uploads = keyed::Uploads {
            checkpoints: parts.checkpoints,
            savepoint: parts.savepoint,
        };
        let keyed = keyed.build(scope, messages, uploads, &around)?;
        keyed.gate.connect_loop(gate_end);
        let tokens = write::write(scope, keyed.output, parts.sink, around.clone())?;
        let acks = positions.concat(keyed.acks).concat(tokens);
        let announcements = coordinate::coordinate(scope, acks, parts.committer, around)?;
        completed::completed(
            announcements.broadcast(),
            parts.subtask,
            tally,
            keyed.activator,
        );
        Ok(())
    })
}
