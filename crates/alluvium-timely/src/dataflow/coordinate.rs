//! The coordinator, at worker 0: when everybody has acknowledged an epoch, its checkpoint is brought to its end.
//!
//! Invariant: epochs are ended one after the other, in order, each when the frontier of the acknowledgements
//! has passed it; that is when every worker's snapshot, positions and output of it are in.
//! What ending means is the [`Committer`]'s business.

use std::collections::BTreeMap;

use alluvium::Result;
use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::OutputBuilder;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::dataflow::{Scope, StreamVec};

use super::Surroundings;
use super::message::{Ack, Announcement};
use super::side_thread::SideThread;
use crate::commit::{Committer, Epoch};
use crate::sink::Sink;

/// Builds the operator. On workers other than 0 it sees nothing and has no committer.
pub(super) fn coordinate<'s, K: Sink>(
    scope: Scope<'s, u64>,
    acks: StreamVec<'s, u64, Ack>,
    committer: Option<Committer<K>>,
    around: Surroundings,
) -> Result<StreamVec<'s, u64, Announcement>> {
    let mut builder = OperatorBuilder::new("coordinate".to_owned(), scope);
    let mut input = builder.new_input(acks, Exchange::new(|_: &Ack| 0));
    let (announcements, announcement_stream) = builder.new_output::<Vec<Announcement>>();
    let mut announcements = OutputBuilder::from(announcements);
    let wake = scope
        .worker()
        .sync_activator_for(builder.operator_info().address.to_vec());
    let mut ending = match committer {
        None => None,
        Some(mut committer) => Some(SideThread::start(
            &around.environment,
            "alluvium-commit",
            wake,
            move |epoch: Epoch, reply| committer.end(epoch, reply),
        )?),
    };
    let (epochs, stop) = (around.ticking.epochs, around.stop);

    builder.build(move |_unused| {
        let mut open = BTreeMap::<u64, (Capability<u64>, Vec<Ack>)>::new();
        move |frontiers| {
            let Some(ending) = &mut ending else { return };
            if stop.is_set() {
                return;
            }
            while let Some(Some((capability, ended))) = stop.check(ending.poll()) {
                let Some(announcement) = stop.check(ended) else {
                    return;
                };
                announcements
                    .activate()
                    .session(&capability)
                    .give(announcement);
            }
            input.for_each(|capability, acks| {
                let Some(tick) = capability.least() else {
                    return;
                };
                let fresh = || (capability.delayed(tick, 0), Vec::new());
                let (_, held) = open.entry(epochs.of(*tick)).or_insert_with(fresh);
                held.append(acks);
            });
            let passed = |epoch: u64| {
                let frontier = frontiers.first();
                frontier.is_none_or(|f| !f.frontier().less_equal(&epochs.last_tick(epoch)))
            };
            while let Some(first) = open.first_entry().filter(|first| passed(*first.key())) {
                let (epoch, (capability, acks)) = first.remove_entry();
                ending.submit(capability, Epoch { epoch, acks });
            }
        }
    });
    Ok(announcement_stream)
}
