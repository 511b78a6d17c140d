//! Maps of ten entries: get, contains, iterate, put, put many, remove.
//!
//! The value of map key `j` of key `i` with count `c` is `mix(mix(i) + j) + c`. An operation goes to the map key that
//! its number and pass say, so that successive passes go to different ones.

mod model;

use anyhow::{Result, ensure};

use super::Arguments;
use super::order::{Order, Passes, Step};
use super::stage::{Case, Course, Done, Open, Stage, as_it_is};
use crate::data;
use crate::subjects::Maps;
use model::{Model, value};

/// Entries of a map; map keys are below it.
pub(crate) const ENTRIES: u64 = 10;

const GET: Case = Case::endless("map/get");
const CONTAINS: Case = Case::endless("map/contains");
const IS_EMPTY: Case = Case::endless("map/is-empty");
const KEYS: Case = Case::endless("map/keys").counting(ENTRIES);
const VALUES: Case = Case::endless("map/values").counting(ENTRIES);
const BOTH: Case = Case::endless("map/entries").counting(ENTRIES);
const UPDATE: Case = Case::endless("map/update");
const PUT_ALL: Case = Case::endless("map/put-all").counting(ENTRIES);
const EXISTING: [Case; 8] = [GET, CONTAINS, IS_EMPTY, KEYS, VALUES, BOTH, UPDATE, PUT_ALL];
const REMOVE: Case = Case::endless("map/remove");
const ADD: Case = Case::endless("map/add");

/// The map key that an operation goes to.
#[inline]
fn map_key(step: Step) -> u64 {
    (step.operation + step.pass) % ENTRIES
}

pub(crate) fn measure<S: Maps>(arguments: &Arguments, open: Open<'_, S>) -> Result<()> {
    existing(arguments, open)?;
    remove(arguments, open)?;
    add(arguments, open)
}

/// Cases on full maps.
fn existing<S: Maps>(arguments: &Arguments, open: Open<'_, S>) -> Result<()> {
    if !EXISTING.iter().any(|case| arguments.wants(case.name)) {
        return Ok(());
    }
    let rows = arguments.rows;
    let all: [(u64, u64); ENTRIES as usize] =
        std::array::from_fn(|map_key| (map_key as u64, data::mix(map_key as u64)));
    let mut stage = Stage::open(arguments, open)?;
    fill(stage.subject()?, rows)?;

    let got = on_keys(&mut stage, GET, |subject, step| {
        let found = subject.get(step.key, map_key(step))?;
        ensure!(found.is_some(), "key {} lacks an entry", step.key);
        Ok(found.unwrap_or(0))
    })?;
    let contained = on_keys(&mut stage, CONTAINS, |subject, step| {
        Ok(u64::from(subject.contains(step.key, 2 * map_key(step))?))
    })?;
    let empty = on_keys(&mut stage, IS_EMPTY, |subject, step| {
        Ok(u64::from(subject.is_empty(step.key)?))
    })?;
    let keys = on_keys(&mut stage, KEYS, |subject, step| subject.sum_keys(step.key))?;
    let values = on_keys(&mut stage, VALUES, |subject, step| {
        subject.sum_values(step.key)
    })?;
    let both = on_keys(&mut stage, BOTH, |subject, step| {
        subject.sum_entries(step.key)
    })?;
    let updated = on_keys(&mut stage, UPDATE, |subject, step| {
        let map_key = map_key(step);
        subject.put(step.key, map_key, value(step.key, map_key, step.pass + 1))?;
        Ok(0)
    })?;
    let replaced = on_keys(&mut stage, PUT_ALL, |subject, step| {
        subject.put_all(step.key, &all)?;
        Ok(0)
    })?;

    stage.finish(|subject| {
        let model = Model::of(rows);
        got.check(GET, model.sum_of_gets(got.operations))?;
        contained.check(CONTAINS, model.hits(contained.operations))?;
        empty.check(IS_EMPTY, 0)?;
        let keys_sum = model.sum_of_keys(keys.operations);
        keys.check(KEYS, keys_sum)?;
        values.check(VALUES, model.sum_of_values(values.operations))?;
        let both_sum = model
            .sum_of_keys(both.operations)
            .wrapping_add(model.sum_of_values(both.operations));
        both.check(BOTH, both_sum)?;
        verify(subject, rows, |index, key| {
            if index < replaced.operations {
                all.to_vec()
            } else {
                model.updated(index, key, updated.operations)
            }
        })
    })
}

fn remove<S: Maps>(arguments: &Arguments, open: Open<'_, S>) -> Result<()> {
    if !arguments.wants(REMOVE.name) {
        return Ok(());
    }
    let rows = arguments.rows;
    let mut stage = Stage::open(arguments, open)?;
    let removed = stage.measure(
        REMOVE.going(Course::Bounded((ENTRIES - 1) * rows)),
        &mut Passes::over(rows),
        |subject| fill(subject, rows),
        |subject, step| {
            subject.remove(step.key, map_key(step))?;
            Ok(0)
        },
    )?;
    stage.finish(|subject| {
        let model = Model::of(rows);
        verify(subject, rows, |index, key| {
            model.without_removed(index, key, removed.operations)
        })
    })
}

fn add<S: Maps>(arguments: &Arguments, open: Open<'_, S>) -> Result<()> {
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
            let map_key = map_key(step);
            subject.put(step.key, map_key, value(step.key, map_key, 0))?;
            Ok(0)
        },
    )?;
    stage.finish(|subject| {
        verify(subject, rows, |index, key| {
            let there = index < added.operations;
            let map_key = index % ENTRIES;
            there
                .then(|| (map_key, value(key, map_key, 0)))
                .into_iter()
                .collect()
        })
    })
}

/// A case that goes over all keys again and again.
fn on_keys<S: Maps>(
    stage: &mut Stage<'_, S>,
    case: Case,
    operation: impl FnMut(&mut S, Step) -> Result<u64>,
) -> Result<Done> {
    let mut order = Passes::over(stage.arguments().rows);
    stage.measure(case, &mut order, as_it_is, operation)
}

/// A full map for every key, with count 0.
fn fill<S: Maps>(subject: &mut S, rows: u64) -> Result<()> {
    let mut order = Passes::over(rows);
    for _ in 0..rows {
        let key = order.next().key;
        for map_key in 0..ENTRIES {
            subject.put(key, map_key, value(key, map_key, 0))?;
        }
    }
    Ok(())
}

/// Every key has exactly the entries expected of it and of its place in the order.
fn verify<S: Maps>(
    subject: &mut S,
    rows: u64,
    expected: impl Fn(u64, u64) -> Vec<(u64, u64)>,
) -> Result<()> {
    let mut order = Passes::over(rows);
    for index in 0..rows {
        let key = order.next().key;
        let (found, expected) = (subject.read(key)?, expected(index, key));
        ensure!(
            found == expected,
            "the map of key {key} is {found:?} and not {expected:?}"
        );
    }
    Ok(())
}
