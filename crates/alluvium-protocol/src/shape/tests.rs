//! How shapes print, travel and differ.

use proptest::prelude::*;

use super::*;

/// `struct Visit { tail: String, delay: Option<i32> }`, with the delay's shape to choose.
fn visit(delay: Shape) -> Shape {
    Shape::Struct {
        name: "Visit".into(),
        fields: vec![
            ("tail".into(), Shape::Str),
            ("delay".into(), Shape::option(delay)),
        ],
    }
}

fn fields<const N: usize>(fields: [(&str, Shape); N]) -> Shape {
    Shape::Struct {
        name: "S".into(),
        fields: fields.map(|(n, s)| (n.into(), s)).to_vec(),
    }
}

fn variants<const N: usize>(variants: [(u32, &str, Shape); N]) -> Shape {
    let variants = variants
        .map(|(number, name, payload)| (number, name.into(), payload))
        .to_vec();
    Shape::Enum {
        name: "E".into(),
        variants,
    }
}

fn list(name: &str) -> Shape {
    let rest = Shape::option(Shape::Recursive(name.into()));
    Shape::Struct {
        name: name.into(),
        fields: vec![("head".into(), Shape::I8), ("rest".into(), rest)],
    }
}

pub(crate) fn any_shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Unit),
        Just(Shape::Bool),
        Just(Shape::I8),
        Just(Shape::I16),
        Just(Shape::I32),
        Just(Shape::I64),
        Just(Shape::I128),
        Just(Shape::U8),
        Just(Shape::U16),
        Just(Shape::U32),
        Just(Shape::U64),
        Just(Shape::U128),
        Just(Shape::F32),
        Just(Shape::F64),
        Just(Shape::Char),
        Just(Shape::Str),
        Just(Shape::Bytes),
        Just(Shape::Recursive("A".into())),
        Just(Shape::Opaque),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let parts = |inner| prop::collection::vec(("[a-c]", inner), 0..3);
        prop_oneof![
            inner.clone().prop_map(Shape::option),
            inner.clone().prop_map(Shape::seq),
            (inner.clone(), inner.clone()).prop_map(|(k, v)| Shape::map(k, v)),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Shape::Tuple),
            ("[A-B]", parts(inner.clone()))
                .prop_map(|(name, fields)| Shape::Struct { name, fields }),
            ("[A-B]", parts(inner)).prop_map(|(name, parts)| Shape::Enum {
                name,
                variants: (0..)
                    .zip(parts)
                    .map(|(n, (name, shape))| (n, name, shape))
                    .collect(),
            }),
        ]
    })
}

#[test]
fn a_shape_prints_close_to_rust() {
    let node = variants([
        (0, "Leaf", Shape::Unit),
        (1, "Value", Shape::U8),
        (2, "Pair", Shape::Tuple(vec![Shape::Str, Shape::Char])),
        (3, "Named", fields([("of", Shape::Recursive("E".into()))])),
    ]);
    let map = Shape::map(Shape::Bytes, Shape::seq(Shape::Tuple(vec![Shape::F64])));

    assert_eq!(
        visit(Shape::I32).to_string(),
        "{tail: str, delay: option<i32>}"
    );
    assert_eq!(
        node.to_string(),
        "E<Leaf | Value(u8) | Pair(str, char) | Named{of: E}>"
    );
    assert_eq!(map.to_string(), "map<bytes, [(f64,)]>");
}

#[test]
fn a_shape_has_these_bytes_for_ever() {
    let bytes = visit(Shape::I32).encode();

    let golden = b"\x08\x16\x12\x05Visit\
        \x1a\x08\x08\x10\x22\x04tail\
        \x1a\x0d\x08\x12\x1a\x02\x08\x05\x22\x05delay";
    assert_eq!(bytes, golden, "{}", bytes.escape_ascii());
}

#[test]
fn a_shape_nested_too_deep_is_refused() {
    let nested = |levels| (1..levels).fold(Shape::Unit, |shape, _| Shape::option(shape));
    let as_read = Shape::decode(&nested(DEPTH_MAX).encode()).unwrap();
    let mut deeper = nested(DEPTH_MAX).encode();
    let mut head = vec![0x08, 18, 0x1a];
    prost::encode_length_delimiter(deeper.len(), &mut head).unwrap();
    deeper.splice(0..0, head);

    assert_eq!(as_read, nested(DEPTH_MAX));
    assert_eq!(as_read.depth(), DEPTH_MAX);
    let refused = Shape::decode(&deeper).unwrap_err();
    assert_eq!(refused.kind(), crate::ErrorKind::Corrupt);
    assert!(
        refused.to_string().contains("deeper than 64 levels"),
        "{refused}"
    );
}

