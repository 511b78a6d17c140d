//! Value states: typed with a small number, and on bytes with 32 of them.

use std::sync::Arc;

use alluvium::bytes::{Address, StateDeclaration, StateIndex, Update};
use alluvium::protocol::key::EncodeKey;
use alluvium::protocol::key_group::{KeyHash, MaxParallelism};
use alluvium::protocol::row::{StateId, push_prefix};
use alluvium::protocol::schema::{BYTES, StateKind, ValueSchema};
use alluvium::protocol::shape::Shape;
use alluvium::state::Value;
use alluvium::store::{Change, SortedRun, Store};
use alluvium::{Result, ValueState};

use crate::fixture::{KEYS, Subject, keys};
use crate::region::{ensure, measured};

const COUNTS: ValueState<u64> = ValueState::new("counts");
const WINDOWS: ValueState<u64, (i64, i64)> = ValueState::new("windows").namespaced();
const WINDOW: (i64, i64) = (1_000, 2_000);

/// A backend with a 1 for every key.
fn filled() -> Result<(Subject, Value<u64>)> {
    let subject = Subject::new()?;
    let counts = subject.backend.register(COUNTS)?;
    for key in keys(0, KEYS) {
        subject.backend.key(&key)?.value(counts).set(&1)?;
    }
    Ok((subject, counts))
}

/// Measures reads of the keys `from` to `to`, and returns the sum of what was found.
fn read(subject: &mut Subject, counts: Value<u64>, from: u32, to: u32) -> Result<u64> {
    let mut found = 0;
    measured(&mut || {
        found = sum(subject, counts, from, to)?;
        Ok(())
    })?;
    Ok(found)
}

/// The same, not measured.
fn sum(subject: &mut Subject, counts: Value<u64>, from: u32, to: u32) -> Result<u64> {
    let mut sum = 0;
    for key in keys(from, to) {
        sum += subject.backend.key(&key)?.value(counts).get()?.unwrap_or(0);
    }
    Ok(sum)
}

pub(super) fn get() -> Result<()> {
    let (mut subject, counts) = filled()?;
    let found = read(&mut subject, counts, 0, KEYS)?;
    ensure(found == u64::from(KEYS), "every key has a 1")
}

pub(super) fn get_absent() -> Result<()> {
    let (mut subject, counts) = stored()?;
    let found = read(&mut subject, counts, KEYS, 2 * KEYS)?;
    ensure(found == 0, "these keys have nothing")
}

pub(super) fn get_stored() -> Result<()> {
    let (mut subject, counts) = stored()?;
    let found = read(&mut subject, counts, 0, KEYS)?;
    ensure(found == u64::from(KEYS), "every stored key has a 1")
}

pub(super) fn set() -> Result<()> {
    let (mut subject, counts) = filled()?;
    measured(&mut || {
        keys(0, KEYS).try_for_each(|key| subject.backend.key(&key)?.value(counts).set(&2))
    })?;
    ensure(
        sum(&mut subject, counts, 0, KEYS)? == 2 * u64::from(KEYS),
        "every key has a 2",
    )
}

pub(super) fn set_new() -> Result<()> {
    let (mut subject, counts) = filled()?;
    measured(&mut || {
        keys(KEYS, 2 * KEYS).try_for_each(|key| subject.backend.key(&key)?.value(counts).set(&2))
    })?;
    let found = sum(&mut subject, counts, KEYS, 2 * KEYS)?;
    ensure(found == 2 * u64::from(KEYS), "every new key has a 2")
}

/// Measures an increment of every key.
fn increment(mut subject: Subject, counts: Value<u64>) -> Result<()> {
    measured(&mut || {
        for key in keys(0, KEYS) {
            let mut scope = subject.backend.key(&key)?;
            scope.value(counts).update(|old| old.unwrap_or(0) + 1)?;
        }
        Ok(())
    })?;
    ensure(
        sum(&mut subject, counts, 0, KEYS)? == 2 * u64::from(KEYS),
        "every key has a 2",
    )
}

pub(super) fn update() -> Result<()> {
    let (subject, counts) = filled()?;
    increment(subject, counts)
}

/// The first update of each row after a snapshot.
pub(super) fn update_frozen() -> Result<()> {
    let (mut subject, counts) = filled()?;
    subject.freeze()?;
    increment(subject, counts)
}

pub(super) fn update_window() -> Result<()> {
    let subject = Subject::new()?;
    let windows = subject.backend.register(WINDOWS)?;
    let mut increment = || -> Result<u64> {
        let mut sum = 0;
        for key in keys(0, KEYS) {
            let mut scope = subject.backend.key(&key)?;
            let mut window = scope.within(&WINDOW);
            sum += window.value(windows).update(|old| old.unwrap_or(0) + 1)?;
        }
        Ok(sum)
    };
    increment()?;
    let mut sum = 0;
    measured(&mut || {
        sum = increment()?;
        Ok(())
    })?;
    ensure(sum == 2 * u64::from(KEYS), "every window has a 2")
}

