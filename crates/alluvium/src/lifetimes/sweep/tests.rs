//! Passes go on where the one before ended.

use std::collections::{BTreeMap, btree_map};
use std::path::Path;

use alluvium_protocol::key_group::KeyGroup;
use alluvium_protocol::row::StateId;
use alluvium_protocol::schema::StateKind;
use alluvium_protocol::stamp::{Moment, STAMP_BYTES};
use alluvium_protocol::ttl::TimeDomain;

use super::*;
use crate::error::Error;
use crate::store::{Pinned, RowCursor, SortedRun, StoreSize};

const STATE: StateId = StateId::new(7);

/// A store that has some rows, and writes those of a range again when it is told to.
#[derive(Debug)]
struct Rows {
    rows: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
    filter: Arc<Lifetimes>,
}

struct Cursor {
    rest: btree_map::IntoIter<Vec<u8>, Vec<u8>>,
    row: (Vec<u8>, Vec<u8>),
}

impl RowCursor for Cursor {
    fn next(&mut self) -> Result<Option<(&[u8], &[u8])>> {
        let Some(row) = self.rest.next() else {
            return Ok(None);
        };
        self.row = row;
        Ok(Some((&self.row.0, &self.row.1)))
    }
}

impl Store for Rows {
    fn get(&self, _: &[u8], _: &mut Vec<u8>) -> Result<bool> {
        Err(Error::invalid("a sweep looks for no row"))
    }

    fn scan<'a>(&'a self, range: &RowRange) -> Result<Box<dyn RowCursor + 'a>> {
        let mut rows = self.rows.lock().unwrap().clone();
        rows.retain(|row, _| range.contains(row));
        Ok(Box::new(Cursor {
            rest: rows.into_iter(),
            row: Default::default(),
        }))
    }

    fn write(&self, _: &mut dyn SortedRun) -> Result<()> {
        Err(Error::invalid("a sweep writes no row"))
    }

    fn rewrite(&self, range: &RowRange, _: &Cancel) -> Result<()> {
        let goes = |row: &[u8], value: &[u8]| {
            self.filter.filter(row, value, &mut Vec::new()) == Verdict::Drop
        };
        let mut rows = self.rows.lock().unwrap();
        rows.retain(|row, value| !range.contains(row) || !goes(row, value));
        Ok(())
    }

    fn pin(&self, _: &Path) -> Result<Box<dyn Pinned>> {
        Err(Error::invalid("a sweep pins nothing"))
    }

    fn size(&self) -> StoreSize {
        StoreSize::default()
    }
}

#[test]
fn a_pass_that_has_read_its_rows_leaves_the_others_to_the_next() {
    let clock = Environment::system().clock;
    let lifetimes = Arc::new(Lifetimes::new(clock, Moment::BEFORE_TIME));
    lifetimes.know(STATE, StateKind::Value, TimeDomain::Processing);
    let row = |group, key| [&prefix(KeyGroup::new(group), STATE)[..], &[key]].concat();
    let expired_long_ago = vec![0; STAMP_BYTES];
    let rows = [row(0, 1), row(0, 2), row(1, 1), row(1, 2), row(1, 3)];
    let rows = rows.map(|row| (row, expired_long_ago.clone()));
    let store = Arc::new(Rows {
        rows: Mutex::new(rows.into_iter().collect()),
        filter: Arc::clone(&lifetimes),
    });
    let pass = Pass {
        store: Arc::<Rows>::clone(&store),
        lifetimes,
        range: KeyGroupRange::new(0, 1).unwrap(),
        place: Arc::default(),
        rows_max: 3,
    };
    let left = || -> Vec<_> { store.rows.lock().unwrap().keys().cloned().collect() };

    pass.run(&Cancel::new()).unwrap();
    assert_eq!(left(), [row(1, 2), row(1, 3)]);
    assert_eq!(pass.place(), row(1, 2));

    pass.run(&Cancel::new()).unwrap();
    assert!(left().is_empty());
    assert!(pass.place().is_empty());
}
