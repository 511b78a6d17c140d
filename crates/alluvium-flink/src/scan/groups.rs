//! Handles of key groups: canonical sections, and those of the heap.
//!
//! ```text
//! file    description of the states (`keyed`), then the section of each key group at its offset
//! ```
//!
//! The description ends where the first section begins. An offset of 0 is that of an empty key group; the heap's form
//! has none. Old handles do not tell which form it is: where each section begins with the number of its key group, it
//! is the heap's.

use std::ops::Range;
use std::sync::Arc;

use alluvium_protocol::key_group::KeyGroupRange;

use super::sink::{Bytes, Sink};
use super::state::State;
use super::visit::Step;
use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::files::Source;
use crate::keyed::{KeyedMeta, StateKind};
use crate::metadata::{KeyGroups, KeyGroupsKind};
use crate::section::canonical::Canonical;
use crate::section::heap::Heap;
use crate::section::span::Span;
use crate::section::window::Window;

/// Bytes that a description of states may have: thousands of states have fewer.
const DESCRIPTION_BYTES_MAX: u64 = 64 << 20;

/// Where the section of a key group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) group: u16,
    pub(super) start: u64,
    pub(super) end: u64,
}

/// The description of the states.
pub(super) fn meta(handle: &KeyGroups, source: &Source) -> Result<KeyedMeta> {
    let offsets = handle.offsets.offsets().iter();
    let offsets = offsets.filter_map(|offset| u64::try_from(*offset).ok());
    let first = offsets.filter(|offset| *offset > 0).min();
    let end = first.map_or(source.len(), |first| first.min(source.len()));
    if end > DESCRIPTION_BYTES_MAX {
        let message = format!("the states are described in {end} bytes");
        return Err(Error::corrupt(message).at(source.name(), 0));
    }
    let bytes = source.range(0, end)?;
    KeyedMeta::read(&mut Cursor::new(&bytes, source.name(), 0))
}

/// The sections of the key groups in `range`, and what is wrong with offsets. `none` is the offset of key groups without
/// one.
pub(super) fn sections(
    handle: &KeyGroups,
    source: &Source,
    range: KeyGroupRange,
    none: i64,
) -> Vec<(u16, Result<Section>)> {
    let offsets = handle.offsets.offsets().iter();
    let mut ends: Vec<u64> = offsets
        .filter(|offset| **offset != none)
        .filter_map(|offset| u64::try_from(*offset).ok())
        .collect();
    ends.push(source.len());
    ends.sort_unstable();
    let groups = handle.offsets.iter();
    groups
        .filter(|(group, offset)| range.contains(*group) && *offset != none)
        .map(|(group, offset)| {
            let start = u64::try_from(offset).ok();
            let start = start.filter(|start| *start < source.len());
            let section = start.map(|start| Section {
                group: group.get(),
                start,
                end: ends
                    .get(ends.partition_point(|end| *end <= start))
                    .map_or(source.len(), |end| *end),
            });
            let section = section.ok_or_else(|| {
                let message = format!("a key group at {offset} in {} bytes", source.len());
                Error::corrupt(message).at(source.name(), source.len())
            });
            (group.get(), section)
        })
        .collect()
}

/// Hands the rows of the key groups in `range` to the sink.
pub(super) fn read(
    handle: &KeyGroups,
    source: &Source,
    meta: &KeyedMeta,
    states: &[State],
    range: KeyGroupRange,
    sink: &mut Sink<'_>,
) -> Step<()> {
    let is_heap = is_heap(handle, source)?;
    let none = if is_heap { -1 } else { 0 };
    let sections = sections(handle, source, range, none);
    let chosen: Vec<Option<&State>> = states
        .iter()
        .map(|state| Some(state).filter(|state| sink.selection().has_state(&state.name)))
        .collect();
    let mut memory = Vec::new();
    for (group, section) in sections {
        let result = section.map_err(Into::into).and_then(|section| {
            if is_heap {
                read_heap(source, meta, states, &chosen, section, &mut memory, sink)
            } else {
                read_canonical(source, meta, &chosen, section, &mut memory, sink)
            }
        });
        sink.survive(None, Some(group), result)?;
    }
    Ok(())
}

