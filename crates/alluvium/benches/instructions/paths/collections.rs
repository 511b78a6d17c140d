//! Lists, maps and reducing states, of small numbers.

use alluvium::state::{List, Map};
use alluvium::{ListState, MapState, ReducingState, Result};

use crate::fixture::{GROUPS, KEYS, Subject, keys};
use crate::region::{ensure, measured};

const LISTS: ListState<u64> = ListState::new("lists");
const MAPS: MapState<u64, u64> = MapState::new("maps");
const SUMS: ReducingState<u64> = ReducingState::new("sums", |one, other| one + other);

pub(super) fn reducing_add() -> Result<()> {
    let subject = Subject::new()?;
    let sums = subject.backend.register(SUMS)?;
    let mut add = || -> Result<u64> {
        let mut sum = 0;
        for key in keys(0, KEYS) {
            sum += subject.backend.key(&key)?.reducing(sums).add(1)?;
        }
        Ok(sum)
    };
    add()?;
    let mut sum = 0;
    measured(&mut || {
        sum = add()?;
        Ok(())
    })?;
    ensure(sum == 2 * u64::from(KEYS), "every key has a 2")
}

/// Appends `from` to `to` to every list, one element of each after the other.
fn append(subject: &mut Subject, lists: List<u64>, from: u64, to: u64) -> Result<()> {
    for element in from..to {
        for key in keys(0, GROUPS) {
            subject.backend.key(&key)?.list(lists).push(&element)?;
        }
    }
    Ok(())
}

/// The sum of all elements of all lists.
fn elements(subject: &mut Subject, lists: List<u64>) -> Result<u64> {
    let mut sum = 0;
    for key in keys(0, GROUPS) {
        subject
            .backend
            .key(&key)?
            .list(lists)
            .for_each(|element| sum += element)?;
    }
    Ok(sum)
}

pub(super) fn list_append() -> Result<()> {
    let mut subject = Subject::new()?;
    let lists = subject.backend.register(LISTS)?;
    append(&mut subject, lists, 0, 1)?;
    measured(&mut || append(&mut subject, lists, 1, 11))?;
    ensure(
        elements(&mut subject, lists)? == 55 * u64::from(GROUPS),
        "lists have 0 to 10",
    )
}

pub(super) fn list_read() -> Result<()> {
    let mut subject = Subject::new()?;
    let lists = subject.backend.register(LISTS)?;
    append(&mut subject, lists, 1, 11)?;
    // The first read loads what is below the buffer: nothing, but it has to look.
    elements(&mut subject, lists)?;
    let mut sum = 0;
    measured(&mut || {
        sum = elements(&mut subject, lists)?;
        Ok(())
    })?;
    ensure(sum == 55 * u64::from(GROUPS), "lists have 1 to 10")
}

/// Sets entries `from` to `to` of every map to `value`, one entry of each after the other.
fn put(subject: &mut Subject, maps: Map<u64, u64>, from: u64, to: u64, value: u64) -> Result<()> {
    for map_key in from..to {
        for key in keys(0, GROUPS) {
            subject
                .backend
                .key(&key)?
                .map(maps)
                .insert(&map_key, &value)?;
        }
    }
    Ok(())
}

/// The sum of all values of all maps.
fn values(subject: &mut Subject, maps: Map<u64, u64>) -> Result<u64> {
    let mut sum = 0;
    for key in keys(0, GROUPS) {
        subject
            .backend
            .key(&key)?
            .map(maps)
            .for_each(.., |_, value| sum += value)?;
    }
    Ok(sum)
}

/// A backend with maps of ten ones.
fn filled() -> Result<(Subject, Map<u64, u64>)> {
    let mut subject = Subject::new()?;
    let maps = subject.backend.register(MAPS)?;
    put(&mut subject, maps, 0, 10, 1)?;
    Ok((subject, maps))
}

pub(super) fn map_put() -> Result<()> {
    let (mut subject, maps) = filled()?;
    measured(&mut || put(&mut subject, maps, 0, 10, 2))?;
    ensure(
        values(&mut subject, maps)? == 20 * u64::from(GROUPS),
        "maps have ten twos",
    )
}

pub(super) fn map_put_new() -> Result<()> {
    let (mut subject, maps) = filled()?;
    measured(&mut || put(&mut subject, maps, 10, 20, 1))?;
    ensure(
        values(&mut subject, maps)? == 20 * u64::from(GROUPS),
        "maps have twenty ones",
    )
}

pub(super) fn map_get() -> Result<()> {
    let (subject, maps) = filled()?;
    let mut sum = 0;
    measured(&mut || {
        for map_key in 0..10_u64 {
            for key in keys(0, GROUPS) {
                sum += subject
                    .backend
                    .key(&key)?
                    .map(maps)
                    .get(&map_key)?
                    .unwrap_or(0);
            }
        }
        Ok(())
    })?;
    ensure(sum == 10 * u64::from(GROUPS), "maps have ten ones")
}

pub(super) fn map_read() -> Result<()> {
    let (mut subject, maps) = filled()?;
    values(&mut subject, maps)?;
    let mut sum = 0;
    measured(&mut || {
        sum = values(&mut subject, maps)?;
        Ok(())
    })?;
    ensure(sum == 10 * u64::from(GROUPS), "maps have ten ones")
}
