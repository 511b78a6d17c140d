//! A record: one single row and its value, as they lie in a block of the log.
//!
//! ```text
//! record   row length, 4 bytes, with DIRTY ‖ value length, 4 bytes, or ABSENT ‖ room for the value, 4 bytes ‖ row ‖ value ‖ padding
//! ```
//!
//! Reading one touches one place in memory, where a key and a value of their own would be two more.

/// Records begin at multiples of this.
pub(crate) const UNIT: usize = 8;

/// Lengths of row, value and room.
const HEAD_BYTES: usize = 12;

/// Value length of a record that says the row does not exist.
const ABSENT: u32 = u32::MAX;

/// In the row length: the record is newer than the store.
const DIRTY: u32 = 1 << 31;

/// A record as it is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    pub(crate) row: &'a [u8],
    /// `None` when the row does not exist.
    pub(crate) value: Option<&'a [u8]>,
    /// Whether the flusher has to write it.
    pub(crate) dirty: bool,
}

/// The first bytes of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    row: usize,
    value: Option<usize>,
    /// The most bytes that its value may have.
    pub(crate) room: usize,
    dirty: bool,
}

impl Head {
    #[inline]
    pub(crate) fn read(record: &[u8]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l] =
            record.first_chunk().copied().unwrap_or([0; HEAD_BYTES]);
        let row = u32::from_be_bytes([a, b, c, d]);
        let value = u32::from_be_bytes([e, f, g, h]);
        Self {
            row: wide(row & !DIRTY),
            value: (value != ABSENT).then_some(wide(value)),
            room: wide(u32::from_be_bytes([i, j, k, l])),
            dirty: row & DIRTY != 0,
        }
    }

    #[inline]
    fn write(self, record: &mut [u8]) {
        let row = narrow(self.row) | if self.dirty { DIRTY } else { 0 };
        let value = self.value.map_or(ABSENT, narrow);
        let ([a, b, c, d], [e, f, g, h]) = (row.to_be_bytes(), value.to_be_bytes());
        let [i, j, k, l] = narrow(self.room).to_be_bytes();
        if let Some(head) = record.first_chunk_mut() {
            *head = [a, b, c, d, e, f, g, h, i, j, k, l];
        }
    }

    /// Bytes of the whole record, padding included.
    #[inline]
    pub(crate) const fn record_bytes(self) -> usize {
        (HEAD_BYTES + self.row + self.room).next_multiple_of(UNIT)
    }
}

impl<'a> Record<'a> {
    /// Bytes that a record of this row and a value of `room` bytes takes.
    pub(crate) const fn bytes(row: &[u8], room: usize) -> usize {
        (HEAD_BYTES + row.len() + room).next_multiple_of(UNIT)
    }

    /// Reads the record at the beginning of `tail`.
    #[inline]
    pub(crate) fn read(tail: &'a [u8]) -> Self {
        let head = Head::read(tail);
        let body = tail.get(HEAD_BYTES..).unwrap_or_default();
        let (row, rest) = body.split_at_checked(head.row).unwrap_or_default();
        Record {
            row,
            value: head.value.and_then(|length| rest.get(..length)),
            dirty: head.dirty,
        }
    }

    /// The row of the record at the beginning of `tail`.
    #[inline]
    pub(crate) fn row_of(tail: &'a [u8]) -> &'a [u8] {
        let head = Head::read(tail);
        tail.get(HEAD_BYTES..HEAD_BYTES + head.row)
            .unwrap_or_default()
    }

    /// Writes a record that takes all of `place`.
    #[inline]
    pub(crate) fn write(self, place: &mut [u8]) {
        let head = Head {
            row: self.row.len(),
            value: self.value.map(<[u8]>::len),
            room: place.len().saturating_sub(HEAD_BYTES + self.row.len()),
            dirty: self.dirty,
        };
        head.write(place);
        copy(place, HEAD_BYTES, self.row);
        if let Some(value) = self.value {
            copy(place, HEAD_BYTES + self.row.len(), value);
        }
    }
}

/// Replaces the value of the record at the beginning of `tail` and makes it dirty. Returns false, and changes nothing, if
/// it has no room for it.
#[inline]
pub(crate) fn replace(tail: &mut [u8], value: Option<&[u8]>) -> bool {
    let mut head = Head::read(tail);
    if value.is_some_and(|value| value.len() > head.room) {
        return false;
    }
    head.value = value.map(<[u8]>::len);
    head.dirty = true;
    head.write(tail);
    if let Some(value) = value {
        copy(tail, HEAD_BYTES + head.row, value);
    }
    true
}

/// Says that the record at the beginning of `tail` needs no flush: there is a newer one of its generation.
pub(crate) fn supersede(tail: &mut [u8]) {
    let mut head = Head::read(tail);
    head.dirty = false;
    head.write(tail);
}

#[inline]
fn copy(into: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = into.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

/// Lengths fit: rows are checked against `ROW_BYTES_MAX` before they come here.
#[inline]
fn narrow(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(ABSENT)
}

#[inline]
const fn wide(length: u32) -> usize {
    length as usize
}
