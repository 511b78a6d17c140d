//! On encoded keys: what is refused, and that memory stays bounded whatever has expired.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use alluvium::bytes::{Address, StateDeclaration, StateIndex, Update};
use alluvium::environment::Environment;
use alluvium::protocol::key_group::KeyGroup;
use alluvium::protocol::row::RowRange;
use alluvium::protocol::schema::{BYTES, StateKind, ValueSchema};
use alluvium::protocol::shape::Shape;
use alluvium::state::{Expired, Refresh, TimeDomain};
use alluvium::store::memory::MemoryStoreFactory;
use alluvium::{Builder, BytesBackend, ErrorKind, Options, Ttl};
use alluvium_testing::clock::SetClock;
use tempfile::TempDir;

const TTL: Ttl = Ttl::new(Duration::from_millis(100));

struct Opened {
    backend: BytesBackend,
    clock: Arc<SetClock>,
    _directory: TempDir,
}

fn open() -> Opened {
    let directory = tempfile::tempdir().unwrap();
    let clock: Arc<SetClock> = Arc::default();
    let store = Arc::new(MemoryStoreFactory::new());
    let builder = Builder::new("bytes", store, directory.path().join("work"))
        .options(Options::default().memory_budget_bytes(1 << 20))
        .environment(Environment {
            clock: Arc::<SetClock>::clone(&clock),
            ..Environment::system()
        });
    Opened {
        backend: builder.open().unwrap(),
        clock,
        _directory: directory,
    }
}

fn declaration(kind: StateKind, ttl: Option<Ttl>) -> StateDeclaration {
    StateDeclaration {
        name: format!("{kind}"),
        kind,
        namespace: Shape::Unit,
        map_key: (kind == StateKind::Map).then_some(Shape::Opaque),
        value: ValueSchema {
            codec: BYTES.to_owned(),
            version: 1,
            type_name: String::new(),
            shape: Shape::Opaque,
            type_version: None,
            older: Vec::new(),
        },
        ttl,
    }
}

fn at(state: StateIndex) -> Address<'static> {
    Address {
        state,
        group: KeyGroup::new(3),
        key: b"key",
    }
}

#[test]
fn timers_and_no_duration_are_refused() {
    let mut opened = open();

    for (kind, ttl) in [
        (StateKind::EventTimers, TTL),
        (StateKind::ProcessingTimers, TTL),
        (StateKind::Value, Ttl::new(Duration::ZERO)),
    ] {
        let refused = opened.backend.register(declaration(kind, Some(ttl)));
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Invalid, "{kind}");
    }
}

#[test]
fn a_batch_of_values_and_an_update_see_no_stamps() {
    let mut opened = open();
    let state = opened
        .backend
        .register(declaration(StateKind::Value, Some(TTL)))
        .unwrap();
    let add = |old: Option<&[u8]>, new: &mut Vec<u8>| {
        assert!(new.is_empty());
        new.extend_from_slice(old.unwrap_or_default());
        new.push(b'+');
        Ok((Update::Put, old.map(<[u8]>::to_vec)))
    };

    assert_eq!(opened.backend.update(&at(state), add).unwrap(), None);
    assert_eq!(
        opened.backend.update(&at(state), add).unwrap(),
        Some(b"+".to_vec())
    );
    assert_eq!(opened.backend.get(&at(state)).unwrap(), Some(&b"++"[..]));
    let mut rows = Vec::new();
    let mut see = |group: KeyGroup, key: &[u8], value: &[u8]| {
        rows.push((group, key.to_vec(), value.to_vec()));
        Ok(ControlFlow::Continue(()))
    };
    opened.backend.for_each_row(state, &mut see).unwrap();
    assert_eq!(rows, [(KeyGroup::new(3), b"key".to_vec(), b"++".to_vec())]);

    opened.clock.set(100);
    assert_eq!(opened.backend.update(&at(state), add).unwrap(), None);
}

#[test]
fn an_update_that_keeps_what_has_expired_leaves_nothing() {
    let mut opened = open();
    let state = opened
        .backend
        .register(declaration(
            StateKind::Value,
            Some(TTL.expired(Expired::SeenUntilCleaned)),
        ))
        .unwrap();
    opened.backend.put(&at(state), b"value").unwrap();
    opened.clock.set(100);

    let seen = opened
        .backend
        .update(&at(state), |old, _| {
            Ok((Update::Keep, old.map(<[u8]>::to_vec)))
        })
        .unwrap();

    assert_eq!(seen, Some(b"value".to_vec()));
    assert_eq!(opened.backend.get(&at(state)).unwrap(), None);
}

#[test]
fn rows_of_a_list_are_seen_without_stamps_and_without_what_has_expired() {
    let mut opened = open();
    let state = opened
        .backend
        .register(declaration(StateKind::List, Some(TTL)))
        .unwrap();
    opened.backend.append(&at(state), b"old").unwrap();
    opened.clock.set(50);
    opened.backend.append(&at(state), b"new").unwrap();
    opened.clock.set(100);

    let mut rows = Vec::new();
    let mut see = |_, _: &[u8], value: &[u8]| {
        rows.push(value.to_vec());
        Ok(ControlFlow::Continue(()))
    };
    opened.backend.for_each_row(state, &mut see).unwrap();

    assert_eq!(rows, [b"\x03new".to_vec()]);
}

