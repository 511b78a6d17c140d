//! Values that the real serializers wrote, read without their types.
//!
//! The oracle is `serde_json`: what is decoded prints as the JSON of the value that was encoded.

use std::collections::BTreeMap;

use alluvium_protocol::shape::Shape;
use alluvium_protocol::value::{Value, msgpack, postcard as by_shape};
use proptest::prelude::*;
use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
enum Node {
    Leaf,
    Value(u8),
    Pair(i16, i64),
    Branch {
        left: Box<Self>,
        right: Option<Box<Self>>,
    },
}

#[derive(Debug, Clone, Serialize)]
struct Id(u64);

#[derive(Debug, Clone, Serialize)]
struct Sample {
    id: Id,
    sure: bool,
    letter: char,
    text: String,
    ratio: f64,
    nodes: Vec<Node>,
    counts: BTreeMap<i32, Option<u32>>,
    named: BTreeMap<String, (u16, ())>,
    pair: [i8; 2],
}

fn node() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        Just(Node::Leaf),
        any::<u8>().prop_map(Node::Value),
        any::<(i16, i64)>().prop_map(|(a, b)| Node::Pair(a, b)),
    ];
    leaf.prop_recursive(4, 12, 2, |inner| {
        (inner.clone(), prop::option::of(inner)).prop_map(|(left, right)| Node::Branch {
            left: Box::new(left),
            right: right.map(Box::new),
        })
    })
}

fn sample() -> impl Strategy<Value = Sample> {
    // Short ones: serde_json parses long ones to a neighbor. `floats_keep_their_bits` has the others.
    let short = any::<i32>().prop_map(|quarters| f64::from(quarters) / 4.0);
    let scalars = (any::<(u64, bool, char, String)>(), short);
    let nodes = prop::collection::vec(node(), 0..4);
    (
        scalars,
        nodes,
        any::<BTreeMap<i32, Option<u32>>>(),
        any::<BTreeMap<String, (u16, ())>>(),
        any::<[i8; 2]>(),
    )
        .prop_map(
            |(((id, sure, letter, text), ratio), nodes, counts, named, pair)| Sample {
                id: Id(id),
                sure,
                letter,
                text,
                ratio,
                nodes,
                counts,
                named,
                pair,
            },
        )
}

fn node_shape() -> Shape {
    let this = || Shape::Recursive("Node".into());
    let branch = Shape::Struct {
        name: "Branch".into(),
        fields: vec![
            ("left".into(), this()),
            ("right".into(), Shape::option(this())),
        ],
    };
    Shape::Enum {
        name: "Node".into(),
        variants: vec![
            (0, "Leaf".into(), Shape::Unit),
            (1, "Value".into(), Shape::U8),
            (2, "Pair".into(), Shape::Tuple(vec![Shape::I16, Shape::I64])),
            (3, "Branch".into(), branch),
        ],
    }
}

fn sample_shape() -> Shape {
    let fields = [
        ("id", Shape::U64),
        ("sure", Shape::Bool),
        ("letter", Shape::Char),
        ("text", Shape::Str),
        ("ratio", Shape::F64),
        ("nodes", Shape::seq(node_shape())),
        ("counts", Shape::map(Shape::I32, Shape::option(Shape::U32))),
        (
            "named",
            Shape::map(Shape::Str, Shape::Tuple(vec![Shape::U16, Shape::Unit])),
        ),
        ("pair", Shape::Tuple(vec![Shape::I8; 2])),
    ];
    let fields = fields
        .map(|(name, shape)| (name.to_owned(), shape))
        .to_vec();
    Shape::Struct {
        name: "Sample".into(),
        fields,
    }
}

fn parsed(value: &Value) -> serde_json::Value {
    serde_json::from_str(&value.to_string()).unwrap()
}

