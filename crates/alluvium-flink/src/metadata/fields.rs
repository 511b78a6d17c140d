//! What several parts of the metadata have: lists, numbers that are not negative, text that may be absent.

use crate::cursor::Cursor;
use crate::error::Result;

/// An `i32` count of things of at least `each` bytes, and they. Memory grows as they are read, not by the count.
pub(super) fn list<'a, T>(
    cursor: &mut Cursor<'a>,
    each: usize,
    what: &'static str,
    mut read: impl FnMut(&mut Cursor<'a>) -> Result<T>,
) -> Result<Vec<T>> {
    let count = cursor.count(each, what)?;
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(read(cursor)?);
    }
    Ok(all)
}

/// An `i64` of at least 0.
pub(super) fn not_negative(cursor: &mut Cursor<'_>, what: &'static str) -> Result<u64> {
    let start = cursor.clone();
    let number = cursor.i64(what)?;
    u64::try_from(number).map_err(|_negative| {
        start.corrupt(format!("expected {what} of at least 0, found {number}"))
    })
}

/// The length of a file as an `i64`; -1 stands for one that was not known.
pub(super) fn length(cursor: &mut Cursor<'_>, what: &'static str) -> Result<Option<u64>> {
    let start = cursor.clone();
    match cursor.i64(what)? {
        -1 => Ok(None),
        length => u64::try_from(length).map(Some).map_err(|_negative| {
            start.corrupt(format!("expected {what} of at least 0, found {length}"))
        }),
    }
}

/// An `i32` of at least 0.
pub(super) fn small(cursor: &mut Cursor<'_>, what: &'static str) -> Result<u32> {
    let start = cursor.clone();
    let number = cursor.i32(what)?;
    u32::try_from(number).map_err(|_negative| {
        start.corrupt(format!("expected {what} of at least 0, found {number}"))
    })
}

/// Text of which the empty one stands for none.
pub(super) fn optional(cursor: &mut Cursor<'_>, what: &'static str) -> Result<Option<String>> {
    let text = cursor.utf(what)?;
    Ok((!text.is_empty()).then_some(text))
}
