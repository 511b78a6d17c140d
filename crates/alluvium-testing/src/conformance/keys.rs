//! Keys and namespaces of a state: visited, counted, applied to and cleared.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use alluvium::protocol::key;
use alluvium::state::{State as _, Value};
use alluvium::{
    Aggregate, AggregatingState, Backend, Error, EventTimers, ListState, MapState, ReducingState,
    ValueState,
};

use super::Setting;
use super::job::owner;

const COUNTS: ValueState<u32, u8> = ValueState::<u32>::new("counts").namespaced::<u8>();
const OTHERS: ValueState<u32> = ValueState::new("others");
const LIST: ListState<u32, u8> = ListState::<u32>::new("list").namespaced::<u8>();
const MAP: MapState<u32, u32, u8> = MapState::<u32, u32>::new("map").namespaced::<u8>();
const SUM: ReducingState<u32, u8> =
    ReducingState::<u32>::new("sum", |a, b| a + b).namespaced::<u8>();
const NUMBER: AggregatingState<Number, u8> =
    AggregatingState::<Number>::new("number").namespaced::<u8>();

/// How many inputs there were.
enum Number {}

impl Aggregate for Number {
    type Input = u32;
    type Accumulator = u32;
    type Output = u32;

    fn create() -> u32 {
        0
    }

    fn add(number: &mut u32, _: &u32) {
        *number += 1;
    }

    fn merge(number: &mut u32, other: u32) {
        *number += other;
    }

    fn result(number: &u32) -> u32 {
        *number
    }
}

/// Sets the value of each key in each namespace.
fn write(backend: &mut Backend<u32>, counts: Value<u32, u8>, keys: impl Iterator<Item = u32>) {
    for key in keys {
        for namespace in 0..=u8::try_from(key % 3).unwrap() {
            let mut scope = backend.key(&key).unwrap();
            let mut scope = scope.within(&namespace);
            scope.value(counts).set(&key).unwrap();
        }
    }
}

/// Key groups, then keys, in order.
fn in_order(backend: &Backend<u32>, keys: impl Iterator<Item = u32>) -> Vec<u32> {
    let max = backend.max_parallelism();
    let group = |key: &u32| max.group_of(<u32 as key::Key>::hash(&key::encode(key)));
    let mut keys: Vec<u32> = keys.collect();
    keys.sort_by_key(|key| (group(key), *key));
    keys
}

fn keys_in(backend: &mut Backend<u32>, counts: Value<u32, u8>, namespace: u8) -> Vec<u32> {
    let mut found = Vec::new();
    let visit = |key| {
        found.push(key);
        Ok(ControlFlow::Continue(()))
    };
    backend.keys(counts, &namespace, visit).unwrap();
    found
}

pub fn keys_of_a_namespace_are_visited_once_each_in_order(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<u32>| {
        let counts = backend.register(COUNTS).unwrap();
        let others = backend.register(OTHERS).unwrap();
        write(backend, counts, 0..500);
        backend
            .key(&1000_u32)
            .unwrap()
            .value(others)
            .set(&1)
            .unwrap();

        for namespace in 0..3_u8 {
            let expected = (0..500).filter(|key| key % 3 >= u32::from(namespace));
            let expected = in_order(backend, expected);
            assert_eq!(keys_in(backend, counts, namespace), expected);
        }
        assert!(keys_in(backend, counts, 3).is_empty());
    });
}

pub fn keys_and_namespaces_are_visited_once_also_after_a_restore(setting: &Setting<'_>) {
    let job = setting.job(10);
    let mut backends = job.open_all::<u32>(1);
    let counts = backends[0].register(COUNTS).unwrap();
    write(&mut backends[0], counts, 0..300);
    let from = job.checkpoint(&mut backends, 1);
    write(&mut backends[0], counts, 300..303);
    let mut restored = job.restore_all::<u32>(&from, 3);

    let mut found = Vec::new();
    for backend in &mut restored {
        let counts = backend.register(COUNTS).unwrap();
        let visit = |key, namespace| {
            found.push((key, namespace));
            Ok(ControlFlow::Continue(()))
        };
        backend.keys_and_namespaces(counts, visit).unwrap();
    }

    found.sort_unstable();
    let pairs = |key: u32| (0..=u8::try_from(key % 3).unwrap()).map(move |space| (key, space));
    assert_eq!(found, (0..300).flat_map(pairs).collect::<Vec<_>>());
    let sum = |count: fn(alluvium::backend::Counts) -> u64, backends: &mut Vec<Backend<u32>>| {
        let counted = backends.iter_mut().map(|backend| {
            let counts = backend.register(COUNTS).unwrap();
            count(backend.counts(counts).unwrap())
        });
        counted.sum::<u64>()
    };
    assert_eq!(sum(|counts| counts.keys, &mut restored), 300);
    assert_eq!(sum(|counts| counts.entries, &mut restored), 600);
}