proptest! {
    #[test]
    fn postcard_bytes_are_read_as_what_was_written(sample in sample()) {
        let bytes = postcard::to_stdvec(&sample).unwrap();

        let value = by_shape::decode(&sample_shape(), &bytes).unwrap();

        prop_assert_eq!(parsed(&value), serde_json::to_value(&sample).unwrap());
    }

    #[test]
    fn messagepack_bytes_are_read_as_what_was_written(sample in sample()) {
        let bytes = rmp_serde::to_vec_named(&sample).unwrap();

        let value = msgpack::decode(&bytes).unwrap();

        prop_assert_eq!(parsed(&value), serde_json::to_value(&sample).unwrap());
    }

    #[test]
    fn what_was_read_is_written_as_the_same_bytes(sample in sample()) {
        let postcard = postcard::to_stdvec(&sample).unwrap();
        let named = rmp_serde::to_vec_named(&sample).unwrap();
        let shape = sample_shape();

        let value = by_shape::decode(&shape, &postcard).unwrap();
        let untyped = msgpack::decode(&named).unwrap();

        prop_assert_eq!(by_shape::encode(&shape, &value).unwrap(), postcard);
        prop_assert_eq!(msgpack::encode(&untyped).unwrap(), named);
    }

    #[test]
    fn integers_and_lengths_are_written_in_the_fewest_bytes(
        numbers: (i8, i16, i32, i64, u64),
        length in 0..70_000_usize,
    ) {
        let long = ("x".repeat(length), numbers);
        let named = rmp_serde::to_vec_named(&long).unwrap();

        let written = msgpack::encode(&msgpack::decode(&named).unwrap());

        prop_assert_eq!(written.unwrap(), named);
    }

    #[test]
    fn integers_keep_all_their_digits(
        signed: (i8, i16, i32, i64, i128),
        unsigned: (u8, u16, u32, u64, u128),
    ) {
        use Shape::{I8, I16, I32, I64, I128, U8, U16, U32, U64, U128};
        let shape = Shape::Tuple(vec![
            Shape::Tuple(vec![I8, I16, I32, I64, I128]),
            Shape::Tuple(vec![U8, U16, U32, U64, U128]),
        ]);
        let integers = (signed, unsigned);

        let value = by_shape::decode(&shape, &postcard::to_stdvec(&integers).unwrap()).unwrap();

        prop_assert_eq!(value.to_string(), serde_json::to_string(&integers).unwrap());
        prop_assert_eq!(by_shape::encode(&shape, &value).unwrap(), postcard::to_stdvec(&integers).unwrap());
    }

    #[test]
    fn floats_keep_their_bits(single: f32, double: f64) {
        let shape = Shape::Tuple(vec![Shape::F32, Shape::F64]);
        let by_shape = by_shape::decode(&shape, &postcard::to_stdvec(&(single, double)).unwrap());
        let by_itself = msgpack::decode(&rmp_serde::to_vec_named(&(single, double)).unwrap());

        for value in [by_shape.unwrap(), by_itself.unwrap()] {
            let Value::Seq(parts) = value else { panic!("{value}") };
            let [Value::Float32(a), Value::Float(b)] = parts[..] else { panic!("{parts:?}") };
            prop_assert_eq!((a.to_bits(), b.to_bits()), (single.to_bits(), double.to_bits()));
            let printed = (Value::Float32(a).to_string(), Value::Float(b).to_string());
            prop_assert!(!a.is_finite() || printed.0.parse() == Ok(a));
            prop_assert!(!b.is_finite() || printed.1.parse() == Ok(b));
        }
    }

    #[test]
    fn any_bytes_are_a_value_or_refused(bytes: Vec<u8>) {
        drop(msgpack::decode(&bytes).map(|value| parsed(&value)));
        drop(by_shape::decode(&sample_shape(), &bytes).map(|value| parsed(&value)));
        drop(by_shape::decode(&node_shape(), &bytes).map(|value| parsed(&value)));
    }

    #[test]
    fn a_value_that_is_cut_short_or_goes_on_is_refused(sample in sample(), cut: prop::sample::Index) {
        let postcard = postcard::to_stdvec(&sample).unwrap();
        let msgpack = rmp_serde::to_vec_named(&sample).unwrap();
        let (shape, more) = (sample_shape(), [0xc0]);

        prop_assert!(by_shape::decode(&shape, &postcard[..cut.index(postcard.len())]).is_err());
        prop_assert!(by_shape::decode(&shape, &[&postcard[..], &more].concat()).is_err());
        prop_assert!(msgpack::decode(&msgpack[..cut.index(msgpack.len())]).is_err());
        prop_assert!(msgpack::decode(&[&msgpack[..], &more].concat()).is_err());
    }
}

#[test]
fn a_value_of_another_shape_is_refused_with_what_was_due() {
    let refused = |shape: &Shape, value: Value| by_shape::encode(shape, &value).unwrap_err();

    let narrow = refused(&Shape::U8, Value::Uint(256));
    let missing = refused(
        &sample_shape(),
        Value::Struct {
            name: String::new(),
            fields: Vec::new(),
        },
    );
    let opaque = refused(&Shape::Opaque, Value::Null);

    assert_eq!(narrow.to_string(), "256 where u8 is due");
    assert!(missing.to_string().contains("no `id`"), "{missing}");
    assert_eq!(opaque.kind(), alluvium_protocol::ErrorKind::Incompatible);
}
