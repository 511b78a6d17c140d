//! Ranges of large maps, removed in bounded memory: piece by piece, each within the budget.

use std::ops::ControlFlow;

use alluvium_protocol::row::RowRange;
use alluvium_protocol::schema::StateKind;

use super::{Address, BytesBackend};
use crate::error::Result;

/// Bytes of map keys that are collected before they are removed: as many as a chunk of a list has.
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
}
