//! Which fragments may share a family, as a pure function.
//!
//! A fragment is the files of one source that have one view; in a store of several fragments each has its own part of
//! the rows. Two fragments get along when
//!
//! - no file of one overlaps a file of the other, so that their levels can be laid side by side, and
//! - no file of one reaches into the view of the other: what a neighbor's file has there is stale.
//!
//! Bounds are those that the files have in fact. A fragment without files is a region in which its source
//! had none: its view must be kept free all the same.

use crate::view::View;

/// First and last row of a file, deleted rows included.
pub(crate) type Bounds = (Vec<u8>, Vec<u8>);

/// Files that belong together, and what they are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fragment {
    pub(crate) view: View,
    pub(crate) files: Vec<Bounds>,
}

/// Fragments, by position, and where they go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Packing {
    /// Those that share a family, one list a family.
    pub(crate) families: Vec<Vec<usize>>,
    /// Those whose rows are copied, because there would be too many families. They share a family of their own.
    pub(crate) copied: Vec<usize>,
}

/// Packs fragments into at most `families_max` families, the one of copied rows included.
pub(crate) fn pack(fragments: &[Fragment], families_max: usize) -> Packing {
    // The largest first: they are the last to be copied.
    let mut order: Vec<_> = fragments.iter().enumerate().collect();
    order.sort_by_key(|(position, fragment)| (std::cmp::Reverse(fragment.files.len()), *position));
    let mut families: Vec<Family> = Vec::new();
    let mut left = Vec::new();
    for (position, fragment) in order {
        if let Some(family) = families.iter_mut().find(|family| family.admits(fragment)) {
            family.add(position, fragment);
        } else if families.len() < families_max {
            let mut family = Family::default();
            family.add(position, fragment);
            families.push(family);
        } else {
            left.push((position, fragment));
        }
    }
    if !left.is_empty() && families.len() == families_max {
        // Room for the copied rows. Its fragments may fit nowhere else.
        let dissolved = families.pop().map(|family| family.fragments);
        let dissolved = dissolved.into_iter().flatten();
        left.extend(dissolved.filter_map(|position| Some((position, fragments.get(position)?))));
        left.sort_by_key(|(position, _)| *position);
    }
    Packing {
        families: families
            .into_iter()
            .map(|family| family.fragments)
            .collect(),
        copied: left.into_iter().map(|(position, _)| position).collect(),
    }
}

/// A family that is being packed.
#[derive(Debug, Default)]
struct Family {
    fragments: Vec<usize>,
    view: View,
    /// What files overlap, merged: in order and disjoint.
    taken: Vec<Bounds>,
}

impl Family {
    fn admits(&self, fragment: &Fragment) -> bool {
        let view_is_free = !self
            .taken
            .iter()
            .any(|(first, last)| fragment.view.meets(first, last));
        view_is_free
            && fragment.files.iter().all(|(first, last)| {
                !self.view.meets(first, last) && !overlaps(&self.taken, first, last)
            })
    }

    fn add(&mut self, position: usize, fragment: &Fragment) {
        self.fragments.push(position);
        let ranges = self.view.ranges().iter().chain(fragment.view.ranges());
        self.view = View::of(ranges.cloned());
        self.taken.extend(fragment.files.iter().cloned());
        self.taken.sort();
        let mut merged: Vec<Bounds> = Vec::with_capacity(self.taken.len());
        for (first, last) in self.taken.drain(..) {
            match merged.last_mut() {
                Some((_, end)) if first <= *end => *end = last.max(std::mem::take(end)),
                _ => merged.push((first, last)),
            }
        }
        self.taken = merged;
    }
}

/// Whether disjoint bounds in order have one that overlaps.
fn overlaps(taken: &[Bounds], first: &[u8], last: &[u8]) -> bool {
    let after = taken.partition_point(|(other, _)| other.as_slice() <= last);
    after
        .checked_sub(1)
        .and_then(|position| taken.get(position))
        .is_some_and(|(_, end)| end.as_slice() >= first)
}

#[cfg(test)]
mod tests;
