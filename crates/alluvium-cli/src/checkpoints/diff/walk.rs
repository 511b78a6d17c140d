//! Walks the rows of two checkpoints side by side, in row order, and says how their entries differ.
//!
//! Invariant: memory holds one row of each side and, of a list that differs, [`difference::ELEMENTS_SHOWN_MAX`] elements of each,
//! whatever the size of the state. Entries are met in the order of key groups, then states by name, then keys.
//!
//! When a value expires is no part of what it is: an entry that expires at another time is the same, and counted
//! apart.
//!
//! A list is one entry, compared element by element: how its elements are divided into chunks depends on when they
//! were flushed, and says nothing of the state.

use std::cmp::Ordering;
use std::ops::Range;

use alluvium_protocol::key_group::KeyGroup;
use alluvium_protocol::schema::StateKind;
use alluvium_protocol::value::Value;
use anyhow::Result;
use serde::Serialize;

use super::entry::Difference;
use super::pairs::{Compared, Pair};
use super::side::{List, Side};
use crate::difference::{self, Change, Tell};
use crate::state::cut_rows::CutRows;
use crate::state::typed;

/// How the entries of one state differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    #[serde(flatten)]
    pub(super) entries: difference::Counts,
    /// How many of those that are the same expire at another time; `None` where values of one side do not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) other_expiry: Option<u64>,
    /// Bytes of keys and values in A.
    pub(super) bytes_a: u64,
    /// Bytes of keys and values in B.
    pub(super) bytes_b: u64,
    /// Bytes, in B, of what was added or changed, and in A, of what was removed.
    pub(super) bytes_different: u64,
}

/// Compares one pair of states in one key group.
///
/// # Errors
/// When rows cannot be read or contradict their schema; and what `tell` returns.
pub(super) fn walk(
    sides: &mut [CutRows; 2],
    group: KeyGroup,
    pair: &Pair,
    counts: &mut Counts,
    tell: Option<&mut Tell<'_, Difference>>,
) -> Result<()> {
    let [a, b] = sides;
    let schemas = (a.schema().clone(), b.schema().clone());
    let a = match &pair.a {
        Some(state) => Some(Side::begin(
            &schemas.0,
            state,
            a.rows(group, Some(state.id))?,
        )?),
        None => None,
    };
    let b = match &pair.b {
        Some(state) => Some(Side::begin(
            &schemas.1,
            state,
            b.rows(group, Some(state.id))?,
        )?),
        None => None,
    };
    if let (Some(a), Some(b)) = (&pair.a, &pair.b)
        && a.ttl.is_some()
        && b.ttl.is_some()
    {
        counts.other_expiry.get_or_insert(0);
    }
    let mut walk = Walk {
        compared: pair.compared,
        counts,
        tell,
    };
    match (a, b) {
        (Some(a), Some(b)) => walk.both(a, b),
        (Some(a), None) => walk.rest(a, Change::Removed),
        (None, Some(b)) => walk.rest(b, Change::Added),
        (None, None) => Ok(()),
    }
}

struct Walk<'w, 't> {
    compared: Compared,
    counts: &'w mut Counts,
    tell: Option<&'w mut Tell<'t, Difference>>,
}

impl Walk<'_, '_> {
    fn both(&mut self, mut a: Side<'_>, mut b: Side<'_>) -> Result<()> {
        if self.compared == Compared::Apart {
            self.rest(a, Change::Removed)?;
            return self.rest(b, Change::Added);
        }
        while !a.ended && !b.ended {
            match a.address().cmp(b.address()) {
                Ordering::Less => self.one(&mut a, Change::Removed)?,
                Ordering::Greater => self.one(&mut b, Change::Added)?,
                Ordering::Equal if a.state.kind == StateKind::List => self.lists(&mut a, &mut b)?,
                Ordering::Equal => self.rows(&mut a, &mut b)?,
            }
        }
        self.rest(a, Change::Removed)?;
        self.rest(b, Change::Added)
    }

    fn rest(&mut self, mut side: Side<'_>, change: Change) -> Result<()> {
        while !side.ended {
            self.one(&mut side, change)?;
        }
        Ok(())
    }

