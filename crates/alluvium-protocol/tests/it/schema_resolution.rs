//! Whether a program can go on with stored state: as it is, after a migration, or not at all.

use std::time::Duration;

use alluvium_protocol::ErrorKind;
use alluvium_protocol::row::StateId;
use alluvium_protocol::schema::{
    BYTES, KeyedSchema, MSGPACK_NAMED, POSTCARD, Resolution, StateKind, StateSchema, merge,
    resolve, resolve_key,
};
use alluvium_protocol::shape::Shape;
use alluvium_protocol::ttl::Ttl;

use crate::flights::{self, structure};
use crate::samples::keyed_schema;

fn choice(variants: &[(u32, &str)]) -> Shape {
    let variants = variants
        .iter()
        .map(|(number, name)| (*number, (*name).to_owned(), Shape::Unit))
        .collect();
    Shape::Enum {
        name: "Phase".to_owned(),
        variants,
    }
}

fn state(codec: &str, shape: Shape) -> StateSchema {
    flights::state(codec, &[(None, shape)])
}

fn named(stored: Shape, declared: Shape) -> Resolution {
    resolve(
        &state(MSGPACK_NAMED, stored),
        &state(MSGPACK_NAMED, declared),
    )
}

#[track_caller]
fn migrates(resolution: &Resolution, text: &str) {
    assert_eq!(
        *resolution,
        Resolution::AfterMigration(format!("state `latest`: {text}"))
    );
}

/// The text must name the state, the difference and the remedy.
#[track_caller]
fn incompatible(resolution: &Resolution, difference: &str) {
    let Resolution::Incompatible(text) = resolution else {
        panic!("{resolution:?}")
    };
    assert!(text.starts_with("state `latest`: "), "{text}");
    assert!(text.contains(difference), "{text}");
    assert!(
        text.contains("or give the new state another name"),
        "{text}"
    );
}

#[test]
fn the_same_schema_is_read_as_it_is() {
    let stored = state(POSTCARD, structure(&[("tail", Shape::Str)]));
    let renumbered = StateSchema {
        id: StateId::new(7),
        ..stored.clone()
    };

    assert_eq!(resolve(&stored, &stored), Resolution::AsIs);
    assert_eq!(resolve(&stored, &renumbered), Resolution::AsIs);
}

#[test]
fn positional_values_of_another_shape_are_refused() {
    let stored = structure(&[("tail", Shape::Str), ("delay", Shape::I32)]);
    let others = [
        structure(&[("delay", Shape::I32), ("tail", Shape::Str)]),
        structure(&[("tail", Shape::Str)]),
        structure(&[("tail", Shape::Str), ("late", Shape::I32)]),
        Shape::Str,
    ];

    for other in others {
        let resolution = resolve(&state(POSTCARD, stored.clone()), &state(POSTCARD, other));
        incompatible(&resolution, "postcard stores values without field names");
    }
    let wider = structure(&[("tail", Shape::Str), ("delay", Shape::I64)]);
    let resolution = resolve(&state(POSTCARD, stored), &state(POSTCARD, wider));
    incompatible(&resolution, "`delay`");
    incompatible(&resolution, "i32");
    incompatible(&resolution, "i64");
}

#[test]
fn named_fields_may_come_go_and_move() {
    let stored = structure(&[("tail", Shape::Str), ("delay", Shape::I32)]);
    let moved = structure(&[("delay", Shape::I32), ("tail", Shape::Str)]);
    let fewer = structure(&[("tail", Shape::Str)]);
    let more = structure(&[
        ("tail", Shape::Str),
        ("gate", Shape::Str),
        ("delay", Shape::I32),
    ]);

    migrates(&named(stored.clone(), moved), "fields are reordered");
    migrates(&named(stored.clone(), fewer), "field `delay` is dropped");
    migrates(
        &named(stored, more),
        "field `gate` is new, and needs a default for stored values",
    );
}

#[test]
fn named_numbers_may_become_wider_and_not_narrower() {
    let of = |shape| structure(&[("legs", Shape::seq(structure(&[("delay", shape)])))]);
    let wider = [
        (Shape::I32, Shape::I64, "i32 becomes i64"),
        (Shape::U8, Shape::U16, "u8 becomes u16"),
        (Shape::U32, Shape::I64, "u32 becomes i64"),
        (Shape::F32, Shape::F64, "f32 becomes f64"),
    ];
    for (stored, declared, text) in wider {
        migrates(
            &named(of(stored), of(declared)),
            &format!("`legs.delay`: {text}"),
        );
    }

    let other = [
        (Shape::I64, Shape::I32),
        (Shape::I32, Shape::U64),
        (Shape::U32, Shape::I32),
        (Shape::U64, Shape::U128),
        (Shape::F64, Shape::F32),
        (Shape::I32, Shape::F64),
        (Shape::option(Shape::I32), Shape::I32),
        (Shape::Unit, Shape::option(Shape::Unit)),
        (Shape::Str, Shape::Bytes),
    ];
    for (stored, declared) in other {
        let text = format!("`legs.delay`: {stored} was stored, {declared} is declared");
        incompatible(&named(of(stored), of(declared)), &text);
    }
}

#[test]
fn named_variants_may_be_added_and_not_taken_away() {
    let stored = choice(&[(0, "Boarding"), (1, "Flying")]);

    let more = choice(&[(0, "Boarding"), (1, "Taxiing"), (2, "Flying")]);
    migrates(
        &named(stored.clone(), more),
        "variant `Flying` is renumbered; variant `Taxiing` is new",
    );
    let fewer = choice(&[(0, "Boarding")]);
    incompatible(
        &named(stored, fewer),
        "variant `Flying` was stored, and is not declared",
    );
}

