//! Shapes of a wide sample of types, and that what is traced is what postcard writes.

#![expect(dead_code, reason = "types are traced, never built")]

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use alluvium_protocol::value;

use super::*;
use crate::codec::{Codec, Postcard};

fn traced<T: DeserializeOwned>() -> String {
    trace::<T>().to_string()
}

#[derive(Debug, Serialize, Deserialize)]
struct Flight {
    tail: String,
    delay: Option<i32>,
    legs: Vec<Leg>,
    crew: BTreeMap<String, Role>,
    phase: Phase,
}

#[derive(Debug, Serialize, Deserialize)]
struct Leg {
    from: [char; 3],
    minutes: u16,
}

#[derive(Debug, Serialize, Deserialize)]
enum Role {
    Captain,
    Other(String),
}

#[derive(Debug, Serialize, Deserialize)]
enum Phase {
    Gate {
        number: NonZeroU16,
        role: Option<Role>,
    },
    Air(f64, Option<Alert>),
    Down(Result<Meters, Alert>),
    Gone,
}

#[derive(Debug, Serialize, Deserialize)]
enum Alert {
    Weather,
    Medical(Vec<Role>),
}

#[derive(Debug, Serialize, Deserialize)]
struct Meters(f32);

#[test]
fn enums_inside_options_sequences_maps_and_enums_are_found_whole() {
    let role = "Role<Captain | Other(str)>";
    let alert = format!("Alert<Weather | Medical([{role}])>");

    assert_eq!(
        traced::<Flight>(),
        format!(
            "{{tail: str, delay: option<i32>, legs: [{{from: (char, char, char), minutes: u16}}], \
             crew: map<str, {role}>, phase: Phase<Gate{{number: u16, role: option<{role}>}} | \
             Air(f64, option<{alert}>) | Down(Result<Ok(f32) | Err({alert})>) | Gone>}}"
        )
    );
}

#[test]
fn primitives_and_containers_have_their_own_shapes() {
    assert_eq!(traced::<()>(), "()");
    assert_eq!(
        traced::<(bool, i8, u8, i128, u128, f32)>(),
        "(bool, i8, u8, i128, u128, f32)"
    );
    assert_eq!(traced::<usize>(), "u64");
    assert_eq!(traced::<BTreeSet<Option<String>>>(), "[option<str>]");
    assert_eq!(traced::<Option<Option<u8>>>(), "option<option<u8>>");
    assert_eq!(traced::<Box<[(u8, Vec<Vec<i16>>)]>>(), "[(u8, [[i16]])]");
    assert_eq!(traced::<Duration>(), "{secs: u64, nanos: u32}");
    assert_eq!(traced::<std::net::Ipv4Addr>(), "(u8, u8, u8, u8)");
    assert_eq!(
        traced::<std::ops::Bound<u8>>(),
        "Bound<Unbounded | Included(u8) | Excluded(u8)>"
    );
}

#[derive(Debug, Serialize, Deserialize)]
struct Pair<A, B>(A, B);

#[test]
fn one_generic_type_may_occur_with_several_parameters() {
    assert_eq!(
        traced::<(Pair<u8, String>, Pair<bool, Pair<i8, i8>>)>(),
        "({0: u8, 1: str}, {0: bool, 1: {0: i8, 1: i8}})"
    );
}

#[derive(Debug, Serialize, Deserialize)]
struct Folder {
    name: String,
    inside: Vec<Self>,
    sibling: Option<Box<Self>>,
}

#[derive(Debug, Serialize, Deserialize)]
enum List {
    Cons(u8, Box<Self>),
    Nil,
}

#[derive(Debug, Serialize, Deserialize)]
struct Tree(Vec<Self>);

#[derive(Debug, Serialize, Deserialize)]
struct Even {
    next: Odd,
}

#[derive(Debug, Serialize, Deserialize)]
enum Odd {
    More(Box<Even>),
    Stop(Option<List>),
}

#[test]
fn a_type_that_contains_itself_is_written_out_once() {
    assert_eq!(
        traced::<Folder>(),
        "{name: str, inside: [Folder], sibling: option<Folder>}"
    );
    assert_eq!(traced::<List>(), "List<Cons(u8, List) | Nil>");
    assert_eq!(traced::<Tree>(), "{0: [Tree]}");
    assert_eq!(
        traced::<Even>(),
        "{next: Odd<More(Even) | Stop(option<List<Cons(u8, List) | Nil>>)>}"
    );
}

mod inner {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Serialize, Deserialize)]
    pub(super) struct Folder {
        pub(super) pages: u8,
    }

    #[derive(Debug, Serialize, Deserialize)]
    pub(super) struct Outer {
        pub(super) up: Option<Box<super::Outer>>,
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Outer {
    down: Option<inner::Outer>,
}

#[test]
fn types_of_one_name_are_told_apart_and_a_name_is_never_ambiguous() {
    assert_eq!(
        traced::<(Folder, inner::Folder)>(),
        "({name: str, inside: [Folder], sibling: option<Folder>}, {pages: u8})"
    );
    assert_eq!(trace::<Outer>(), Shape::Opaque);
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "String")]
struct Day(String);

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.len() == 10 {
            Ok(Self(text))
        } else {
            Err(format!("`{text}` is no day"))
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Strict {
    day: Day,
    at: std::net::Ipv4Addr,
    gate: NonZeroU16,
    role: Role,
}

#[test]
fn types_that_refuse_some_values_are_offered_others() {
    assert_eq!(
        traced::<Strict>(),
        "{day: str, at: (u8, u8, u8, u8), gate: u16, role: Role<Captain | Other(str)>}"
    );
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u64),
    Text(String),
}

