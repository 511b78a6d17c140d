//! What is encoded is decoded: for every serializer that can be made from nothing, over any values of it.

use alluvium_protocol::value::Value;
use proptest::prelude::*;

use super::{decode, encode};
use crate::java::logical_type::{LogicalType, Root};
use crate::serializer::value::{binary_row, time::calendar};
use crate::serializer::{Serializer, Simple};

/// A serializer and a value that it can write.
type Pair = (Serializer, Value);

fn simple(simple: Simple, value: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Pair> {
    let serializer = Serializer::simple(simple).unwrap();
    value
        .prop_map(move |value| (serializer.clone(), value))
        .boxed()
}

fn int<T: Arbitrary + Into<i128> + 'static>() -> impl Strategy<Value = Value> {
    any::<T>().prop_map(|number| Value::Int(number.into()))
}

fn text() -> impl Strategy<Value = Value> {
    any::<String>().prop_map(Value::Str)
}

fn instant() -> impl Strategy<Value = Value> {
    (-99_999_999_999_i64..99_999_999_999, 0..1_000_000_000)
        .prop_map(|(seconds, nanos)| Value::Str(calendar::instant(seconds, nanos).unwrap()))
}

fn leaf() -> BoxedStrategy<Pair> {
    prop_oneof![
        simple(Simple::Boolean, any::<bool>().prop_map(Value::Bool)),
        simple(Simple::Byte, int::<i8>()),
        simple(Simple::Short, int::<i16>()),
        simple(Simple::Integer, int::<i32>()),
        simple(Simple::Long, int::<i64>()),
        simple(Simple::SortedLong, int::<i64>()),
        simple(Simple::Float, (-1e30_f32..1e30).prop_map(Value::Float32)),
        simple(Simple::Double, (-1e300..1e300).prop_map(Value::Float)),
        simple(
            Simple::Character,
            prop::char::range('\0', '\u{D7FF}').prop_map(Value::Char)
        ),
        simple(Simple::String, text()),
        simple(Simple::StringData, text()),
        simple(
            Simple::BigInteger,
            any::<i128>().prop_map(|number| Value::Str(number.to_string()))
        ),
        simple(
            Simple::BigDecimal,
            (any::<i64>(), 0..6_u32).prop_map(|(whole, digits)| Value::Str(format!(
                "{whole}.{:0>6}",
                10_u32.pow(digits)
            )))
        ),
        simple(Simple::Instant, instant()),
        simple(Simple::Timestamp, instant()),
        simple(Simple::ByteArray, any::<Vec<u8>>().prop_map(Value::Bytes)),
        simple(
            Simple::LongArray,
            prop::collection::vec(int::<i64>(), 0..5).prop_map(Value::Seq)
        ),
        simple(
            Simple::TimeWindow,
            [int::<i64>(), int::<i64>()].prop_map(|parts| Value::Seq(parts.into()))
        ),
    ]
    .boxed()
}

fn pair() -> impl Strategy<Value = Pair> {
    leaf().prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            (inner.clone(), 0..4_usize).prop_map(|((serializer, value), count)| {
                let list = Serializer::list(&serializer).unwrap();
                (list, Value::Seq(vec![value; count]))
            }),
            (inner.clone(), inner.clone(), any::<bool>()).prop_map(|(key, value, null)| {
                let map = Serializer::map(&key.0, &value.0).unwrap();
                let value = if null { Value::Null } else { value.1 };
                (map, Value::Map(vec![(key.1, value)]))
            }),
            prop::collection::vec(inner.clone(), 0..10).prop_map(|pairs| {
                let fields: Vec<_> = pairs.iter().map(|(serializer, _)| serializer).collect();
                let tuple = Serializer::tuple(&fields).unwrap();
                (
                    tuple,
                    Value::Seq(pairs.into_iter().map(|(_, value)| value).collect()),
                )
            }),
            prop::collection::vec((inner.clone(), any::<bool>()), 0..10).prop_map(|pairs| {
                let fields: Vec<_> = pairs
                    .iter()
                    .map(|((serializer, _), _)| serializer)
                    .collect();
                let row = Serializer::row(&fields).unwrap();
                let parts = pairs.into_iter().map(|((_, value), null)| match null {
                    true => Value::Null,
                    false => value,
                });
                (row, Value::Seq(parts.collect()))
            }),
            (inner.clone(), any::<i64>()).prop_map(|((serializer, value), time)| {
                let fields = vec![
                    ("timestamp".to_owned(), Value::Int(time.into())),
                    ("value".to_owned(), value),
                ];
                let name = "TtlValue".to_owned();
                (
                    Serializer::ttl(&serializer).unwrap(),
                    Value::Struct { name, fields },
                )
            }),
            (inner.clone(), any::<bool>()).prop_map(|((serializer, value), null)| {
                let nullable = Serializer::nullable(&serializer).unwrap();
                (nullable, if null { Value::Null } else { value })
            }),
            [inner.clone(), inner].prop_map(|[one, two]| {
                let pojo = Serializer::pojo("a.B", &[("one", &one.0), ("two", &two.0)]).unwrap();
                let fields = vec![("one".to_owned(), one.1), ("two".to_owned(), two.1)];
                (
                    pojo,
                    Value::Struct {
                        name: "a.B".to_owned(),
                        fields,
                    },
                )
            }),
        ]
    })
}

