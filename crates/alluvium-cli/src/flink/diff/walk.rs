//! Walks the sorted records of two snapshots side by side, and says how their entries differ.
//!
//! Invariant: memory holds one record of each side and, of a list that differs, [`ELEMENTS_SHOWN_MAX`] elements of each. When a value was
//! accessed last is no part of it: an entry that was accessed at another time is the same, and counted apart.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::iter::Peekable;

use anyhow::Result;
use serde::Serialize;
use serde_json::value::RawValue;

use super::entry::Difference;
use super::records::Parts;
use super::sort::{Record, Sorted};
use crate::difference::{self, Change, ELEMENTS_SHOWN_MAX, Tell};

/// How the entries of one state differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    #[serde(flatten)]
    pub(super) entries: difference::Counts,
    /// How many of those that are the same were accessed at another time.
    pub(super) other_access: u64,
}

/// Compares the records of an operator; counts are by state, as JSON.
///
/// # Errors
/// When a temporary file cannot be read, `look` says that the command was interrupted; and what `tell` returns.
pub(super) fn walk(
    operator: &str,
    a: Sorted,
    b: Sorted,
    look: &dyn Fn() -> Result<()>,
    mut tell: Option<&mut Tell<'_, Difference>>,
) -> Result<BTreeMap<String, Counts>> {
    let mut sides = [a.peekable(), b.peekable()];
    let mut counts = BTreeMap::<String, Counts>::new();
    let mut open: Option<Entry> = None;
    while let Some([a, b]) = next(&mut sides)? {
        let Some(address) = a.as_ref().or(b.as_ref()) else {
            continue;
        };
        match &mut open {
            Some(entry) if entry.address.is_of_one_entry(address) => {}
            _ => {
                look()?;
                let begun = Entry::begin(address.clone());
                if let Some(done) = open.replace(begun) {
                    done.end(operator, &mut counts, tell.as_deref_mut())?;
                }
            }
        }
        if let Some(entry) = &mut open {
            entry.add(a, b);
        }
    }
    if let Some(done) = open {
        done.end(operator, &mut counts, tell)?;
    }
    Ok(counts)
}

/// The records at the lowest address.
fn next(sides: &mut [Peekable<Sorted>; 2]) -> Result<Option<[Option<Parts>; 2]>> {
    let [a, b] = sides;
    let order = match (a.peek(), b.peek()) {
        (None, None) => return Ok(None),
        (Some(Ok((a, _))), Some(Ok((b, _)))) => a.cmp(b),
        (None, _) | (_, Some(Err(_))) => Ordering::Greater,
        _ => Ordering::Less,
    };
    let parts = |side: &mut Peekable<Sorted>| -> Result<Option<Parts>> {
        let record: Option<Record> = side.next().transpose()?;
        record.as_ref().map(Parts::of).transpose()
    };
    Ok(Some(match order {
        Ordering::Less => [parts(a)?, None],
        Ordering::Greater => [None, parts(b)?],
        Ordering::Equal => [parts(a)?, parts(b)?],
    }))
}

/// An entry that is compared: one record of each, or a list's.
struct Entry {
    address: Parts,
    elements: (u64, u64),
    first: Option<u64>,
    differs: bool,
    other_access: bool,
    before: Vec<String>,
    after: Vec<String>,
}

impl Entry {
    const fn begin(address: Parts) -> Self {
        Self {
            address,
            elements: (0, 0),
            first: None,
            differs: false,
            other_access: false,
            before: Vec::new(),
            after: Vec::new(),
        }
    }

    fn add(&mut self, a: Option<Parts>, b: Option<Parts>) {
        self.elements.0 += u64::from(a.is_some());
        self.elements.1 += u64::from(b.is_some());
        let index = a.as_ref().or(b.as_ref()).and_then(|parts| parts.index);
        match (&a, &b) {
            (Some(a), Some(b)) if a.value == b.value => {
                self.other_access |= a.accessed != b.accessed;
                if !self.differs {
                    return;
                }
            }
            _ => {}
        }
        if !self.differs {
            self.differs = true;
            self.first = index;
        }
        let keep = |to: &mut Vec<String>, parts: Option<Parts>| {
            if let Some(parts) = parts.filter(|_| to.len() < ELEMENTS_SHOWN_MAX) {
                to.push(parts.value);
            }
        };
        keep(&mut self.before, a);
        keep(&mut self.after, b);
    }

    fn end(
        self,
        operator: &str,
        counts: &mut BTreeMap<String, Counts>,
        tell: Option<&mut Tell<'_, Difference>>,
    ) -> Result<()> {
        let counts = counts.entry(self.address.state.clone()).or_default();
        if !self.differs {
            counts.entries.same += 1;
            counts.other_access += u64::from(self.other_access);
            return Ok(());
        }
        let change = match self.elements {
            (0, _) => Change::Added,
            (_, 0) => Change::Removed,
            _ => Change::Changed,
        };
        counts.entries.count(change);
        let Some(tell) = tell else { return Ok(()) };
        let is_list = self.address.index.is_some();
        // A list that is there, but ends before the first element that differs, shows none.
        let shown = |values: &[String], count: u64| {
            if is_list && count > 0 {
                format!("[{}]", values.join(","))
            } else {
                values.first().cloned().unwrap_or_default()
            }
        };
        tell(Difference {
            change,
            operator: operator.to_owned(),
            state: raw(self.address.state)?,
            key_group: self.address.key_group,
            key: raw(self.address.key)?,
            namespace: raw_option(self.address.namespace)?,
            map_key: raw_option(self.address.map_key)?,
            index: self.first,
            time: self.address.time,
            before: raw_option(shown(&self.before, self.elements.0))?,
            after: raw_option(shown(&self.after, self.elements.1))?,
            elements: is_list.then_some(self.elements),
        })
    }
}

fn raw(json: String) -> Result<Box<RawValue>> {
    Ok(RawValue::from_string(json)?)
}

fn raw_option(json: String) -> Result<Option<Box<RawValue>>> {
    if json.is_empty() {
        return Ok(None);
    }
    raw(json).map(Some)
}
