//! Lists appended to another one without being decoded, in bounded memory, all or not at all.

use std::ops::ControlFlow;

use alluvium_protocol::chunk;
use alluvium_protocol::row::RowRange;

use super::elements::{Elements, Filled};
use super::{Address, BytesBackend};
use crate::error::Result;
use crate::store::RowCursor;

impl BytesBackend {
    /// Appends the elements of other lists of the same state, which stay as they are; what has expired is left out. `from` has their
    /// keys ‖ namespaces, in the same key group; `to` is not among them. After an error nothing is appended.
    pub(crate) fn append_lists(&mut self, to: &Address<'_>, from: &[Vec<u8>]) -> Result<()> {
        let bytes_max = self.gathered_bytes_max();
        let mut found = Elements::default();
        let mut is_small = true;
        for key in from {
            self.for_each_stored_element(&Address { key, ..*to }, &mut |element| {
                found.push(element)?;
                is_small = found.framed().len() < bytes_max;
                Ok(if is_small {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                })
            })?;
            if !is_small {
                found.clear();
                return self.append_large_lists(to, from, &mut found);
            }
        }
        self.append_framed(to, &found)
    }

    /// The same for what is more: chunk by chunk from the store, which has it all then.
    fn append_large_lists(
        &mut self,
        to: &Address<'_>,
        from: &[Vec<u8>],
        piece: &mut Elements,
    ) -> Result<()> {
        self.buffer.settle()?;
        let stamped = self.locate_list(to)?;
        let life = stamped.then(|| self.life(to.state)).transpose()?;
        let mut sources = Vec::with_capacity(from.len());
        for key in from {
            self.locate_list(&Address { key, ..*to })?;
            sources.push(RowRange::prefix(&self.row));
        }
        let store = self.buffer.shared_store();
        let mut sources = sources.iter();
        let mut chunks: Option<Box<dyn RowCursor + '_>> = None;
        self.append_pieces(to, piece, &mut |piece, _| {
            piece.clear();
            loop {
                if let Some(chunks) = &mut chunks
                    && let Some((_, chunk)) = chunks.next()?
                {
                    for element in chunk::Elements::new(chunk) {
                        let element = element?;
                        if life.map_or(Ok(true), |life| life.is_alive(element))? {
                            piece.push(element)?;
                        }
                    }
                    return Ok(Filled::Part);
                }
                let Some(source) = sources.next() else {
                    return Ok(Filled::Whole);
                };
                chunks = Some(store.scan(source)?);
            }
        })
    }
}
