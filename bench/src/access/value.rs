//! Values: get, update, add, read-modify-write.
//!
//! What reads return is summed up, and the sums are compared afterwards with what the model says: the measured loops
//! look nothing up but the subject's state.

mod model;

use anyhow::{Result, ensure};

use super::Arguments;
use super::order::{Draws, Order, Passes};
use super::stage::{Case, Course, Done, Open, Stage, as_it_is};
use crate::data;
use crate::subjects::Values;
use model::Model;

const GET: Case = Case::endless("value/get");
const GET_MISSING: Case = Case::endless("value/get-missing");
const UPDATE: Case = Case::endless("value/update");
const RMW_UNIFORM: Case = Case::endless("value/rmw-uniform");
const RMW_ZIPF: Case = Case::endless("value/rmw-zipf");
const GET_UNIFORM: Case = Case::endless("value/get-uniform");
const GET_ZIPF: Case = Case::endless("value/get-zipf");
const EXISTING: [Case; 7] = [
    GET,
    GET_MISSING,
    UPDATE,
    RMW_UNIFORM,
    RMW_ZIPF,
    GET_UNIFORM,
    GET_ZIPF,
];
const ADD: Case = Case::endless("value/add");

pub(crate) fn measure<S: Values>(arguments: &Arguments, open: Open<'_, S>) -> Result<()> {
    existing(arguments, open)?;
    new(arguments, open)
}

/// Cases on keys that all have values.
fn existing<S: Values>(arguments: &Arguments, open: Open<'_, S>) -> Result<()> {
    if !EXISTING.iter().any(|case| arguments.wants(case.name)) {
        return Ok(());
    }
    let rows = arguments.rows;
    // Before the stage opens: drawing by Zipf's law takes more memory for a moment than the draws.
    let (uniform, zipf) = (data::uniform(rows), data::zipf(rows));
    let mut value = vec![0; arguments.value_bytes];
    let mut stage = Stage::open(arguments, open)?;
    let subject = stage.subject()?;
    let mut order = Passes::over(rows);
    for _ in 0..rows {
        set(subject, order.next().key, 0, &mut value)?;
    }

    let got = get(&mut stage, GET, &mut Passes::over(rows))?;
    let missed = stage.measure(
        GET_MISSING,
        &mut Passes::over(rows),
        as_it_is,
        |subject, step| Ok(u64::from(subject.get(rows + step.key)?.is_some())),
    )?;
    let updated = stage.measure(
        UPDATE,
        &mut Passes::over(rows),
        as_it_is,
        |subject, step| set(subject, step.key, step.pass + 1, &mut value),
    )?;
    let added_uniform = add_one(&mut stage, RMW_UNIFORM, &uniform)?;
    let added_zipf = add_one(&mut stage, RMW_ZIPF, &zipf)?;
    let got_uniform = get(&mut stage, GET_UNIFORM, &mut Draws::of(&uniform))?;
    let got_zipf = get(&mut stage, GET_ZIPF, &mut Draws::of(&zipf))?;

    stage.finish(|subject| {
        let mut model = Model::of(rows);
        got.check(GET, model.sum_in_passes(got.operations))?;
        missed.check(GET_MISSING, 0)?;
        model.set_in_passes(updated.operations);
        model.add_one(&uniform, added_uniform.operations);
        model.add_one(&zipf, added_zipf.operations);
        let sum = model.sum_of_draws(&uniform, got_uniform.operations);
        got_uniform.check(GET_UNIFORM, sum)?;
        let sum = model.sum_of_draws(&zipf, got_zipf.operations);
        got_zipf.check(GET_ZIPF, sum)?;
        for key in 0..rows {
            verify(subject, key, model.count(key), &mut value)?;
        }
        Ok(())
    })
}

/// Adding keys to an empty state.
fn new<S: Values>(arguments: &Arguments, open: Open<'_, S>) -> Result<()> {
    if !arguments.wants(ADD.name) {
        return Ok(());
    }
    let rows = arguments.rows;
    let mut value = vec![0; arguments.value_bytes];
    let mut stage = Stage::open(arguments, open)?;
    let added = stage.measure(
        ADD.going(Course::Fresh(rows)),
        &mut Passes::over(rows),
        as_it_is,
        |subject, step| set(subject, step.key, 0, &mut value),
    )?;
    stage.finish(|subject| {
        let mut order = Passes::over(rows);
        for _ in 0..added.operations {
            verify(subject, order.next().key, Some(0), &mut value)?;
        }
        for _ in added.operations..rows {
            verify(subject, order.next().key, None, &mut value)?;
        }
        Ok(())
    })
}

#[inline]
fn set<S: Values>(subject: &mut S, key: u64, count: u64, value: &mut [u8]) -> Result<u64> {
    data::write_value(key, count, value);
    subject.set(key, value)?;
    Ok(0)
}

fn get<S: Values>(stage: &mut Stage<'_, S>, case: Case, order: &mut impl Order) -> Result<Done> {
    stage.measure(case, order, as_it_is, |subject, step| {
        let found = subject.get(step.key)?;
        ensure!(found.is_some(), "key {} has no value", step.key);
        Ok(found.unwrap_or(0))
    })
}

fn add_one<S: Values>(stage: &mut Stage<'_, S>, case: Case, keys: &[u32]) -> Result<Done> {
    stage.measure(case, &mut Draws::of(keys), as_it_is, |subject, step| {
        subject.add_one(step.key)?;
        Ok(0)
    })
}

/// A key has the value with this count, or none.
fn verify<S: Values>(
    subject: &mut S,
    key: u64,
    count: Option<u64>,
    expected: &mut [u8],
) -> Result<()> {
    let mut found = Vec::new();
    let there = subject.read(key, &mut found)?;
    let right = match count {
        Some(count) => {
            data::write_value(key, count, expected);
            there && found == expected
        }
        None => !there,
    };
    ensure!(
        right,
        "key {key} has not the value with count {count:?} but {found:?}"
    );
    Ok(())
}
