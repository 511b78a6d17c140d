//! Lists in the buffer: appends are blind, reads walk from the oldest element to the newest.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;

use alluvium_protocol::chunk::{self, Elements};
use alluvium_protocol::row::RowRange;

use super::Buffer;
use super::cell::{List, ListBase};
use super::generation::{Generation, counted};
use crate::error::Result;

/// A list that is kept in memory after it was read is rewritten as one chunk when it was found in more than this: each
/// chunk is a row to step over.
const CHUNKS_MAX: usize = 8;

impl Buffer {
    /// Appends framed elements.
    pub(crate) fn list_append(&mut self, row: &[u8], framed: &[u8]) -> Result<()> {
        let step_bytes = self.list_step_bytes();
        self.change_list(row, |list| list.append(framed, step_bytes))
    }

    /// Replaces the list by framed elements; none of them clears it.
    pub(crate) fn list_replace(&mut self, row: &[u8], framed: &[u8]) -> Result<()> {
        self.change_list(row, |list| {
            // Where nothing is below there is nothing for the flusher to delete.
            if list.base != ListBase::Loaded || list.clean > 0 {
                list.base = ListBase::Replaced;
            }
            list.clean = 0;
            list.elements.clear();
            list.elements.extend_from_slice(framed);
        })
    }

    fn change_list(&mut self, row: &[u8], change: impl FnOnce(&mut List)) -> Result<()> {
        self.make_room_for(self.list_step_bytes())?;
        let hash = self.hashing.of(row);
        let Self {
            active,
            layers,
            store_is_empty,
            ..
        } = self;
        let make = || Ok::<_, Infallible>(List::over(base(layers, *store_is_empty, hash, row)));
        let Ok(cell) = active.lists.find_or_insert(hash, row, make);
        let ((), before, now) = counted(cell, change);
        active.heap.recount(before, now);
        active.mark_dirty();
        Ok(())
    }

    /// Visits the elements in order, until the visitor breaks.
    pub(crate) fn list_scan(
        &mut self,
        row: &[u8],
        visit: &mut dyn FnMut(&[u8]) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        self.make_room()?;
        let hash = self.hashing.of(row);
        if let Some(cell) = self.active.lists.find(hash, row)
            && cell.base != ListBase::Unknown
        {
            return visit_all(&cell.elements, visit).map(drop);
        }
        let mut cells = Vec::new();
        let layers = self.layers.iter().map(|layer| layer.lists.find(hash, row));
        for cell in std::iter::once(self.active.lists.find(hash, row))
            .chain(layers)
            .flatten()
        {
            cells.push(cell);
            if cell.base != ListBase::Unknown {
                break;
            }
        }
        let known = self.store_is_empty
            || cells
                .last()
                .is_some_and(|cell| cell.base != ListBase::Unknown);
        let mut seen = Seen {
            elements: Some(Vec::new()),
            bytes_max: self.load_bytes_max(),
        };
        let mut chunks = 0;
        if !known {
            let from = [row, &chunk::number(0, 0)].concat();
            let to = [row, &chunk::number(self.oldest_generation(), 0)].concat();
            let mut cursor = self.store.scan(&RowRange::new(from, Some(to)))?;
            while let Some((_, chunk)) = cursor.next()? {
                chunks += 1;
                seen.push(chunk);
                if visit_all(chunk, visit)?.is_break() {
                    return Ok(());
                }
            }
        }
        let mut below_active = cells.len();
        if self.active.lists.find(hash, row).is_some() {
            below_active -= 1;
        }
        let (mut at_active, mut stored) = (0, true);
        for (nth, cell) in cells.iter().rev().enumerate() {
            if nth == below_active {
                at_active = seen.len();
                stored = false;
            }
            seen.push(&cell.elements);
            if visit_all(&cell.elements, visit)?.is_break() {
                return Ok(());
            }
        }
        if let Some(elements) = seen.elements {
            let clean = if stored { elements.len() } else { at_active };
            self.remember_list(row, elements, clean, chunks);
        }
        Ok(())
    }

    /// Keeps a list that was read whole in the active generation.
    fn remember_list(&mut self, row: &[u8], elements: Vec<u8>, clean: usize, chunks: usize) {
        let hash = self.hashing.of(row);
        let rewrite = chunks > CHUNKS_MAX;
        let make = || Ok::<_, Infallible>(List::default());
        let Ok(cell) = self.active.lists.find_or_insert(hash, row, make);
        let ((), before, now) = counted(cell, |cell| {
            *cell = if rewrite {
                List {
                    base: ListBase::Replaced,
                    elements,
                    clean: 0,
                }
            } else {
                List {
                    base: ListBase::Loaded,
                    elements,
                    clean,
                }
            };
        });
        self.active.heap.recount(before, now);
        if rewrite {
            self.active.mark_dirty();
        }
    }
}

/// What a new cell of the active generation knows of the list.
fn base(
    layers: &VecDeque<Arc<Generation>>,
    store_is_empty: bool,
    hash: u64,
    row: &[u8],
) -> ListBase {
    let mut below = layers
        .iter()
        .filter_map(|layer| layer.lists.find(hash, row));
    if store_is_empty && below.next().is_none() {
        ListBase::Loaded
    } else {
        ListBase::Unknown
    }
}

/// Elements seen so far, while they are few enough to keep.
struct Seen {
    elements: Option<Vec<u8>>,
    bytes_max: usize,
}

impl Seen {
    fn push(&mut self, elements: &[u8]) {
        self.elements = self
            .elements
            .take()
            .filter(|seen| seen.len() + elements.len() <= self.bytes_max);
        if let Some(seen) = &mut self.elements {
            seen.extend_from_slice(elements);
        }
    }

    fn len(&self) -> usize {
        self.elements.as_ref().map_or(0, Vec::len)
    }
}

fn visit_all(
    chunk: &[u8],
    visit: &mut dyn FnMut(&[u8]) -> Result<ControlFlow<()>>,
) -> Result<ControlFlow<()>> {
    for element in Elements::new(chunk) {
        if visit(element?)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}
