//! The sink operator: gathers a worker's output of each epoch and has it prepared.
//!
//! Invariant: an epoch's output is prepared as a whole, when its frontier has passed, and its token is
//! acknowledged under a capability of that epoch, so no commit misses it.

use std::collections::BTreeMap;
use std::sync::Arc;

use alluvium::Result;
use timely::ExchangeData;
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::generic::OutputBuilder;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::dataflow::{Scope, StreamVec};

use super::Surroundings;
use super::message::Ack;
use super::side_thread::SideThread;
use crate::sink::{Prepare, Sink};

/// Builds the operator.
pub(super) fn write<'s, I: ExchangeData, K: Sink<Item = I>>(
    scope: Scope<'s, u64>,
    output: StreamVec<'s, u64, I>,
    sink: Arc<K>,
    around: Surroundings,
) -> Result<StreamVec<'s, u64, Ack>> {
    let mut builder = OperatorBuilder::new("write".to_owned(), scope);
    let mut input = builder.new_input(output, Pipeline);
    let (acks, ack_stream) = builder.new_output::<Vec<Ack>>();
    let mut acks = OutputBuilder::from(acks);
    let wake = scope
        .worker()
        .sync_activator_for(builder.operator_info().address.to_vec());
    let (worker, attempt) = (around.worker, around.attempt);
    let mut preparing = SideThread::start(
        &around.environment,
        "alluvium-sink",
        wake,
        move |(epoch, items): (u64, Vec<I>), reply| {
            reply(sink.prepare(Prepare::new(epoch, worker, attempt), items));
        },
    )?;
    let (epochs, stop) = (around.ticking.epochs, around.stop);

    builder.build(move |_unused| {
        let mut open = BTreeMap::new();
        move |frontiers| {
            if stop.is_set() {
                return;
            }
            while let Some(Some((capability, prepared))) = stop.check(preparing.poll()) {
                let Some(token) = stop.check(prepared) else {
                    return;
                };
                if let Some(token) = token {
                    acks.activate()
                        .session(&capability)
                        .give(Ack::Output(token));
                }
            }
            input.for_each(|capability, items| {
                let Some(tick) = capability.least() else {
                    return;
                };
                let fresh = || (capability.delayed(tick, 0), Vec::new());
                let (_, held) = open.entry(epochs.of(*tick)).or_insert_with(fresh);
                held.append(items);
            });
            let passed = |epoch: u64| {
                let frontier = frontiers.first();
                frontier.is_none_or(|f| !f.frontier().less_equal(&epochs.last_tick(epoch)))
            };
            while let Some(first) = open.first_entry().filter(|first| passed(*first.key())) {
                let (epoch, (capability, items)) = first.remove_entry();
                preparing.submit(capability, (epoch, items));
            }
        }
    });
    Ok(ack_stream)
}
