//! Lists: add, append, get, iterate, replace, add many.
//!
//! Element `c` of key `i` is `mix(i) + c`. The subjects have no compaction to ask for: Alluvium's flusher and
//! RocksDB's threads have done what they do of themselves when a case begins.

use anyhow::{Result, ensure};

use super::Arguments;
use super::order::{Order, Passes, sum_over, visits};
use super::stage::{Case, Course, Open, Stage, as_it_is};
use crate::data;
use crate::subjects::Lists;

const GET: Case = Case::endless("list/get");
const ITERATE: Case = Case::endless("list/get-and-iterate");
const UPDATE: Case = Case::endless("list/update");
const APPEND: Case = Case::endless("list/append");
const ADD_ALL: Case = Case::endless("list/add-all");
const ADD: Case = Case::endless("list/add");

/// What `list/add-all` adds to every list.
const MANY: [u64; 100] = data::mixed();

pub(crate) fn measure<S: Lists>(arguments: &Arguments, open: Open<'_, S>) -> Result<()> {
    existing(arguments, open)?;
    append(arguments, open)?;
    add_all(arguments, open)?;
    add(arguments, open)
}

/// Cases on lists of one element.
fn existing<S: Lists>(arguments: &Arguments, open: Open<'_, S>) -> Result<()> {
    if ![GET, ITERATE, UPDATE]
        .iter()
        .any(|case| arguments.wants(case.name))
    {
        return Ok(());
    }
    let rows = arguments.rows;
    let mut stage = Stage::open(arguments, open)?;
    fill(stage.subject()?, rows)?;
    let got = stage.measure(GET, &mut Passes::over(rows), as_it_is, |subject, step| {
        let first = subject.first(step.key)?;
        ensure!(first.is_some(), "key {} has no list", step.key);
        Ok(first.unwrap_or(0))
    })?;
    let iterated = stage.measure(
        ITERATE,
        &mut Passes::over(rows),
        as_it_is,
        |subject, step| subject.sum(step.key),
    )?;
    let updated = stage.measure(
        UPDATE,
        &mut Passes::over(rows),
        as_it_is,
        |subject, step| {
            subject.set(step.key, data::word(step.key, step.pass + 1))?;
            Ok(0)
        },
    )?;
    stage.finish(|subject| {
        for (case, done) in [(GET, got), (ITERATE, iterated)] {
            let expected = sum_over(rows, |index, key| {
                data::word(key, 0).wrapping_mul(visits(index, done.operations, rows))
            });
            done.check(case, expected)?;
        }
        verify(subject, rows, |index, key| {
            vec![data::word(key, visits(index, updated.operations, rows))]
        })
    })
}

fn append<S: Lists>(arguments: &Arguments, open: Open<'_, S>) -> Result<()> {
    if !arguments.wants(APPEND.name) {
        return Ok(());
    }
    let rows = arguments.rows;
    let mut stage = Stage::open(arguments, open)?;
    let appended = stage.measure(
        APPEND.going(Course::Bounded(4 * rows)),
        &mut Passes::over(rows),
        |subject| fill(subject, rows),
        |subject, step| {
            subject.add(step.key, data::word(step.key, step.pass + 1))?;
            Ok(0)
        },
    )?;
    stage.finish(|subject| {
        verify(subject, rows, |index, key| {
            let last = visits(index, appended.operations, rows);
            (0..=last).map(|count| data::word(key, count)).collect()
        })
    })
}

fn add_all<S: Lists>(arguments: &Arguments, open: Open<'_, S>) -> Result<()> {
    if !arguments.wants(ADD_ALL.name) {
        return Ok(());
    }
    let rows = arguments.rows;
    let many = MANY.as_slice();
    let mut stage = Stage::open(arguments, open)?;
    let added = stage.measure(
        ADD_ALL.going(Course::Bounded(rows)),
        &mut Passes::over(rows),
        |subject| fill(subject, rows),
        |subject, step| {
            subject.add_all(step.key, many)?;
            Ok(0)
        },
    )?;
    stage.finish(|subject| {
        verify(subject, rows, |index, key| {
            let more = if index < added.operations { many } else { &[] };
            [&[data::word(key, 0)], more].concat()
        })
    })
}

fn add<S: Lists>(arguments: &Arguments, open: Open<'_, S>) -> Result<()> {
    if !arguments.wants(ADD.name) {
        return Ok(());
    }
    let rows = arguments.rows;
    let mut stage = Stage::open(arguments, open)?;
    let added = stage.measure(
        ADD.going(Course::Fresh(rows)),
        &mut Passes::over(rows),
        as_it_is,
        |subject, step| {
            subject.add(step.key, data::word(step.key, 0))?;
            Ok(0)
        },
    )?;
    stage.finish(|subject| {
        verify(subject, rows, |index, key| {
            let there = index < added.operations;
            there.then(|| data::word(key, 0)).into_iter().collect()
        })
    })
}

/// A list with element 0 for every key.
fn fill<S: Lists>(subject: &mut S, rows: u64) -> Result<()> {
    let mut order = Passes::over(rows);
    for _ in 0..rows {
        let key = order.next().key;
        subject.add(key, data::word(key, 0))?;
    }
    Ok(())
}

/// Every key has exactly the elements expected of it and of its place in the order.
fn verify<S: Lists>(
    subject: &mut S,
    rows: u64,
    expected: impl Fn(u64, u64) -> Vec<u64>,
) -> Result<()> {
    let mut order = Passes::over(rows);
    for index in 0..rows {
        let key = order.next().key;
        let (found, expected) = (subject.read(key)?, expected(index, key));
        ensure!(
            found == expected,
            "the list of key {key} is {found:?} and not {expected:?}"
        );
    }
    Ok(())
}
