//! Records of bytes in large blocks: a row and its value one behind the other.
//!
//! ```text
//! record   row length, 4 bytes, with DIRTY ‖ value length, 4 bytes, or ABSENT ‖ room for the value, 4 bytes ‖ row ‖ value ‖ padding
//! ```
//!
//! Reading a record touches one place in memory, where a key and a value of their own would be two more; millions
//! of them are freed as a few blocks. Records do not move. A value that outgrows its record gets a new one, and the old
//! one's bytes are dead until the whole arena goes; they count as memory.
//!
//! Knows nothing of hashes: who wants to find a record keeps its [`At`].

/// Where a record begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct At(u32);

/// Records begin at multiples of this.
const UNIT: usize = 8;

/// Low bits of an [`At`]: units within a block. The others number the block.
const UNIT_BITS: u32 = 17;

/// Blocks are as large as an [`At`] can tell, 1 MiB, once the arena is large; a record that is larger than a block has one
/// to itself and begins at its beginning.
const BLOCK_BYTES_MAX: usize = UNIT << UNIT_BITS;

/// The first block is small: there are arenas with a handful of records.
const BLOCK_BYTES_MIN: usize = 1 << 10;

/// No further record may be added beyond this many blocks.
const BLOCKS_MAX: usize = 1 << (u32::BITS - UNIT_BITS);

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

#[derive(Debug, Default)]
pub(crate) struct Arena {
    blocks: Vec<Box<[u8]>>,
    /// Bytes in use of the last block.
    used: usize,
    bytes: usize,
}

/// The first bytes of a record.
#[derive(Debug, Clone, Copy)]
struct Head {
    row: usize,
    value: Option<usize>,
    room: usize,
    dirty: bool,
}

