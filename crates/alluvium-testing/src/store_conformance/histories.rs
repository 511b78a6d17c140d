//! Random histories against an ordered map: the law that a store is one.

#![expect(
    clippy::missing_panics_doc,
    reason = "a check panics where a store does not conform"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use alluvium::protocol::row::RowRange;
use alluvium::store::{Pinned, Store, StoreFactory};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::harness::{Changes, Place, Rows, all, apply, get, scan, scan_pinned, write};

/// Histories a check runs. Each opens several stores, which takes milliseconds.
const HISTORIES: u32 = 24;

#[derive(Debug, Clone)]
enum Step {
    Write(Changes),
    Scan(RowRange),
    /// Pins, and looks at the pin again at the end.
    Pin,
    /// Goes on with a store opened from a pin made now.
    Reopen,
}

/// Whatever is written, pinned and reopened in whatever order: the store reads like an
/// ordered map to which the same was done, and every pin like the map at its moment.
pub fn random_histories_match_an_ordered_map(factory: &dyn StoreFactory) {
    let config = Config {
        cases: HISTORIES,
        failure_persistence: None,
        ..Config::default()
    };
    let steps = prop::collection::vec(step(), 1..24);
    let run = TestRunner::new(config).run(&steps, |steps| {
        History::new(factory).run(&steps);
        Ok(())
    });
    assert!(
        run.is_ok(),
        "{}",
        run.map_or_else(|failure| failure.to_string(), |()| String::new())
    );
}

struct History<'a> {
    place: Place<'a>,
    store: Arc<dyn Store>,
    expected: Rows,
    pins: Vec<(Box<dyn Pinned>, Rows)>,
}

impl<'a> History<'a> {
    fn new(factory: &'a dyn StoreFactory) -> Self {
        let place = Place::new(factory);
        let store = place.create("store");
        Self {
            place,
            store,
            expected: Rows::new(),
            pins: Vec::new(),
        }
    }

    fn run(mut self, steps: &[Step]) {
        for (number, step) in steps.iter().enumerate() {
            self.step(number, step);
        }
        assert_eq!(all(&*self.store), self.expected);
        for (pinned, expected) in &self.pins {
            assert_eq!(scan_pinned(&**pinned, &RowRange::all()), *expected);
        }
    }

    fn step(&mut self, number: usize, step: &Step) {
        match step {
            Step::Write(changes) => {
                write(&*self.store, changes);
                apply(&mut self.expected, changes);
                for row in changes.keys() {
                    assert_eq!(get(&*self.store, row).as_ref(), self.expected.get(row));
                }
            }
            Step::Scan(range) => {
                let mut expected = self.expected.clone();
                expected.retain(|row, _| range.contains(row));
                assert_eq!(scan(&*self.store, range), expected);
            }
            Step::Pin => self.pin(number),
            Step::Reopen => {
                self.pin(number);
                let Some((pinned, _)) = self.pins.last() else {
                    return;
                };
                self.store = self.place.reopen(&**pinned, &format!("store {number}"));
                assert_eq!(all(&*self.store), self.expected);
            }
        }
    }

    fn pin(&mut self, number: usize) {
        let pinned = self.place.pin(&*self.store, &format!("pin {number}"));
        self.pins.push((pinned, self.expected.clone()));
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => changes().prop_map(Step::Write),
        2 => range().prop_map(Step::Scan),
        2 => Just(Step::Pin),
        1 => Just(Step::Reopen),
    ]
}

fn changes() -> impl Strategy<Value = Changes> {
    let value = prop::option::weighted(0.7, prop::collection::vec(any::<u8>(), 0..40));
    prop::collection::btree_map(row(), value, 0..30)
        .prop_map(|changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>| changes)
}

/// Short rows of few bytes, so that histories meet the same rows, prefixes and bounds again and
/// again.
fn row() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(
        prop_oneof![Just(0_u8), Just(1), Just(b'm'), Just(0xfe), Just(0xff)],
        0..4,
    )
}

fn range() -> impl Strategy<Value = RowRange> {
    (row(), prop::option::of(row())).prop_map(|(from, to)| RowRange::new(from, to))
}
