//! One side of a comparison: the rows of a state, entry by entry, and the elements of a list across its chunks.

use std::ops::Range;

use alluvium_protocol::chunk::Elements;
use alluvium_protocol::row::PREFIX_BYTES;
use alluvium_protocol::schema::{KeyedSchema, StateKind, StateSchema};
use alluvium_protocol::value::Value;
use anyhow::Result;

use crate::difference::ELEMENTS_SHOWN_MAX;
use crate::state::opened::Cursor;
use crate::state::typed::{self, Entry};

/// The rows of one state in one key group of one checkpoint.
pub(super) struct Side<'s> {
    schema: &'s KeyedSchema,
    pub(super) state: &'s StateSchema,
    pub(super) cursor: Cursor<'s>,
    pub(super) ended: bool,
}

impl<'s> Side<'s> {
    pub(super) fn begin(
        schema: &'s KeyedSchema,
        state: &'s StateSchema,
        cursor: Cursor<'s>,
    ) -> Result<Self> {
        let mut side = Self {
            schema,
            state,
            cursor,
            ended: false,
        };
        side.advance()?;
        Ok(side)
    }

    pub(super) fn advance(&mut self) -> Result<()> {
        self.ended = !self.cursor.advance()?;
        Ok(())
    }

    /// What tells the entry at hand from others: state numbers differ between jobs, and chunks between checkpoints.
    pub(super) fn address(&self) -> &[u8] {
        let row = self.cursor.row();
        let row = match self.state.kind {
            StateKind::List => typed::list_address(row),
            _ => row,
        };
        row.get(PREFIX_BYTES..).unwrap_or_default()
    }

    pub(super) fn row_bytes(&self) -> u64 {
        (self.cursor.row().len() + self.cursor.value().len()) as u64
    }

    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.cursor.value().get(range).unwrap_or_default()
    }

    pub(super) fn value(&self, range: Range<usize>) -> Result<Value> {
        typed::decode_value(self.state, self.bytes(range))
    }

    pub(super) fn entry(&self) -> Result<Entry> {
        Ok(typed::decode(self.schema, self.state, self.cursor.row())?.entry)
    }
}

/// The elements of the list at hand, chunk after chunk.
pub(super) struct List<'l, 's> {
    pub(super) side: &'l mut Side<'s>,
    address: Vec<u8>,
    /// Where the next element of the chunk at hand begins.
    at: usize,
    pub(super) count: u64,
    /// Of keys and elements, the numbers of chunks not counted.
    pub(super) bytes: u64,
}

impl<'l, 's> List<'l, 's> {
    pub(super) fn begin(side: &'l mut Side<'s>) -> Self {
        let address = side.address().to_vec();
        let bytes = (PREFIX_BYTES + address.len()) as u64;
        Self {
            side,
            address,
            at: 0,
            count: 0,
            bytes,
        }
    }

    /// The place of the next element in the row at hand; after the last, the next entry is at hand.
    pub(super) fn next(&mut self) -> Result<Option<Range<usize>>> {
        while !self.side.ended && self.side.address() == self.address {
            let chunk = self.side.cursor.value();
            let mut elements = Elements::new(chunk.get(self.at..).unwrap_or_default());
            if let Some(element) = elements.next() {
                let end = chunk.len() - elements.remaining();
                let begin = end - element?.len();
                self.bytes += (end - self.at) as u64;
                self.at = end;
                self.count += 1;
                return Ok(Some(begin..end));
            }
            self.at = 0;
            self.side.advance()?;
        }
        Ok(None)
    }

    /// Adds an element to those shown, if there are not enough.
    pub(super) fn show(&self, element: Option<Range<usize>>, shown: &mut Vec<Value>) -> Result<()> {
        if let Some(element) = element.filter(|_| shown.len() < ELEMENTS_SHOWN_MAX) {
            shown.push(self.side.value(element)?);
        }
        Ok(())
    }
}