impl Head {
    #[inline]
    fn read(record: &[u8]) -> Self {
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

impl Arena {
    /// Bytes of all blocks.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that one more small record may add.
    pub(crate) fn growth_bytes(&self) -> usize {
        self.next_block_bytes()
    }

    /// Whether there is no place for another record, whatever memory there is.
    pub(crate) fn is_full(&self) -> bool {
        self.blocks.len() + 1 >= BLOCKS_MAX
    }

    /// Adds a record.
    pub(crate) fn push(&mut self, row: &[u8], value: Option<&[u8]>, dirty: bool) -> At {
        self.push_with_room(row, value, dirty, 0)
    }

    fn push_with_room(&mut self, row: &[u8], value: Option<&[u8]>, dirty: bool, room: usize) -> At {
        let (at, room) = self.place(row.len(), value.map_or(0, <[u8]>::len).max(room));
        let record = self.tail_mut(at);
        let head = Head {
            row: row.len(),
            value: value.map(<[u8]>::len),
            room,
            dirty,
        };
        head.write(record);
        let (into_row, rest) = split(record, HEAD_BYTES).1.split_at_mut(row.len());
        into_row.copy_from_slice(row);
        if let Some(value) = value {
            split(rest, value.len()).0.copy_from_slice(value);
        }
        at
    }

    /// Reads a record.
    #[inline]
    pub(crate) fn record(&self, at: At) -> Record<'_> {
        let tail = self.tail(at);
        let head = Head::read(tail);
        let body = tail.get(HEAD_BYTES..).unwrap_or_default();
        let (row, rest) = body.split_at_checked(head.row).unwrap_or_default();
        Record {
            row,
            value: head.value.and_then(|length| rest.get(..length)),
            dirty: head.dirty,
        }
    }

    /// The row of a record.
    #[inline]
    pub(crate) fn row(&self, at: At) -> &[u8] {
        let tail = self.tail(at);
        let head = Head::read(tail);
        tail.get(HEAD_BYTES..HEAD_BYTES + head.row)
            .unwrap_or_default()
    }

    /// Whether the record has room for a value of this length.
    #[inline]
    pub(crate) fn fits(&self, at: At, value: usize) -> bool {
        value <= Head::read(self.tail(at)).room
    }

    /// Replaces the value, and makes the record dirty. Returns where the record is now.
    #[inline]
    pub(crate) fn set(&mut self, at: At, value: Option<&[u8]>) -> At {
        let record = self.tail_mut(at);
        let mut head = Head::read(record);
        let length = value.map_or(0, <[u8]>::len);
        if length > head.room {
            return self.outgrow(at, value);
        }
        head.value = value.map(<[u8]>::len);
        head.dirty = true;
        head.write(record);
        if let (Some(value), Some(room)) = (
            value,
            record.get_mut(HEAD_BYTES + head.row..HEAD_BYTES + head.row + length),
        ) {
            room.copy_from_slice(value);
        }
        at
    }

    /// A new record for a value that has no room in the old one, half as large again: what grows step by step leaves
    /// no more than three times its size behind.
    #[cold]
    fn outgrow(&mut self, at: At, value: Option<&[u8]>) -> At {
        let row = self.row(at).to_vec();
        let had = Head::read(self.tail(at)).room;
        self.push_with_room(&row, value, true, had + had / 2)
    }

    /// Finds room for a record, and says how much its value has.
    fn place(&mut self, row: usize, value: usize) -> (At, usize) {
        let bytes = (HEAD_BYTES + row + value).next_multiple_of(UNIT);
        let free = self.blocks.last().map_or(0, |last| last.len() - self.used);
        if bytes > free {
            let block = bytes.max(self.next_block_bytes());
            self.blocks.push(vec![0; block].into_boxed_slice());
            self.bytes += block;
            self.used = 0;
        }
        let (block, unit) = (self.blocks.len() - 1, self.used / UNIT);
        self.used += bytes;
        (
            At(narrow(block) << UNIT_BITS | narrow(unit)),
            bytes - HEAD_BYTES - row,
        )
    }

    /// A quarter of what there is, so that an arena is never much larger than its records.
    fn next_block_bytes(&self) -> usize {
        let quarter = (self.bytes / 4).next_multiple_of(UNIT);
        quarter.clamp(BLOCK_BYTES_MIN, BLOCK_BYTES_MAX)
    }

    /// The record and what follows it in its block.
    #[inline]
    fn tail(&self, at: At) -> &[u8] {
        let block = self.blocks.get(wide(at.0 >> UNIT_BITS));
        block
            .and_then(|block| block.get(offset(at)..))
            .unwrap_or_default()
    }

    #[inline]
    fn tail_mut(&mut self, at: At) -> &mut [u8] {
        let block = self.blocks.get_mut(wide(at.0 >> UNIT_BITS));
        block
            .and_then(|block| block.get_mut(offset(at)..))
            .unwrap_or_default()
    }
}

/// Where the record begins in its block.
#[inline]
const fn offset(at: At) -> usize {
    wide(at.0 & ((1 << UNIT_BITS) - 1)) * UNIT
}

/// Both parts, of which the first may be cut short.
fn split(bytes: &mut [u8], at: usize) -> (&mut [u8], &mut [u8]) {
    bytes.split_at_mut(at.min(bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_all_sizes_keep_their_bytes() {
        let mut arena = Arena::default();
        let sizes = [
            0,
            1,
            7,
            8,
            9,
            100,
            5_000,
            BLOCK_BYTES_MAX,
            BLOCK_BYTES_MAX + 1,
            3 * BLOCK_BYTES_MAX,
            3,
        ];

        let ats: Vec<At> = (0_u8..)
            .zip(sizes)
            .map(|(nth, size)| arena.push(&[nth; 13], Some(&vec![nth; size]), nth % 2 == 0))
            .collect();

        for ((nth, size), at) in (0_u8..).zip(sizes).zip(ats) {
            let record = arena.record(at);
            assert_eq!(record.row, [nth; 13]);
            assert_eq!(record.value, Some(&*vec![nth; size]));
            assert_eq!(record.dirty, nth % 2 == 0);
        }
    }

    #[test]
    fn a_value_is_replaced_in_place_while_it_fits_and_elsewhere_when_it_does_not() {
        let mut arena = Arena::default();
        let at = arena.push(b"row", Some(b"12345"), false);

        let same = arena.set(at, Some(b"1"));
        assert_eq!((same, arena.record(same).value), (at, Some(&b"1"[..])));
        assert!(arena.record(same).dirty);
        assert_eq!(arena.set(same, None), at);
        assert_eq!(arena.record(at).value, None);
        let moved = arena.set(at, Some(&[7; 100]));

        assert_ne!(moved, at);
        assert_eq!(arena.record(moved).row, b"row");
        assert_eq!(arena.record(moved).value, Some(&[7; 100][..]));
        assert!(arena.record(moved).dirty);
    }

    #[test]
    fn an_arena_is_little_larger_than_its_records() {
        let mut arena = Arena::default();
        for nth in 0_u32..100_000 {
            arena.push(&nth.to_be_bytes(), Some(&[0; 8]), false);
        }

        let records = 100_000 * 24;
        assert!(
            arena.bytes() >= records && arena.bytes() < records + records / 4 + BLOCK_BYTES_MIN
        );
    }
}
