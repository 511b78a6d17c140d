//! Serializers whose snapshot is their class: of values without parts.
//!
//! ```text
//! payload   version 3: nothing; version 2: serializer:utf
//! ```

use crate::cursor::Cursor;
use crate::error::Result;

/// A type of values without parts. How they are encoded: `value::scalar`, `string`, `big`, `time` and `array`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the variants are called as Java's types are")]
pub enum Simple {
    Boolean,
    Byte,
    Short,
    Integer,
    Long,
    /// A long whose bytes are in the numbers' order.
    SortedLong,
    Float,
    Double,
    Character,
    String,
    /// SQL's text.
    StringData,
    /// Flink's mutable text.
    StringValue,
    BigInteger,
    BigDecimal,
    Date,
    SqlDate,
    SqlTime,
    Timestamp,
    Instant,
    LocalDate,
    LocalTime,
    LocalDateTime,
    Void,
    VoidNamespace,
    GlobalWindow,
    TimeWindow,
    CountWindow,
    BooleanArray,
    ByteArray,
    ShortArray,
    IntegerArray,
    LongArray,
    FloatArray,
    DoubleArray,
    CharacterArray,
    StringArray,
    /// Null, for which nothing is written.
    Nothing,
    /// A set of numbers, as its own library writes it.
    Bitmap,
    /// A semi-structured value of SQL: its bytes, and the names in it.
    Variant,
    /// Any object, as Java serializes it.
    JavaObject,
}

const BASE: &str = "org.apache.flink.api.common.typeutils.base.";
const ARRAYS: &str = "org.apache.flink.api.common.typeutils.base.array.";
const SCALA: &str = "org.apache.flink.api.scala.typeutils.";
const SQL: &str = "org.apache.flink.table.runtime.";

/// Packages, names and types: the class of a snapshot is `<package><name>Serializer$<name>SerializerSnapshot`.
const NAMES: &[(&str, &str, Simple)] = &[
    (BASE, "Boolean", Simple::Boolean),
    (BASE, "Byte", Simple::Byte),
    (BASE, "Short", Simple::Short),
    (BASE, "Int", Simple::Integer),
    (BASE, "Long", Simple::Long),
    (BASE, "Float", Simple::Float),
    (BASE, "Double", Simple::Double),
    (BASE, "Char", Simple::Character),
    (BASE, "String", Simple::String),
    (BASE, "BigInt", Simple::BigInteger),
    (BASE, "BigDec", Simple::BigDecimal),
    (BASE, "Date", Simple::Date),
    (BASE, "SqlDate", Simple::SqlDate),
    (BASE, "SqlTime", Simple::SqlTime),
    (BASE, "SqlTimestamp", Simple::Timestamp),
    (BASE, "Instant", Simple::Instant),
    (BASE, "LocalDate", Simple::LocalDate),
    (BASE, "LocalTime", Simple::LocalTime),
    (BASE, "LocalDateTime", Simple::LocalDateTime),
    (BASE, "Void", Simple::Void),
    (BASE, "BooleanValue", Simple::Boolean),
    (BASE, "ByteValue", Simple::Byte),
    (BASE, "ShortValue", Simple::Short),
    (BASE, "IntValue", Simple::Integer),
    (BASE, "LongValue", Simple::Long),
    (BASE, "FloatValue", Simple::Float),
    (BASE, "DoubleValue", Simple::Double),
    (BASE, "CharValue", Simple::Character),
    (BASE, "StringValue", Simple::StringValue),
    (BASE, "NullValue", Simple::Nothing),
    (BASE, "Bitmap", Simple::Bitmap),
    (BASE, "Variant", Simple::Variant),
    (ARRAYS, "BooleanPrimitiveArray", Simple::BooleanArray),
    (ARRAYS, "BytePrimitiveArray", Simple::ByteArray),
    (ARRAYS, "ShortPrimitiveArray", Simple::ShortArray),
    (ARRAYS, "IntPrimitiveArray", Simple::IntegerArray),
    (ARRAYS, "LongPrimitiveArray", Simple::LongArray),
    (ARRAYS, "FloatPrimitiveArray", Simple::FloatArray),
    (ARRAYS, "DoublePrimitiveArray", Simple::DoubleArray),
    (ARRAYS, "CharPrimitiveArray", Simple::CharacterArray),
    (ARRAYS, "StringArray", Simple::StringArray),
    (
        "org.apache.flink.runtime.state.",
        "VoidNamespace",
        Simple::VoidNamespace,
    ),
    (
        "org.apache.flink.queryablestate.client.",
        "VoidNamespace",
        Simple::VoidNamespace,
    ),
    (
        "org.apache.flink.runtime.state.",
        "Java",
        Simple::JavaObject,
    ),
    ("org.apache.flink.table.dataview.", "Null", Simple::Void),
    (SCALA, "Unit", Simple::Void),
    (SCALA, "Nothing", Simple::Nothing),
];

