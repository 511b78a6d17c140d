//! Timers that a task stored apart from its backend.
//!
//! Each key group describes its services anew; the states that are told are those of the first key group that has each.

use std::sync::Arc;

use alluvium_protocol::key_group::KeyGroupRange;

use super::groups::{Section, sections};
use super::sink::{Bytes, Sink};
use super::state::State;
use super::visit::Step;
use crate::files::Source;
use crate::metadata::KeyGroups;
use crate::section::raw_timers::{Next, RawTimers};
use crate::section::span::Span;
use crate::section::window::Window;

/// The offset of a key group without timers.
const NONE: i64 = -1;

/// Hands the timers of the key groups in `range` to the sink.
pub(super) fn read(
    handle: &KeyGroups,
    source: &Source,
    range: KeyGroupRange,
    sink: &mut Sink<'_>,
) -> Step<()> {
    let mut states = Vec::new();
    for (group, section) in sections(handle, source, range, NONE) {
        let result = section
            .map_err(Into::into)
            .and_then(|section| read_section(source, section, &mut states, sink));
        sink.survive(None, Some(group), result)?;
    }
    Ok(())
}

fn read_section(
    source: &Source,
    section: Section,
    states: &mut Vec<State>,
    sink: &mut Sink<'_>,
) -> Step<()> {
    let Section { group, start, end } = section;
    let file = Arc::clone(source.name());
    let stream = Span::new(source, start, end);
    let mut timers = RawTimers::new(Window::new(stream, Arc::clone(&file), start));
    // The positions of the states of timers in event and in processing time, where they are chosen.
    let mut current: [Option<usize>; 2] = [None, None];
    while let Some(next) = timers.next()? {
        match next {
            Next::Service(service) => {
                sink.want(&service.key);
                for (slot, is_event_time) in current.iter_mut().zip([true, false]) {
                    let state = State::of_raw_timers(
                        &service.name,
                        is_event_time,
                        &service.key,
                        &service.namespace,
                    );
                    *slot = announced(states, state, sink)?;
                }
            }
            Next::Timer(timer) => {
                let [event, processing] = current;
                let nth = if timer.is_event_time {
                    event
                } else {
                    processing
                };
                let Some((nth, state)) = nth.and_then(|nth| Some((nth, states.get(nth)?))) else {
                    continue;
                };
                let key = Bytes {
                    bytes: timer.key,
                    offset: timer.offset,
                    file: &file,
                };
                let namespace = Bytes {
                    bytes: timer.namespace,
                    offset: timer.offset + timer.key.len() as u64,
                    file: &file,
                };
                sink.row.key_group = group;
                sink.count(nth, state, timer.key.len() + timer.namespace.len() + 8);
                let result = sink.timer(nth, state, key, namespace, timer.timestamp);
                sink.survive(Some(state), Some(group), result)?;
            }
        }
    }
    Ok(())
}

/// The position of a state that is chosen, which is told when it is met for the first time.
fn announced(states: &mut Vec<State>, state: State, sink: &mut Sink<'_>) -> Step<Option<usize>> {
    if !sink.selection().has_state(&state.name) {
        return Ok(None);
    }
    let is_known = |known: &State| {
        known.name == state.name && known.key == state.key && known.namespace == state.namespace
    };
    if let Some(nth) = states.iter().position(is_known) {
        return Ok(Some(nth));
    }
    sink.announce(std::slice::from_ref(&state))?;
    states.push(state);
    Ok(Some(states.len() - 1))
}
