//! The entries of a map that one generation touched, in the order of their keys.
//!
//! Few entries are a sorted vector, which costs nothing beside them; many are a B-tree. Short keys and values are kept
//! where the entry is, not behind a pointer.

use std::collections::{BTreeMap, btree_map};
use std::ops::Bound;
use std::slice;

use alluvium_protocol::row::RowRange;
use smallvec::SmallVec;

use super::table::ALLOCATION_OVERHEAD;

/// Bytes of which 16 need no allocation: a number, or a time and a number.
type Short = SmallVec<[u8; 16]>;

/// One map entry, or one timer.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    bytes: Short,
    exists: bool,
    pub(crate) dirty: bool,
}

impl Touched {
    /// `None` when the entry does not exist.
    pub(crate) fn value(&self) -> Option<&[u8]> {
        self.exists.then_some(&*self.bytes)
    }
}

/// Entries up to this number are a vector: a new one moves half of them on average, which a cache line or two hold.
const FEW: usize = 32;

/// What an entry takes in a vector, short key and value included.
pub(crate) const ENTRY_BYTES: usize = size_of::<(Short, Touched)>();

/// What an entry takes in a B-tree, whose nodes are two thirds full.
const NODE_SHARE_BYTES: usize = ENTRY_BYTES * 3 / 2;

#[derive(Debug)]
pub(crate) struct Entries {
    kept: Kept,
    /// Beside the vector's slots.
    bytes: usize,
}

#[derive(Debug)]
enum Kept {
    Few(Vec<(Short, Touched)>),
    Many(BTreeMap<Short, Touched>),
}

impl Default for Entries {
    fn default() -> Self {
        Self {
            kept: Kept::Few(Vec::new()),
            bytes: 0,
        }
    }
}

impl Entries {
    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        match &self.kept {
            Kept::Few(few) if few.capacity() == 0 => 0,
            Kept::Few(few) => few.capacity() * ENTRY_BYTES + ALLOCATION_OVERHEAD + self.bytes,
            Kept::Many(_) => self.bytes,
        }
    }

    #[inline]
    pub(crate) fn get(&self, key: &[u8]) -> Option<&Touched> {
        match &self.kept {
            Kept::Few(few) => {
                let position = few.binary_search_by(|(other, _)| (**other).cmp(key)).ok()?;
                few.get(position).map(|(_, touched)| touched)
            }
            Kept::Many(many) => many.get(key),
        }
    }

    /// Sets an entry, or says that it does not exist. Once dirty, it stays dirty.
    pub(crate) fn put(&mut self, key: &[u8], value: Option<&[u8]>, dirty: bool) {
        if let Kept::Few(few) = &mut self.kept
            && few.len() == FEW
        {
            self.bytes += FEW * NODE_SHARE_BYTES;
            self.kept = Kept::Many(std::mem::take(few).into_iter().collect());
        }
        let touched = match &mut self.kept {
            Kept::Few(few) => {
                let found = few.binary_search_by(|(other, _)| (**other).cmp(key));
                let position = found.unwrap_or_else(|position| {
                    let key = Short::from_slice(key);
                    self.bytes += spilled(&key);
                    few.insert(position, (key, Touched::default()));
                    position
                });
                few.get_mut(position).map(|(_, touched)| touched)
            }
            Kept::Many(many) if many.contains_key(key) => many.get_mut(key),
            Kept::Many(many) => {
                let key = Short::from_slice(key);
                self.bytes += spilled(&key) + NODE_SHARE_BYTES;
                Some(many.entry(key).or_default())
            }
        };
        let Some(touched) = touched else {
            return;
        };
        self.bytes -= spilled(&touched.bytes);
        touched.bytes.clear();
        touched.bytes.extend_from_slice(value.unwrap_or_default());
        touched.exists = value.is_some();
        touched.dirty |= dirty;
        self.bytes += spilled(&touched.bytes);
    }

    /// Forgets an entry.
    pub(crate) fn remove(&mut self, key: &[u8]) {
        let removed = match &mut self.kept {
            Kept::Few(few) => {
                let found = few.binary_search_by(|(other, _)| (**other).cmp(key));
                found.ok().map(|position| few.remove(position))
            }
            Kept::Many(many) => {
                let removed = many.remove_entry(key);
                self.bytes -= removed.as_ref().map_or(0, |_| NODE_SHARE_BYTES);
                removed
            }
        };
        if let Some((key, touched)) = removed {
            self.bytes -= spilled(&key) + spilled(&touched.bytes);
        }
    }

    /// All entries, in the order of their keys.
    pub(crate) fn iter(&self) -> Range<'_> {
        match &self.kept {
            Kept::Few(few) => Range::Few(few.iter()),
            Kept::Many(many) => Range::Many(many.range::<[u8], _>(..)),
        }
    }

    /// The entries whose keys lie in `range`, which does not end before it begins.
    pub(crate) fn range(&self, range: &RowRange) -> Range<'_> {
        match &self.kept {
            Kept::Few(few) => {
                let from = few.partition_point(|(key, _)| **key < *range.from());
                let to = range
                    .to()
                    .map_or(few.len(), |to| few.partition_point(|(key, _)| **key < *to));
                Range::Few(few.get(from..to).unwrap_or_default().iter())
            }
            Kept::Many(many) => {
                let to = range.to().map_or(Bound::Unbounded, Bound::Excluded);
                Range::Many(many.range::<[u8], _>((Bound::Included(range.from()), to)))
            }
        }
    }
}

