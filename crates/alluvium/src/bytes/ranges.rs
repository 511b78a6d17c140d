//! Whole parts of large lists and maps, moved and removed in bounded memory: piece by piece, each within the budget.

use std::ops::ControlFlow;

use alluvium_protocol::chunk;
use alluvium_protocol::row::RowRange;
use alluvium_protocol::schema::StateKind;

use super::elements::Elements;
use super::{Address, BytesBackend};
use crate::error::Result;

/// Bytes of map keys that are collected before they are removed, and of list elements before they are appended: as many as a chunk
/// of a list has.
const PIECE_BYTES: usize = 64 << 10;

/// What a collected map key takes beside its bytes.
const KEY_BYTES: usize = size_of::<Vec<u8>>();

impl BytesBackend {
    /// Removes the map entries whose encoded keys lie in `range`, however many they are.
    ///
    /// # Errors
    /// As [`BytesBackend::get`]; when the store fails, some of the entries are removed.
    pub fn map_remove_range(&mut self, at: &Address<'_>, range: &RowRange) -> Result<()> {
        self.locate(at, |kind| kind == StateKind::Map)?;
        if *range == RowRange::all() {
            return self.buffer.map_clear(&self.row);
        }
        let mut rest = range.clone();
        let mut found = Vec::new();
        loop {
            let mut bytes = 0;
            self.buffer.map_scan(&self.row, &rest, &mut |map_key, _| {
                bytes += map_key.len() + KEY_BYTES;
                found.push(map_key.to_vec());
                Ok(if bytes < PIECE_BYTES {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                })
            })?;
            let Some(last) = found.last() else {
                return Ok(());
            };
            rest = RowRange::new([last, &[0][..]].concat(), rest.to().map(<[u8]>::to_vec));
            for map_key in found.drain(..) {
                self.buffer.map_put(&self.row, &map_key, None)?;
            }
            if bytes < PIECE_BYTES {
                return Ok(());
            }
        }
    }

    /// Appends the elements of other lists of the same state, which stay as they are, without decoding them; what has expired is left out. `from` has their
    /// keys ‖ namespaces, in the same key group; `to` is not among them. What fits into a piece is appended all or not at all.
    pub(crate) fn append_lists(&mut self, to: &Address<'_>, from: &[Vec<u8>]) -> Result<()> {
        let mut found = Elements::default();
        let mut is_small = true;
        for key in from {
            self.for_each_stored_element(&Address { key, ..*to }, &mut |element| {
                found.push(element)?;
                is_small = found.framed().len() < PIECE_BYTES;
                Ok(if is_small {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                })
            })?;
            if !is_small {
                return self.append_large_lists(to, from);
            }
        }
        self.append_framed(to, &found)
    }

    /// The same for what does not fit into a piece: chunk by chunk from the store, which has it all then.
    fn append_large_lists(&mut self, to: &Address<'_>, from: &[Vec<u8>]) -> Result<()> {
        self.buffer.settle()?;
        let store = self.buffer.shared_store();
        let mut piece = Elements::default();
        for key in from {
            let stamped = self.locate_list(&Address { key, ..*to })?;
            let life = stamped.then(|| self.life(to.state)).transpose()?;
            let mut chunks = store.scan(&RowRange::prefix(&self.row))?;
            while let Some((_, chunk)) = chunks.next()? {
                piece.clear();
                for element in chunk::Elements::new(chunk) {
                    let element = element?;
                    if life.map_or(Ok(true), |life| life.is_alive(element))? {
                        piece.push(element)?;
                    }
                }
                self.append_framed(to, &piece)?;
            }
        }
        Ok(())
    }
}
