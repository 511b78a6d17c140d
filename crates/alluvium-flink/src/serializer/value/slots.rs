//! What SQL's binary rows and arrays have in common: slots of fixed size, and the parts that slots refer to.
//!
//! ```text
//! slot    the value itself, little-endian
//!         or bytes of up to seven: they, and 80|length in the highest byte
//!         or offset << 32 | size of a part behind the slots; offsets count from the row's or array's start
//! part    its bytes, and zeros up to a multiple of eight
//! ```
//!
//! Invariant: the parts of one row together are not larger than the row, although hostile slots could all refer to the same
//! bytes; so what is decoded is bounded by what is read.

use crate::cursor::Cursor;
use crate::error::{Error, Result};

/// Up to how many bytes are in the slot.
const INLINE_MAX: usize = 7;

/// The bytes of a row or an array, with what is left of them for parts.
pub(super) struct Area<'a> {
    start: Cursor<'a>,
    budget: usize,
}

/// The bytes that a slot has or refers to.
pub(super) enum Part<'a> {
    Inline([u8; 8], usize),
    Behind(Cursor<'a>),
}

impl Part<'_> {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Inline(slot, length) => slot.get(..*length).unwrap_or_default(),
            Self::Behind(cursor) => cursor.left(),
        }
    }
}

impl<'a> Area<'a> {
    /// Of a row or an array whose bytes are exactly those left to the cursor.
    pub(super) const fn new(start: Cursor<'a>) -> Self {
        Self {
            budget: start.left().len(),
            start,
        }
    }

    #[cold]
    pub(super) fn corrupt(&self, message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
        self.start.corrupt(message)
    }

    #[cold]
    pub(super) fn unknown(&self, message: String) -> Error {
        self.start.unknown(message)
    }

    /// Some of the bytes.
    pub(super) fn at(&self, offset: usize, length: usize) -> Result<&'a [u8]> {
        let end = offset.checked_add(length);
        let bytes = end.and_then(|end| self.start.left().get(offset..end));
        bytes.ok_or_else(|| {
            self.corrupt(format!(
                "a row or array of {} bytes has no {length} bytes at {offset}",
                self.start.left().len()
            ))
        })
    }

    /// The bytes of a part.
    pub(super) fn part(&mut self, offset: usize, size: usize) -> Result<Cursor<'a>> {
        let bytes = self.at(offset, size)?;
        let Some(budget) = self.budget.checked_sub(size) else {
            return Err(self.corrupt("the parts of a row or array are larger than it"));
        };
        self.budget = budget;
        let at = self.start.offset().saturating_add(offset as u64);
        Ok(Cursor::new(bytes, self.start.file(), at))
    }

    /// The part that a slot refers to.
    pub(super) fn referred(&mut self, slot: [u8; 8]) -> Result<Cursor<'a>> {
        let (offset, size) = reference(slot);
        self.part(offset, size)
    }

    /// The bytes that a slot has, or the part it refers to.
    pub(super) fn inline_or_referred(&mut self, slot: [u8; 8]) -> Result<Part<'a>> {
        let [.., mark] = slot;
        if mark & 0x80 == 0 {
            return self.referred(slot).map(Part::Behind);
        }
        match usize::from(mark & 0x7F) {
            length @ ..=INLINE_MAX => Ok(Part::Inline(slot, length)),
            length => Err(self.corrupt(format!("{length} bytes in a slot of eight"))),
        }
    }
}

/// The offset and the size in a slot.
pub(super) fn reference(slot: [u8; 8]) -> (usize, usize) {
    let [a, b, c, d, e, f, g, h] = slot;
    let word = |bytes| usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(usize::MAX);
    (word([e, f, g, h]), word([a, b, c, d]))
}

/// Appends a part to a row or an array that begins the bytes; gives the slot that refers to it. `size` is what the slot
/// tells, which is not always the part's length.
pub(super) fn append(part: &[u8], size: usize, out: &mut Vec<u8>) -> Result<[u8; 8]> {
    let offset = out.len();
    out.extend_from_slice(part);
    out.resize(out.len().next_multiple_of(8), 0);
    match (i32::try_from(offset), u32::try_from(size)) {
        (Ok(offset), Ok(size)) => {
            Ok((u64::from(offset.unsigned_abs()) << 32 | u64::from(size)).to_le_bytes())
        }
        _ => Err(Error::invalid("a row or an array of more than 2 GiB")),
    }
}

/// The slot of bytes: they, or a reference to them.
pub(super) fn inline_or_append(bytes: &[u8], out: &mut Vec<u8>) -> Result<[u8; 8]> {
    if bytes.len() > INLINE_MAX {
        return append(bytes, bytes.len(), out);
    }
    let mut slot = [0; 8];
    for (place, byte) in slot.iter_mut().zip(bytes) {
        *place = *byte;
    }
    // At most seven.
    let [.., length] = (bytes.len() as u64).to_be_bytes();
    let [.., mark] = &mut slot;
    *mark = 0x80 | length;
    Ok(slot)
}
