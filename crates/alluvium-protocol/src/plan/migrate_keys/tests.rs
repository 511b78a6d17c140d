//! Laws of renamed rows: nothing is lost, and each lies where its key belongs.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::key::{self, Key};
use crate::row::StateId;
use crate::schema::{BYTES, StateKind, ValueSchema};

type Narrow = (Option<Option<u8>>, i32, String);
type Wide = (Option<Option<u16>>, i64, String);
type Window = (u32, Option<Option<bool>>);
type WideWindow = (i64, Option<Option<bool>>);

fn state(id: u16, kind: StateKind) -> StateSchema {
    StateSchema {
        id: StateId::new(id),
        name: format!("s{id}"),
        kind,
        namespace: Window::shape(),
        map_key: None,
        value: ValueSchema {
            codec: BYTES.into(),
            version: 1,
            type_name: String::new(),
            shape: Shape::Bytes,
            type_version: None,
            older: Vec::new(),
        },
        ttl: None,
    }
}

fn schema(key: Shape) -> KeyedSchema {
    KeyedSchema {
        key,
        states: vec![
            state(1, StateKind::Value),
            state(2, StateKind::EventTimers),
            state(3, StateKind::List),
        ],
    }
}

fn groups(count: u32) -> MaxParallelism {
    MaxParallelism::new(count).unwrap()
}

/// A row: its state's number, its key, its namespace, and what follows (or, of a timer, precedes) these.
type Row<K, N> = (u16, K, N, [u8; 8]);

fn name<K: Key, N: Key>((id, of, namespace, more): &Row<K, N>, groups: MaxParallelism) -> Vec<u8> {
    let key = key::encode(of);
    let mut row = Vec::new();
    push_prefix(
        &mut row,
        groups.group_of(KeyHash::of(&key)),
        StateId::new(*id),
    );
    let namespace = key::encode(namespace);
    match *id {
        1 => row.extend([&key[..], &namespace].concat()),
        2 => row.extend([&more[..], &key, &namespace].concat()),
        _ => row.extend([&key[..], &namespace, more].concat()),
    }
    row
}

fn rows() -> impl Strategy<Value = Vec<Row<Narrow, Window>>> {
    let row = (
        1_u16..=3,
        any::<Narrow>(),
        any::<Window>(),
        any::<[u8; 8]>(),
    );
    prop::collection::vec(row, 0..40)
}

fn wide_namespaces() -> BTreeMap<String, Shape> {
    ["s1", "s2"]
        .map(|name| (name.to_owned(), WideWindow::shape()))
        .into()
}

proptest! {
    #[test]
    fn each_row_has_the_name_that_a_program_of_the_new_types_gives_it(
        rows in rows(),
        before in 1_u32..=600,
        after in 1_u32..=600,
    ) {
        let new = NewNames {
            key: Some(Wide::shape()),
            namespaces: wide_namespaces(),
            groups: groups(after),
        };
        let plan = plan_key_migration(&schema(Narrow::shape()), groups(before), &new).unwrap();
        let mut renamed = Vec::new();
        for row in &rows {
            plan.rename(&name(row, groups(before)), &mut renamed).unwrap();

            let (id, (option, number, text), window, more) = row.clone();
            let key: Wide = (option.map(|inner| inner.map(u16::from)), number.into(), text);
            let due = if id == 3 {
                name(&(id, key, window, more), groups(after))
            } else {
                let window: WideWindow = (window.0.into(), window.1);
                name(&(id, key, window, more), groups(after))
            };
            prop_assert_eq!(&renamed, &due);
        }
    }

    #[test]
    fn different_rows_stay_different_and_rows_of_one_key_keep_their_order(
        rows in rows(),
        before in 1_u32..=600,
        after in 1_u32..=600,
    ) {
        let new = NewNames { key: None, namespaces: BTreeMap::new(), groups: groups(after) };
        let plan = plan_key_migration(&schema(Narrow::shape()), groups(before), &new).unwrap();
        let stored: BTreeSet<_> = rows.iter().map(|row| name(row, groups(before))).collect();
        let rename = |row: &Vec<u8>| {
            let mut renamed = Vec::new();
            plan.rename(row, &mut renamed).unwrap();
            renamed
        };
        let renamed: Vec<_> = stored.iter().map(rename).collect();

        prop_assert_eq!(renamed.iter().collect::<BTreeSet<_>>().len(), stored.len());
        // All that follows the key group is as it was, so that what was in order within one stays so.
        for (old, new) in stored.iter().zip(&renamed) {
            prop_assert_eq!(&old[2..], &new[2..]);
            let (group, _, _) = split_prefix(new).unwrap();
            prop_assert!(groups(after).all().contains(group));
        }
    }

    #[test]
    fn bytes_that_are_no_row_are_refused_without_a_panic(
        row in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let new = NewNames { key: Some(Wide::shape()), namespaces: wide_namespaces(), groups: groups(7) };
        let plan = plan_key_migration(&schema(Narrow::shape()), groups(4), &new).unwrap();
        let mut renamed = Vec::new();
        let _refused_or_renamed = plan.rename(&row, &mut renamed);
    }
}

#[test]
fn nested_options_may_become_wider_and_stay_apart() {
    let new = NewNames {
        key: Some(<(Option<Option<u8>>, u64)>::shape()),
        namespaces: BTreeMap::new(),
        groups: groups(1),
    };
    let stored = schema(<(Option<Option<u8>>, u32)>::shape());
    let plan = plan_key_migration(&stored, groups(1), &new).unwrap();
    let renamed = [None, Some(None), Some(Some(0))].map(|option: Option<Option<u8>>| {
        let mut out = Vec::new();
        let row = (1, (option, 5_u32), (0_u32, None), [0; 8]);
        let row: Row<_, Window> = row;
        plan.rename(&name(&row, groups(1)), &mut out).unwrap();
        out
    });

    let distinct: BTreeSet<_> = renamed.iter().collect();
    assert_eq!(distinct.len(), 3);
}

#[test]
fn what_is_no_wider_and_what_is_not_there_is_refused() {
    let plan = |key: Option<Shape>, namespace: Option<(&str, Shape)>| {
        let namespaces = namespace.map(|(name, shape)| (name.to_owned(), shape));
        let new = NewNames {
            key,
            namespaces: namespaces.into_iter().collect(),
            groups: groups(4),
        };
        let planned = plan_key_migration(&schema(Shape::U32), groups(4), &new);
        planned.err().map(|error| error.to_string())
    };

    assert_eq!(plan(Some(Shape::I64), None), None);
    let narrower = plan(Some(Shape::I32), None).unwrap();
    assert!(narrower.contains("keys of type u32"), "{narrower}");
    let namespace = plan(None, Some(("s1", Shape::Str))).unwrap();
    assert!(
        namespace.contains("namespaces of state `s1`"),
        "{namespace}"
    );
    let nobody = plan(None, Some(("s9", Shape::Str))).unwrap();
    assert!(nobody.contains("no state `s9`"), "{nobody}");
}
