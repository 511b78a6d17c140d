//! Any sequence of operations, freezes among them, gives what plain collections would give.

use std::collections::{BTreeMap, BTreeSet};

use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::state::{List, Map, Timers, Value};
use alluvium::{Backend, EventTimers, ListState, MapState, Options, ValueState};
use proptest::prelude::*;

use super::{TINY_BYTES, open};

/// What happens to the state of one key.
#[derive(Debug, Clone)]
enum Step {
    Set(u8, u16),
    Add(u8, u16),
    Clear(u8),
    Push(u8, u16),
    Extend(u8, Vec<u16>),
    Replace(u8, Vec<u16>),
    Retain(u8, u16),
    ClearList(u8),
    Insert(u8, i8, u16),
    Remove(u8, i8),
    ClearMap(u8),
    Register(u8, i8),
    Deregister(u8, i8),
    Due(i8),
    Freeze,
    Check(u8),
}

/// Few keys, so that steps meet.
fn key() -> impl Strategy<Value = u8> {
    0..3_u8
}

fn step() -> impl Strategy<Value = Step> {
    // A tiny budget holds some of these, and not others.
    let values = || {
        prop_oneof![5 => 0..4_usize, 1 => 4..60_usize, 1 => 400..900_usize]
            .prop_flat_map(|length| prop::collection::vec(any::<u16>(), length))
    };
    let small = || -3..4_i8;
    prop_oneof![
        (key(), any::<u16>()).prop_map(|(key, value)| Step::Set(key, value)),
        (key(), any::<u16>()).prop_map(|(key, value)| Step::Add(key, value)),
        key().prop_map(Step::Clear),
        (key(), any::<u16>()).prop_map(|(key, value)| Step::Push(key, value)),
        (key(), values()).prop_map(|(key, values)| Step::Extend(key, values)),
        (key(), values()).prop_map(|(key, values)| Step::Replace(key, values)),
        (key(), 1..5_u16).prop_map(|(key, of)| Step::Retain(key, of)),
        key().prop_map(Step::ClearList),
        (key(), small(), any::<u16>())
            .prop_map(|(key, entry, value)| Step::Insert(key, entry, value)),
        (key(), small()).prop_map(|(key, entry)| Step::Remove(key, entry)),
        key().prop_map(Step::ClearMap),
        (key(), small()).prop_map(|(key, time)| Step::Register(key, time)),
        (key(), small()).prop_map(|(key, time)| Step::Deregister(key, time)),
        small().prop_map(Step::Due),
        Just(Step::Freeze),
        key().prop_map(Step::Check),
    ]
}

#[derive(Debug, Default)]
struct Model {
    values: BTreeMap<u8, u16>,
    lists: BTreeMap<u8, Vec<u16>>,
    maps: BTreeMap<u8, BTreeMap<i8, u16>>,
    timers: BTreeSet<(i8, u8)>,
}

#[derive(Clone, Copy)]
struct Handles {
    value: Value<u16>,
    list: List<u16>,
    map: Map<i8, u16>,
    timers: Timers,
}

