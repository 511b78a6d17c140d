//! The operator that owns the keyed backend.
//!
//! Invariants: records of an epoch touch the backend only after all records of earlier epochs did, which are
//! frozen first, so a snapshot is the state as of its epoch's end; every worker closes the same epochs, up
//! to the last that any message was of; at most `checkpoints_in_flight_max` frozen epochs wait for
//! their end, and no later record is applied, nor the gate moved, while one more would have to wait.

use alluvium::protocol::key::EncodeKey as _;
use alluvium::protocol::key::Key as _;
use alluvium::protocol::key_group::MaxParallelism;
use alluvium::{Result, SnapshotTarget};
use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::OutputBuilder;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::dataflow::{Scope, StreamVec};
use timely::scheduling::Activator;

use super::Surroundings;
use super::message::{Ack, Message, Uploaded};
use super::side_thread::SideThread;
use crate::observer::{Moves, Transfer};
use crate::operator::Operator;

mod subtask;

use subtask::Frozen;
pub(super) use subtask::Keyed;

/// Where a worker's snapshots go.
pub(super) struct Uploads {
    pub(super) checkpoints: SnapshotTarget,
    pub(super) savepoint: Option<SnapshotTarget>,
}

/// What the operator gives to others.
pub(super) struct Outputs<'s, O: Operator> {
    pub(super) output: StreamVec<'s, u64, O::Output>,
    pub(super) acks: StreamVec<'s, u64, Ack>,
    /// Never carries data: its frontier says how far the slowest worker is.
    pub(super) gate: StreamVec<'s, u64, ()>,
    /// Wakes the operator.
    pub(super) activator: Activator,
}

impl<O: Operator> Keyed<O> {
    /// Builds the operator.
    pub(super) fn build<'s>(
        mut self,
        scope: Scope<'s, u64>,
        messages: StreamVec<'s, u64, Message<O::Record>>,
        uploads: Uploads,
        around: &Surroundings,
    ) -> Result<Outputs<'s, O>> {
        let mut builder = OperatorBuilder::new("keyed".to_owned(), scope);
        let route = route::<O>(around.options.max_parallelism, around.peers);
        let mut input = builder.new_input(messages, Exchange::new(route));
        let (output, output_stream) = builder.new_output::<Vec<O::Output>>();
        let (acks, ack_stream) = builder.new_output::<Vec<Ack>>();
        let (_gate, gate_stream) = builder.new_output::<Vec<()>>();
        let (mut output, mut acks) = (OutputBuilder::from(output), OutputBuilder::from(acks));
        let address = builder.operator_info().address;
        let wake = scope.worker().sync_activator_for(address.to_vec());
        let mut uploading = start_uploads(uploads, around, wake)?;
        let (epochs, stop) = (around.ticking.epochs, around.stop.clone());

        builder.build(move |capabilities| {
            let mut held = Held::new(capabilities, epochs.first_tick(epochs.first()));
            move |frontiers| {
                if stop.is_set() {
                    held = None;
                    return;
                }
                while let Some(Some((capability, uploaded))) = stop.check(uploading.poll()) {
                    acks.activate()
                        .session(&capability)
                        .give_iterator(uploaded.into_iter());
                }
                let mut taken = Ok(());
                input.for_each(|capability, messages| {
                    let Some(tick) = capability.least() else {
                        return;
                    };
                    if taken.is_ok() {
                        taken = self.take(epochs.of(*tick), messages);
                    }
                });
                let Some(()) = stop.check(taken) else { return };

                // Copied out once: `None` is the end of the input.
                let frontier = frontiers
                    .first()
                    .and_then(|f| f.frontier().first().copied());
                while let Some(now) = &mut held {
                    self.give(|results| {
                        output
                            .activate()
                            .session(&now.output)
                            .give_container(results);
                    });
                    if !self.closes(frontier) {
                        match frontier {
                            None => held = None,
                            Some(tick) => {
                                now.gate
                                    .downgrade(&tick.max(epochs.first_tick(self.epoch())));
                            }
                        }
                        return;
                    }
                    if self.is_full() {
                        // The announcement of a checkpoint's end wakes this operator up.
                        return;
                    }
                    let Some(frozen) = stop.check(self.close(frontier.is_none())) else {
                        return;
                    };
                    self.give(|results| {
                        output
                            .activate()
                            .session(&now.output)
                            .give_container(results);
                    });
                    let capability = now.acks.delayed(&epochs.last_tick(frozen.epoch));
                    uploading.submit(capability, frozen);
                    now.downgrade(epochs.first_tick(self.epoch()));
                    let Some(()) = stop.check(self.apply_stashed()) else {
                        return;
                    };
                }
            }
        });
        let activator = scope.activator_for(address);
        Ok(Outputs {
            output: output_stream,
            acks: ack_stream,
            gate: gate_stream,
            activator,
        })
    }
}

/// Which worker a message goes to. Timely takes it modulo the number of workers, which it is below.
fn route<O: Operator>(
    max_parallelism: MaxParallelism,
    peers: u32,
) -> impl FnMut(&Message<O::Record>) -> u64 {
    let mut encoded = Vec::new();
    move |message| match message {
        Message::Watermark { to, .. } => u64::from(*to),
        Message::Record(record) => {
            encoded.clear();
            O::key(record).encode_key(&mut encoded);
            let group = max_parallelism.group_of(O::Key::hash(&encoded));
            u64::from(max_parallelism.subtask_of(group, peers))
        }
    }
}

/// The capabilities of the operator: those of results and snapshots stay in the epoch that is open, that of the
/// gate follows the frontier.
struct Held {
    output: Capability<u64>,
    acks: Capability<u64>,
    gate: Capability<u64>,
}

impl Held {
    fn new(capabilities: Vec<Capability<u64>>, tick: u64) -> Option<Self> {
        let mut all = capabilities.into_iter();
        let mut held = Self {
            output: all.next()?,
            acks: all.next()?,
            gate: all.next()?,
        };
        held.downgrade(tick);
        Some(held)
    }

    fn downgrade(&mut self, tick: u64) {
        self.output.downgrade(&tick);
        self.acks.downgrade(&tick);
        let gate = tick.max(*self.gate.time());
        self.gate.downgrade(&gate);
    }
}

type Uploading = SideThread<Frozen, Vec<Ack>>;

fn start_uploads(
    uploads: Uploads,
    around: &Surroundings,
    wake: timely::scheduling::SyncActivator,
) -> Result<Uploading> {
    let (worker, cancel) = (around.worker, around.stop.cancel().clone());
    let told = |transfer| Moves::told_to(&around.observer, worker, transfer);
    let (of_checkpoint, of_savepoint) = (told(Transfer::Checkpoint), told(Transfer::Savepoint));
    SideThread::start(
        &around.environment,
        "alluvium-upload",
        wake,
        move |frozen: Frozen, reply| {
            let mut acks = Vec::new();
            let failed = |error| Ack::Failed {
                worker,
                reason: format!("{error:?}"),
            };
            let checkpoint =
                frozen
                    .checkpoint
                    .upload(&uploads.checkpoints, &cancel, &of_checkpoint);
            acks.push(match checkpoint {
                Ok(handle) => Ack::Snapshot(Uploaded::new(handle)),
                Err(error) => failed(error),
            });
            if let (Some(snapshot), Some(target)) = (frozen.savepoint, &uploads.savepoint) {
                acks.push(match snapshot.upload(target, &cancel, &of_savepoint) {
                    Ok(handle) => Ack::Savepoint(Uploaded::new(handle)),
                    Err(error) => failed(error),
                });
            }
            reply(acks);
        },
    )
}