fn is_heap(handle: &KeyGroups, source: &Source) -> Result<bool> {
    if handle.kind == KeyGroupsKind::Savepoint || handle.offsets.offsets().is_empty() {
        return Ok(false);
    }
    for (group, offset) in handle.offsets.iter() {
        let offset = u64::try_from(offset).unwrap_or_default();
        let mut number = [0; 4];
        let read = source.read_at(offset, &mut number)?;
        if offset == 0 || read < 4 || i32::from_be_bytes(number) != i32::from(group.get()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The name of a section, and where it begins: decompressed bytes are counted from its own beginning.
fn named(source: &Source, is_compressed: bool, group: u16, start: u64) -> (Arc<str>, u64) {
    if is_compressed {
        let name = source.name();
        (format!("{name}, key group {group} decompressed").into(), 0)
    } else {
        (Arc::clone(source.name()), start)
    }
}

fn read_canonical(
    source: &Source,
    meta: &KeyedMeta,
    chosen: &[Option<&State>],
    section: Section,
    memory: &mut Vec<u8>,
    sink: &mut Sink<'_>,
) -> Step<()> {
    let Section { group, start, end } = section;
    let (file, offset) = named(source, meta.compression, group, start);
    let stream = Span::new(source, start, end).stored(meta.compression);
    let window = Window::reusing(stream, Arc::clone(&file), offset, std::mem::take(memory));
    let mut pairs = Canonical::new(window);
    while let Some(pair) = pairs.next()? {
        let nth = usize::from(pair.state);
        let Some(state) = chosen.get(nth) else {
            let message = format!("state {nth} of {}", chosen.len());
            let error = Error::corrupt(message).at(&file, pair.offset);
            sink.problem(None, Some(group), error);
            continue;
        };
        let Some(state) = state else {
            continue;
        };
        let key = Bytes {
            bytes: pair.key,
            offset: pair.offset + 4,
            file: &file,
        };
        let value = Bytes {
            bytes: pair.value,
            offset: pair.offset + 8 + pair.key.len() as u64,
            file: &file,
        };
        let result = sink.pair(nth, state, group, key, value);
        sink.survive(Some(state), Some(group), result)?;
    }
    let mut window = pairs.into_window();
    if sink.checks().strict && !window.is_at_end()? {
        let message = "something is behind the end of a key group";
        return Err(Error::corrupt(message).at(&file, window.offset()).into());
    }
    *memory = window.into_memory();
    Ok(())
}

/// Where in an entry of a heap its parts are, and its time if it is a timer.
struct HeapParts {
    timestamp: Option<i64>,
    namespace: Range<usize>,
    key: Range<usize>,
    value: Range<usize>,
}

fn read_heap(
    source: &Source,
    meta: &KeyedMeta,
    states: &[State],
    chosen: &[Option<&State>],
    section: Section,
    memory: &mut Vec<u8>,
    sink: &mut Sink<'_>,
) -> Step<()> {
    let Section { group, start, end } = section;
    // Its first four bytes are the key group, or it would not have been taken for a heap's.
    let start = start + 4;
    let (file, offset) = named(source, meta.compression, group, start);
    let stream = Span::new(source, start, end).stored(meta.compression);
    let window = Window::reusing(stream, Arc::clone(&file), offset, std::mem::take(memory));
    let mut entries = Heap::new(window);
    loop {
        let entry = match entries.next(|nth, cursor| heap_parts(states, nth, cursor)) {
            Ok(Some(entry)) => entry,
            Ok(None) => break,
            Err(error) => {
                let state = states.get(usize::from(entries.state()));
                // Nothing tells where the next state begins, so that nothing behind it is guessed.
                let from = entries.offset();
                let rest = match meta.compression {
                    true => format!("from byte {from} of its decompressed bytes on"),
                    false => format!("its last {} bytes", end.saturating_sub(from)),
                };
                let message = format!("the rest of a key group cannot be read: {rest}");
                sink.problem(state, Some(group), error.context(message));
                return Ok(());
            }
        };
        let nth = usize::from(entry.state);
        let Some(state) = chosen.get(nth).copied().flatten() else {
            continue;
        };
        let part = |range: &Range<usize>| Bytes {
            bytes: entry.bytes.get(range.clone()).unwrap_or_default(),
            offset: entry.offset + range.start as u64,
            file: &file,
        };
        let HeapParts {
            timestamp,
            namespace,
            key,
            value,
        } = &entry.decoded;
        let (namespace, key, value) = (part(namespace), part(key), part(value));
        sink.row.key_group = group;
        let result = match timestamp {
            Some(timestamp) => {
                sink.count(nth, state, entry.bytes.len());
                sink.timer(nth, state, key, namespace, *timestamp)
            }
            None => sink.entry(nth, state, [namespace, key, value]),
        };
        sink.survive(Some(state), Some(group), result)?;
    }
    *memory = entries.into_window().into_memory();
    Ok(())
}

fn heap_parts(states: &[State], nth: u16, cursor: &mut Cursor<'_>) -> Result<HeapParts> {
    let Some(state) = states.get(usize::from(nth)) else {
        return Err(cursor.corrupt(format!("state {nth} of {}", states.len())));
    };
    let start = cursor.left().len();
    let mut at = 0;
    let mut next = |cursor: &Cursor<'_>| {
        let end = start - cursor.left().len();
        std::mem::replace(&mut at, end)..end
    };
    let Some(namespace) = &state.namespace else {
        return Err(cursor.unknown("a state without a serializer of namespaces"));
    };
    if state.kind == StateKind::PriorityQueue {
        let timestamp = Some(cursor.i64("the time of a timer")? ^ i64::MIN);
        next(cursor);
        state.key.skip(cursor)?;
        let key = next(cursor);
        namespace.skip(cursor)?;
        let namespace = next(cursor);
        return Ok(HeapParts {
            timestamp,
            namespace,
            key,
            value: 0..0,
        });
    }
    namespace.skip(cursor)?;
    let namespace = next(cursor);
    state.key.skip(cursor)?;
    let key = next(cursor);
    if let Some(value) = &state.whole {
        value.skip(cursor)?;
    }
    let value = next(cursor);
    Ok(HeapParts {
        timestamp: None,
        namespace,
        key,
        value,
    })
}