#[derive(Debug, Serialize, Deserialize)]
struct Flattened {
    id: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, u8>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Endless {
    next: Box<Self>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Never {}

#[test]
fn what_positional_codecs_cannot_read_is_opaque() {
    assert_eq!(trace::<Untagged>(), Shape::Opaque);
    assert_eq!(trace::<Flattened>(), Shape::Opaque);
    assert_eq!(trace::<Vec<Option<Untagged>>>(), Shape::Opaque);
}

#[test]
fn types_without_values_end_the_search() {
    assert_eq!(traced::<Endless>(), "{next: Endless}");
    assert_eq!(
        traced::<Result<u8, Never>>(),
        "Result<Ok(u8) | Err(Never<>)>"
    );
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Skipping {
    kept: u8,
    #[serde(skip)]
    scratch: Vec<u8>,
    #[serde(rename = "renamed")]
    original: bool,
}

#[test]
fn shapes_have_the_names_that_are_serialized() {
    assert_eq!(traced::<Skipping>(), "{kept: u8, renamed: bool}");
}

#[derive(Debug, Serialize, Deserialize)]
struct Renamed {
    #[serde(alias = "a", alias = "z")]
    number: u16,
    plain: bool,
    #[serde(rename = "written", alias = "legs", alias = "hops")]
    inside: Vec<Inside>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Inside {
    One {
        #[serde(alias = "before")]
        after: NonZeroU16,
    },
}

#[test]
fn a_field_of_several_names_has_the_one_that_is_written() {
    assert_eq!(
        traced::<Option<Renamed>>(),
        "option<{number: u16, plain: bool, written: [Inside<One{after: u16}>]}>"
    );
}

#[derive(Debug, Serialize, Deserialize)]
struct Around {
    #[serde(alias = "b")]
    a: Choice,
    #[serde(alias = "d")]
    c: Vec<Within>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Choice {
    One,
    Two(Within),
}

#[derive(Debug, Serialize, Deserialize)]
struct Within {
    #[serde(alias = "y")]
    x: NonZeroU16,
    #[serde(alias = "v", alias = "w")]
    day: Day,
}

#[test]
fn names_of_a_struct_are_told_from_those_of_the_structs_inside_of_it() {
    assert_eq!(
        traced::<Around>(),
        "{a: Choice<One | Two{x: u16, day: str}>, c: [{x: u16, day: str}]}"
    );
}

#[test]
fn a_large_enum_is_found_whole() {
    macro_rules! large {
        ($($variant:ident)+) => {
            #[derive(Debug, Deserialize)]
            enum Large { $($variant(Option<Role>)),+ }
            const NAMES: &[&str] = &[$(stringify!($variant)),+];
        };
    }
    large!(A B C D E F G H I J K L M N O P Q R S T U V W X Y Z);

    let Shape::Enum { variants, .. } = trace::<Large>() else {
        panic!("not an enum")
    };

    let found: Vec<_> = variants
        .iter()
        .map(|(number, name, _)| (*number, name.as_str()))
        .collect();
    let expected: Vec<_> = (0..).zip(NAMES.iter().copied()).collect();
    assert_eq!(found, expected);
    assert!(
        variants
            .iter()
            .all(|(_, _, payload)| *payload == Shape::option(trace::<Role>()))
    );
}

/// What a tool prints of a value that it knows the shape of only.
fn printed<T: Serialize + DeserializeOwned>(stored: &T) -> String {
    let mut bytes = Vec::new();
    Postcard::encode(stored, &mut bytes).unwrap();
    value::postcard::decode(&trace::<T>(), &bytes)
        .unwrap()
        .to_string()
}

#[test]
fn what_postcard_writes_is_read_back_by_the_traced_shape() {
    let flight = Flight {
        tail: "HB-JHA".to_owned(),
        delay: Some(-4),
        legs: vec![Leg {
            from: ['Z', 'R', 'H'],
            minutes: 135,
        }],
        crew: BTreeMap::from([("Ada".to_owned(), Role::Other("steward".to_owned()))]),
        phase: Phase::Down(Err(Alert::Medical(vec![Role::Captain]))),
    };
    let list = List::Cons(1, Box::new(List::Cons(2, Box::new(List::Nil))));
    let tree = Tree(vec![Tree(vec![]), Tree(vec![Tree(vec![])])]);

    assert_eq!(
        printed(&flight),
        r#"{"tail":"HB-JHA","delay":-4,"legs":[{"from":["Z","R","H"],"minutes":135}],"#.to_owned()
            + r#""crew":{"Ada":{"Other":"steward"}},"phase":{"Down":{"Err":{"Medical":["Captain"]}}}}"#
    );
    assert_eq!(printed(&list), r#"{"Cons":[1,{"Cons":[2,"Nil"]}]}"#);
    assert_eq!(printed(&tree), r#"{"0":[{"0":[]},{"0":[{"0":[]}]}]}"#);
    assert_eq!(printed(&Meters(0.5)), "0.5");
}
