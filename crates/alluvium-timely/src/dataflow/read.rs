//! The source operator: reads the worker's splits, tick by tick, as far as the gate is open.
//!
//! Invariants: a tick has at most `tick_records` records and ends with a watermark to every keyed worker,
//! records or not; the positions of an epoch go out with its last tick, or with the source's last; nothing
//! is read while the slowest keyed worker is `gate_ticks` behind.

use std::time::Duration;

use alluvium::Result;
use timely::ExchangeData;
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::OutputBuilder;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::dataflow::{Scope, StreamVec};
use timely::progress::Antichain;

use super::Surroundings;
use super::message::{Ack, Message, SourceProgress};
use crate::observer::Event;
use crate::source::Next;
use crate::source::splits::Splits;

/// Records read before other operators of the worker get their turn.
const TURN_RECORDS: u64 = 512;

/// How long a source with nothing to read is left alone.
const POLL: Duration = Duration::from_millis(5);

/// Builds the operator. Of `gate` only the frontier matters.
pub(super) fn read<'s, R: ExchangeData>(
    scope: Scope<'s, u64>,
    gate: StreamVec<'s, u64, ()>,
    splits: Splits<R>,
    around: Surroundings,
) -> (StreamVec<'s, u64, Message<R>>, StreamVec<'s, u64, Ack>) {
    let mut builder = OperatorBuilder::new("read".to_owned(), scope);
    // No output depends on the gate's times: for progress tracking there is no cycle.
    let unconnected = Vec::<(usize, Antichain<u64>)>::new();
    let mut gate = builder.new_input_connection(gate, Pipeline, unconnected.clone());
    let (messages, message_stream) =
        builder.new_output_connection::<Vec<Message<R>>, _>(unconnected.clone());
    let (acks, ack_stream) = builder.new_output_connection::<Vec<Ack>, _>(unconnected);
    let (mut messages, mut acks) = (OutputBuilder::from(messages), OutputBuilder::from(acks));
    let activator = scope.activator_for(builder.operator_info().address);

    builder.build(move |capabilities| {
        let mut held = Held::new(
            capabilities,
            around
                .ticking
                .epochs
                .first_tick(around.ticking.epochs.first()),
        );
        let mut reading = Reading::new(splits, around);
        move |frontiers| {
            gate.for_each(|_, _| {});
            if reading.around.stop.is_set() {
                held = None;
            }
            let Some(now) = &mut held else { return };
            let tick = *now.messages.time();
            let gate = frontiers.first();
            if gate.is_some_and(|gate| gate.frontier().less_equal(&tick)) {
                // The gate's frontier wakes this operator up.
                return;
            }

            let mut messages = messages.activate();
            let mut session = messages.session(&now.messages);
            let read = reading.turn(|message| session.give(message));
            let Some(turn) = reading.around.stop.check(read) else {
                return;
            };
            if turn == Turn::Unfinished {
                return activator.activate();
            }
            if turn == Turn::Idle {
                return activator.activate_after(POLL);
            }

            let progress = reading.splits.progress();
            for to in 0..reading.around.peers {
                let source = reading.around.worker;
                session.give(Message::Watermark {
                    source,
                    to,
                    progress,
                });
            }
            drop(session);
            let ended = turn == Turn::Ended;
            if ended || reading.around.ticking.epochs.ends(tick) {
                acks.activate()
                    .session(&now.acks)
                    .give(reading.positions(ended));
            }
            reading.tick_ended(progress);
            if ended {
                held = None;
            } else {
                now.downgrade(tick + 1);
                activator.activate();
            }
        }
    });
    (message_stream, ack_stream)
}

/// The capabilities of the operator, all of the tick that is being read.
struct Held {
    messages: Capability<u64>,
    acks: Capability<u64>,
}

impl Held {
    fn new(capabilities: Vec<Capability<u64>>, tick: u64) -> Option<Self> {
        let mut capabilities = capabilities.into_iter();
        let mut held = Self {
            messages: capabilities.next()?,
            acks: capabilities.next()?,
        };
        held.downgrade(tick);
        Some(held)
    }

    fn downgrade(&mut self, tick: u64) {
        self.messages.downgrade(&tick);
        self.acks.downgrade(&tick);
    }
}

/// What became of a turn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// There is more to read in this tick.
    Unfinished,
    /// There is nothing to read right now.
    Idle,
    /// The tick is over.
    TickEnded,
    /// The splits have ended, and with them the tick.
    Ended,
}

/// The splits, and how far the tick is.
struct Reading<R> {
    splits: Splits<R>,
    around: Surroundings,
    /// Records read when the tick, and the epoch, began.
    tick_began_at: u64,
    epoch_began_at: u64,
    tick_began: Duration,
}

impl<R> Reading<R> {
    fn new(splits: Splits<R>, around: Surroundings) -> Self {
        let tick_began = around.environment.clock.monotonic();
        Self {
            splits,
            around,
            tick_began_at: 0,
            epoch_began_at: 0,
            tick_began,
        }
    }

    fn turn(&mut self, mut give: impl FnMut(Message<R>)) -> Result<Turn> {
        let tick_end = self.tick_began_at + self.around.ticking.tick_records;
        let turn_end = tick_end.min(self.splits.records() + TURN_RECORDS);
        while self.splits.records() < turn_end {
            match self.splits.next()? {
                Next::Record(record) => give(Message::Record(record)),
                Next::Pending => {
                    let open = self.around.environment.clock.monotonic() - self.tick_began;
                    let idle = open < self.around.options.tick_idle;
                    return Ok(if idle { Turn::Idle } else { Turn::TickEnded });
                }
                Next::End => return Ok(Turn::Ended),
            }
        }
        Ok(if turn_end == tick_end {
            Turn::TickEnded
        } else {
            Turn::Unfinished
        })
    }

    fn positions(&mut self, ended: bool) -> Ack {
        let records = self.splits.records() - self.epoch_began_at;
        self.epoch_began_at = self.splits.records();
        let positions = self.splits.positions();
        Ack::Positions {
            worker: self.around.worker,
            positions,
            records,
            ended,
        }
    }

    fn tick_ended(&mut self, progress: SourceProgress) {
        let records = self.splits.records();
        self.tick_began_at = records;
        self.around.tally.records.set(records);
        self.tick_began = self.around.environment.clock.monotonic();
        let watermark = match progress {
            SourceProgress::Reading(watermark) => watermark,
            SourceProgress::Ended { last, .. } => last,
        };
        let worker = self.around.worker;
        self.around.observer.event(&Event::Progress {
            worker,
            records,
            watermark,
        });
    }
}
