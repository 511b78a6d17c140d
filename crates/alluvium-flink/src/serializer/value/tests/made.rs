//! Serializers that no vector is of: Scala's, and old forms. Their bytes are put together here, by the layouts that Flink's
//! sources have.

use super::{decode, encode, read, snapshot_of};
use crate::serializer::{Serializer, Simple};

const SCALA: &str = "org.apache.flink.api.scala.typeutils.";

/// Serializers of texts, as many as are asked for, in their frame.
fn texts(count: i32) -> Vec<u8> {
    let mut out = Vec::new();
    for word in [0x0014_57FD, 1, count] {
        out.extend(word.to_be_bytes());
    }
    for _ in 0..count {
        Serializer::simple(Simple::String).unwrap().write(&mut out);
    }
    out
}

/// The payload of a composite serializer.
fn composite(outer: &[u8], count: i32) -> Vec<u8> {
    let mut out = [0x000D_E704, 2_i32].map(i32::to_be_bytes).concat();
    out.extend(outer);
    out.extend(texts(count));
    out
}

/// A value reads as it should, and is written back.
fn check(class: &str, version: i32, payload: &[u8], value: &[u8], shown: &str) {
    let serializer = read(&snapshot_of(class, version, payload)).unwrap();

    let (decoded, left) = decode(&serializer, value).unwrap();

    assert_eq!((decoded.to_string().as_str(), left), (shown, 0), "{class}");
    assert_eq!(encode(&serializer, &decoded), value, "{class}");
    for end in 0..value.len() {
        assert!(decode(&serializer, &value[..end]).is_err(), "{class}");
    }
    assert_eq!(serializer.java_hash(&decoded), None, "{class}");
}

#[test]
fn types_of_scala_are_read_by_their_layouts() {
    let class = |name: &str| format!("{SCALA}{name}");
    let option = class("ScalaOptionSerializerSnapshot");
    let pair = class("ScalaCaseClassSerializerSnapshot");
    let many = class("TraversableSerializerSnapshot");
    let constant = class("ScalaEnumSerializerSnapshot");

    check(
        &option,
        3,
        &composite(b"", 1),
        b"\x01\x02a",
        r#"{"Some":"a"}"#,
    );
    check(&option, 3, &composite(b"", 1), b"\0", r#""None""#);
    check(
        &pair,
        3,
        &composite(b"\0\x01P", 2),
        b"\x02a\x01",
        r#"["a",""]"#,
    );
    check(
        &many,
        3,
        &composite(b"\0\x01c", 1),
        b"\0\0\0\x02\x01\x02a\0",
        r#"["a",null]"#,
    );
    check(
        &constant,
        3,
        b"\0\x01E\0\0\0\x01\0\x03RED\0\0\0\0",
        b"\0\0\0\0",
        r#""RED""#,
    );
}

#[test]
fn arrays_and_eithers_without_a_frame_are_read() {
    let array = "org.apache.flink.api.common.typeutils.base.GenericArraySerializerConfigSnapshot";
    let either = "org.apache.flink.api.java.typeutils.runtime.EitherSerializerSnapshot";
    let of_class = [b"\0\x01C".as_slice(), &texts(1)].concat();

    check(array, 2, &of_class, b"\0\0\0\x01\x01\x02a", r#"["a"]"#);
    let serializer = read(&snapshot_of(either, 2, &texts(2))).unwrap();
    assert_eq!(
        decode(&serializer, b"\x01\x02a").unwrap().0.to_string(),
        r#"{"Left":"a"}"#
    );
}