#[test]
fn what_is_nested_too_deep_to_be_read_is_written_as_opaque() {
    let deep = (0..200).fold(Shape::Unit, |shape, _| Shape::option(shape));

    let read = Shape::decode(&deep.encode()).unwrap();

    assert!(
        difference(&read, &deep)
            .unwrap()
            .contains("opaque was stored, option<")
    );
}

#[test]
fn a_difference_names_the_path_and_both_sides() {
    let deep = |lat| fields([("legs", Shape::seq(fields([("lat", lat)])))]);
    let up = |payload| variants([(0, "Up", payload)]);
    let told = |wrap: fn(Shape) -> Shape| difference(&wrap(Shape::I32), &wrap(Shape::I64));
    let at = |place| Some(format!("{place}i32 was stored, i64 is declared"));

    assert_eq!(told(|s| s), at(""));
    assert_eq!(told(visit), at("field `delay?`: "));
    assert_eq!(told(|s| Shape::map(s, Shape::Unit)), at("at `{key}`: "));
    assert_eq!(told(|s| Shape::map(Shape::Unit, s)), at("at `{value}`: "));
    assert_eq!(
        told(|s| Shape::Tuple(vec![Shape::Unit, s])),
        at("at `.1`: ")
    );
    assert_eq!(
        difference(&deep(Shape::F32), &deep(Shape::F64)).unwrap(),
        "field `legs[].lat`: f32 was stored, f64 is declared"
    );
    assert_eq!(
        difference(&up(Shape::Unit), &up(Shape::Bool)).unwrap(),
        "at `::Up`: () was stored, bool is declared"
    );
}

#[test]
fn fields_added_removed_moved_and_renamed_are_told_apart() {
    let (a, b, c) = (("a", Shape::I8), ("b", Shape::I16), ("c", Shape::I32));
    let ab = fields([a.clone(), b.clone()]);
    let told = |declared| difference(&ab, &declared).unwrap();

    assert_eq!(
        told(fields([b.clone(), a.clone()])),
        "field `a`: place 0 was stored, 1 is declared"
    );
    assert_eq!(
        told(fields([b.clone()])),
        "field `a`: i8 was stored, nothing is declared"
    );
    assert_eq!(
        told(fields([a.clone()])),
        "field `b`: i16 was stored, nothing is declared"
    );
    let added = "field `c`: nothing was stored, i32 is declared";
    assert_eq!(told(fields([a.clone(), b.clone(), c.clone()])), added);
    assert_eq!(told(fields([c.clone(), a, b.clone()])), added);
    let renamed = "field `a`: i8 was stored, field `c`: i32 is declared in its place";
    assert_eq!(told(fields([c, b])), renamed);
}

#[test]
fn variants_are_compared_by_number() {
    let stored = variants([(0, "A", Shape::Unit), (1, "B", Shape::I8)]);
    let told = |declared| difference(&stored, &declared);

    assert_eq!(
        told(variants([(1, "B", Shape::I8), (0, "A", Shape::Unit)])),
        None
    );
    assert_eq!(
        told(variants([(0, "B", Shape::I8), (1, "A", Shape::Unit)])).unwrap(),
        "variant 0 was stored as `A`, is declared as `B`"
    );
    assert_eq!(
        told(variants([(0, "A", Shape::Unit)])).unwrap(),
        "variant 1, `B`, was stored, is not declared"
    );
    assert_eq!(
        difference(&variants([]), &variants([(7, "A", Shape::Unit)])).unwrap(),
        "variant 7, `A`, was not stored, is declared"
    );
}

#[test]
fn renaming_a_type_is_no_difference_even_where_it_contains_itself() {
    assert_eq!(difference(&list("List"), &list("Chain")), None);
    assert!(difference(&fields([("of", list("List"))]), &list("List")).is_some());
}

proptest! {
    #[test]
    fn a_shape_comes_back_from_its_bytes(shape in any_shape()) {
        prop_assert_eq!(Shape::decode(&shape.encode()).unwrap(), shape);
    }

    #[test]
    fn a_shape_does_not_differ_from_itself(shape in any_shape()) {
        prop_assert_eq!(difference(&shape, &shape), None);
    }

    #[test]
    fn a_difference_is_seen_from_both_sides(a in any_shape(), b in any_shape()) {
        prop_assert_eq!(difference(&a, &b).is_some(), difference(&b, &a).is_some());
    }

    #[test]
    fn any_bytes_are_a_shape_or_refused(bytes: Vec<u8>) {
        if let Ok(shape) = Shape::decode(&bytes) {
            prop_assert_eq!(Shape::decode(&shape.encode()), Ok(shape));
        }
    }
}
