//! Lists that are written from iterators of any length: all of it or nothing, in bounded memory.
//!
//! What has no more than an eighth of the write buffer's budget is gathered and written at once. More is appended piece by piece, behind what was there. The first
//! piece begins a generation of the buffer, so that the generations of chunks tell what was there before from
//! what came; in the end one of the two goes: what was there when a list was replaced, what came when a piece could not be
//! written or made.
//!
//! Invariant: no snapshot has a list that is half written. None is taken meanwhile, because whoever writes has the backend; and
//! when the rest cannot be removed either, or making a piece panics, the backend is broken and takes none any more.

use alluvium_protocol::chunk;
use alluvium_protocol::row::RowRange;

use super::elements::{Elements, Filled};
use super::{Address, BytesBackend, StateIndex};
use crate::error::Result;

/// What is written at once has no more than this share of the write buffer's budget, an eighth: it is in memory twice for a
/// moment, beside a generation that is being flushed.
const GATHERED_SHARE: usize = 8;

/// Nor is less than this written in pieces, however small the budget is: it is not worth a generation of its own.
const GATHERED_BYTES_MIN: usize = 1 << 10;

/// Bytes of a piece of what is more: as many as a chunk of a list has.
const PIECE_BYTES: usize = 64 << 10;

/// Makes the next elements, of about as many bytes as it is told, in place of those that are there.
pub(crate) type Fill<'f> = dyn FnMut(&mut Elements, usize) -> Result<Filled> + 'f;

/// What becomes of the elements that a list had before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Stays,
    Goes,
}

impl BytesBackend {
    /// Appends one element to a list, without reading it.
    ///
    /// # Errors
    /// As [`BytesBackend::get`]; `Invalid` when the element is too long for a row.
    pub fn append(&mut self, at: &Address<'_>, element: &[u8]) -> Result<()> {
        self.append_all(at, &mut std::iter::once(element))
    }

    /// Appends elements to a list, in order, without reading it: all of them or, after an error, none. Memory is bounded however many
    /// there are.
    ///
    /// # Errors
    /// As [`BytesBackend::append`]. When the store fails while much is appended, what was appended by then may stay; the
    /// backend takes no snapshot any more then (`Unavailable`).
    pub fn append_all(
        &mut self,
        at: &Address<'_>,
        elements: &mut dyn Iterator<Item = &[u8]>,
    ) -> Result<()> {
        let stamp = self.element_stamp(at.state);
        self.with_elements(|backend, framed| {
            backend.append_filled(at, framed, &mut |framed, bytes_max| {
                framed.fill(stamp, bytes_max, &mut *elements, Elements::push)
            })
        })
    }

    /// Replaces a list; no elements clear it. After an error the list is as it was. Memory is bounded however many there are.
    ///
    /// # Errors
    /// As [`BytesBackend::append_all`].
    pub fn replace_list(
        &mut self,
        at: &Address<'_>,
        elements: &mut dyn Iterator<Item = &[u8]>,
    ) -> Result<()> {
        let stamp = self.element_stamp(at.state);
        self.with_elements(|backend, framed| {
            backend.replace_filled(at, framed, &mut |framed, bytes_max| {
                framed.fill(stamp, bytes_max, &mut *elements, Elements::push)
            })
        })
    }

    fn with_elements(
        &mut self,
        write: impl FnOnce(&mut Self, &mut Elements) -> Result<()>,
    ) -> Result<()> {
        let mut framed = std::mem::take(&mut self.elements);
        let written = write(self, &mut framed);
        self.elements = framed;
        written
    }

    /// Appends all that `fill` makes, or nothing. `elements` is where it makes it.
    pub(crate) fn append_filled(
        &mut self,
        at: &Address<'_>,
        elements: &mut Elements,
        fill: &mut Fill<'_>,
    ) -> Result<()> {
        match fill(elements, self.gathered_bytes_max())? {
            Filled::Whole => self.append_framed(at, elements),
            Filled::Part => self.write_pieces(at, elements, fill, Before::Stays),
        }
    }

    /// Replaces the list by all that `fill` makes, or not at all. `elements` is where it makes it.
    pub(crate) fn replace_filled(
        &mut self,
        at: &Address<'_>,
        elements: &mut Elements,
        fill: &mut Fill<'_>,
    ) -> Result<()> {
        match fill(elements, self.gathered_bytes_max())? {
            Filled::Whole => self.replace_list_framed(at, elements),
            Filled::Part => self.write_pieces(at, elements, fill, Before::Goes),
        }
    }

    /// Appends the elements that are there and all that `fill` makes after them, or nothing.
    pub(super) fn append_pieces(
        &mut self,
        at: &Address<'_>,
        elements: &mut Elements,
        fill: &mut Fill<'_>,
    ) -> Result<()> {
        self.write_pieces(at, elements, fill, Before::Stays)
    }

    /// Bytes that are gathered in memory before they are written.
    #[inline]
    pub(crate) fn gathered_bytes_max(&self) -> usize {
        GATHERED_BYTES_MIN.max(self.options.memory_budget_bytes / GATHERED_SHARE)
    }

    fn write_pieces(
        &mut self,
        at: &Address<'_>,
        elements: &mut Elements,
        fill: &mut Fill<'_>,
        before: Before,
    ) -> Result<()> {
        self.locate_list(at)?;
        // What is there ends with its generation.
        self.buffer.freeze()?;
        let first = self.buffer.generation();
        let message = format!("a list of state {:?} is half written", self.name(at.state));
        let broken = self.broken.replace(message);
        let written = self.append_each(at, elements, fill);
        elements.clear();
        let rest_removed = match (&written, before) {
            (Ok(()), Before::Stays) => Ok(()),
            (Ok(()), Before::Goes) => self.remove_chunks(at, 0, Some(first)),
            (Err(_), _) => self.remove_chunks(at, first, None),
        };
        if rest_removed.is_ok() {
            self.broken = broken;
        }
        written.and(rest_removed)
    }

    fn append_each(
        &mut self,
        at: &Address<'_>,
        elements: &mut Elements,
        fill: &mut Fill<'_>,
    ) -> Result<()> {
        let piece_bytes = PIECE_BYTES.min(self.gathered_bytes_max());
        self.append_framed(at, elements)?;
        while fill(elements, piece_bytes)? == Filled::Part {
            self.append_framed(at, elements)?;
        }
        self.append_framed(at, elements)
    }

    /// Removes the elements of a list that generations from `from` on, and before `to`, appended.
    fn remove_chunks(&mut self, at: &Address<'_>, from: u64, to: Option<u64>) -> Result<()> {
        // Chunks are removed as rows of their own, of which readers of lists in memory know nothing. And a run has either those or
        // the list's new chunks, which come before them.
        self.buffer.forget_collections()?;
        self.locate_list(at)?;
        let numbered = |generation| [&*self.row, &chunk::number(generation, 0)].concat();
        let to = match to {
            Some(to) => Some(numbered(to)),
            None => RowRange::prefix(&self.row).to().map(<[u8]>::to_vec),
        };
        let range = RowRange::new(numbered(from), to);
        let store = self.buffer.shared_store();
        let mut chunks = store.scan(&range)?;
        while let Some((row, _)) = chunks.next()? {
            self.buffer.put(row, None)?;
        }
        self.buffer.settle()
    }

    fn name(&self, state: StateIndex) -> &str {
        let schema = self.registry.get(state.position());
        schema.map_or("", |schema| &schema.name)
    }
}
