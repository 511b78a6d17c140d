//! What is printed is read as what it was; what does not fit is told with its place.

use alluvium_protocol::schema::BYTES;
use proptest::prelude::*;

use super::*;

fn schema(codec: &str, shape: Shape) -> ValueSchema {
    ValueSchema {
        codec: codec.into(),
        version: 1,
        type_name: String::new(),
        shape,
        type_version: None,
        older: Vec::new(),
    }
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

fn refused(shape: Shape, json: &str) -> String {
    let error = value(&schema(POSTCARD, shape), &raw(json)).unwrap_err();
    error.to_string()
}

fn visit() -> Shape {
    Shape::Struct {
        name: "Visit".into(),
        fields: vec![
            ("at".into(), Shape::I64),
            ("by".into(), Shape::option(Shape::Str)),
        ],
    }
}

/// Shapes of values, and not of too many levels.
fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop::sample::select(vec![
        Shape::Unit,
        Shape::Bool,
        Shape::I8,
        Shape::I64,
        Shape::I128,
        Shape::U16,
        Shape::U32,
        Shape::U128,
        Shape::F32,
        Shape::F64,
        Shape::Char,
        Shape::Str,
        Shape::Bytes,
    ]);
    leaf.prop_recursive(3, 12, 3, |inner| {
        let fields = prop::collection::vec(inner.clone(), 0..3).prop_map(|fields| {
            let named = fields.into_iter().enumerate();
            Shape::Struct {
                name: "S".into(),
                fields: named.map(|(at, of)| (format!("f{at}"), of)).collect(),
            }
        });
        let variants = prop::collection::vec(inner.clone(), 1..3).prop_map(|payloads| {
            let named = (0_u32..).zip(payloads);
            Shape::Enum {
                name: "E".into(),
                variants: named.map(|(at, of)| (at, format!("V{at}"), of)).collect(),
            }
        });
        prop_oneof![
            inner.clone().prop_map(Shape::option),
            inner.clone().prop_map(Shape::seq),
            (inner.clone(), inner.clone()).prop_map(|(key, of)| Shape::map(key, of)),
            prop::collection::vec(inner, 0..3).prop_map(Shape::Tuple),
            fields,
            variants,
        ]
    })
}

/// Any value of a shape, chosen by some numbers.
fn any_value(shape: &Shape, bits: &mut impl Iterator<Item = u64>) -> Value {
    let mut next = || bits.next().unwrap_or(0);
    match shape {
        Shape::Unit => Value::Null,
        Shape::Bool => Value::Bool(next() % 2 == 0),
        Shape::I8 => Value::Int(i128::from(next() % 256) - 128),
        Shape::I64 => Value::Int(next().cast_signed().into()),
        Shape::I128 => Value::Int(i128::from(next().cast_signed()) << 60),
        Shape::U16 => Value::Uint((next() % 65_536).into()),
        Shape::U32 => Value::Uint((next() % (1 << 32)).into()),
        Shape::U128 => Value::Uint(u128::from(next()) << 64),
        Shape::F32 => {
            let bits = u32::try_from(next() % (1 << 32)).unwrap();
            Value::Float32(f32::from_bits(bits))
        }
        Shape::F64 => Value::Float(f64::from_bits(next())),
        Shape::Char => {
            Value::Char(char::from_u32(u32::try_from(next() % 0xd800).unwrap()).unwrap())
        }
        Shape::Str => Value::Str(
            ["", "null", "1", "[1]", "é\n\"", "0x00"][usize::try_from(next() % 6).unwrap()].into(),
        ),
        Shape::Bytes => {
            Value::Bytes(next().to_be_bytes()[..usize::try_from(next() % 9).unwrap()].to_vec())
        }
        Shape::Option(of) => {
            if next() % 2 == 0 {
                Value::Null
            } else {
                any_value(of, bits)
            }
        }
        Shape::Seq(of) => {
            let count = next() % 3;
            Value::Seq((0..count).map(|_| any_value(of, bits)).collect())
        }
        Shape::Map(key, of) => {
            let count = next() % 3;
            // Each key once, as a map has them.
            let mut entries: Vec<(Value, Value)> = Vec::new();
            for _ in 0..count {
                let (key, value) = (any_value(key, bits), any_value(of, bits));
                let told = key.to_string();
                if entries.iter().all(|(other, _)| other.to_string() != told) {
                    entries.push((key, value));
                }
            }
            Value::Map(entries)
        }
        Shape::Tuple(parts) => Value::Seq(parts.iter().map(|part| any_value(part, bits)).collect()),
        Shape::Struct { name, fields } => {
            let fields = fields
                .iter()
                .map(|(field, of)| (field.clone(), any_value(of, bits)));
            Value::Struct {
                name: name.clone(),
                fields: fields.collect(),
            }
        }
        Shape::Enum { name, variants } => {
            let (_, variant, payload) =
                &variants[usize::try_from(next()).unwrap_or(0) % variants.len()];
            Value::Enum {
                name: name.clone(),
                variant: variant.clone(),
                payload: Box::new(any_value(payload, bits)),
            }
        }
        other => panic!("{other}"),
    }
}