pub fn a_long_list_and_a_large_map_are_one_entry_each(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<u32>| {
        let list = backend.register(LIST).unwrap();
        let map = backend.register(MAP).unwrap();
        let sum = backend.register(SUM).unwrap();
        let number = backend.register(NUMBER).unwrap();
        for key in [7_u32, 8, 9] {
            let mut scope = backend.key(&key).unwrap();
            for namespace in [0_u8, 1] {
                let mut scope = scope.within(&namespace);
                for n in 0..100 {
                    scope.list(list).push(&n).unwrap();
                    scope.map(map).insert(&n, &n).unwrap();
                }
                scope.reducing(sum).add(1).unwrap();
                scope.aggregating(number).add(&1).unwrap();
            }
        }

        macro_rules! is_counted {
            ($state:expr) => {
                let counted = backend.counts($state).unwrap();
                assert_eq!((counted.keys, counted.entries), (3, 6));
                let mut found = BTreeSet::new();
                let visit = |key, namespace| {
                    assert!(found.insert((key, namespace)));
                    Ok(ControlFlow::Continue(()))
                };
                backend.keys_and_namespaces($state, visit).unwrap();
                assert_eq!(found.len(), 6);
            };
        }
        is_counted!(list);
        is_counted!(map);
        is_counted!(sum);
        is_counted!(number);
    });
}

pub fn what_is_cleared_is_no_key_any_more(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<u32>| {
        let counts = backend.register(COUNTS).unwrap();
        let map = backend.register(MAP).unwrap();
        write(backend, counts, 0..60);
        assert_eq!(backend.counts(counts).unwrap().entries, 120);

        for key in 0..60_u32 {
            let mut scope = backend.key(&key).unwrap();
            scope.within(&0_u8).value(counts).clear().unwrap();
            // A map whose entries are all removed is none.
            scope.within(&0_u8).map(map).insert(&1_u32, &1).unwrap();
            scope.within(&0_u8).map(map).remove(&1_u32).unwrap();
        }

        let counted = backend.counts(counts).unwrap();
        assert_eq!((counted.keys, counted.entries), (40, 60));
        assert_eq!(backend.counts(map).unwrap().entries, 0);
        assert!(keys_in(backend, counts, 0).is_empty());
    });
}

pub fn a_visit_of_keys_ends_where_the_visitor_breaks_or_fails(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<u32>| {
        let counts = backend.register(COUNTS).unwrap();
        write(backend, counts, 0..60);
        let mut visited = 0;

        let third = |_| {
            visited += 1;
            Ok(if visited == 3 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        };
        backend.keys(counts, &0, third).unwrap();
        let mut applied = 0;
        let refuse = |_: &mut Backend<u32>, _| {
            applied += 1;
            Err(Error::invalid("enough"))
        };
        let error = backend.for_each_key(counts, &0, refuse).unwrap_err();

        assert_eq!((visited, applied), (3, 1));
        assert_eq!(error.to_string(), "enough");
    });
}

