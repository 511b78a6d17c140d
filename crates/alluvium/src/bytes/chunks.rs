//! Lists that are rewritten in part: elements are taken out of them, or changed, in bounded memory.
//!
//! A list of no more than an eighth of the write buffer's budget is rewritten as a whole, or not at all. A longer one is rewritten chunk by
//! chunk, where they are, with all of it in the store: an error leaves the chunks before it rewritten, and the others as they were.

use std::ops::ControlFlow;

use alluvium_protocol::chunk;
use alluvium_protocol::row::RowRange;
use alluvium_protocol::stamp;

use super::elements::Elements;
use super::{Address, BytesBackend};
use crate::error::Result;

impl BytesBackend {
    /// Takes those elements out of a list of which `keep` says no. It is asked about each once, in order; what has expired goes without being
    /// asked about, and what stays keeps its time to live. Memory is bounded however long the list is. A list that keeps all is
    /// not written; of a long one only chunks are that lose elements.
    ///
    /// # Errors
    /// As [`BytesBackend::get`], and what `keep` returns. The list is as it was then, unless it has more than an eighth of
    /// the write buffer's budget: elements before the error may be gone.
    pub fn retain_elements(
        &mut self,
        at: &Address<'_>,
        keep: &mut dyn FnMut(&[u8]) -> Result<bool>,
    ) -> Result<()> {
        let stamped = self.locate_list(at)?;
        // What lives is found again by its place among what lives; what has expired may go from the store at any time.
        let _still = stamped.then(|| self.lifetimes.stand_still());
        let life = stamped.then(|| self.life(at.state)).transpose()?;
        let is_alive = |stored: &[u8]| life.map_or(Ok(true), |life| life.is_alive(stored));
        let mut stays = |stored: &[u8]| match life {
            None => keep(stored),
            Some(_) => keep(stamp::split(stored)?.1),
        };
        let mut loses = false;
        let bytes_max = self.gathered_bytes_max();
        let (mut seen_bytes, mut verdicts) = (0, Vec::new());
        let mut kept = Elements::default();
        self.buffer.list_scan(&self.row, &mut |stored| {
            if seen_bytes >= bytes_max {
                return Ok(ControlFlow::Break(()));
            }
            seen_bytes += stored.len() + 1;
            if !is_alive(stored)? {
                loses = true;
                return Ok(ControlFlow::Continue(()));
            }
            let stays = stays(stored)?;
            verdicts.push(stays);
            if stays {
                kept.push(stored)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if seen_bytes < bytes_max {
            if loses || verdicts.contains(&false) {
                self.buffer.list_replace(&self.row, kept.framed())?;
            }
            return Ok(());
        }
        drop(kept);
        let mut verdicts = verdicts.into_iter();
        self.rewrite_chunks(&mut |stored, out| {
            if !is_alive(stored)? {
                return Ok(());
            }
            let stays = verdicts.next().map_or_else(|| stays(stored), Ok)?;
            if stays { out.push(stored) } else { Ok(()) }
        })
    }

    /// Rewrites the chunks of the list at `self.row`: `rewrite` is given each element, and what takes its place.
    pub(super) fn rewrite_chunks(
        &mut self,
        rewrite: &mut dyn FnMut(&[u8], &mut Elements) -> Result<()>,
    ) -> Result<()> {
        // Chunks are written as rows of their own, of which readers of lists in memory know nothing.
        self.buffer.forget_collections()?;
        let rewritten = self.rewrite_each_chunk(rewrite);
        // After an error as well: readers look in the store, which is to have what was rewritten.
        let settled = self.buffer.settle();
        rewritten.and(settled)
    }

    fn rewrite_each_chunk(
        &mut self,
        rewrite: &mut dyn FnMut(&[u8], &mut Elements) -> Result<()>,
    ) -> Result<()> {
        let store = self.buffer.shared_store();
        let mut chunks = store.scan(&RowRange::prefix(&self.row))?;
        let mut elements = Elements::default();
        while let Some((row, chunk)) = chunks.next()? {
            elements.clear();
            for element in chunk::Elements::new(chunk) {
                rewrite(element?, &mut elements)?;
            }
            let new = elements.framed();
            if new != chunk {
                self.buffer.put(row, (!new.is_empty()).then_some(new))?;
            }
        }
        Ok(())
    }
}
