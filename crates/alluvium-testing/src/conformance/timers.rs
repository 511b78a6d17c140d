//! Timers: due in order, once, and kept in bounded memory.

use std::ops::ControlFlow;

use alluvium::{Backend, EventTimers, ProcessingTimers, Timer};

use super::Setting;

const EVENTS: EventTimers = EventTimers::new("events");
const CLOCK: ProcessingTimers = ProcessingTimers::new("clock");

/// Takes all timers that are due.
fn all_due(
    backend: &mut Backend<String>,
    timers: alluvium::state::Timers,
    up_to: i64,
) -> Vec<(i64, String)> {
    let next = || backend.due(timers, up_to).unwrap();
    std::iter::from_fn(next)
        .map(|Timer { time, key, .. }| (time, key))
        .collect()
}

pub fn timers_are_due_in_the_order_of_time_whatever_their_keys(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<String>| {
        let events = backend.register(EVENTS).unwrap();
        for (time, key) in [(30, "a"), (-10, "b"), (20, "c"), (10, "a"), (40, "d")] {
            backend
                .key(key)
                .unwrap()
                .timers(events)
                .register(time)
                .unwrap();
        }

        let due = all_due(backend, events, 30);

        let expected = [(-10, "b"), (10, "a"), (20, "c"), (30, "a")];
        assert_eq!(due, expected.map(|(time, key)| (time, key.to_owned())));
        assert_eq!(all_due(backend, events, i64::MAX), [(40, "d".to_owned())]);
        assert_eq!(all_due(backend, events, i64::MAX), []);
    });
}

pub fn there_is_one_timer_for_a_time_and_key_and_it_can_be_taken_back(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<String>| {
        let events = backend.register(EVENTS).unwrap();
        let mut alice = backend.key("alice").unwrap();
        for time in [5, 5, 7, 9, 5] {
            alice.timers(events).register(time).unwrap();
        }
        alice.timers(events).deregister(7).unwrap();
        alice.timers(events).deregister(8).unwrap();

        let due = all_due(backend, events, 100);

        assert_eq!(due, [(5, "alice".to_owned()), (9, "alice".to_owned())]);
    });
}

pub fn a_timer_registered_while_others_fire_is_found(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<String>| {
        let events = backend.register(EVENTS).unwrap();
        backend
            .key("a")
            .unwrap()
            .timers(events)
            .register(1)
            .unwrap();

        let mut fired = Vec::new();
        while let Some(timer) = backend.due(events, 4).unwrap() {
            fired.push(timer.time);
            let mut scope = backend.key(&timer.key).unwrap();
            scope.timers(events).register(timer.time + 1).unwrap();
        }

        assert_eq!(fired, [1, 2, 3, 4]);
        assert_eq!(all_due(backend, events, 5), [(5, "a".to_owned())]);
    });
}

pub fn timers_carry_their_namespace_and_kinds_are_apart(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<String>| {
        let events = backend.register(EVENTS.namespaced::<(i64, i64)>()).unwrap();
        let clock = backend.register(CLOCK).unwrap();
        let mut alice = backend.key("alice").unwrap();
        alice
            .within(&(0_i64, 10_i64))
            .timers(events)
            .register(10)
            .unwrap();
        alice
            .within(&(5_i64, 15_i64))
            .timers(events)
            .register(10)
            .unwrap();
        alice.timers(clock).register(3).unwrap();

        let next = || backend.due(events, 10).unwrap();
        let windows: Vec<_> = std::iter::from_fn(next)
            .map(|timer| timer.namespace)
            .collect();

        assert_eq!(windows, [(0, 10), (5, 15)]);
        assert_eq!(all_due(backend, clock, 10), [(3, "alice".to_owned())]);
    });
}

pub fn many_timers_of_one_key_group_are_all_due_once_and_in_order(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<String>| {
        let events = backend.register(EVENTS).unwrap();
        let mut alice = backend.key("alice").unwrap();
        // A step that visits every time once, in no order.
        for n in 0..1_000 {
            alice.timers(events).register((n * 617) % 1_000).unwrap();
        }

        let due: Vec<_> = all_due(backend, events, 999)
            .into_iter()
            .map(|(time, _)| time)
            .collect();

        assert_eq!(due, (0..1_000).collect::<Vec<_>>());
    });
}

