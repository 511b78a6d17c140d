//! Values against the bytes of Flink's serializers.

use std::collections::BTreeMap;

use alluvium::ErrorKind;
use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Account {
    flag: bool,
    id: i32,
    name: String,
    nullable: Option<i64>,
    pair: (String, i32),
    score: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Color {
    Red,
    Green,
}

fn encoded<T: Serialize + DeserializeOwned>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    Flink::encode(value, &mut out).unwrap();
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[test]
fn bytes_are_those_of_flinks_serializers() {
    assert_eq!(hex(&encoded(&String::new())), "01");
    assert_eq!(hex(&encoded(&"abc".to_owned())), "04616263");
    assert_eq!(hex(&encoded(&"é".to_owned())), "02E901");
    assert_eq!(hex(&encoded(&"中".to_owned())), "02AD9C01");
    assert_eq!(hex(&encoded(&"😀".to_owned())), "03BDB00380BC03");
    assert_eq!(hex(&encoded(&-2_i64)), "FFFFFFFFFFFFFFFE");
    assert_eq!(hex(&encoded(&1.5_f32)), "3FC00000");
    assert_eq!(hex(&encoded(&'é')), "00E9");
    assert_eq!(hex(&encoded(&())), "00");
    assert_eq!(hex(&encoded(&Color::Green)), "00000001");
    assert_eq!(hex(&encoded(&vec![1_i16, 2])), "0000000200010002");
    assert_eq!(hex(&encoded(&("a".to_owned(), 7_i8))), "026107");
    assert_eq!(hex(&encoded(&Some(7_i8))), "0007");
    assert_eq!(hex(&encoded(&None::<i8>)), "01");
    let map = BTreeMap::from([(1_i8, None), (2, Some(true))]);
    assert_eq!(hex(&encoded(&map)), "00000002010102000".to_owned() + "1");
}

#[test]
fn a_struct_is_an_object_by_its_fields() {
    let account = Account {
        flag: true,
        id: 7,
        name: "ab".to_owned(),
        nullable: None,
        pair: ("c".to_owned(), 1),
        score: 0.5,
    };

    let bytes = encoded(&account);

    assert_eq!(
        hex(&bytes),
        "02 0001 0000000007 00036162 01 00026300000001 003FE0000000000000".replace(' ', "")
    );
    assert_eq!(<Flink as Codec<Account>>::decode(&bytes).unwrap(), account);
}

#[test]
fn fields_that_may_be_null_and_others_have_one_shape() {
    #[derive(Serialize, Deserialize)]
    #[serde(rename = "Account")]
    struct Other {
        flag: Option<bool>,
        id: Option<i32>,
        name: Option<String>,
        nullable: i64,
        pair: (String, i32),
        score: f64,
    }

    let shape = <Flink as Codec<Account>>::shape();

    assert_eq!(shape, <Flink as Codec<Other>>::shape());
    let Shape::Struct { fields, .. } = shape else {
        panic!("a struct has the shape of one");
    };
    assert!(fields.iter().all(|(_, of)| matches!(of, Shape::Option(_))));
}

#[test]
fn null_in_the_place_of_a_value_is_corrupt() {
    let mut bytes = encoded(&Some(7_i64));
    bytes.splice(.., [2, 1]);
    #[derive(Debug, Serialize, Deserialize)]
    struct One {
        id: i64,
    }

    let error = <Flink as Codec<One>>::decode(&bytes).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(format!("{error:?}").contains("Option"), "{error:?}");
}

#[test]
fn what_java_does_not_have_is_refused() {
    let mut out = Vec::new();
    assert_eq!(
        Flink::encode(&7_u64, &mut out).unwrap_err().kind(),
        ErrorKind::Invalid
    );
    assert_eq!(
        Flink::encode(&'😀', &mut out).unwrap_err().kind(),
        ErrorKind::Invalid
    );
    assert_eq!(
        Flink::encode(&Ok::<i32, i32>(1), &mut out)
            .unwrap_err()
            .kind(),
        ErrorKind::Invalid
    );
}

#[test]
fn bytes_behind_a_value_are_corrupt() {
    let error = <Flink as Codec<i8>>::decode(&[1, 2]).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

#[test]
fn a_value_that_contains_itself_without_end_is_corrupt() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Chain {
        next: Option<Box<Self>>,
    }

    let bytes: Vec<u8> = [2, 0].repeat(100_000);

    let error = <Flink as Codec<Chain>>::decode(&bytes).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

type Sample = (
    String,
    Option<Vec<i32>>,
    BTreeMap<i64, Option<String>>,
    (bool, f64, i8),
);

proptest! {
    #[test]
    fn decode_returns_what_was_encoded(value: Sample) {
        let bytes = encoded(&value);
        let decoded: Sample = Flink::decode(&bytes).unwrap();

        prop_assert_eq!(encoded(&decoded), bytes);
    }

    #[test]
    fn any_bytes_give_a_value_or_an_error(bytes: Vec<u8>) {
        drop(<Flink as Codec<Sample>>::decode(&bytes));
        drop(<Flink as Codec<Account>>::decode(&bytes));
        drop(<Flink as Codec<Color>>::decode(&bytes));
    }
}
