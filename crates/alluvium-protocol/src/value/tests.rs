//! How values print, and what decoders refuse.

use super::*;
use crate::ErrorKind;
use crate::error::Error;
use crate::shape::Shape;

fn text(text: &str) -> Value {
    Value::Str(text.into())
}

fn kind<T>(result: Result<T, Error>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

#[test]
fn values_print_as_compact_json() {
    let entries = [
        Value::Int(-1),
        Value::Null,
        Value::Seq(vec![text("a")]),
        Value::Bytes(vec![0xa, 0]),
    ];
    let map = Value::Map(entries.map(|key| (key, Value::Bool(true))).to_vec());

    assert_eq!(
        map.to_string(),
        r#"{"-1":true,"null":true,"[\"a\"]":true,"0x0a00":true}"#
    );
    assert_eq!(Value::Uint(u128::MAX).to_string(), u128::MAX.to_string());
    assert_eq!(Value::Float32(1.1).to_string(), "1.1");
    assert_eq!(Value::Float(1e300).to_string(), "1e300");
    assert_eq!(Value::Float(f64::NAN).to_string(), r#""NaN""#);
    assert_eq!(
        Value::Float32(f32::NEG_INFINITY).to_string(),
        r#""-Infinity""#
    );
    assert_eq!(
        text("\"\\\n\u{1b}\u{9b}é").to_string(),
        r#""\"\\\n\u001b\u009bé""#
    );
}

#[test]
fn postcard_has_these_bytes_for_ever() {
    let shape = Shape::Tuple(vec![
        Shape::U16,
        Shape::I32,
        Shape::Bytes,
        Shape::Char,
        Shape::F32,
    ]);

    let value = postcard::decode(
        &shape,
        b"\x80\x02\x03\x02\xff\x00\x02\xc3\x9f\x00\x00\x80\x3f",
    );

    assert_eq!(value.unwrap().to_string(), r#"[256,-2,"0xff00","ß",1.0]"#);
}

#[test]
fn every_kind_of_messagepack_is_read() {
    let kinds: [(&[u8], &str); 12] = [
        (b"\x93\x7f\xff\xc0", "[127,-1,null]"),
        (b"\xdc\x00\x01\xc3", "[true]"),
        (b"\xdd\x00\x00\x00\x01\xc2", "[false]"),
        (b"\x81\xa1a\x01", r#"{"a":1}"#),
        (b"\xde\x00\x01\x01\x02", r#"{"1":2}"#),
        (b"\xdf\x00\x00\x00\x00", "{}"),
        (b"\xd9\x01a", r#""a""#),
        (b"\xc4\x02\x00\xff", r#""0x00ff""#),
        (b"\xc5\x00\x01\x07", r#""0x07""#),
        (
            b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
            "18446744073709551615",
        ),
        (b"\xd5\xff\x01\x02", r#"{"type":-1,"data":"0x0102"}"#),
        (b"\xc7\x01\x05\x09", r#"{"type":5,"data":"0x09"}"#),
    ];

    for (bytes, json) in kinds {
        assert_eq!(msgpack::decode(bytes).unwrap().to_string(), json);
    }
}

#[test]
fn what_no_writer_writes_is_corrupt() {
    let by_shape: [(Shape, &[u8]); 8] = [
        (Shape::Bool, &[2]),
        (Shape::option(Shape::U8), &[2, 0]),
        (Shape::U16, &[0xff, 0xff, 0x04]),
        (Shape::U128, &[0xff; 19]),
        (Shape::Char, b"\x02ab"),
        (Shape::Str, b"\x01\xff"),
        (
            Shape::Bytes,
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
        ),
        (Shape::Unit, &[0]),
    ];

    for (shape, bytes) in by_shape {
        let refused = postcard::decode(&shape, bytes);
        assert_eq!(kind(refused), Some(ErrorKind::Corrupt), "{shape}");
    }
    for bytes in [
        &b"\xc1"[..],
        b"\xa1\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"",
    ] {
        assert_eq!(
            kind(msgpack::decode(bytes)),
            Some(ErrorKind::Corrupt),
            "{bytes:?}"
        );
    }
}

#[test]
fn a_count_of_values_without_bytes_makes_no_large_tree() {
    let counted = |count: &[u8]| postcard::decode(&Shape::seq(Shape::Unit), count);

    assert_eq!(counted(&[3]).unwrap().to_string(), "[null,null,null]");
    assert_eq!(
        kind(counted(&[0xff, 0xff, 0xff, 0x7f])),
        Some(ErrorKind::Corrupt)
    );
}

#[test]
fn values_nested_to_the_limit_are_read_and_deeper_ones_refused() {
    let arrays = |levels: usize| [vec![0x91; levels - 1], vec![0xc0]].concat();
    let chain = Shape::Struct {
        name: "Chain".into(),
        fields: vec![(
            "rest".into(),
            Shape::option(Shape::Recursive("Chain".into())),
        )],
    };
    // A link of the chain is three levels: the struct, the option, and what it refers to.
    let links = |count: usize| [vec![1; count], vec![0]].concat();

    let deep = msgpack::decode(&arrays(DEPTH_MAX)).unwrap();
    assert_eq!(deep.to_string().len(), 2 * (DEPTH_MAX - 1) + "null".len());
    assert_eq!(
        kind(msgpack::decode(&arrays(DEPTH_MAX + 1))),
        Some(ErrorKind::Corrupt)
    );
    let deep = postcard::decode(&chain, &links(DEPTH_MAX / 3 - 1)).unwrap();
    assert_eq!(deep.to_string().matches("rest").count(), DEPTH_MAX / 3);
    assert_eq!(
        kind(postcard::decode(&chain, &links(DEPTH_MAX))),
        Some(ErrorKind::Corrupt)
    );
}

#[test]
fn a_type_that_is_nothing_but_itself_is_refused() {
    let this = || Shape::Recursive("Tree".into());
    let fields = vec![("left".into(), this()), ("right".into(), this())];
    let endless = Shape::Struct {
        name: "Tree".into(),
        fields,
    };

    assert_eq!(
        kind(postcard::decode(&endless, &[])),
        Some(ErrorKind::Corrupt)
    );
}

#[test]
fn shapes_that_only_a_codec_knows_are_incompatible() {
    for shape in [Shape::Opaque, Shape::Recursive("Nowhere".into())] {
        assert_eq!(
            kind(postcard::decode(&shape, &[1])),
            Some(ErrorKind::Incompatible),
            "{shape}"
        );
    }
}
