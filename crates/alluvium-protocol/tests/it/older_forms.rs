//! States whose values have several forms: a declaration must be able to read all of them.

mod merged;
mod migrations;

use std::slice::from_ref;

use alluvium_protocol::schema::{
    BYTES, KeyedSchema, MSGPACK_NAMED, Migration, OLDER_MAX, POSTCARD, Resolution, StateKind,
    StateSchema, merge, plan_migration, resolve,
};
use alluvium_protocol::shape::Shape;

use crate::flights::{state, structure};

/// A state of values that tell their versions; the last is the present one.
fn versions(forms: &[(u32, Shape)]) -> StateSchema {
    let forms: Vec<_> = forms
        .iter()
        .map(|(version, shape)| (Some(*version), shape.clone()))
        .collect();
    state(POSTCARD, &forms)
}

/// A state of named values that do not tell.
fn named(shapes: &[Shape]) -> StateSchema {
    let forms: Vec<_> = shapes.iter().map(|shape| (None, shape.clone())).collect();
    state(MSGPACK_NAMED, &forms)
}

fn keyed(state: StateSchema) -> KeyedSchema {
    KeyedSchema {
        key: Shape::Str,
        states: vec![state],
    }
}

/// What is recorded after a declaration was accepted.
fn declare(stored: &StateSchema, declared: &StateSchema) -> StateSchema {
    assert!(
        matches!(resolve(stored, declared), Resolution::AfterMigration(_)),
        "{:?}",
        resolve(stored, declared)
    );
    StateSchema {
        value: stored.value.succeeded_by(&declared.value),
        ..declared.clone()
    }
}

