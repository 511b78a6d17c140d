//! Lists, maps and scans on encoded keys.

use std::ops::ControlFlow;

use alluvium_protocol::key_group::KeyGroup;
use alluvium_protocol::row::{PREFIX_BYTES, RowRange, push_prefix};
use alluvium_protocol::schema::StateKind;
use alluvium_protocol::stamp::STAMP_BYTES;

use super::elements::Elements;
use super::{Address, BytesBackend, StateIndex};
use crate::buffer::{check_element, check_row};
use crate::error::Result;

pub use crate::buffer::Visit as VisitEntry;

/// Sees a row of a state: its key group, what follows the prefix of its row key, and its value.
pub type VisitRow<'v> = dyn FnMut(KeyGroup, &[u8], &[u8]) -> Result<ControlFlow<()>> + 'v;

impl BytesBackend {
    /// Appends elements that are stamped if the state's are: all at once.
    pub(crate) fn append_framed(&mut self, at: &Address<'_>, elements: &Elements) -> Result<()> {
        self.locate(at, |kind| kind == StateKind::List)?;
        check_element(self.row.len(), elements.longest())?;
        if elements.framed().is_empty() {
            return Ok(());
        }
        self.buffer.list_append(&self.row, elements.framed())
    }

    /// Replaces a list by elements that are stamped if the state's are: all at once.
    pub(crate) fn replace_list_framed(
        &mut self,
        at: &Address<'_>,
        elements: &Elements,
    ) -> Result<()> {
        self.locate(at, |kind| kind == StateKind::List)?;
        check_element(self.row.len(), elements.longest())?;
        self.buffer.list_replace(&self.row, elements.framed())
    }

    /// Visits a list's elements in order, until the visitor breaks. Holds one chunk in memory at a time.
    ///
    /// # Errors
    /// As [`BytesBackend::get`], and what the visitor returns.
    pub fn for_each_element(
        &mut self,
        at: &Address<'_>,
        visit: &mut dyn FnMut(&[u8]) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        if self.locate_list(at)? {
            return self.list_scan_stamped(at.state, visit);
        }
        self.buffer.list_scan(&self.row, visit)
    }

    /// As `locate`, for a list.
    pub(super) fn locate_list(&mut self, at: &Address<'_>) -> Result<bool> {
        self.locate(at, |kind| kind == StateKind::List)
    }

    /// The value of one map entry.
    ///
    /// # Errors
    /// As [`BytesBackend::get`].
    pub fn map_get(&mut self, at: &Address<'_>, map_key: &[u8]) -> Result<Option<&[u8]>> {
        if self.locate(at, |kind| kind == StateKind::Map)? {
            return self.map_get_stamped(at.state, map_key);
        }
        self.buffer.map_get(&self.row, map_key)
    }

    /// Sets one map entry.
    ///
    /// # Errors
    /// As [`BytesBackend::get`].
    pub fn map_put(&mut self, at: &Address<'_>, map_key: &[u8], value: &[u8]) -> Result<()> {
        if self.locate(at, |kind| kind == StateKind::Map)? {
            return self.map_put_stamped(at.state, std::iter::once((map_key, value)));
        }
        self.buffer.map_put(&self.row, map_key, Some(value))
    }

    /// Sets map entries, in order; none when one of them is too large.
    ///
    /// # Errors
    /// As [`BytesBackend::get`]; when the store fails, the entries before are set.
    pub fn map_put_all<'e>(
        &mut self,
        at: &Address<'_>,
        entries: impl Iterator<Item = (&'e [u8], &'e [u8])> + Clone,
    ) -> Result<()> {
        let stamped = self.locate(at, |kind| kind == StateKind::Map)?;
        let stamp_bytes = if stamped { STAMP_BYTES } else { 0 };
        for (map_key, value) in entries.clone() {
            check_row(self.row.len() + map_key.len(), stamp_bytes + value.len())?;
        }
        if stamped {
            return self.map_put_stamped(at.state, entries);
        }
        for (map_key, value) in entries {
            // One by one, so that each finds room within the budget.
            self.buffer.map_put(&self.row, map_key, Some(value))?;
        }
        Ok(())
    }

    /// Removes one map entry.
    ///
    /// # Errors
    /// As [`BytesBackend::get`].
    pub fn map_remove(&mut self, at: &Address<'_>, map_key: &[u8]) -> Result<()> {
        self.locate(at, |kind| kind == StateKind::Map)?;
        self.buffer.map_put(&self.row, map_key, None)
    }

    /// Visits map entries whose encoded keys lie in `range`, in order, until the visitor breaks.
    ///
    /// # Errors
    /// As [`BytesBackend::get`], and what the visitor returns.
    pub fn map_scan(
        &mut self,
        at: &Address<'_>,
        range: &RowRange,
        visit: &mut VisitEntry<'_>,
    ) -> Result<()> {
        if self.locate(at, |kind| kind == StateKind::Map)? {
            return self.map_scan_stamped(at.state, range, visit);
        }
        self.buffer.map_scan(&self.row, range, visit)
    }

    /// Visits all rows of a state, by key group and row key: what follows the row's prefix, and its value, without the stamps
    /// of a state with TTL. What has expired is not visited, nor deleted.
    /// Writes everything buffered to the store first and waits for it: for tools and final results.
    ///
    /// # Errors
    /// As [`BytesBackend::get`], and what the visitor returns.
    pub fn for_each_row(&mut self, state: StateIndex, visit: &mut VisitRow<'_>) -> Result<()> {
        let id = self.state_id(state, |_| true)?;
        // All rows are judged at one moment, however long the visit takes.
        let (life, is_list) = (self.life_if_any(state), self.is_list(state));
        let mut elements = Elements::default();
        self.buffer.settle()?;
        for group in self.range.iter() {
            self.row.clear();
            push_prefix(&mut self.row, group, id);
            let mut rows = self.buffer.store().scan(&RowRange::prefix(&self.row))?;
            while let Some((row, value)) = rows.next()? {
                let rest = row.get(PREFIX_BYTES..).unwrap_or_default();
                let shown = match &life {
                    Some(life) => life.shown(value, is_list, &mut elements)?,
                    None => Some(value),
                };
                if let Some(value) = shown
                    && visit(group, rest, value)?.is_break()
                {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
