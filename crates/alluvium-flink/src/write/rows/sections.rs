//! Handles of key groups: one stream, in which each key group has a position.
//!
//! The codes of checkpoints do not tell whether the layout is the canonical one or the heap's. It is the heap's if each key group begins with
//! its own number, which it does there always; in a canonical one the first four bytes are a state's number and
//! the first half of a key's length, which is zero in all but absurd keys, while key groups count up.

use std::io::Read;
use std::sync::Arc;

use alluvium_protocol::key_group::{KeyGroup, KeyGroupRange, MaxParallelism};

use super::Each;
use super::heap::{self, Shapes};
use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::files::Source;
use crate::keyed::KeyedMeta;
use crate::metadata::{KeyGroups, KeyGroupsKind};
use crate::section::canonical::Canonical;
use crate::section::heap::Heap;
use crate::section::span::Span;
use crate::section::window::Window;

/// Bytes of a heap's key group before its first state: its number.
const NUMBER_BYTES: u64 = 4;

pub(in crate::write) struct Sections {
    source: Source,
    range: Option<KeyGroupRange>,
    /// First byte and the byte behind the last, of each key group; none of one without rows.
    bounds: Vec<Option<(u64, u64)>>,
    is_heap: bool,
}

impl Sections {
    pub(super) fn open(source: Source, handle: &KeyGroups) -> Result<(Self, KeyedMeta)> {
        let offsets = offsets(&source, handle)?;
        let is_heap =
            handle.kind != KeyGroupsKind::Savepoint && is_heap(&source, handle, &offsets)?;
        let starts = offsets
            .iter()
            .copied()
            .filter(|start| is_heap || *start != 0);
        let mut starts: Vec<u64> = starts.collect();
        starts.sort_unstable();
        let end = |start: u64| {
            let next = starts.partition_point(|other| *other <= start);
            starts.get(next).copied().unwrap_or(source.len())
        };
        let bounds = offsets.iter().map(|start| {
            let is_there = is_heap || *start != 0;
            is_there.then(|| (*start, end(*start)))
        });
        let bounds = bounds.collect();
        let header = starts.first().copied().unwrap_or(source.len());
        let header = source.range(0, header)?;
        let meta = KeyedMeta::read(&mut Cursor::new(&header, source.name(), 0))?;
        let sections = Self {
            range: handle.offsets.range(),
            source,
            bounds,
            is_heap,
        };
        Ok((sections, meta))
    }

    pub(super) fn group(
        &self,
        meta: &KeyedMeta,
        group: KeyGroup,
        max_parallelism: MaxParallelism,
        each: &mut Each<'_>,
    ) -> Result<()> {
        let first = self.range.map_or(0, |range| range.first().get());
        let nth = usize::from(group.get()).checked_sub(usize::from(first));
        let bounds = nth.and_then(|nth| self.bounds.get(nth)).copied().flatten();
        let Some((start, end)) = bounds else {
            return Ok(());
        };
        let skipped = if self.is_heap { NUMBER_BYTES } else { 0 };
        let part = Span::new(&self.source, start + skipped, end).stored(meta.compression);
        let name = self.source.name();
        let window = if meta.compression {
            let named = format!("{name}, key group {}, decompressed", group.get());
            Window::new(part, named.into(), 0)
        } else {
            Window::new(part, Arc::clone(name), start + skipped)
        };
        self.rows(meta, group, max_parallelism, window, each)
    }

    fn rows<R: Read>(
        &self,
        meta: &KeyedMeta,
        group: KeyGroup,
        max_parallelism: MaxParallelism,
        window: Window<R>,
        each: &mut Each<'_>,
    ) -> Result<()> {
        if self.is_heap {
            let shapes = Shapes::new(meta, group, max_parallelism);
            let mut heap = Heap::new(window);
            while let Some(entry) = heap.next(|state, cursor| shapes.rows(state, cursor))? {
                for heap::Row { key, value } in entry.decoded {
                    each(entry.state, &key, &value)?;
                }
            }
            return Ok(());
        }
        let mut pairs = Canonical::new(window);
        while let Some(pair) = pairs.next()? {
            each(pair.state, pair.key, pair.value)?;
        }
        Ok(())
    }
}

/// The offsets, each of which is in the stream.
fn offsets(source: &Source, handle: &KeyGroups) -> Result<Vec<u64>> {
    let offsets = handle.offsets.iter().map(|(group, offset)| {
        let inside = u64::try_from(offset)
            .ok()
            .filter(|start| *start <= source.len());
        inside.ok_or_else(|| {
            Error::corrupt(format!(
                "key group {} begins at byte {offset} of {} bytes",
                group.get(),
                source.len()
            ))
            .at(source.name(), 0)
        })
    });
    offsets.collect()
}

fn is_heap(source: &Source, handle: &KeyGroups, offsets: &[u64]) -> Result<bool> {
    for ((group, _), start) in handle.offsets.iter().zip(offsets) {
        let mut number = [0; 4];
        let read = source.read_at(*start, &mut number)?;
        if *start == 0
            || read < number.len()
            || u32::from_be_bytes(number) != u32::from(group.get())
        {
            return Ok(false);
        }
    }
    Ok(!offsets.is_empty())
}
