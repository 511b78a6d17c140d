//! Single rows in memory against a map, through freezes, flushes and drops.

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;

use super::*;

fn hashing() -> Hashing {
    Hashing::seeded(1)
}

fn insert(rows: &mut Rows, nth: u32, dirty: bool) {
    let row = nth.to_be_bytes();
    let value = Some(&[0; 100][..]);
    let record = Record {
        row: &row,
        value,
        dirty,
    };
    rows.insert(hashing().of(&row), record);
}

fn find(rows: &mut Rows, nth: u32) -> Option<At> {
    let row = nth.to_be_bytes();
    rows.find(hashing().of(&row), &row)
}

#[test]
fn of_the_oldest_rows_those_stay_that_were_asked_for_again() {
    let mut rows = Rows::new(0);
    for nth in 0..10_000 {
        insert(&mut rows, nth, false);
    }
    for nth in (0..10_000).step_by(10) {
        assert!(find(&mut rows, nth).is_some());
    }
    let all = rows.log.bytes();

    while rows.log.bytes() > all / 2 {
        rows.drop_oldest(&hashing());
    }

    for nth in 0..10_000 {
        let stays = nth % 10 == 0 || nth > 8_000;
        let goes = nth % 10 != 0 && nth < 3_000;
        let there = find(&mut rows, nth).is_some();
        assert!(there || !stays, "row {nth} was asked for");
        assert!(!there || !goes, "row {nth} was not");
    }
}

#[test]
fn rows_that_are_gathered_all_stay_and_take_no_more_memory() {
    let mut rows = Rows::new(0);
    for nth in 0..1_000 {
        insert(&mut rows, nth, false);
        drop(rows.freeze());
    }
    let (blocks, bytes) = (rows.blocks(), rows.log.bytes());

    while rows.blocks() > blocks / 8 {
        rows.gather_oldest(&hashing());
    }

    assert!(rows.log.bytes() <= bytes / 2, "{bytes}");
    for nth in 0..1_000 {
        assert!(find(&mut rows, nth).is_some(), "row {nth}");
    }
}

#[test]
fn rows_that_are_all_in_use_give_way_as_well() {
    let mut rows = Rows::new(0);
    for nth in 0..10_000 {
        insert(&mut rows, nth, false);
        assert!(find(&mut rows, nth).is_some());
    }
    let all = rows.log.bytes();
    let mut drops = 0;

    while rows.log.bytes() > all / 2 {
        rows.drop_oldest(&hashing());
        drops += 1;
    }

    assert!(drops < 200, "{drops} blocks were dropped");
}

#[test]
fn the_last_block_goes_with_all_its_rows() {
    let mut rows = Rows::new(0);
    insert(&mut rows, 1, false);
    assert!(find(&mut rows, 1).is_some());

    rows.drop_oldest(&hashing());

    assert_eq!(rows.log.bytes(), 0);
    assert_eq!(find(&mut rows, 1), None);
    insert(&mut rows, 1, true);
    assert!(find(&mut rows, 1).is_some());
}

#[test]
fn a_frozen_generation_has_each_row_that_was_written_once() {
    let mut rows = Rows::new(0);
    for nth in 0..1_000_u32 {
        insert(&mut rows, nth, nth % 2 == 0);
    }
    for nth in 0..100_u32 {
        // In place, and with another record.
        for value in [&[1; 50][..], &[2; 500]] {
            let at = find(&mut rows, nth).unwrap();
            let row = nth.to_be_bytes();
            if rows.replace(at, Some(value)) == Replaced::No {
                rows.rewrite(hashing().of(&row), at, &row, Some(value));
            }
        }
    }

    let frozen = rows.freeze();

    let mut written = Vec::new();
    frozen.each(|at, record| {
        if record.dirty {
            assert_eq!(frozen.record(at).row, record.row);
            written.push((record.row.to_vec(), record.value.map_or(0, <[u8]>::len)));
        }
    });
    assert!(frozen.len() >= written.len());
    written.sort();
    let row = |nth: u32| nth.to_be_bytes().to_vec();
    let expected = (0..1_000).filter(|nth| nth % 2 == 0 || *nth < 100);
    let expected: Vec<_> = expected
        .map(|nth| (row(nth), if nth < 100 { 500 } else { 100 }))
        .collect();
    assert_eq!(written, expected);
    assert_eq!(rows.dirty_bytes(), 0);
    assert!(rows.freeze().is_empty());
}