fn take(
    step: Step,
    backend: &mut Backend<u8>,
    handles: Handles,
    model: &mut Model,
    snapshots: &mut u64,
) -> Result<(), TestCaseError> {
    let Handles {
        value,
        list,
        map,
        timers,
    } = handles;
    match step {
        Step::Set(key, new) => {
            backend.key(&key).unwrap().value(value).set(&new).unwrap();
            model.values.insert(key, new);
        }
        Step::Add(key, more) => {
            let add = |old: Option<u16>| old.unwrap_or(0).wrapping_add(more);
            let new = backend.key(&key).unwrap().value(value).update(add).unwrap();
            prop_assert_eq!(new, add(model.values.get(&key).copied()));
            model.values.insert(key, new);
        }
        Step::Clear(key) => {
            backend.key(&key).unwrap().value(value).clear().unwrap();
            model.values.remove(&key);
        }
        Step::Push(key, element) => {
            backend
                .key(&key)
                .unwrap()
                .list(list)
                .push(&element)
                .unwrap();
            model.lists.entry(key).or_default().push(element);
        }
        Step::Extend(key, elements) => {
            backend
                .key(&key)
                .unwrap()
                .list(list)
                .extend(&elements)
                .unwrap();
            model.lists.entry(key).or_default().extend(elements);
        }
        Step::Replace(key, elements) => {
            backend
                .key(&key)
                .unwrap()
                .list(list)
                .set(&elements)
                .unwrap();
            model.lists.insert(key, elements);
        }
        Step::Retain(key, of) => {
            let keep = |element: &u16| !element.is_multiple_of(of);
            let (mut asked, mut expected) = (Vec::new(), Vec::new());
            let ask = |element: &u16| {
                asked.push(*element);
                keep(element)
            };
            backend.key(&key).unwrap().list(list).retain(ask).unwrap();
            if let Some(elements) = model.lists.get_mut(&key) {
                expected.clone_from(elements);
                elements.retain(keep);
            }
            prop_assert_eq!(asked, expected);
        }
        Step::ClearList(key) => {
            backend.key(&key).unwrap().list(list).clear().unwrap();
            model.lists.remove(&key);
        }
        Step::Insert(key, entry, new) => {
            backend
                .key(&key)
                .unwrap()
                .map(map)
                .insert(&entry, &new)
                .unwrap();
            model.maps.entry(key).or_default().insert(entry, new);
        }
        Step::Remove(key, entry) => {
            backend.key(&key).unwrap().map(map).remove(&entry).unwrap();
            model.maps.entry(key).or_default().remove(&entry);
        }
        Step::ClearMap(key) => {
            backend.key(&key).unwrap().map(map).clear().unwrap();
            model.maps.remove(&key);
        }
        Step::Register(key, time) => {
            backend
                .key(&key)
                .unwrap()
                .timers(timers)
                .register(time.into())
                .unwrap();
            model.timers.insert((time, key));
        }
        Step::Deregister(key, time) => {
            backend
                .key(&key)
                .unwrap()
                .timers(timers)
                .deregister(time.into())
                .unwrap();
            model.timers.remove(&(time, key));
        }
        Step::Due(up_to) => {
            let timer = backend.due(timers, up_to.into()).unwrap();
            let found = timer.map(|timer| (i8::try_from(timer.time).unwrap(), timer.key));
            let earliest = model
                .timers
                .first()
                .map(|(time, _)| *time)
                .filter(|time| *time <= up_to);
            prop_assert_eq!(found.map(|(time, _)| time), earliest);
            if let Some(found) = found {
                prop_assert!(model.timers.remove(&found));
            }
        }
        Step::Freeze => {
            *snapshots += 1;
            drop(backend.snapshot(CheckpointId::new(*snapshots), SnapshotKind::Incremental));
        }
        Step::Check(key) => check(key, backend, handles, model)?,
    }
    Ok(())
}

fn check(
    key: u8,
    backend: &mut Backend<u8>,
    handles: Handles,
    model: &Model,
) -> Result<(), TestCaseError> {
    let Handles {
        value, list, map, ..
    } = handles;
    let mut scope = backend.key(&key).unwrap();
    prop_assert_eq!(
        scope.value(value).get().unwrap(),
        model.values.get(&key).copied()
    );
    let expected = model.lists.get(&key).cloned().unwrap_or_default();
    prop_assert_eq!(scope.list(list).is_empty().unwrap(), expected.is_empty());
    prop_assert_eq!(scope.list(list).get().unwrap(), expected);
    let expected = model.maps.get(&key).cloned().unwrap_or_default();
    for entry in -3..4 {
        let found = scope.map(map).get(&entry).unwrap();
        prop_assert_eq!(found, expected.get(&entry).copied());
    }
    let mut in_range = Vec::new();
    scope
        .map(map)
        .for_each(-1..=1, |entry, _| in_range.push(entry))
        .unwrap();
    let expected_in_range = expected.range(-1..=1).map(|(entry, _)| *entry);
    prop_assert_eq!(in_range, expected_in_range.collect::<Vec<_>>());
    prop_assert_eq!(
        scope.map(map).entries().unwrap(),
        expected.into_iter().collect::<Vec<_>>()
    );
    Ok(())
}

proptest! {
    // Each snapshot syncs files, so fewer cases, and longer ones, than usual.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn state_answers_as_plain_collections_do(
        steps in prop::collection::vec(step(), 1..200),
        tiny: bool,
    ) {
        let budget = if tiny { TINY_BYTES } else { 1 << 20 };
        let mut opened = open::<u8>(Options::default().memory_budget_bytes(budget));
        let backend = &mut opened.backend;
        let handles = Handles {
            value: backend.register(ValueState::new("value")).unwrap(),
            list: backend.register(ListState::new("list")).unwrap(),
            map: backend.register(MapState::new("map")).unwrap(),
            timers: backend.register(EventTimers::new("timers")).unwrap(),
        };
        let (mut model, mut snapshots) = (Model::default(), 0);

        for step in steps {
            take(step, backend, handles, &mut model, &mut snapshots)?;
        }

        for key in 0..3 {
            check(key, backend, handles, &model)?;
        }
        let mut stored = Vec::new();
        let visit = |key: u8, (), value: u16| {
            stored.push((key, value));
            Ok(())
        };
        backend.entries(handles.value, visit).unwrap();
        stored.sort_unstable();
        prop_assert_eq!(stored, model.values.into_iter().collect::<Vec<_>>());
    }
}
