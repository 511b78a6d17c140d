//! The changes of a type that the table has, each with values of the old type and what they are in the new one.

use std::collections::{BTreeMap, BTreeSet};

use alluvium::codec::{Codec, Evolving, First, MsgPackNamed, Postcard, Versioned};
use serde::{Deserialize, Serialize};

use super::attempt::{Outcome, attempt};
use super::own::Own;

/// A row of the table.
pub(super) struct Row {
    pub(super) change: &'static str,
    pub(super) example: &'static str,
    pub(super) outcomes: [Outcome; 6],
}

/// Makes a module of each change: `Old` and `New`, values of `Old`, and the function that a programmer would write
/// to get from one to the other.
macro_rules! changes {
    ($($module:ident $change:literal $example:literal
       { $($item:item)+ } [$($old:expr),+ $(,)?] |$before:pat_param| $after:expr;)+) => {
        $(mod $module {
            use super::*;

            $(#[derive(Debug, Clone, PartialEq, PartialOrd, Serialize, Deserialize)] $item)+

            impl Evolving for Old {
                const VERSION: u32 = 1;
                type Before = First;

                fn upgrade(before: First) -> alluvium::Result<Self> {
                    match before {}
                }
            }

            impl Evolving for New {
                const VERSION: u32 = 2;
                type Before = Old;

                fn upgrade($before: Old) -> alluvium::Result<Self> {
                    Ok($after)
                }
            }

            pub(super) fn row() -> Row {
                let old = vec![$($old),+];
                let new: Vec<New> = old.iter().cloned().map(|old| New::upgrade(old).unwrap()).collect();
                row_of($change, $example, &old, &new)
            }
        })+

        pub(super) fn rows() -> Vec<Row> {
            vec![$($module::row()),+]
        }
    };
}

fn row_of<Old, New>(change: &'static str, example: &'static str, old: &[Old], new: &[New]) -> Row
where
    New: std::fmt::Debug + PartialEq,
    Postcard: Codec<Old> + Codec<New>,
    MsgPackNamed: Codec<Old> + Codec<New>,
    Versioned<Postcard>: Codec<Old> + Codec<New>,
    Versioned<MsgPackNamed>: Codec<Old> + Codec<New>,
    Own: Codec<Old> + Codec<New>,
{
    let at = |codec: &str| format!("{change} ({example}), {codec}");
    Row {
        change,
        example,
        outcomes: [
            attempt::<Old, New, Postcard, Postcard>(&at("Postcard"), (1, 1), old, new),
            attempt::<Old, New, MsgPackNamed, MsgPackNamed>(&at("MsgPackNamed"), (1, 1), old, new),
            attempt::<Old, New, Versioned<Postcard>, Versioned<Postcard>>(
                &at("Versioned<Postcard>"),
                (1, 1),
                old,
                new,
            ),
            attempt::<Old, New, Versioned<MsgPackNamed>, Versioned<MsgPackNamed>>(
                &at("Versioned<MsgPackNamed>"),
                (1, 1),
                old,
                new,
            ),
            attempt::<Old, New, Own, Own>(&at("own codec"), (1, 2), old, new),
            attempt::<Old, New, Postcard, MsgPackNamed>(&at("another codec"), (1, 1), old, new),
        ],
    }
}

changes! {
    nothing "nothing" "" {
        pub(super) struct Old { n: i32, text: String }
        pub(super) struct New { n: i32, text: String }
    } [Old { n: -7, text: "a".into() }] |Old { n, text }| New { n, text };

    type_renamed "a type has another name" "`Leg` to `Hop`" {
        pub(super) struct Leg { n: i32 }
        pub(super) struct Hop { n: i32 }
        pub(super) struct Old { leg: Leg }
        pub(super) struct New { leg: Hop }
    } [Old { leg: Leg { n: 3 } }] |Old { leg }| New { leg: Hop { n: leg.n } };

    field_added "a field is added" "without a default" {
        pub(super) struct Old { n: i32 }
        pub(super) struct New { n: i32, more: u8 }
    } [Old { n: -7 }, Old { n: 0 }] |Old { n }| New { n, more: 0 };

    field_added_with_default "a field is added with a default" "`#[serde(default)]`" {
        pub(super) struct Old { n: i32 }
        pub(super) struct New { n: i32, #[serde(default)] more: u8 }
    } [Old { n: -7 }, Old { n: 0 }] |Old { n }| New { n, more: 0 };

    option_field_added "an optional field is added" "`Option`" {
        pub(super) struct Old { n: i32 }
        pub(super) struct New { more: Option<u8>, n: i32 }
    } [Old { n: -7 }, Old { n: 1 }] |Old { n }| New { n, more: None };

    field_removed "a field is removed" "" {
        pub(super) struct Old { n: i32, more: u8 }
        pub(super) struct New { n: i32 }
    } [Old { n: -7, more: 1 }, Old { n: 1, more: 0 }] |Old { n, .. }| New { n };

    fields_reordered "fields are reordered" "of one type" {
        pub(super) struct Old { a: i32, b: i32 }
        pub(super) struct New { b: i32, a: i32 }
    } [Old { a: 1, b: 2 }, Old { a: -1, b: 0 }] |Old { a, b }| New { a, b };

    field_renamed "a field is renamed" "" {
        pub(super) struct Old { a: i32 }
        pub(super) struct New { b: i32 }
    } [Old { a: 1 }, Old { a: -1 }] |Old { a }| New { b: a };

    field_renamed_with_alias "a field is renamed with an alias" "`#[serde(alias)]`" {
        pub(super) struct Old { a: i32 }
        pub(super) struct New { #[serde(alias = "a")] b: i32 }
    } [Old { a: 1 }, Old { a: -1 }] |Old { a }| New { b: a };

    names_swapped "two fields swap their names" "of one type" {
        pub(super) struct Old { a: i32, b: i32 }
        pub(super) struct New { #[serde(rename = "b")] first: i32, #[serde(rename = "a")] second: i32 }
    } [Old { a: 1, b: 2 }, Old { a: -1, b: 0 }] |Old { a, b }| New { first: b, second: a };

    integer_widened "an integer becomes wider" "`i32` to `i64`" {
        pub(super) struct Old { n: i32 }
        pub(super) struct New { n: i64 }
    } [Old { n: i32::MIN }, Old { n: -1 }, Old { n: 300 }] |Old { n }| New { n: n.into() };

    unsigned_widened "an integer becomes wider and signed" "`u8` to `i16`" {
        pub(super) struct Old { n: u8 }
        pub(super) struct New { n: i16 }
    } [Old { n: 255 }, Old { n: 64 }] |Old { n }| New { n: n.into() };

    integer_narrowed "an integer becomes narrower" "`i64` to `i32`" {
        pub(super) struct Old { n: i64 }
        pub(super) struct New { n: i32 }
    } [Old { n: -1 }, Old { n: 1 }] |Old { n }| New { n: i32::try_from(n).unwrap() };

    sign_changed "an integer loses its sign" "`i32` to `u32`" {
        pub(super) struct Old { n: i32 }
        pub(super) struct New { n: u32 }
    } [Old { n: 1 }, Old { n: 300 }] |Old { n }| New { n: n.unsigned_abs() };

    sign_gained "an integer gets a sign" "`u32` to `i32`" {
        pub(super) struct Old { n: u32 }
        pub(super) struct New { n: i32 }
    } [Old { n: 1 }, Old { n: 300 }] |Old { n }| New { n: i32::try_from(n).unwrap() };

    integer_to_float "an integer becomes a float" "`i32` to `f64`" {
        pub(super) struct Old { n: i32 }
        pub(super) struct New { n: f64 }
    } [Old { n: 1 }, Old { n: -300 }] |Old { n }| New { n: n.into() };

    float_to_integer "a float becomes an integer" "`f64` to `i64`" {
        pub(super) struct Old { n: f64 }
        pub(super) struct New { n: i64 }
    } [Old { n: 1.5 }] |Old { .. }| New { n: 1 };

    float_widened "a float becomes wider" "`f32` to `f64`" {
        pub(super) struct Old { n: f32 }
        pub(super) struct New { n: f64 }
    } [Old { n: 0.1 }, Old { n: f32::MIN_POSITIVE }] |Old { n }| New { n: n.into() };

    float_narrowed "a float becomes narrower" "`f64` to `f32`" {
        pub(super) struct Old { n: f64 }
        pub(super) struct New { n: f32 }
    } [Old { n: 0.5 }] |Old { .. }| New { n: 0.5 };

    to_128_bits "an integer becomes one of 128 bits" "`i64` to `i128`" {
        pub(super) struct Old { n: i64 }
        pub(super) struct New { n: i128 }
    } [Old { n: -1 }, Old { n: i64::MAX }] |Old { n }| New { n: n.into() };

    from_128_bits "an integer of 128 bits becomes narrower" "`u128` to `u64`" {
        pub(super) struct Old { n: u128 }
        pub(super) struct New { n: u64 }
    } [Old { n: 1 }] |Old { n }| New { n: u64::try_from(n).unwrap() };

    sign_of_128_bits "an integer of 128 bits gets a sign" "`u128` to `i128`" {
        pub(super) struct Old { n: u128 }
        pub(super) struct New { n: i128 }
    } [Old { n: 1 }] |Old { n }| New { n: i128::try_from(n).unwrap() };

    bool_to_integer "a bool becomes an integer" "`bool` to `u8`" {
        pub(super) struct Old { n: bool }
        pub(super) struct New { n: u8 }
    } [Old { n: true }, Old { n: false }] |Old { n }| New { n: n.into() };

    char_to_text "a character becomes text" "`char` to `String`" {
        pub(super) struct Old { c: char }
        pub(super) struct New { c: String }
    } [Old { c: 'a' }, Old { c: 'ß' }] |Old { c }| New { c: c.into() };

    integer_to_text "an integer becomes text" "`u32` to `String`" {
        pub(super) struct Old { n: u32 }
        pub(super) struct New { n: String }
    } [Old { n: 0 }, Old { n: 7 }] |Old { n }| New { n: n.to_string() };

    option_added "a value becomes optional" "`i32` to `Option<i32>`" {
        pub(super) struct Old { n: i32 }
        pub(super) struct New { n: Option<i32> }
    } [Old { n: 1 }, Old { n: 0 }] |Old { n }| New { n: Some(n) };

    unit_optional "a unit becomes optional" "`()` to `Option<()>`" {
        pub(super) struct Old { n: i32, mark: () }
        pub(super) struct New { n: i32, mark: Option<u8> }
    } [Old { n: 1, mark: () }] |Old { n, .. }| New { n, mark: Some(0) };

    option_removed "an optional value becomes obligatory" "`Option<i32>` to `i32`" {
        pub(super) struct Old { n: Option<i32> }
        pub(super) struct New { n: i32 }
    } [Old { n: Some(1) }, Old { n: None }] |Old { n }| New { n: n.unwrap_or_default() };

    variant_added "a variant is added at the end" "" {
        pub(super) enum Old { A, B(i32) }
        pub(super) enum New { A, B(i32), C }
    } [Old::A, Old::B(-1)] |old| match old { Old::A => New::A, Old::B(n) => New::B(n) };

    variant_added_before "a variant is added before others" "" {
        pub(super) enum Old { A, B(i32) }
        pub(super) enum New { C, A, B(i32) }
    } [Old::A, Old::B(-1)] |old| match old { Old::A => New::A, Old::B(n) => New::B(n) };

    variant_removed "a variant is removed" "" {
        pub(super) enum Old { A, B(i32) }
        pub(super) enum New { B(i32) }
    } [Old::B(-1), Old::B(2)] |old| match old { Old::A => New::B(0), Old::B(n) => New::B(n) };

    variants_reordered "variants are reordered" "" {
        pub(super) enum Old { A(i32), B(i32) }
        pub(super) enum New { B(i32), A(i32) }
    } [Old::A(1), Old::B(-1)] |old| match old { Old::A(n) => New::A(n), Old::B(n) => New::B(n) };

    variant_renamed "a variant is renamed" "" {
        pub(super) enum Old { A(i32), B }
        pub(super) enum New { C(i32), B }
    } [Old::A(1), Old::B] |old| match old { Old::A(n) => New::C(n), Old::B => New::B };

    variant_fields "a variant's fields change" "one added with a default" {
        pub(super) enum Old { A { n: i32 } }
        pub(super) enum New { A { n: i64, #[serde(default)] more: u8 } }
    } [Old::A { n: 1 }] |Old::A { n }| New::A { n: n.into(), more: 0 };

    payload_added "a variant gets a payload" "`A` to `A(u8)`" {
        pub(super) enum Old { A, B }
        pub(super) enum New { A(u8), B }
    } [Old::A, Old::A] |old| match old { Old::A => New::A(0), Old::B => New::B };

    payload_to_tuple "a variant's payload becomes a tuple" "`A(u8)` to `A(u8, u8)`" {
        pub(super) enum Old { A(u8) }
        pub(super) enum New { A(u8, u8) }
    } [Old::A(1)] |Old::A(n)| New::A(n, 0);

    tuple_longer "a tuple becomes longer" "`(i32, i32)` to `(i32, i32, i32)`" {
        pub(super) struct Old { at: (i32, i32) }
        pub(super) struct New { at: (i32, i32, i32) }
    } [Old { at: (1, 2) }] |Old { at }| New { at: (at.0, at.1, 0) };

    tuple_shorter "a tuple becomes shorter" "`(i32, i32)` to `(i32,)`" {
        pub(super) struct Old { at: (i32, i32) }
        pub(super) struct New { at: (i32,) }
    } [Old { at: (1, 2) }] |Old { at }| New { at: (at.0,) };

    tuple_struct_longer "a tuple struct becomes longer" "`Old(i32, i32)` to `New(i32, i32, i32)`" {
        pub(super) struct Old(i32, i32);
        pub(super) struct New(i32, i32, #[serde(default)] i32);
    } [Old(1, 2)] |Old(a, b)| New(a, b, 0);

    tuple_struct_shorter "a tuple struct becomes shorter" "`Old(i32, i32, i32)` to `New(i32, i32)`" {
        pub(super) struct Old(i32, i32, i32);
        pub(super) struct New(i32, i32);
    } [Old(1, 2, 3)] |Old(a, b, _)| New(a, b);

    tuple_struct_named "a tuple struct gets names" "`Old(i32, i32)` to `New { y, x }`" {
        pub(super) struct Old(i32, i32);
        pub(super) struct New { y: i32, x: i32 }
    } [Old(1, 2), Old(-1, 0)] |Old(x, y)| New { x, y };

    named_to_tuple_struct "a struct loses its names" "`Old { x, y }` to `New(i32, i32)`" {
        pub(super) struct Old { x: i32, y: i32 }
        pub(super) struct New(i32, i32);
    } [Old { x: 1, y: 2 }] |Old { x, y }| New(x, y);

    tuple_to_struct "a tuple becomes a struct" "`(i32, i32)` to `Point { y, x }`" {
        pub(super) struct Point { y: i32, x: i32 }
        pub(super) struct Old { at: (i32, i32) }
        pub(super) struct New { at: Point }
    } [Old { at: (1, 2) }] |Old { at }| New { at: Point { x: at.0, y: at.1 } };

    array_to_seq "an array becomes a sequence" "`[u8; 2]` to `Vec<u8>`" {
        pub(super) struct Old { n: [u8; 2] }
        pub(super) struct New { n: Vec<u8> }
    } [Old { n: [1, 2] }] |Old { n }| New { n: n.into() };

    seq_to_set "a sequence becomes a set" "`Vec<u8>` to `BTreeSet<u8>`" {
        pub(super) struct Old { n: Vec<u8> }
        pub(super) struct New { n: BTreeSet<u8> }
    } [Old { n: vec![3, 1, 3] }] |Old { n }| New { n: n.into_iter().collect() };

    seq_to_map "a sequence becomes a map" "`Vec<(u8, u8)>` to `BTreeMap<u8, u8>`" {
        pub(super) struct Old { n: Vec<(u8, u8)> }
        pub(super) struct New { n: BTreeMap<u8, u8> }
    } [Old { n: vec![(1, 2)] }, Old { n: vec![(0, 1), (1, 0)] }] |Old { n }| New { n: n.into_iter().collect() };

    struct_to_map "a struct becomes a map" "`{ a }` to `BTreeMap<String, u8>`" {
        pub(super) struct Inner { a: u8 }
        pub(super) struct Old { n: Inner }
        pub(super) struct New { n: BTreeMap<String, u8> }
    } [Old { n: Inner { a: 1 } }] |Old { n }| New { n: BTreeMap::from([("a".into(), n.a)]) };

    map_key_widened "a map's keys become wider" "`BTreeMap<u8, u8>` to `BTreeMap<u16, u8>`" {
        pub(super) struct Old { n: BTreeMap<u8, u8> }
        pub(super) struct New { n: BTreeMap<u16, u8> }
    } [Old { n: BTreeMap::from([(255, 1), (0, 2)]) }]
        |Old { n }| New { n: n.into_iter().map(|(key, value)| (key.into(), value)).collect() };

    map_key_shrunk "a map's keys lose a field" "" {
        #[derive(Eq, Ord)]
        pub(super) struct Wide { a: u8, b: u8 }
        #[derive(Eq, Ord)]
        pub(super) struct Narrow { a: u8 }
        pub(super) struct Old { n: BTreeMap<Wide, u8> }
        pub(super) struct New { n: BTreeMap<Narrow, u8> }
    } [Old { n: BTreeMap::from([(Wide { a: 1, b: 1 }, 1), (Wide { a: 1, b: 2 }, 2)]) }]
        |Old { n }| New { n: n.into_iter().map(|(key, value)| (Narrow { a: key.a }, value)).collect() };

    newtype_added "a value gets a newtype" "`u64` to `Id(u64)`" {
        pub(super) struct Id(u64);
        pub(super) struct Old { n: u64 }
        pub(super) struct New { n: Id }
    } [Old { n: 1 }] |Old { n }| New { n: Id(n) };

    newtype_removed "a newtype goes" "`Id(u64)` to `u64`" {
        pub(super) struct Id(u64);
        pub(super) struct Old { n: Id }
        pub(super) struct New { n: u64 }
    } [Old { n: Id(1) }] |Old { n }| New { n: n.0 };

    boxed "a value is boxed" "`u64` to `Box<u64>`" {
        pub(super) struct Old { n: u64 }
        pub(super) struct New { n: Box<u64> }
    } [Old { n: 1 }] |Old { n }| New { n: Box::new(n) };

    unit_to_unit_struct "a unit becomes a unit struct" "`()` to `Mark`" {
        pub(super) struct Mark;
        pub(super) struct Old { n: u8, mark: () }
        pub(super) struct New { n: u8, mark: Mark }
    } [Old { n: 1, mark: () }] |Old { n, .. }| New { n, mark: Mark };

    unit_struct_to_unit "a unit struct becomes a unit" "`Mark` to `()`" {
        pub(super) struct Mark;
        pub(super) struct Old { n: u8, mark: Mark }
        pub(super) struct New { n: u8, mark: () }
    } [Old { n: 1, mark: Mark }] |Old { n, .. }| New { n, mark: () };

    unit_to_value "a unit becomes a value" "`()` to `u8`" {
        pub(super) struct Old { n: u8, mark: () }
        pub(super) struct New { n: u8, mark: u8 }
    } [Old { n: 1, mark: () }] |Old { n, .. }| New { n, mark: 0 };

    struct_to_enum "a struct becomes an enum" "" {
        pub(super) struct Old { n: u8 }
        pub(super) enum New { Known { n: u8 }, Unknown }
    } [Old { n: 1 }, Old { n: 0 }] |Old { n }| if n == 0 { New::Unknown } else { New::Known { n } };

    nested_tolerated "something inside changes as names allow" "in `Vec<Leg>`: a field added, one wider" {
        pub(super) struct Leg { n: u8 }
        pub(super) struct Hop { #[serde(default)] more: String, n: u32 }
        pub(super) struct Old { legs: Vec<Leg> }
        pub(super) struct New { legs: Vec<Hop> }
    } [Old { legs: vec![Leg { n: 1 }, Leg { n: 255 }] }]
        |Old { legs }| New { legs: legs.into_iter().map(|leg| Hop { n: leg.n.into(), more: String::new() }).collect() };

    nested_refused "something inside changes otherwise" "in `Option<Leg>`: a field narrower" {
        pub(super) struct Leg { n: u32 }
        pub(super) struct Hop { n: u8 }
        pub(super) struct Old { leg: Option<Leg> }
        pub(super) struct New { leg: Option<Hop> }
    } [Old { leg: Some(Leg { n: 1 }) }]
        |Old { leg }| New { leg: leg.map(|leg| Hop { n: u8::try_from(leg.n).unwrap() }) };

    recursive "a type that contains itself gets a field" "with a default" {
        pub(super) struct Old { n: u8, inner: Vec<Self> }
        pub(super) struct New { n: u8, inner: Vec<Self>, #[serde(default)] more: u8 }
    } [Old { n: 1, inner: vec![Old { n: 2, inner: vec![] }] }]
        |Old { n, inner }| New { n, inner: inner.into_iter().map(|inner| New::upgrade(inner).unwrap()).collect(), more: 0 };
}