/// What the buffer does with rows; the numbers are rows and bytes of values.
#[derive(Debug, Clone)]
enum Step {
    Write(u8, Option<usize>),
    Read(u8),
    Freeze,
    /// The oldest frozen generation reaches the store.
    Flush,
    DropOldest,
}

fn step() -> impl Strategy<Value = Step> {
    let length = prop_oneof![9 => 0..60_usize, 1 => 0..2_000_usize];
    prop_oneof![
        20 => (any::<u8>(), prop::option::weighted(0.9, length)).prop_map(|(row, value)| Step::Write(row, value)),
        10 => any::<u8>().prop_map(Step::Read),
        1 => Just(Step::Freeze),
        1 => Just(Step::Flush),
        4 => Just(Step::DropOldest),
    ]
}

type Values = BTreeMap<u8, Vec<u8>>;

/// Rows over a store, and how many generations it has.
struct Tiered {
    rows: Rows,
    frozen: VecDeque<FrozenRows>,
    store: Values,
    flushed: u64,
}

impl Tiered {
    fn write(&mut self, row: u8, value: Option<&[u8]>) {
        let hash = hashing().of(&[row]);
        match self.rows.find(hash, &[row]) {
            Some(at) if self.rows.replace(at, value) != Replaced::No => {}
            Some(at) => self.rows.rewrite(hash, at, &[row], value),
            None => {
                let (row, dirty) = (&[row][..], true);
                self.rows.insert(hash, Record { row, value, dirty });
            }
        }
    }

    fn read(&mut self, row: u8) -> Option<Vec<u8>> {
        let hash = hashing().of(&[row]);
        let at = self.rows.find(hash, &[row]).unwrap_or_else(|| {
            let value = self.store.get(&row).map(Vec::as_slice);
            let (row, dirty) = (&[row][..], false);
            self.rows.insert(hash, Record { row, value, dirty })
        });
        self.rows.record(at).value.map(<[u8]>::to_vec)
    }

    fn flush(&mut self) {
        let Some(frozen) = self.frozen.pop_front() else {
            return;
        };
        frozen.each(|_, record| match record.value {
            _ if !record.dirty => {}
            Some(value) => drop(self.store.insert(record.row[0], value.to_vec())),
            None => drop(self.store.remove(&record.row[0])),
        });
        self.flushed += 1;
    }

    fn drop_oldest(&mut self) {
        let stored = |oldest: &Block| !oldest.dirty || oldest.generation < self.flushed;
        if self.rows.oldest().is_some_and(stored) {
            self.rows.drop_oldest(&hashing());
        }
    }
}

proptest! {
    #[test]
    fn a_row_is_what_was_last_written_whatever_is_frozen_flushed_and_dropped(
        steps in prop::collection::vec(step(), 0..1_000),
    ) {
        let mut written = Values::new();
        let mut tiered = Tiered {
            rows: Rows::new(0),
            frozen: VecDeque::new(),
            store: Values::new(),
            flushed: 0,
        };
        for (number, step) in (0_u8..=u8::MAX).cycle().zip(steps) {
            match step {
                Step::Write(row, length) => {
                    let value = length.map(|length| vec![number; length]);
                    tiered.write(row, value.as_deref());
                    match value {
                        Some(value) => drop(written.insert(row, value)),
                        None => drop(written.remove(&row)),
                    }
                }
                Step::Read(row) => {
                    let value = tiered.read(row);
                    prop_assert_eq!(value.as_ref(), written.get(&row));
                }
                Step::Freeze => tiered.frozen.push_back(tiered.rows.freeze()),
                Step::Flush => tiered.flush(),
                Step::DropOldest => tiered.drop_oldest(),
            }
        }
        for row in 0..=u8::MAX {
            let value = tiered.read(row);
            prop_assert_eq!(value.as_ref(), written.get(&row));
        }
        tiered.frozen.push_back(tiered.rows.freeze());
        while !tiered.frozen.is_empty() {
            tiered.flush();
        }
        prop_assert_eq!(&tiered.store, &written);
        while tiered.rows.oldest().is_some() {
            tiered.drop_oldest();
        }
        prop_assert_eq!(tiered.rows.log.bytes(), 0);
        prop_assert_eq!(tiered.rows.bytes(), tiered.rows.index_bytes());
    }
}
