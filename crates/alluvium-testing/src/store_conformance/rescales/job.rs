//! The job of a history: its stores, the map that they are compared with, and its pins from before.

#![expect(
    clippy::expect_used,
    reason = "a check fails by panicking, and says what was expected"
)]

use std::collections::VecDeque;

use alluvium::protocol::row::RowRange;
use alluvium::storage::Cancel;
use alluvium::store::{Store, StoreFactory};

use super::super::harness::{
    Changes, Place, Rows, all, apply, assert_rows, get, groups, scan, within, write,
};
use super::super::loads::load;
use super::super::origins::Origins;
use super::generation::{Generation, open};
use super::{Cuts, GROUPS, ROWS, Rescale, Rewrite, Step};

/// Rescales whose pins are kept to go back to.
const GENERATIONS_MAX: usize = 4;

pub(super) struct Job<'a> {
    place: Place<'a>,
    value_bytes: usize,
    subtasks: Vec<Subtask>,
    expected: Rows,
    /// Newest first.
    generations: VecDeque<Generation>,
    /// Numbers values, so that each version is another, and names.
    counter: u64,
}

struct Subtask {
    rows: RowRange,
    opened: Origins,
}

impl Subtask {
    fn store(&self) -> &dyn Store {
        &*self.opened.store
    }
}

impl<'a> Job<'a> {
    /// A job of one subtask without rows.
    pub(super) fn new(factory: &'a dyn StoreFactory, value_bytes: usize) -> Self {
        let mut job = Self {
            place: Place::new(factory),
            value_bytes,
            subtasks: Vec::new(),
            expected: Rows::new(),
            generations: VecDeque::new(),
            counter: 0,
        };
        job.load(&Cuts::new());
        job
    }

    pub(super) fn step(&mut self, step: &Step) {
        match step {
            Step::Write(rewrite) => self.write(rewrite),
            Step::Pin => drop(self.pin()),
            Step::Tidy => {
                for subtask in &self.subtasks {
                    let tidied = subtask.store().tidy(&Cancel::new());
                    tidied.expect("a tidy store");
                }
            }
            Step::Rescale(rescale) => self.rescale(rescale),
            Step::Load(cuts) => self.load(cuts),
        }
        self.check();
    }

    /// The pins of all moments still show them.
    pub(super) fn end(self) {
        drop(self.subtasks);
        for generation in &self.generations {
            generation.check();
        }
    }

    fn number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    fn write(&mut self, rewrite: &Rewrite) {
        for round in 0..rewrite.rounds {
            if round > 0 {
                drop(self.pin());
            }
            let version = self.number();
            let filled = "v".repeat(self.value_bytes);
            let bit = |bits: u8, key: u8| bits.rotate_left(u32::from(round)) >> key & 1 > 0;
            let mut changes = Changes::new();
            for group in rewrite.first..(rewrite.first + rewrite.groups).min(GROUPS) {
                for key in (0..ROWS).filter(|&key| bit(rewrite.written, key)) {
                    let value = || format!("{version} {filled}").into_bytes();
                    changes.insert(row(group, key), (!bit(rewrite.deleted, key)).then(value));
                }
            }
            for subtask in &self.subtasks {
                let own = changes.iter().filter(|(row, _)| subtask.rows.contains(row));
                let own = own.map(|(row, value)| (row.clone(), value.clone()));
                write(subtask.store(), &own.collect());
            }
            apply(&mut self.expected, &changes);
        }
    }

    fn pin(&mut self) -> Generation {
        let number = self.number();
        let pins = self.subtasks.iter().enumerate().map(|(n, subtask)| {
            let name = format!("pin {number} of {n}");
            let pinned = self.place.pin(subtask.store(), &name);
            subtask.opened.check(&*pinned, &name);
            (subtask.rows.clone(), pinned)
        });
        let pins = pins.collect();
        Generation {
            pins,
            expected: self.expected.clone(),
        }
    }

    fn rescale(&mut self, rescale: &Rescale) {
        let pinned = self.pin();
        pinned.check();
        self.generations.push_front(pinned);
        self.generations.truncate(GENERATIONS_MAX);
        self.subtasks.clear();
        let number = self.number();
        let pieces = self.pieces(rescale);
        let expected = pieces
            .iter()
            .map(|(rows, from)| within(&from.expected, rows));
        let expected = expected.flatten().collect();
        let targets = ranges(&rescale.cuts).into_iter().enumerate();
        let opened = targets.map(|(target, rows)| {
            let name = format!("store {number}, {target}");
            let opened = open(&self.place, &name, &rows, &pieces, rescale);
            Subtask { rows, opened }
        });
        self.subtasks = opened.collect();
        self.expected = expected;
    }

    /// All rows, and which generation each comes from.
    fn pieces(&self, rescale: &Rescale) -> Vec<(RowRange, &Generation)> {
        let pieces = ranges(&rescale.seams).into_iter();
        let pieces = pieces
            .zip(rescale.backs.iter().cycle())
            .map(|(rows, &back)| {
                let back = back.min(self.generations.len() - 1);
                (rows, self.generations.get(back).expect("a generation"))
            });
        pieces.collect()
    }

    fn load(&mut self, cuts: &Cuts) {
        let number = self.number();
        self.subtasks.clear();
        for (target, rows) in ranges(cuts).into_iter().enumerate() {
            let store = self.place.create(&format!("store {number}, {target}"));
            load(&*store, &within(&self.expected, &rows));
            let opened = Origins::none(store);
            self.subtasks.push(Subtask { rows, opened });
        }
    }

    /// Compares all that can be read with what should be there.
    fn check(&self) {
        for (n, subtask) in self.subtasks.iter().enumerate() {
            let what = format!("subtask {n} of {}, {}", self.subtasks.len(), self.counter);
            let expected = within(&self.expected, &subtask.rows);
            assert_rows(&all(subtask.store()), &expected, &what);
            for group in 0..GROUPS {
                for key in 0..ROWS {
                    let row = row(group, key);
                    let found = get(subtask.store(), &row);
                    assert!(
                        found.as_ref() == expected.get(&row),
                        "{what}: {row:02x?} is {found:?}"
                    );
                }
                let some = groups(group, group + 1 + group % 4);
                let found = scan(subtask.store(), &some);
                assert_rows(&found, &within(&expected, &some), &what);
            }
        }
    }
}

/// A row of a key group: the first of all that it could have, the last, or one between.
fn row(group: u16, key: u8) -> Vec<u8> {
    let group = group.to_be_bytes();
    match key {
        0 => group.to_vec(),
        key if key + 1 == ROWS => [&group[..], &[0xff; 8]].concat(),
        key => [&group[..], &[0, 1, key]].concat(),
    }
}

/// The ranges of subtasks of which all but the first begin at cuts.
fn ranges(cuts: &Cuts) -> Vec<RowRange> {
    let begins = [0].into_iter().chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([GROUPS]);
    begins
        .zip(ends)
        .map(|(first, end)| groups(first, end))
        .collect()
}
