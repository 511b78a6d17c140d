//! Lists and maps.

use std::ops::{Bound, ControlFlow};

use alluvium::{Backend, ListState, MapState};

use super::with_any_budget;

const LEGS: ListState<String> = ListState::new("legs");
const DELAYS: MapState<i32, String> = MapState::new("delays");

#[test]
fn a_list_keeps_the_order_of_its_elements() {
    with_any_budget(|backend: &mut Backend<u32>| {
        let legs = backend.register(LEGS).unwrap();
        let expected: Vec<_> = (0..50).map(|n| format!("leg {n}")).collect();
        let mut flight = backend.key(&1_u32).unwrap();

        for leg in &expected[..20] {
            flight.list(legs).push(leg).unwrap();
        }
        flight.list(legs).extend(&expected[20..]).unwrap();

        assert_eq!(flight.list(legs).get().unwrap(), expected);
        assert!(!flight.list(legs).is_empty().unwrap());
    });
}

#[test]
fn an_empty_list_is_the_same_as_none() {
    with_any_budget(|backend: &mut Backend<u32>| {
        let legs = backend.register(LEGS).unwrap();
        let mut flight = backend.key(&1_u32).unwrap();
        let none: [String; 0] = [];

        flight.list(legs).extend(&none).unwrap();
        assert!(flight.list(legs).is_empty().unwrap());
        flight
            .list(legs)
            .set(["a".to_owned(), "b".to_owned()])
            .unwrap();
        flight.list(legs).extend(&none).unwrap();
        assert_eq!(flight.list(legs).get().unwrap(), ["a", "b"]);
        flight.list(legs).set(&none).unwrap();

        assert!(flight.list(legs).is_empty().unwrap());
        assert!(flight.list(legs).get().unwrap().is_empty());
    });
}

#[test]
fn setting_a_list_replaces_it_and_clearing_ends_it() {
    with_any_budget(|backend: &mut Backend<u32>| {
        let legs = backend.register(LEGS).unwrap();
        let mut flight = backend.key(&1_u32).unwrap();

        flight.list(legs).push(&"old".to_owned()).unwrap();
        flight.list(legs).set(["new".to_owned()]).unwrap();
        flight.list(legs).push(&"newer".to_owned()).unwrap();
        assert_eq!(flight.list(legs).get().unwrap(), ["new", "newer"]);
        flight.list(legs).clear().unwrap();
        flight.list(legs).push(&"last".to_owned()).unwrap();

        assert_eq!(flight.list(legs).get().unwrap(), ["last"]);
    });
}

#[test]
fn a_visit_ends_where_the_visitor_breaks() {
    with_any_budget(|backend: &mut Backend<u32>| {
        let legs = backend.register(LEGS).unwrap();
        let delays = backend.register(DELAYS).unwrap();
        let mut flight = backend.key(&1_u32).unwrap();
        for n in 0..30 {
            flight.list(legs).push(&n.to_string()).unwrap();
            flight.map(delays).insert(&n, &n.to_string()).unwrap();
        }
        let (mut elements, mut entries) = (0, 0);
        let until = |visited: &mut u32| {
            *visited += 1;
            if *visited == 3 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };

        flight
            .list(legs)
            .try_for_each(|_| Ok(until(&mut elements)))
            .unwrap();
        flight
            .map(delays)
            .try_for_each(.., |_, _| Ok(until(&mut entries)))
            .unwrap();

        assert_eq!((elements, entries), (3, 3));
    });
}

#[test]
fn a_map_iterates_in_the_order_of_its_keys_negative_ones_first() {
    with_any_budget(|backend: &mut Backend<u32>| {
        let delays = backend.register(DELAYS).unwrap();
        let mut flight = backend.key(&1_u32).unwrap();
        for map_key in [2, -5, 0, i32::MAX, 3, -1, i32::MIN] {
            flight
                .map(delays)
                .insert(&map_key, &map_key.to_string())
                .unwrap();
        }

        let found = flight.map(delays).entries().unwrap();

        let ordered = [i32::MIN, -5, -1, 0, 2, 3, i32::MAX];
        assert_eq!(found, ordered.map(|map_key| (map_key, map_key.to_string())));
    });
}