#[test]
fn a_map_of_expired_entries_is_emptied_by_one_scan_within_the_budget() {
    let mut opened = open();
    let state = opened
        .backend
        .register(declaration(StateKind::Map, Some(TTL)))
        .unwrap();
    for key in 0..20_000_u32 {
        let value = if key % 1000 == 0 { b"late" } else { b"soon" };
        opened.clock.set(if key % 1000 == 0 { 50 } else { 0 });
        opened
            .backend
            .map_put(&at(state), &key.to_be_bytes(), value)
            .unwrap();
    }
    opened.clock.set(100);

    let mut seen = 0;
    let mut see = |_: &[u8], value: &[u8]| {
        assert_eq!(value, b"late");
        seen += 1;
        Ok(ControlFlow::Continue(()))
    };
    opened
        .backend
        .map_scan(&at(state), &RowRange::all(), &mut see)
        .unwrap();

    assert_eq!(seen, 20);
    let metrics = opened.backend.metrics();
    assert!(metrics.buffer_bytes <= metrics.buffer_budget_bytes);
    // Back then, everything that the scan met is gone.
    opened.clock.set(0);
    let mut left = 0;
    let mut see = |_: &[u8], _: &[u8]| {
        left += 1;
        Ok(ControlFlow::Continue(()))
    };
    opened
        .backend
        .map_scan(&at(state), &RowRange::all(), &mut see)
        .unwrap();
    assert_eq!(left, 20);
}

#[test]
fn a_long_list_shows_what_is_alive_and_a_short_one_drops_the_rest() {
    for (elements, left) in [(10_000_u32, 20_000), (10, 10)] {
        let mut opened = open();
        let state = opened
            .backend
            .register(declaration(StateKind::List, Some(TTL)))
            .unwrap();
        for time in [0, 50] {
            opened.clock.set(time);
            for element in 0..elements {
                let element = element.to_be_bytes();
                opened.backend.append(&at(state), &element).unwrap();
            }
        }
        let count = |backend: &mut BytesBackend| {
            let mut seen = 0;
            let mut see = |_: &[u8]| {
                seen += 1;
                Ok(ControlFlow::Continue(()))
            };
            backend.for_each_element(&at(state), &mut see).unwrap();
            seen
        };

        opened.clock.set(100);
        assert_eq!(count(&mut opened.backend), elements);
        opened.clock.set(0);
        assert_eq!(count(&mut opened.backend), left);
    }
}

#[test]
fn a_long_list_is_refreshed_by_a_read_within_the_budget() {
    let mut opened = open();
    let ttl = TTL.refresh(Refresh::OnReadAndWrite);
    let state = opened
        .backend
        .register(declaration(StateKind::List, Some(ttl)))
        .unwrap();
    let total = 100_000_u32;
    for element in 0..total {
        opened.clock.set(if element < total / 2 { 0 } else { 60 });
        let element = element.to_be_bytes();
        opened.backend.append(&at(state), &element).unwrap();
    }
    let read = |opened: &mut Opened, millis, from: u32| {
        opened.clock.set(millis);
        let mut expected = from..total;
        let mut see = |element: &[u8]| {
            assert_eq!(expected.next().unwrap().to_be_bytes(), element);
            Ok(ControlFlow::Continue(()))
        };
        opened
            .backend
            .for_each_element(&at(state), &mut see)
            .unwrap();
        assert_eq!(expected.next(), None);
        let metrics = opened.backend.metrics();
        assert!(metrics.buffer_bytes <= metrics.buffer_budget_bytes);
    };

    // From then on all expire at 190, and then at 289.
    read(&mut opened, 90, 0);
    read(&mut opened, 189, 0);
    let keep = &mut |element: &[u8]| Ok(element >= &(total / 2).to_be_bytes()[..]);
    opened.backend.retain_elements(&at(state), keep).unwrap();
    read(&mut opened, 288, total / 2);
    read(&mut opened, 388, total);
    // Back then, what the read met is gone.
    read(&mut opened, 200, total);
}

#[test]
fn what_stays_in_a_list_that_is_thinned_out_lives_no_longer_than_before() {
    for elements in [10_u8, 200] {
        let mut opened = open();
        let state = opened
            .backend
            .register(declaration(StateKind::List, Some(TTL)))
            .unwrap();
        for time in [0, 50] {
            opened.clock.set(time);
            for element in 0..elements {
                let long = [element; 1000];
                opened.backend.append(&at(state), &long).unwrap();
            }
        }
        let mut asked = 0;
        let keep = &mut |element: &[u8]| {
            asked += 1;
            Ok(element[0].is_multiple_of(2))
        };

        opened.clock.set(100);
        opened.backend.retain_elements(&at(state), keep).unwrap();

        assert_eq!(asked, elements);
        for (time, left) in [(0, elements / 2), (149, elements / 2), (150, 0)] {
            opened.clock.set(time);
            let mut seen = 0;
            let mut see = |element: &[u8]| {
                assert_eq!(element[0], 2 * seen);
                seen += 1;
                Ok(ControlFlow::Continue(()))
            };
            opened
                .backend
                .for_each_element(&at(state), &mut see)
                .unwrap();
            assert_eq!(seen, left, "{time}");
        }
    }
}

#[test]
fn a_read_that_refreshes_shortens_no_life() {
    let mut opened = open();
    let declared = |millis| {
        let ttl = Ttl::new(Duration::from_millis(millis))
            .time(TimeDomain::Event)
            .refresh(Refresh::OnReadAndWrite);
        declaration(StateKind::Value, Some(ttl))
    };
    let state = opened.backend.register(declared(200)).unwrap();
    opened.backend.put(&at(state), b"value").unwrap();
    opened.backend.register(declared(100)).unwrap();

    opened.backend.advance_event_time(1000);
    assert!(opened.backend.get(&at(state)).unwrap().is_some());
    opened.backend.advance_event_time(1150);

    let promised_until_1200 = opened.backend.get(&at(state)).unwrap();
    assert_eq!(promised_until_1200, Some(&b"value"[..]));
}