#[test]
fn a_renamed_type_with_the_same_named_fields_is_the_same() {
    let renamed = Shape::Struct {
        name: "Leg".to_owned(),
        fields: vec![("a".to_owned(), Shape::U8)],
    };

    assert_eq!(
        named(structure(&[("a", Shape::U8)]), renamed),
        Resolution::AsIs
    );
}

#[test]
fn bytes_and_codecs_of_the_user_are_taken_at_their_word() {
    for codec in [BYTES, "avro"] {
        let (stored, declared) = (state(codec, Shape::Opaque), state(codec, Shape::Bytes));
        assert_eq!(resolve(&stored, &declared), Resolution::AsIs);
    }
}

#[test]
fn another_codec_or_version_is_refused() {
    let stored = state(POSTCARD, Shape::U8);
    let mut newer = state("avro", Shape::U8);
    newer.value.version = 2;

    let resolution = resolve(&stored, &state(MSGPACK_NAMED, Shape::U8));
    incompatible(
        &resolution,
        "postcard wrote the stored values, msgpack-named is declared",
    );
    let resolution = resolve(&state("avro", Shape::U8), &newer);
    incompatible(
        &resolution,
        "version 1 of avro wrote the stored values, version 2 is declared",
    );
}

#[test]
fn another_kind_namespace_or_map_key_is_refused() {
    let stored = state(BYTES, Shape::Bytes);
    let list = StateSchema {
        kind: StateKind::List,
        ..stored.clone()
    };
    let windowed = StateSchema {
        namespace: Shape::I64,
        ..stored.clone()
    };
    let map = |key| StateSchema {
        kind: StateKind::Map,
        map_key: Some(key),
        ..stored.clone()
    };

    incompatible(
        &resolve(&stored, &list),
        "a value state was stored, a list state is declared",
    );
    incompatible(&resolve(&stored, &windowed), "namespace: ");
    incompatible(&resolve(&map(Shape::U8), &map(Shape::Str)), "map key: ");
}

#[test]
fn timers_have_no_values_that_could_differ() {
    let stored = StateSchema {
        kind: StateKind::EventTimers,
        ..state(BYTES, Shape::Unit)
    };
    let declared = StateSchema {
        kind: StateKind::EventTimers,
        ..state(POSTCARD, Shape::Bytes)
    };

    assert_eq!(resolve(&stored, &declared), Resolution::AsIs);
}

#[test]
fn another_key_is_refused_with_its_remedy() {
    assert_eq!(resolve_key(&Shape::Str, &Shape::Str), Resolution::AsIs);

    let Resolution::Incompatible(text) = resolve_key(&Shape::Str, &Shape::U64) else {
        panic!()
    };
    assert!(text.starts_with("the stream's key: ") && text.contains("declare the stored key type"));
}

/// The schema of a subtask that knows these of the sample's states.
fn knowing(states: &[usize]) -> KeyedSchema {
    let all = keyed_schema();
    KeyedSchema {
        states: states.iter().map(|at| all.states[*at].clone()).collect(),
        ..all
    }
}

#[test]
fn subtasks_that_know_different_states_are_merged() {
    let merged = merge(&[&knowing(&[1]), &knowing(&[]), &knowing(&[1, 0])]).unwrap();

    assert_eq!(merged, knowing(&[0, 1]));
}

#[track_caller]
fn not_merged(other: &KeyedSchema, text: &str) {
    let error = merge(&[&keyed_schema(), other]).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Incompatible, "{error}");
    assert!(error.to_string().contains(text), "{error}");
}

#[test]
fn subtasks_that_disagree_are_not_merged() {
    let changed = |change: fn(&mut KeyedSchema)| {
        let mut schema = keyed_schema();
        change(&mut schema);
        schema
    };

    not_merged(
        &changed(|schema| schema.key = Shape::U8),
        "differ in the key",
    );
    not_merged(
        &changed(|schema| schema.states[0].id = StateId::new(5)),
        "state `latest` has number 0 in one manifest and 5 in another",
    );
    not_merged(
        &changed(|schema| schema.states[0].name = "newest".to_owned()),
        "state number 0 is `latest` in one manifest and `newest` in another",
    );
    not_merged(
        &changed(|schema| schema.states[0].kind = StateKind::List),
        "a list state",
    );
    not_merged(
        &changed(|schema| schema.states[0].value.version = 2),
        "postcard version 2",
    );
    not_merged(
        &changed(|schema| schema.states[0].value.shape = Shape::U8),
        "differ in the value",
    );
    not_merged(
        &changed(|schema| schema.states[1].map_key = Some(Shape::U16)),
        "the map key",
    );
    not_merged(
        &changed(|schema| schema.states[1].ttl = Some(Ttl::new(Duration::from_secs(1)))),
        "no TTL in one manifest and a TTL by processing time in another",
    );
}

#[test]
fn subtasks_may_disagree_about_how_long_values_live() {
    let lives = |seconds| {
        let mut schema = keyed_schema();
        schema.states[0].ttl = Some(Ttl::new(Duration::from_secs(seconds)));
        schema
    };

    assert_eq!(merge(&[&lives(1), &lives(2)]).unwrap(), lives(1));
}

#[test]
fn type_names_are_for_people_and_may_differ() {
    let mut other = keyed_schema();
    other.states[0].value.type_name = "renamed::Flight".to_owned();

    assert_eq!(merge(&[&keyed_schema(), &other]).unwrap(), keyed_schema());
}

#[test]
fn nothing_cannot_be_merged() {
    assert_eq!(merge(&[]).unwrap_err().kind(), ErrorKind::Invalid);
}