#[test]
fn a_range_of_map_keys_has_its_bounds_as_in_a_btree_map() {
    with_any_budget(|backend: &mut Backend<u32>| {
        let delays = backend.register(DELAYS).unwrap();
        let mut flight = backend.key(&1_u32).unwrap();
        for map_key in -3..=3 {
            flight.map(delays).insert(&map_key, &String::new()).unwrap();
        }
        let mut in_range = |range: (Bound<i32>, Bound<i32>)| {
            let mut found = Vec::new();
            flight
                .map(delays)
                .for_each(range, |map_key, _| found.push(map_key))
                .unwrap();
            found
        };
        use Bound::{Excluded, Included, Unbounded};

        assert_eq!(in_range((Included(-1), Excluded(2))), [-1, 0, 1]);
        assert_eq!(in_range((Excluded(-1), Included(2))), [0, 1, 2]);
        assert_eq!(in_range((Unbounded, Excluded(-2))), [-3]);
        assert_eq!(in_range((Included(3), Unbounded)), [3]);
        assert!(in_range((Included(2), Excluded(1))).is_empty());
        assert!(in_range((Excluded(1), Excluded(1))).is_empty());
    });
}

#[test]
fn map_entries_come_change_and_go_one_by_one() {
    with_any_budget(|backend: &mut Backend<u32>| {
        let delays = backend.register(DELAYS).unwrap();
        let mut flight = backend.key(&1_u32).unwrap();

        assert!(flight.map(delays).is_empty().unwrap());
        flight.map(delays).insert(&1, &"a".to_owned()).unwrap();
        flight.map(delays).insert(&2, &String::new()).unwrap();
        let new = flight
            .map(delays)
            .update(&1, |old| old.unwrap_or_default() + "b")
            .unwrap();
        assert_eq!(new, "ab");
        assert_eq!(flight.map(delays).get(&1).unwrap().as_deref(), Some("ab"));
        assert!(flight.map(delays).contains(&2).unwrap());
        assert!(!flight.map(delays).contains(&3).unwrap());
        flight.map(delays).remove(&1).unwrap();
        flight.map(delays).remove(&3).unwrap();
        assert_eq!(flight.map(delays).entries().unwrap(), [(2, String::new())]);
        flight.map(delays).clear().unwrap();

        assert!(flight.map(delays).is_empty().unwrap());
        assert_eq!(flight.map(delays).get(&2).unwrap(), None);
    });
}

#[test]
fn entries_that_are_put_together_come_beside_those_that_are_there() {
    with_any_budget(|backend: &mut Backend<u32>| {
        let delays = backend.register(DELAYS).unwrap();
        let mut flight = backend.key(&1_u32).unwrap();
        let text = |text: &str| text.to_owned();
        flight.map(delays).insert(&3, &text("old")).unwrap();
        flight.map(delays).insert(&7, &text("stays")).unwrap();

        let put = [(3, text("new")), (-1, text("first")), (3, text("newest"))];
        let entries = put.iter().map(|(map_key, value)| (map_key, value));
        flight.map(delays).extend(entries).unwrap();
        flight.map(delays).extend::<i32>([]).unwrap();

        assert_eq!(flight.map(delays).keys().unwrap(), [-1, 3, 7]);
        let values = flight.map(delays).values().unwrap();
        assert_eq!(values, ["first", "newest", "stays"]);
    });
}

#[test]
fn keys_and_values_of_a_range_are_visited_alone() {
    with_any_budget(|backend: &mut Backend<u32>| {
        let delays = backend.register(DELAYS).unwrap();
        let mut flight = backend.key(&1_u32).unwrap();
        for map_key in -3..=3 {
            let value = map_key.to_string();
            flight.map(delays).insert(&map_key, &value).unwrap();
        }
        let (mut keys, mut values) = (Vec::new(), Vec::new());

        let mut map = flight.map(delays);
        map.for_each_key(-1..2, |map_key| keys.push(map_key))
            .unwrap();
        map.for_each_value(2.., |value| values.push(value)).unwrap();

        assert_eq!(keys, [-1, 0, 1]);
        assert_eq!(values, ["2", "3"]);
    });
}