#[track_caller]
fn refused(resolution: &Resolution, parts: &[&str]) {
    let Resolution::Incompatible(text) = resolution else {
        panic!("{resolution:?}")
    };
    assert!(text.starts_with("state `latest`: "), "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

#[test]
fn an_older_version_in_the_chain_is_read_after_migration() {
    let stored = versions(&[(1, Shape::U8)]);
    let declared = versions(&[(1, Shape::U8), (2, Shape::Str)]);

    assert_eq!(
        resolve(&stored, &declared),
        Resolution::AfterMigration("state `latest`: version 1 becomes 2".to_owned())
    );
    let recorded = declare(&stored, &declared);
    assert_eq!(recorded, declared);
    assert_eq!(resolve(&recorded, &declared), Resolution::AsIs);
}

#[test]
fn only_versions_that_were_stored_are_recorded_and_needed() {
    let declared = versions(&[(1, Shape::U8), (2, Shape::Str), (3, Shape::Bool)]);

    let recorded = declare(&versions(&[(2, Shape::Str)]), &declared);

    assert_eq!(recorded, versions(&[(2, Shape::Str), (3, Shape::Bool)]));
    let without_the_first = versions(&[(2, Shape::Str), (3, Shape::Bool), (4, Shape::U8)]);
    assert!(matches!(
        resolve(&recorded, &without_the_first),
        Resolution::AfterMigration(_)
    ));
}

#[test]
fn a_version_that_the_chain_lacks_is_refused_by_number() {
    let declared = versions(&[(2, Shape::Str), (3, Shape::Bool)]);

    refused(
        &resolve(&versions(&[(1, Shape::U8), (2, Shape::Str)]), &declared),
        &[
            "version 1 of its type is stored",
            "knows 2, 3",
            "Backend::rewrite",
        ],
    );
    let many = versions(&[(2, Shape::Str), (9, Shape::Bool), (10, Shape::U8)]);
    refused(
        &resolve(&versions(&[(3, Shape::U8)]), &many),
        &["knows 2, 9, 10:"],
    );
    refused(
        &resolve(&versions(&[(7, Shape::Bool)]), &declared),
        &[
            "version 7 of its type is stored",
            "none above 3",
            "or a later one",
        ],
    );
}

#[test]
fn a_positional_version_of_another_shape_is_refused_with_the_field_and_both_versions() {
    let stored = versions(&[(1, structure(&[("delay", Shape::I32)]))]);
    let declared = versions(&[(1, structure(&[("delay", Shape::I64)])), (3, Shape::Str)]);

    refused(
        &resolve(&stored, &declared),
        &[
            "version 1 of 3: field `delay`: i32 was stored, i64 is declared",
            "give the changed type a version of its own",
        ],
    );
}

#[test]
fn an_older_version_is_compared_also_when_the_present_one_fits() {
    let stored = versions(&[(1, Shape::U8), (2, Shape::Str)]);
    let declared = versions(&[(1, Shape::I8), (2, Shape::Str)]);

    refused(
        &resolve(&stored, &declared),
        &["version 1 of 2: u8 was stored, i8 is declared"],
    );
}

#[test]
fn values_that_tell_their_version_and_values_that_do_not_are_not_mixed() {
    let plain = state(POSTCARD, &[(None, Shape::U8)]);
    let telling = versions(&[(1, Shape::U8)]);

    refused(
        &resolve(&plain, &telling),
        &["do not tell the version", "Backend::migrate"],
    );
    refused(
        &resolve(&telling, &plain),
        &["tell the version", "Backend::migrate"],
    );
}

#[test]
fn every_form_that_was_not_rewritten_must_be_readable() {
    let text = structure(&[("id", Shape::U8), ("gate", Shape::Str)]);
    let without = structure(&[("id", Shape::U16)]);
    let wider = structure(&[("id", Shape::U64)]);

    let recorded = declare(&named(from_ref(&text)), &named(from_ref(&without)));
    let recorded = declare(&recorded, &named(from_ref(&wider)));

    assert_eq!(recorded, named(&[text, without, wider.clone()]));
    let number = structure(&[("id", Shape::U64), ("gate", Shape::U8)]);
    refused(
        &resolve(&recorded, &named(from_ref(&number))),
        &["`gate`: str was stored, u8 is declared"],
    );
    let rewritten = named(&[wider]);
    assert!(matches!(
        resolve(&rewritten, &named(&[number])),
        Resolution::AfterMigration(_)
    ));
}

#[test]
fn a_named_field_that_comes_back_is_refused_until_the_state_is_rewritten() {
    let with = structure(&[("id", Shape::U8), ("gate", Shape::Str)]);
    let without = structure(&[("id", Shape::U8)]);

    let recorded = declare(&named(from_ref(&with)), &named(from_ref(&without)));

    refused(
        &resolve(&recorded, &named(from_ref(&with))),
        &[
            "field `gate` was dropped and is declared again",
            "Backend::rewrite",
        ],
    );
    assert!(matches!(
        resolve(&named(&[without]), &named(&[with])),
        Resolution::AfterMigration(_)
    ));
}

#[test]
fn forms_are_bounded() {
    let of = |fields: usize| {
        let names: Vec<_> = (0..fields).map(|n| format!("field {n}")).collect();
        let fields: Vec<_> = names
            .iter()
            .map(|name| (name.as_str(), Shape::U8))
            .collect();
        structure(&fields)
    };
    let forms: Vec<_> = (0..=OLDER_MAX).map(of).collect();
    let stored = named(&forms);

    assert_eq!(stored.value.older.len(), OLDER_MAX);
    assert_eq!(resolve(&stored, &named(&[of(OLDER_MAX)])), Resolution::AsIs);
    refused(
        &resolve(&stored, &named(&[of(OLDER_MAX + 1)])),
        &["64 older forms", "Backend::rewrite"],
    );
}

#[test]
fn named_values_may_become_optional_and_not_obligatory() {
    let of = |shape| named(&[structure(&[("gate", shape)])]);

    assert_eq!(
        resolve(&of(Shape::U8), &of(Shape::option(Shape::U16))),
        Resolution::AfterMigration(
            "state `latest`: `gate`: u8 becomes u16; `gate`: u8 becomes optional".to_owned()
        )
    );
    refused(
        &resolve(&of(Shape::option(Shape::U8)), &of(Shape::U8)),
        &["`gate`: option<u8> was stored, u8 is declared"],
    );
}

#[test]
fn tuple_structs_are_sequences_also_in_a_codec_with_names() {
    let tuple = |parts: usize| {
        let fields: Vec<_> = (0..parts).map(|n| n.to_string()).collect();
        let fields: Vec<_> = fields
            .iter()
            .map(|name| (name.as_str(), Shape::U8))
            .collect();
        named(&[structure(&fields)])
    };
    let names = named(&[structure(&[("x", Shape::U8), ("y", Shape::U8)])]);

    for (stored, declared) in [
        (tuple(2), &names),
        (names.clone(), &tuple(2)),
        (tuple(3), &tuple(2)),
    ] {
        refused(
            &resolve(&stored, declared),
            &["fields of a tuple struct are stored without names"],
        );
    }
}

#[test]
fn nothing_is_dropped_from_the_keys_of_a_map() {
    let keyed = |fields: &[(&str, Shape)]| named(&[Shape::map(structure(fields), Shape::U8)]);
    let stored = keyed(&[("tail", Shape::Str), ("day", Shape::U8)]);

    refused(
        &resolve(&stored, &keyed(&[("tail", Shape::Str)])),
        &["field `day` of a map's key was stored"],
    );
    assert!(matches!(
        resolve(
            &stored,
            &keyed(&[("tail", Shape::Str), ("day", Shape::U16)])
        ),
        Resolution::AfterMigration(_)
    ));
}