/// Bytes that did not find place in the entry itself.
fn spilled(bytes: &Short) -> usize {
    if bytes.spilled() {
        bytes.capacity() + ALLOCATION_OVERHEAD
    } else {
        0
    }
}

/// Entries in order.
#[derive(Debug)]
pub(crate) enum Range<'a> {
    Few(slice::Iter<'a, (Short, Touched)>),
    Many(btree_map::Range<'a, Short, Touched>),
}

impl<'a> Iterator for Range<'a> {
    type Item = (&'a [u8], &'a Touched);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Few(few) => few.next().map(|(key, touched)| (&**key, touched)),
            Self::Many(many) => many.next().map(|(key, touched)| (&**key, touched)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn entries_are_a_map_in_order_whatever_their_number(
            changes in prop::collection::vec((0_u8..80, prop::option::of(0_usize..40), any::<bool>()), 0..200),
            from in 0_u8..80,
            to in prop::option::of(0_u8..80),
        ) {
            let mut entries = Entries::default();
            let mut model: BTreeMap<Vec<u8>, (Option<Vec<u8>>, bool)> = BTreeMap::new();
            for (key, value, dirty) in changes {
                // Keys of all lengths, on both sides of what fits into an entry.
                let key = vec![key; usize::from(key) / 2 + 1];
                let value = value.map(|length| vec![7; length]);
                if value.as_ref().is_some_and(|value| value.len() == 3) {
                    entries.remove(&key);
                    model.remove(&key);
                } else {
                    entries.put(&key, value.as_deref(), dirty);
                    let known = model.entry(key).or_default();
                    *known = (value, known.1 || dirty);
                }
            }

            let found = |range: Range<'_>| -> Vec<(Vec<u8>, Option<Vec<u8>>, bool)> {
                range.map(|(key, touched)| (key.to_vec(), touched.value().map(<[u8]>::to_vec), touched.dirty)).collect()
            };
            let rows = |(key, (value, dirty)): (&Vec<u8>, &(Option<Vec<u8>>, bool))| (key.clone(), value.clone(), *dirty);
            prop_assert_eq!(found(entries.iter()), model.iter().map(rows).collect::<Vec<_>>());
            let range = RowRange::new(vec![from], to.filter(|to| *to >= from).map(|to| vec![to]));
            let expected: Vec<_> = model.iter().filter(|(key, _)| range.contains(key)).map(rows).collect();
            prop_assert_eq!(found(entries.range(&range)), expected);
            for key in 0_u8..80 {
                let key = vec![key; usize::from(key) / 2 + 1];
                prop_assert_eq!(entries.get(&key).map(|touched| touched.dirty), model.get(&key).map(|(_, dirty)| *dirty));
            }
            if model.is_empty() && matches!(entries.kept, Kept::Many(_)) {
                prop_assert_eq!(entries.heap_bytes(), 0);
            }
        }
    }
}
