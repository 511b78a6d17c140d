//! Values: present or absent, apart by key and namespace, and what stands for a default.

use alluvium::{Backend, ValueState};

use super::Setting;

const VISITS: ValueState<u64> = ValueState::new("visits");
const WINDOWED: ValueState<u64, (i64, i64)> =
    ValueState::<u64>::new("windowed").namespaced::<(i64, i64)>();

pub fn a_value_is_absent_until_it_is_set_and_after_it_is_cleared(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<String>| {
        let visits = backend.register(VISITS).unwrap();
        let mut alice = backend.key("alice").unwrap();

        assert_eq!(alice.value(visits).get().unwrap(), None);
        alice.value(visits).set(&1).unwrap();
        assert_eq!(alice.value(visits).get().unwrap(), Some(1));
        assert_eq!(
            alice
                .value(visits)
                .update(|seen| seen.unwrap_or(0) + 1)
                .unwrap(),
            2
        );
        alice.value(visits).clear().unwrap();

        assert_eq!(alice.value(visits).get().unwrap(), None);
    });
}

pub fn an_update_may_clear_or_leave_absent(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<String>| {
        let visits = backend.register(VISITS).unwrap();
        let mut alice = backend.key("alice").unwrap();
        let less_one = |seen: Option<u64>| seen?.checked_sub(1);

        assert_eq!(alice.value(visits).update_or_clear(less_one).unwrap(), None);
        alice.value(visits).set(&1).unwrap();
        assert_eq!(
            alice.value(visits).update_or_clear(less_one).unwrap(),
            Some(0)
        );
        assert_eq!(alice.value(visits).update_or_clear(less_one).unwrap(), None);

        assert_eq!(alice.value(visits).get().unwrap(), None);
    });
}

pub fn keys_and_namespaces_do_not_see_each_other(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<String>| {
        let visits = backend.register(VISITS).unwrap();
        let windowed = backend.register(WINDOWED).unwrap();
        for (n, key) in (1..).zip(["", "a", "a\0", "ab"]) {
            let mut scope = backend.key(key).unwrap();
            scope.value(visits).set(&n).unwrap();
            scope
                .within(&(0_i64, 10_i64))
                .value(windowed)
                .set(&(10 * n))
                .unwrap();
            scope
                .within(&(10_i64, 20_i64))
                .value(windowed)
                .set(&(20 * n))
                .unwrap();
        }

        for (n, key) in (1..).zip(["", "a", "a\0", "ab"]) {
            let mut scope = backend.key(key).unwrap();
            assert_eq!(
                scope
                    .within(&(10_i64, 20_i64))
                    .value(windowed)
                    .get()
                    .unwrap(),
                Some(20 * n)
            );
            // The outer scope is whole again after an inner one.
            assert_eq!(scope.value(visits).get().unwrap(), Some(n));
            assert_eq!(
                scope
                    .within(&(0_i64, 10_i64))
                    .value(windowed)
                    .get()
                    .unwrap(),
                Some(10 * n)
            );
            assert_eq!(
                scope
                    .within(&(0_i64, 20_i64))
                    .value(windowed)
                    .get()
                    .unwrap(),
                None
            );
        }
    });
}

pub fn entries_visits_every_key_and_namespace_with_its_value(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<String>| {
        let windowed = backend.register(WINDOWED).unwrap();
        let mut expected = Vec::new();
        for n in 0..20_u32 {
            let (key, window) = (format!("key {n}"), (i64::from(n), i64::from(n) + 1));
            let mut scope = backend.key(&key).unwrap();
            scope
                .within(&window)
                .value(windowed)
                .set(&u64::from(n))
                .unwrap();
            expected.push((key, window, u64::from(n)));
        }
        expected.sort();

        let mut found = Vec::new();
        let visit = |key, window, value| {
            found.push((key, window, value));
            Ok(())
        };
        backend.entries(windowed, visit).unwrap();

        found.sort();
        assert_eq!(found, expected);
    });
}

pub fn what_stands_for_a_default_is_made_anew_for_each_read_and_not_stored(setting: &Setting<'_>) {
    const TAGS: ValueState<Vec<u32>> = ValueState::new("tags");
    setting.tell(|backend: &mut Backend<String>| {
        let tags = backend.register(TAGS).unwrap();
        let mut alice = backend.key("alice").unwrap();
        let default = || vec![1, 2];

        let mut one = alice.value(tags).get().unwrap().unwrap_or_else(default);
        one.push(3);
        assert_eq!(one, [1, 2, 3]);
        let other = alice.value(tags).get().unwrap().unwrap_or_else(default);

        assert_eq!(other, [1, 2]);
        assert_eq!(alice.value(tags).get().unwrap(), None);
    });
}

pub fn states_of_one_key_do_not_see_each_other(setting: &Setting<'_>) {
    const SPARE: ValueState<u64> = ValueState::new("spare");
    setting.tell(|backend: &mut Backend<String>| {
        let visits = backend.register(VISITS).unwrap();
        let spare = backend.register(SPARE).unwrap();
        let mut alice = backend.key("alice").unwrap();

        alice.value(visits).set(&1).unwrap();
        assert_eq!(alice.value(spare).get().unwrap(), None);
        alice.value(spare).set(&2).unwrap();
        alice.value(visits).clear().unwrap();

        assert_eq!(alice.value(visits).get().unwrap(), None);
        assert_eq!(alice.value(spare).get().unwrap(), Some(2));
    });
}