/// The same for classes inside others, whose names follow no rule.
const WINDOWS: &[(&str, &str, Simple)] = &[
    (
        "org.apache.flink.streaming.api.windowing.windows.",
        "TimeWindow$Serializer$TimeWindowSerializerSnapshot",
        Simple::TimeWindow,
    ),
    (
        "org.apache.flink.streaming.api.windowing.windows.",
        "GlobalWindow$Serializer$GlobalWindowSerializerSnapshot",
        Simple::GlobalWindow,
    ),
    (
        SQL,
        "operators.window.TimeWindow$Serializer$TimeWindowSerializerSnapshot",
        Simple::TimeWindow,
    ),
    (
        SQL,
        "operators.window.GlobalWindow$Serializer$GlobalWindowSerializerSnapshot",
        Simple::GlobalWindow,
    ),
    (
        SQL,
        "operators.window.CountWindow$Serializer$CountWindowSerializerSnapshot",
        Simple::CountWindow,
    ),
    (
        SQL,
        "operators.sink.SortedLongSerializer$SortedLongSerializerSnapshot",
        Simple::SortedLong,
    ),
    (
        SQL,
        "typeutils.StringDataSerializer$StringDataSerializerSnapshot",
        Simple::StringData,
    ),
];

impl Simple {
    /// The type of a snapshot's class.
    pub(super) fn of_class(class: &str) -> Option<Self> {
        let by_rule = NAMES.iter().find(|(package, name, _)| {
            class
                .strip_prefix(package)
                .and_then(|class| class.strip_prefix(name))
                .and_then(|class| class.strip_prefix("Serializer$"))
                .and_then(|class| class.strip_prefix(name))
                == Some("SerializerSnapshot")
        });
        let by_name = || {
            let mut windows = WINDOWS.iter();
            windows.find(|(package, name, _)| class.strip_prefix(package) == Some(name))
        };
        by_rule.or_else(by_name).map(|(_, _, simple)| *simple)
    }

    /// The class that Flink writes for it.
    pub(super) fn class(self) -> String {
        let found = |(_, _, simple): &&(&str, &str, Self)| *simple == self;
        match NAMES.iter().find(found) {
            Some((package, name, _)) => {
                format!("{package}{name}Serializer${name}SerializerSnapshot")
            }
            None => {
                let window = WINDOWS.iter().find(found);
                window.map_or_else(String::new, |(package, name, _)| format!("{package}{name}"))
            }
        }
    }

    pub(super) fn read_payload(version: i32, cursor: &mut Cursor<'_>) -> Result<()> {
        if version == 2 {
            cursor.utf("the class of a serializer")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_class_and_the_class_has_the_type() {
        for (_, _, simple) in NAMES.iter().chain(WINDOWS) {
            assert_eq!(Simple::of_class(&simple.class()), Some(*simple));
        }
    }

    #[test]
    fn classes_are_called_as_flink_calls_them() {
        assert_eq!(
            Simple::Long.class(),
            "org.apache.flink.api.common.typeutils.base.LongSerializer$LongSerializerSnapshot"
        );
        assert_eq!(
            Simple::VoidNamespace.class(),
            "org.apache.flink.runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot"
        );
        assert_eq!(
            Simple::of_class("org.apache.flink.api.common.typeutils.base.LongSerializer"),
            None
        );
    }
}