pub fn later_timers_are_due_when_all_earlier_ones_were_taken_back(setting: &Setting<'_>) {
    // More than are kept in memory for a key group.
    const TIMERS: i64 = 300;
    setting.tell(|backend: &mut Backend<String>| {
        let events = backend.register(EVENTS).unwrap();
        let change = |backend: &mut Backend<String>, time, register| {
            let mut alice = backend.key("alice").unwrap();
            let mut timers = alice.timers(events);
            if register {
                timers.register(time).unwrap();
            } else {
                timers.deregister(time).unwrap();
            }
        };
        (0..TIMERS).for_each(|time| change(backend, time, true));
        assert_eq!(all_due(backend, events, 0).len(), 1);

        (1..TIMERS - 1).for_each(|time| change(backend, time, false));

        let due = all_due(backend, events, i64::MAX);
        assert_eq!(due, [(TIMERS - 1, "alice".to_owned())]);
    });
}

pub fn the_first_time_is_told_as_timers_come_and_go(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<String>| {
        let events = backend.register(EVENTS).unwrap();
        assert_eq!(backend.first_timer(events).unwrap(), None);
        for (key, time) in [("a", 30), ("b", 10), ("c", 20), ("b", 40)] {
            backend
                .key(key)
                .unwrap()
                .timers(events)
                .register(time)
                .unwrap();
        }

        assert_eq!(backend.first_timer(events).unwrap(), Some(10));
        backend
            .key("b")
            .unwrap()
            .timers(events)
            .deregister(10)
            .unwrap();
        assert_eq!(backend.first_timer(events).unwrap(), Some(20));
        backend
            .key("d")
            .unwrap()
            .timers(events)
            .register(-5)
            .unwrap();
        assert_eq!(backend.first_timer(events).unwrap(), Some(-5));
        assert_eq!(all_due(backend, events, 30).len(), 3);

        assert_eq!(backend.first_timer(events).unwrap(), Some(40));
    });
}

pub fn timers_of_a_key_group_are_visited_in_order_and_stay(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<String>| {
        let events = backend.register(EVENTS.namespaced::<u8>()).unwrap();
        let mut expected = Vec::new();
        for n in 0..500_u32 {
            let (key, time) = (format!("key {n}"), i64::from((n * 37) % 500));
            let mut scope = backend.key(&key).unwrap();
            let group = scope.group();
            scope.within(&1_u8).timers(events).register(time).unwrap();
            expected.push((group, time, key));
        }
        expected.sort();

        let mut found = Vec::new();
        for group in backend.range().iter() {
            let visit = |timer: Timer<String, u8>| {
                found.push((group, timer.time, timer.key));
                Ok(ControlFlow::Continue(()))
            };
            backend.for_each_timer(events, group, visit).unwrap();
        }

        assert_eq!(found, expected);
        let next = || backend.due(events, i64::MAX).unwrap();
        assert_eq!(std::iter::from_fn(next).count(), 500);
    });
}

pub fn whether_a_timer_is_registered_is_known(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<String>| {
        let events = backend.register(EVENTS).unwrap();
        let mut alice = backend.key("alice").unwrap();

        alice.timers(events).register(5).unwrap();
        alice.timers(events).register(6).unwrap();
        alice.timers(events).deregister(6).unwrap();

        assert!(alice.timers(events).is_registered(5).unwrap());
        assert!(!alice.timers(events).is_registered(6).unwrap());
        assert_eq!(all_due(backend, events, 5).len(), 1);
        let mut alice = backend.key("alice").unwrap();
        assert!(!alice.timers(events).is_registered(5).unwrap());
    });
}

pub fn many_timers_are_registered_and_fire_within_the_budget(setting: &Setting<'_>) {
    // What the buffer may have beside its budget: a map that was read whole.
    const SLACK_BYTES: usize = 64 << 10;
    let budget_bytes = setting.memory_budget_bytes.min(1 << 20);
    let number = i64::try_from(budget_bytes / 16).unwrap();
    let setting = Setting {
        memory_budget_bytes: budget_bytes,
        ..*setting
    };
    setting.tell(|backend: &mut Backend<String>| {
        let events = backend.register(EVENTS).unwrap();
        let within = |backend: &Backend<String>| {
            let bytes = backend.metrics().buffer_bytes;
            assert!(bytes <= budget_bytes + SLACK_BYTES, "{bytes} bytes");
        };
        for n in 0..number {
            let time = (n * 7919) % number;
            let key = format!("key {}", n % 10);
            backend
                .key(&key)
                .unwrap()
                .timers(events)
                .register(time)
                .unwrap();
            if n % 1_000 == 0 {
                within(backend);
            }
        }

        let (mut fired, mut last) = (0, i64::MIN);
        while let Some(timer) = backend.due(events, i64::MAX).unwrap() {
            assert!(last <= timer.time);
            last = timer.time;
            fired += 1;
            if fired % 1_000 == 0 {
                within(backend);
            }
        }

        assert_eq!(fired, number);
        within(backend);
    });
}
