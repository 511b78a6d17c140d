//! Bytes that stay as they are, and what decoders refuse. The laws are in `tests/it/key_laws.rs`.

use super::*;
use crate::ErrorKind;
use crate::value::Value;

#[test]
fn keys_have_these_bytes_for_ever() {
    assert_eq!(encode(&0x0102_u16), [1, 2]);
    assert_eq!(encode(&-1_i32), [0x7f, 0xff, 0xff, 0xff]);
    assert_eq!(encode(&1_i64), [0x80, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(encode(&true), [1]);
    assert_eq!(encode(&'ß'), [0, 0, 0, 0xdf]);
    assert_eq!(encode(&()), []);
    assert_eq!(encode("a\0b"), *b"a\0\xffb\0\0");
    assert_eq!(encode(&[0xff_u8, 0][..]), *b"\xff\0\xff\0\0");
    assert_eq!(encode(&Some(7_u8)), [1, 7]);
    assert_eq!(encode(&None::<u8>), [0]);
    assert_eq!(encode(&("a", 7_u8, [1_u8, 2])), *b"a\0\0\x07\x01\x02");
}

#[test]
fn borrowed_forms_encode_as_the_key_does() {
    let owned = ("a".to_owned(), vec![1_u8], Some("b".to_owned()));

    assert_eq!(encode(&("a", &[1_u8][..], Some("b"))), encode(&owned));
}

#[test]
fn what_no_encoder_writes_is_corrupt() {
    fn refuses<K: Key + std::fmt::Debug>(bytes: &[u8]) {
        let refused = decode::<K>(bytes).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Corrupt, "{refused}");
        let by_shape = decode_shape(&K::shape(), &mut KeyReader::new(bytes));
        assert!(
            by_shape.is_err() || by_shape == Ok(Value::Null),
            "{by_shape:?}"
        );
    }

    refuses::<u32>(&[1, 2, 3]);
    refuses::<()>(&[0]);
    refuses::<bool>(&[2]);
    refuses::<char>(&0xd800_u32.to_be_bytes());
    refuses::<Option<()>>(&[2]);
    refuses::<String>(b"no end");
    refuses::<String>(b"half an end\0");
    refuses::<Vec<u8>>(b"no escape\0\x01");
    refuses::<String>(b"\xff\0\0");
    refuses::<[u16; 2]>(&[0, 0, 0]);
}

#[test]
fn text_without_zeros_is_read_without_a_copy() {
    let encoded = encode(&("plain", "with\0zero"));
    let mut input = KeyReader::new(&encoded);

    assert!(matches!(
        input.escaped(),
        Ok(std::borrow::Cow::Borrowed(b"plain"))
    ));
    assert!(matches!(input.escaped(), Ok(std::borrow::Cow::Owned(_))));
}

#[test]
fn an_enum_is_read_by_the_byte_of_its_variant() {
    let shape = Shape::Enum {
        name: "Side".into(),
        variants: vec![
            (0, "Left".into(), Shape::Unit),
            (1, "Right".into(), Shape::U8),
        ],
    };
    let read = |bytes| decode_shape(&shape, &mut KeyReader::new(bytes));

    assert_eq!(read(&[0]).unwrap().to_string(), r#""Left""#);
    assert_eq!(read(&[1, 9]).unwrap().to_string(), r#"{"Right":9}"#);
    assert_eq!(read(&[2]).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn a_shape_that_keys_do_not_have_is_incompatible() {
    for shape in [Shape::F64, Shape::seq(Shape::U8), Shape::Opaque] {
        let refused = decode_shape(&shape, &mut KeyReader::new(&[0; 16])).unwrap_err();

        assert_eq!(refused.kind(), ErrorKind::Incompatible, "{refused}");
    }
}