    /// An entry that one side alone has.
    fn one(&mut self, side: &mut Side<'_>, change: Change) -> Result<()> {
        let mut told = match &self.tell {
            Some(_) => Some(side.entry()?),
            None => None,
        };
        let (mut value, mut elements, mut expires) = (None, None, None);
        let bytes = if side.state.kind == StateKind::List {
            let mut list = List::begin(side);
            let mut shown = Vec::new();
            while let Some(element) = list.next()? {
                if told.is_some() {
                    list.show(Some(element), &mut shown)?;
                }
            }
            (value, elements) = (Some(Value::Seq(shown)), Some(list.count));
            list.bytes
        } else {
            if told.is_some() && !side.cursor.value().is_empty() {
                value = Some(side.value(0..side.cursor.value().len())?);
                expires = typed::expires(side.state, side.cursor.value())?;
            }
            let bytes = side.row_bytes();
            side.advance()?;
            bytes
        };
        let (before, after, expiry, pair) = match change {
            Change::Removed => {
                self.counts.bytes_a += bytes;
                (
                    value,
                    None,
                    (expires, None),
                    elements.map(|count| (count, 0)),
                )
            }
            Change::Added | Change::Changed => {
                self.counts.bytes_b += bytes;
                (
                    None,
                    value,
                    (None, expires),
                    elements.map(|count| (0, count)),
                )
            }
        };
        self.counts.entries.count(change);
        self.counts.bytes_different += bytes;
        if let Some(entry) = told.take() {
            self.say(Difference {
                change,
                entry,
                before,
                after,
                expires_before: expiry.0,
                expires_after: expiry.1,
                elements: pair,
            })?;
        }
        Ok(())
    }

    /// An entry of one row that both have.
    fn rows(&mut self, a: &mut Side<'_>, b: &mut Side<'_>) -> Result<()> {
        self.counts.bytes_a += a.row_bytes();
        self.counts.bytes_b += b.row_bytes();
        let (whole_a, whole_b) = (0..a.cursor.value().len(), 0..b.cursor.value().len());
        if self.equal(a, whole_a.clone(), b, whole_b.clone())? {
            let other_expiry = has_other_stamp(a, whole_a, b, whole_b)?;
            self.count_same(other_expiry);
        } else {
            self.counts.entries.count(Change::Changed);
            self.counts.bytes_different += b.row_bytes();
            if self.tell.is_some() {
                let difference = Difference {
                    change: Change::Changed,
                    entry: b.entry()?,
                    before: Some(a.value(whole_a)?),
                    expires_before: typed::expires(a.state, a.cursor.value())?,
                    expires_after: typed::expires(b.state, b.cursor.value())?,
                    after: Some(b.value(whole_b)?),
                    elements: None,
                };
                self.say(difference)?;
            }
        }
        a.advance()?;
        b.advance()
    }

    /// A list that both have.
    fn lists(&mut self, a: &mut Side<'_>, b: &mut Side<'_>) -> Result<()> {
        let mut entry = b.entry()?;
        let (mut a, mut b) = (List::begin(a), List::begin(b));
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let mut other_expiry = false;
        loop {
            let (x, y) = (a.next()?, b.next()?);
            if x.is_none() && y.is_none() {
                break;
            }
            let same = match (&x, &y) {
                (Some(x), Some(y)) if entry.index.is_none() => {
                    other_expiry |= has_other_stamp(a.side, x.clone(), b.side, y.clone())?;
                    self.equal(a.side, x.clone(), b.side, y.clone())?
                }
                _ => false,
            };
            if same {
                continue;
            }
            let at = a.count.max(b.count) - 1;
            entry.index.get_or_insert(at);
            if self.tell.is_some() {
                a.show(x, &mut before)?;
                b.show(y, &mut after)?;
            }
        }
        self.counts.bytes_a += a.bytes;
        self.counts.bytes_b += b.bytes;
        if entry.index.is_none() {
            self.count_same(other_expiry);
            return Ok(());
        }
        self.counts.entries.count(Change::Changed);
        self.counts.bytes_different += b.bytes;
        let elements = Some((a.count, b.count));
        self.say(Difference {
            change: Change::Changed,
            entry,
            before: Some(Value::Seq(before)),
            after: Some(Value::Seq(after)),
            expires_before: None,
            expires_after: None,
            elements,
        })
    }

    fn count_same(&mut self, other_expiry: bool) {
        self.counts.entries.same += 1;
        if let Some(count) = &mut self.counts.other_expiry {
            *count += u64::from(other_expiry);
        }
    }

    fn equal(&self, a: &Side<'_>, x: Range<usize>, b: &Side<'_>, y: Range<usize>) -> Result<bool> {
        match self.compared {
            Compared::Bytes => {
                let (x, y) = (a.bytes(x), b.bytes(y));
                let x = typed::unstamped(a.state, x)?;
                let y = typed::unstamped(b.state, y)?;
                Ok(x == y)
            }
            Compared::Printed | Compared::Apart => Ok(printed(a, x)? == printed(b, y)?),
        }
    }

    fn say(&mut self, difference: Difference) -> Result<()> {
        match &mut self.tell {
            Some(tell) => tell(difference),
            None => Ok(()),
        }
    }
}

/// Whether values of states that expire do so at another time.
fn has_other_stamp(a: &Side<'_>, x: Range<usize>, b: &Side<'_>, y: Range<usize>) -> Result<bool> {
    let (x, y) = (a.bytes(x), b.bytes(y));
    let stamps = (typed::stamp(a.state, x)?, typed::stamp(b.state, y)?);
    Ok(matches!(stamps, (Some(x), Some(y)) if x != y))
}

fn printed(side: &Side<'_>, bytes: Range<usize>) -> Result<String> {
    Ok(side.value(bytes)?.to_string())
}
