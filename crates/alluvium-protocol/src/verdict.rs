//! What becomes of rows that a store writes again, to merge its files say: what has expired goes, and values of an older
//! form of their type get the newest one.
//!
//! Invariants: nobody who reads a row before and after sees a difference, but for what had expired; what cannot be read, or not be
//! changed, stays byte for byte, so that the next read tells; a row in which nothing changes is not copied.
//!
//! Which values are stamped and how one is changed is for the caller to say.

use crate::chunk::{Elements, push_element_with};
use crate::error::Error;
use crate::schema::StateKind;
use crate::stamp::{Moment, split};

/// What becomes of a row, or of a value in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "stores must carry out all of them")]
pub enum Verdict {
    /// It stays as it is.
    Keep,
    /// It goes, and so does every older version of it.
    Drop,
    /// It gets another value.
    Change,
}

/// Appends a value's newest form to an empty or longer buffer and returns true; returns false, and what it appended by then does
/// not count, where the value has that form or cannot be given it. Neither sees stamps.
pub type ChangeValue<'c> = dyn FnMut(&[u8], &mut Vec<u8>) -> bool + 'c;

/// What becomes of a row of a state of this kind, judged at `stamped` if its values are stamped, and otherwise never expired.
///
/// `changed` is empty, and has the new value after [`Verdict::Change`]; after another verdict it is of no use. Of a list's chunk single
/// elements go or are changed, and it goes when no element is left.
///
/// ```
/// use alluvium_protocol::schema::StateKind;
/// use alluvium_protocol::verdict::{Verdict, verdict};
///
/// let mut changed = Vec::new();
/// let mut upgrade = |old: &[u8], new: &mut Vec<u8>| {
///     new.extend(old.strip_prefix(b"old ").unwrap_or_default());
///     old.starts_with(b"old ")
/// };
/// let verdict = verdict(StateKind::Value, b"old value", None, &mut upgrade, &mut changed);
///
/// assert_eq!((verdict, &*changed), (Verdict::Change, &b"value"[..]));
/// ```
pub fn verdict(
    kind: StateKind,
    value: &[u8],
    stamped: Option<Moment>,
    change: &mut ChangeValue<'_>,
    changed: &mut Vec<u8>,
) -> Verdict {
    if kind == StateKind::List {
        of_chunk(value, stamped, change, changed)
    } else {
        of_value(value, stamped, change, changed)
    }
}

fn of_value(
    value: &[u8],
    stamped: Option<Moment>,
    change: &mut ChangeValue<'_>,
    changed: &mut Vec<u8>,
) -> Verdict {
    let mut bare = value;
    if let Some(moment) = stamped {
        let Ok((stamp, rest)) = split(value) else {
            return Verdict::Keep;
        };
        if stamp.has_passed(moment) {
            return Verdict::Drop;
        }
        bare = rest;
        let stamp = value.len().saturating_sub(bare.len());
        changed.extend_from_slice(value.get(..stamp).unwrap_or_default());
    }
    if change(bare, changed) {
        Verdict::Change
    } else {
        Verdict::Keep
    }
}

/// Why an element was not appended.
struct Unchanged;

impl From<Error> for Unchanged {
    fn from(_too_long: Error) -> Self {
        Self
    }
}

fn of_chunk(
    chunk: &[u8],
    stamped: Option<Moment>,
    change: &mut ChangeValue<'_>,
    changed: &mut Vec<u8>,
) -> Verdict {
    let mut elements = Elements::new(chunk);
    // Whether all elements so far stay as they are. They are copied before the first that does not.
    let mut same = true;
    let mut rest = chunk;
    while let Some(element) = elements.next() {
        let Ok(element) = element else {
            return Verdict::Keep;
        };
        let start = chunk.len().saturating_sub(rest.len());
        let end = chunk.len().saturating_sub(elements.remaining());
        rest = chunk.get(end..).unwrap_or_default();

        let before = changed.len();
        let mut fate = Verdict::Keep;
        let pushed = push_element_with(changed, |out| {
            fate = of_value(element, stamped, change, out);
            if fate == Verdict::Change {
                Ok(())
            } else {
                Err(Unchanged)
            }
        });
        let stays = pushed.is_err() && fate != Verdict::Drop;
        if same && !stays {
            same = false;
            let unchanged = chunk.get(..start).unwrap_or_default();
            changed.splice(before..before, unchanged.iter().copied());
        } else if !same && stays {
            changed.extend_from_slice(chunk.get(start..end).unwrap_or_default());
        }
    }
    match (same, changed.is_empty()) {
        (true, _) => Verdict::Keep,
        (false, true) => Verdict::Drop,
        (false, false) => Verdict::Change,
    }
}

#[cfg(test)]
mod tests;