fn column() -> BoxedStrategy<(Root, Value)> {
    let of = |root: Root, value: BoxedStrategy<Value>| {
        value.prop_map(move |value| (root.clone(), value)).boxed()
    };
    let leaf = prop_oneof![
        of(Root::Boolean, any::<bool>().prop_map(Value::Bool).boxed()),
        of(Root::TinyInt, int::<i8>().boxed()),
        of(Root::SmallInt, int::<i16>().boxed()),
        of(Root::Integer, int::<i32>().boxed()),
        of(Root::BigInt, int::<i64>().boxed()),
        of(Root::Text, text().boxed()),
        of(
            Root::Binary,
            any::<Vec<u8>>().prop_map(Value::Bytes).boxed()
        ),
        of(Root::Instant { precision: 9 }, instant().boxed()),
        of(
            Root::Decimal {
                precision: 38,
                scale: 0
            },
            any::<i128>()
                .prop_map(|number| Value::Str(number.to_string()))
                .boxed()
        ),
        of(
            Root::Date,
            (-1_000_000..1_000_000_i64)
                .prop_map(|days| Value::Str(calendar::Date::of_days(days).unwrap().to_string()))
                .boxed()
        ),
    ];
    let nullable = |root| LogicalType {
        nullable: true,
        root,
    };
    leaf.prop_recursive(3, 24, 5, move |inner| {
        prop_oneof![
            (inner.clone(), 0..40_usize).prop_map(move |((root, value), count)| {
                let mut parts = vec![value; count];
                parts.extend([Value::Null]);
                (Root::Array(Box::new(nullable(root))), Value::Seq(parts))
            }),
            (inner.clone(), inner.clone()).prop_map(move |(key, value)| {
                let entries = vec![(key.1, value.1)];
                let map = Root::Map(Box::new(nullable(key.0)), Box::new(nullable(value.0)));
                (map, Value::Map(entries))
            }),
            prop::collection::vec(inner, 0..5).prop_map(move |columns| {
                let named = |n| format!("c{n}");
                let (types, fields) = columns
                    .into_iter()
                    .enumerate()
                    .map(|(n, (root, value))| ((named(n), nullable(root)), (named(n), value)))
                    .unzip();
                let name = "ROW".to_owned();
                (Root::Row(types), Value::Struct { name, fields })
            }),
        ]
    })
    .boxed()
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded((serializer, value) in pair()) {
        let bytes = encode(&serializer, &value);

        let (decoded, left) = decode(&serializer, &bytes).unwrap();

        prop_assert_eq!(left, 0);
        // Texts of times may differ in zeros at their end, their bytes do not.
        prop_assert_eq!(&encode(&serializer, &decoded), &bytes);
        if let Some(length) = serializer.fixed_length() {
            prop_assert_eq!(bytes.len(), length);
        }
    }

    #[test]
    fn rows_of_sql_are_read_as_they_were_written(columns in prop::collection::vec((column(), any::<bool>()), 0..70)) {
        let (types, parts): (Vec<_>, Vec<_>) = columns
            .into_iter()
            .map(|((root, value), null)| {
                let value = if null { Value::Null } else { value };
                (LogicalType { nullable: true, root }, value)
            })
            .unzip();
        let value = Value::Seq(parts);
        let mut bytes = Vec::new();
        binary_row::write_sized(&types, &value, &mut bytes).unwrap();

        let file = "row".into();
        let mut cursor = crate::cursor::Cursor::new(&bytes, &file, 0);
        let decoded: Value = binary_row::read_sized(&types, &mut cursor).unwrap();

        prop_assert!(cursor.is_empty());
        prop_assert_eq!(decoded, value);
    }
}