pub fn what_is_applied_to_all_keys_may_read_add_and_clear(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<u32>| {
        let counts = backend.register(COUNTS).unwrap();
        let others = backend.register(OTHERS).unwrap();
        write(backend, counts, 0..400);
        let mut visited = Vec::new();

        let apply = |backend: &mut Backend<u32>, key: u32| {
            visited.push(key);
            let mut scope = backend.key(&key)?;
            let found = scope.within(&0_u8).value(counts).get()?;
            assert_eq!(found, Some(key));
            match key % 3 {
                // What it is visited for goes, what it has elsewhere changes, and it gets a namespace more.
                0 => scope.within(&0_u8).value(counts).clear()?,
                1 => scope.within(&0_u8).value(counts).set(&0)?,
                _ => scope.within(&9_u8).value(counts).set(&9)?,
            }
            scope.value(others).set(&key)?;
            // A new key is visited once or not at all.
            let new = key + 1000;
            let mut scope = backend.key(&new)?;
            if new < 2000 {
                scope.within(&0_u8).value(counts).set(&new)?;
            }
            Ok(())
        };
        backend.for_each_key(counts, &0, apply).unwrap();

        let once: BTreeSet<u32> = visited.iter().copied().collect();
        assert_eq!(once.len(), visited.len(), "a key was visited twice");
        let there: Vec<u32> = once.range(..400).copied().collect();
        assert_eq!(there, (0..400).collect::<Vec<_>>());
        for key in 0..400_u32 {
            let mut scope = backend.key(&key).unwrap();
            let count = scope.within(&0_u8).value(counts).get().unwrap();
            assert_eq!(
                count,
                [None, Some(0), Some(key)][usize::try_from(key % 3).unwrap()]
            );
            assert_eq!(scope.value(others).get().unwrap(), Some(key));
        }
        let nines = (0..400).filter(|key| key % 3 == 2);
        let mut found = keys_in(backend, counts, 9);
        found.retain(|key| *key < 400);
        assert_eq!(found, in_order(backend, nines));
    });
}

pub fn a_namespace_is_cleared_for_one_key_or_for_all(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<u32>| {
        let counts = backend.register(COUNTS).unwrap();
        let list = backend.register(LIST).unwrap();
        write(backend, counts, 0..300);
        for key in 0..50_u32 {
            let mut scope = backend.key(&key).unwrap();
            scope.within(&1_u8).list(list).extend(0..70).unwrap();
            scope.within(&2_u8).list(list).push(&1).unwrap();
        }

        let mut one = backend.key(&5_u32).unwrap();
        one.within(&1_u8).value(counts).clear().unwrap();
        assert_eq!(one.within(&0_u8).value(counts).get().unwrap(), Some(5));
        assert_eq!(keys_in(backend, counts, 1).len(), 199);
        assert_eq!(backend.clear_namespace(counts, &1).unwrap(), 199);
        assert_eq!(backend.clear_namespace(list, &1).unwrap(), 50);

        assert!(keys_in(backend, counts, 1).is_empty());
        assert_eq!(keys_in(backend, counts, 0).len(), 300);
        assert_eq!(keys_in(backend, counts, 2).len(), 100);
        assert_eq!(backend.counts(list).unwrap().entries, 50);
        assert_eq!(backend.clear_namespace(counts, &1).unwrap(), 0);
    });
}

pub fn keys_are_visited_on_encoded_keys_as_well(setting: &Setting<'_>) {
    let job = setting.job(16);
    let mut backends = job.open_all::<u32>(2);
    let idle = EventTimers::new("idle");
    for backend in &mut backends {
        backend.register(COUNTS).unwrap();
        backend.register(idle).unwrap();
    }
    for key in 0..40 {
        let backend = owner(&mut backends, &key);
        let counts = backend.register(COUNTS).unwrap();
        write(backend, counts, std::iter::once(key));
    }

    let mut found = Vec::new();
    for backend in &mut backends {
        let counts = COUNTS.declaration();
        let timers = idle.declaration();
        let bytes = backend.bytes();
        let (counts, timers) = (
            bytes.register(counts).unwrap(),
            bytes.register(timers).unwrap(),
        );
        // Keys of four bytes, namespaces of one.
        let visit = |bytes: &mut alluvium::BytesBackend, at: &alluvium::bytes::Address<'_>| {
            found.push(at.key.to_vec());
            bytes.clear(at)?;
            Ok(ControlFlow::Continue(()))
        };
        bytes
            .for_each_entry(counts, &|_| Ok(5), &mut { visit })
            .unwrap();
        let none = |_: &mut alluvium::BytesBackend, _: &alluvium::bytes::Address<'_>| {
            Ok(ControlFlow::Continue(()))
        };
        bytes
            .for_each_entry(counts, &|_| panic!("all were cleared"), &mut { none })
            .unwrap();
        let refused = bytes
            .for_each_entry(timers, &|_| Ok(5), &mut { none })
            .unwrap_err();
        assert_eq!(refused.kind(), alluvium::ErrorKind::Invalid);
    }

    found.sort();
    let pairs = |key: u32| {
        let encode = move |space: u8| [&key.to_be_bytes()[..], &[space]].concat();
        (0..=u8::try_from(key % 3).unwrap()).map(encode)
    };
    assert_eq!(found, (0..40).flat_map(pairs).collect::<Vec<_>>());
}
