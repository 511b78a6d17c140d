//! The families of files that a store consists of, and which of them has a row.
//!
//! Invariant: views of different families are disjoint, so that each row has one family, and a read never sees
//! what another family has of it (docs/design/0005).

use alluvium::protocol::row::RowRange;
use alluvium::{Error, ErrorKind, Result};
use rust_rocksdb::{ColumnFamily, DB};

use crate::view::View;

/// RocksDB's first column family, which every database has. The rows of a store that was created empty are in it.
pub(crate) const DEFAULT: &str = "default";

/// The column family of a store that was put together from parts, by position.
pub(crate) fn name(position: usize) -> String {
    format!("rows-{position}")
}

/// Files that are looked into together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Family {
    /// Its column family.
    pub(crate) name: String,
    pub(crate) view: View,
}

impl Family {
    /// Its handle in the store's database, which has all of the store's families.
    pub(crate) fn handle<'a>(&self, db: &'a DB) -> Result<&'a ColumnFamily> {
        db.cf_handle(&self.name).ok_or_else(|| {
            Error::new(
                ErrorKind::Unavailable,
                format!("store {} has lost {}", db.path().display(), self.name),
            )
        })
    }
}

/// The families of one store.
#[derive(Debug, Clone)]
pub(crate) struct Families {
    list: Vec<Family>,
    /// Ranges of the views and the positions of their families, in order.
    routes: Vec<(RowRange, usize)>,
}

impl Families {
    pub(crate) fn new(list: Vec<Family>) -> Self {
        let ranges = |(position, family): (usize, &Family)| {
            let ranges = family.view.ranges().to_vec();
            ranges.into_iter().map(move |range| (range, position))
        };
        let mut routes: Vec<_> = list.iter().enumerate().flat_map(ranges).collect();
        routes.sort_by(|(a, _), (b, _)| a.from().cmp(b.from()));
        Self { list, routes }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Family> {
        self.list.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// The family that has the row; `None` if it is not one of the store's.
    pub(crate) fn of(&self, row: &[u8]) -> Option<&Family> {
        let after = self
            .routes
            .partition_point(|(range, _)| range.from() <= row);
        let (range, position) = self.routes.get(after.checked_sub(1)?)?;
        self.list
            .get(*position)
            .filter(|_family| range.contains(row))
    }

    /// The parts of a range and the families that have them, in order.
    pub(crate) fn segments<'a>(
        &'a self,
        range: &RowRange,
    ) -> impl Iterator<Item = (RowRange, &'a Family)> {
        self.routes.iter().filter_map(move |(route, position)| {
            Some((route.intersection(range)?, self.list.get(*position)?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: u8, to: u8) -> RowRange {
        RowRange::new(vec![from], Some(vec![to]))
    }

    fn families() -> Families {
        let family = |position, ranges: &[RowRange]| Family {
            name: name(position),
            view: View::of(ranges.iter().cloned()),
        };
        Families::new(vec![
            family(0, &[range(0, 10), range(20, 30)]),
            family(1, &[range(10, 20)]),
        ])
    }

    #[test]
    fn each_row_has_the_family_whose_view_it_is_in() {
        let families = families();
        let name = |row: u8| families.of(&[row]).map(|family| family.name.as_str());

        assert_eq!(name(0), Some("rows-0"));
        assert_eq!(name(10), Some("rows-1"));
        assert_eq!(name(19), Some("rows-1"));
        assert_eq!(name(29), Some("rows-0"));
        assert_eq!(name(30), None);
    }

    #[test]
    fn a_range_falls_into_segments_in_order() {
        let families = families();
        let segments: Vec<_> = families
            .segments(&range(5, 25))
            .map(|(range, family)| (range, family.name.clone()))
            .collect();

        assert_eq!(
            segments,
            [
                (range(5, 10), name(0)),
                (range(10, 20), name(1)),
                (range(20, 25), name(0)),
            ]
        );
    }
}