/// A backend with 32 bytes for every key, through the interface of bytes.
fn filled_with_bytes() -> Result<(Subject, StateIndex)> {
    let subject = Subject::new()?;
    let state = subject.backend.bytes().register(StateDeclaration {
        name: "bytes".to_owned(),
        kind: StateKind::Value,
        namespace: Shape::Unit,
        map_key: None,
        value: ValueSchema {
            codec: BYTES.to_owned(),
            version: 1,
            type_name: String::new(),
            shape: Shape::Opaque,
            type_version: None,
            older: Vec::new(),
        },
        ttl: None,
    })?;
    each_address(state, |at| subject.backend.bytes().put(at, &[1; 32]))?;
    Ok((subject, state))
}

fn each_address(state: StateIndex, mut act: impl FnMut(&Address<'_>) -> Result<()>) -> Result<()> {
    for key in keys(0, KEYS) {
        let key = key.to_be_bytes();
        let group = MaxParallelism::DEFAULT.group_of(KeyHash::of(&key));
        act(&Address {
            state,
            group,
            key: &key,
        })?;
    }
    Ok(())
}

fn bytes_found(subject: &mut Subject, state: StateIndex, value: [u8; 32]) -> Result<u32> {
    let mut found = 0;
    each_address(state, |at| {
        found += u32::from(subject.backend.bytes().get(at)? == Some(&value));
        Ok(())
    })?;
    Ok(found)
}

pub(super) fn bytes_get() -> Result<()> {
    let (mut subject, state) = filled_with_bytes()?;
    let mut found = 0;
    measured(&mut || {
        found = bytes_found(&mut subject, state, [1; 32])?;
        Ok(())
    })?;
    ensure(found == KEYS, "every key has its bytes")
}

pub(super) fn bytes_put() -> Result<()> {
    let (mut subject, state) = filled_with_bytes()?;
    measured(&mut || each_address(state, |at| subject.backend.bytes().put(at, &[2; 32])))?;
    ensure(
        bytes_found(&mut subject, state, [2; 32])? == KEYS,
        "every key has new bytes",
    )
}

pub(super) fn bytes_update() -> Result<()> {
    let (mut subject, state) = filled_with_bytes()?;
    measured(&mut || {
        each_address(state, |at| {
            subject.backend.bytes().update(at, |old, new| {
                new.extend(old.unwrap_or_default().iter().map(|byte| byte + 1));
                Ok((Update::Put, ()))
            })
        })
    })?;
    ensure(
        bytes_found(&mut subject, state, [2; 32])? == KEYS,
        "every key has new bytes",
    )
}

/// A backend with a 1 for every key in the store, and a frozen generation with one other row above it.
fn stored() -> Result<(Subject, Value<u64>)> {
    let mut subject = Subject::prepared(store_ones)?;
    let counts = subject.backend.register(COUNTS)?;
    // A new store is known to be empty until a generation is on its way there.
    subject.backend.key(&1_u64)?.value(counts).set(&1)?;
    subject.freeze()?;
    Ok((subject, counts))
}

/// Puts a 1 for every key into the store: rows that no buffer has.
fn store_ones(store: Arc<dyn Store>) -> Result<Arc<dyn Store>> {
    // A new state's number is taken from its name. Were it another one, nothing would be found, and the path would fail.
    let [_, _, high, low] = KeyHash::of(b"counts").0.to_be_bytes();
    let state = StateId::new(u16::from_be_bytes([high, low]));
    let mut rows: Vec<Vec<u8>> = keys(0, KEYS)
        .map(|key| {
            let mut encoded = Vec::new();
            key.encode_key(&mut encoded);
            let mut row = Vec::new();
            push_prefix(
                &mut row,
                MaxParallelism::DEFAULT.group_of(KeyHash::of(&encoded)),
                state,
            );
            row.extend_from_slice(&encoded);
            row
        })
        .collect();
    rows.sort_unstable();
    store.write(&mut Ones(rows.into_iter(), Vec::new()))?;
    Ok(store)
}

struct Ones(std::vec::IntoIter<Vec<u8>>, Vec<u8>);

impl SortedRun for Ones {
    fn next(&mut self) -> Result<Option<(&[u8], Change<'_>)>> {
        let Some(row) = self.0.next() else {
            return Ok(None);
        };
        self.1 = row;
        Ok(Some((&self.1, Change::Put(&[1])))) // Postcard's 1.
    }
}
