//! Lists: order, replacing, emptiness, taking out, and what an append is.

use alluvium::{Backend, ListState};

use super::Setting;

const LEGS: ListState<String> = ListState::new("legs");

pub fn a_list_keeps_the_order_of_its_elements(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<u32>| {
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

pub fn an_empty_list_is_the_same_as_none(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<u32>| {
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

pub fn setting_a_list_replaces_it_and_clearing_ends_it(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<u32>| {
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

pub fn elements_are_taken_out_of_a_list_and_the_others_stay_in_order(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<u32>| {
        let legs = backend.register(LEGS).unwrap();
        let all: Vec<_> = (0..50).map(|n| format!("leg {n}")).collect();
        let mut flight = backend.key(&1_u32).unwrap();
        flight.list(legs).extend(&all).unwrap();

        let mut asked = Vec::new();
        let keep = |leg: &String| {
            asked.push(leg.clone());
            !leg.ends_with('3')
        };
        flight.list(legs).retain(keep).unwrap();

        assert_eq!(asked, all);
        let mut expected = all;
        expected.retain(|leg| !leg.ends_with('3'));
        assert_eq!(flight.list(legs).get().unwrap(), expected);
        flight.list(legs).push(&"leg 53".to_owned()).unwrap();
        flight.list(legs).retain(|_| true).unwrap();
        expected.push("leg 53".to_owned());
        assert_eq!(flight.list(legs).get().unwrap(), expected);

        flight.list(legs).retain(|_| false).unwrap();
        assert!(flight.list(legs).is_empty().unwrap());
        assert_eq!(backend.counts(legs).unwrap().entries, 0);
    });
}
