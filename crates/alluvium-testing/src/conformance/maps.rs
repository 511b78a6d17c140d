//! Maps: entries one by one, in the order of their keys, and ranges of them.

use std::ops::{Bound, ControlFlow};

use alluvium::{Backend, ListState, MapState};

use super::Setting;

const LEGS: ListState<String> = ListState::new("legs");
const DELAYS: MapState<i32, String> = MapState::new("delays");

pub fn a_visit_ends_where_the_visitor_breaks(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<u32>| {
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

pub fn a_map_iterates_in_the_order_of_its_keys_negative_ones_first(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<u32>| {
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

pub fn a_range_of_map_keys_has_its_bounds_as_in_a_btree_map(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<u32>| {
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

pub fn map_entries_come_change_and_go_one_by_one(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<u32>| {
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

pub fn entries_that_are_put_together_come_beside_those_that_are_there(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<u32>| {
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

pub fn keys_and_values_of_a_range_are_visited_alone(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<u32>| {
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

pub fn a_range_of_map_keys_is_removed_and_the_rest_stays(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<u32>| {
        let delays = backend.register(DELAYS).unwrap();
        let mut flight = backend.key(&1_u32).unwrap();
        for map_key in -50..50 {
            flight.map(delays).insert(&map_key, &String::new()).unwrap();
        }

        flight.map(delays).remove_range(-3..=3).unwrap();
        flight.map(delays).remove_range(..-40).unwrap();
        #[expect(clippy::reversed_empty_ranges, reason = "removes nothing")]
        flight.map(delays).remove_range(20..10).unwrap();
        flight.map(delays).insert(&0, &"again".to_owned()).unwrap();

        let stays = (-40..-3).chain([0]).chain(4..50);
        assert_eq!(
            flight.map(delays).keys().unwrap(),
            stays.collect::<Vec<_>>()
        );
        flight.map(delays).remove_range(..).unwrap();
        assert!(flight.map(delays).is_empty().unwrap());
    });
}