proptest! {
    #[test]
    fn what_was_printed_prints_the_same_again(shape in shape(), bits: Vec<u64>) {
        let value = any_value(&shape, &mut bits.into_iter());
        let printed = value.to_string();

        let bytes = self::value(&schema(POSTCARD, shape.clone()), &raw(&printed)).unwrap();

        let again = postcard::decode(&shape, &bytes).unwrap();
        prop_assert_eq!(again.to_string(), printed);
    }

    #[test]
    fn what_messagepack_prints_prints_the_same_again(shape in shape(), bits: Vec<u64>) {
        // As MessagePack has it: what its own decoder makes of the value.
        let value = any_value(&shape, &mut bits.into_iter());
        prop_assume!(!shape.to_string().contains("128"));
        let printed = msgpack::decode(&msgpack::encode(&value).unwrap()).unwrap().to_string();

        let Ok(bytes) = self::value(&schema(MSGPACK_NAMED, shape.clone()), &raw(&printed)) else {
            // An option in a variant is not as text, which this value's tree does not tell.
            prop_assert!(shape.to_string().contains("option"));
            return Ok(());
        };

        let again = msgpack::decode(&bytes).unwrap();
        prop_assert_eq!(again.to_string(), printed);
    }
}

#[test]
fn what_does_not_fit_is_told_with_its_place_and_what_is_due() {
    let visits = Shape::seq(visit());

    let wrong = refused(visits, r#"[{"at": 1, "by": null}, {"at": "x", "by": "y"}]"#);
    let unknown = refused(visit(), r#"{"at": 1, "by": null, "why": 2}"#);
    let missing = refused(visit(), r#"{"by": null}"#);
    let twice = refused(visit(), r#"{"at": 1, "at": 2}"#);
    let wide = refused(Shape::U8, "256");
    let number = refused(Shape::Str, "1");

    assert_eq!(wrong, "[1].at: i64 is due, found \"x\"");
    assert!(unknown.starts_with(".why: no such field"), "{unknown}");
    assert!(
        missing.starts_with("field `at` of type i64 is due"),
        "{missing}"
    );
    assert!(twice.starts_with(".at: each field once"), "{twice}");
    assert_eq!(wide, "u8 is due, found 256");
    assert_eq!(number, "str is due, found 1");
}

#[test]
fn an_option_that_is_missing_is_none() {
    let shape = visit();

    let bytes = value(&schema(POSTCARD, shape.clone()), &raw(r#"{"at": 1}"#)).unwrap();

    let value = postcard::decode(&shape, &bytes).unwrap();
    assert_eq!(value.to_string(), r#"{"at":1,"by":null}"#);
}

#[test]
fn values_of_a_users_codec_are_their_bytes() {
    let bytes = value(&schema(BYTES, Shape::Opaque), &raw("\"0x00ff\"")).unwrap();

    assert_eq!(bytes, [0, 0xff]);
    assert!(value(&schema(BYTES, Shape::Opaque), &raw("\"0x0\"")).is_err());
    assert!(value(&schema(BYTES, Shape::Opaque), &raw("7")).is_err());
}

#[test]
fn a_key_twice_in_a_map_and_a_number_that_would_be_infinite_are_refused() {
    let map = Shape::map(Shape::U8, Shape::Bool);

    let twice = refused(map, r#"{"1": true, "1": false}"#);
    let double = refused(Shape::F64, "1e999");
    let single = refused(Shape::F32, "-1e39");

    assert!(twice.contains("each key once"), "{twice}");
    assert!(double.contains("1e999"), "{double}");
    assert!(single.contains("-1e39"), "{single}");
    let infinite = value(&schema(POSTCARD, Shape::F64), &raw("\"Infinity\"")).unwrap();
    assert_eq!(infinite, f64::INFINITY.to_le_bytes());
}

#[test]
fn values_whose_shape_was_not_recorded_are_taken_as_bytes() {
    let opaque = schema(MSGPACK_NAMED, Shape::Opaque);

    assert_eq!(value(&opaque, &raw("\"0x93\"")).unwrap(), [0x93]);
    assert!(value(&opaque, &raw("[1]")).is_err());
}
