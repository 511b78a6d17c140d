//! Which shape a serializer's values have in Alluvium: what the Rust job declares.
//!
//! | form | what has a shape |
//! |---|---|
//! | Flink's bytes | what the codec `flink` reads of the very bytes |
//! | a tree | what decoded values are: dates and big numbers are text |
//! | a key | what Alluvium orders: no fractions, lists and maps |

use alluvium_protocol::shape::{DEPTH_MAX, Shape};

use crate::codec::with_nulls;
use crate::serializer::{Kind, Serializer, Simple};

/// What the bytes of a value are to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Those that Flink wrote.
    Flink,
    /// Those of a decoded value, whose objects' fields may be null.
    Tree,
    /// Those of a decoded value, whose objects' fields are never null.
    PlainTree,
    /// Those of a key.
    Key,
}

/// The shape of decoded values, whose objects' fields may be null; `None` if they have none.
#[must_use]
pub fn shape_of(serializer: &Serializer) -> Option<Shape> {
    value_shape(serializer, Form::Tree)
}

/// The shape of values; `None` if they have none in this form.
pub(crate) fn value_shape(serializer: &Serializer, form: Form) -> Option<Shape> {
    let shape = of(serializer, form)?;
    let shape = if form == Form::Flink {
        with_nulls(shape)
    } else {
        shape
    };
    // What a snapshot records must be readable again.
    (shape.depth() <= DEPTH_MAX - 2).then_some(shape)
}

/// The shape of keys, namespaces or map keys; `None` if they cannot be any.
pub(crate) fn key_shape(serializer: &Serializer) -> Option<Shape> {
    value_shape(serializer, Form::Key)
}

fn of(serializer: &Serializer, form: Form) -> Option<Shape> {
    let each = |parts: &[Serializer]| -> Option<Vec<Shape>> {
        parts.iter().map(|part| of(part, form)).collect()
    };
    let (flink, key) = (form == Form::Flink, form == Form::Key);
    match serializer.unmarked().kind() {
        Kind::Simple(simple) => of_simple(*simple, form),
        Kind::List(element) | Kind::Set(element) if !key => Some(Shape::seq(of(element, form)?)),
        Kind::LinkedList { element, .. } | Kind::Array { element, .. } if !key && !flink => {
            Some(Shape::seq(Shape::option(of(element, form)?)))
        }
        Kind::Map(map_key, value) if !key => Some(Shape::map(of(map_key, form)?, of(value, form)?)),
        Kind::Tuple { fields, .. } => each(fields).map(Shape::Tuple),
        Kind::Row { fields, .. } if !flink => {
            let fields = each(fields)?.into_iter().map(Shape::option);
            Some(Shape::Tuple(fields.collect()))
        }
        Kind::Nullable { padding: 0, value } => Some(Shape::option(of(value, form)?)),
        Kind::Nullable { value, .. } if !flink => Some(Shape::option(of(value, form)?)),
        Kind::Enumeration { class, constants } => {
            let variants = constants.iter().zip(0..);
            Some(Shape::Enum {
                name: short(class),
                variants: variants
                    .map(|(constant, number)| (number, constant.clone(), Shape::Unit))
                    .collect(),
            })
        }
        Kind::Pojo(pojo) => {
            let fields = pojo.fields().iter().map(|field| {
                let shape = of(field.serializer()?, form)?;
                let shape = match form {
                    Form::Tree => optional(shape),
                    _ => shape,
                };
                Some((field.name().to_owned(), shape))
            });
            Some(Shape::Struct {
                name: short(pojo.class()),
                fields: fields.collect::<Option<_>>()?,
            })
        }
        _ => None,
    }
}

fn optional(shape: Shape) -> Shape {
    match shape {
        known @ Shape::Option(_) => known,
        other => Shape::option(other),
    }
}

fn of_simple(simple: Simple, form: Form) -> Option<Shape> {
    let (flink, key) = (form == Form::Flink, form == Form::Key);
    let array = |element| (!key).then(|| Shape::seq(element));
    match simple {
        Simple::Boolean => Some(Shape::Bool),
        Simple::Byte => Some(Shape::I8),
        Simple::Short => Some(Shape::I16),
        Simple::Integer => Some(Shape::I32),
        Simple::Long | Simple::CountWindow => Some(Shape::I64),
        Simple::SortedLong if !flink => Some(Shape::I64),
        Simple::Float if !key => Some(Shape::F32),
        Simple::Double if !key => Some(Shape::F64),
        Simple::Character => Some(Shape::Char),
        Simple::String => Some(Shape::Str),
        Simple::Void | Simple::VoidNamespace | Simple::GlobalWindow => Some(Shape::Unit),
        Simple::TimeWindow => Some(Shape::Tuple(vec![Shape::I64, Shape::I64])),
        Simple::ByteArray => Some(Shape::Bytes),
        Simple::BooleanArray => array(Shape::Bool),
        Simple::ShortArray => array(Shape::I16),
        Simple::IntegerArray => array(Shape::I32),
        Simple::LongArray => array(Shape::I64),
        Simple::FloatArray => array(Shape::F32),
        Simple::DoubleArray => array(Shape::F64),
        Simple::CharacterArray => array(Shape::Char),
        Simple::StringData
        | Simple::BigInteger
        | Simple::BigDecimal
        | Simple::Date
        | Simple::SqlDate
        | Simple::SqlTime
        | Simple::Timestamp
        | Simple::Instant
        | Simple::LocalDate
        | Simple::LocalTime
        | Simple::LocalDateTime
            if !flink =>
        {
            Some(Shape::Str)
        }
        _ => None,
    }
}

/// A class without its package and the class around it.
fn short(class: &str) -> String {
    let name = class
        .rsplit_once(['.', '$'])
        .map_or(class, |(_, name)| name);
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use alluvium::codec::Codec;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::codec::Flink;

    #[derive(Serialize, Deserialize)]
    struct Account {
        id: i32,
        name: String,
        nullable: Option<i64>,
        pair: (String, i32),
    }

    fn account() -> Serializer {
        let simple = |simple| Serializer::simple(simple).unwrap();
        let (int, text, long) = (
            simple(Simple::Integer),
            simple(Simple::String),
            simple(Simple::Long),
        );
        let pair = Serializer::tuple(&[&text, &int]).unwrap();
        let fields = [
            ("id", &int),
            ("name", &text),
            ("nullable", &long),
            ("pair", &pair),
        ];
        Serializer::pojo("org.example.Job$Account", &fields).unwrap()
    }

    #[test]
    fn an_object_has_the_shape_of_the_struct_that_reads_its_bytes() {
        assert_eq!(
            value_shape(&account(), Form::Flink),
            Some(<Flink as Codec<Account>>::shape())
        );
    }

    #[test]
    fn what_alluvium_does_not_order_is_no_key() {
        let list = Serializer::list(&account()).unwrap();

        assert_eq!(key_shape(&list), None);
        assert!(key_shape(&account()).is_some());
    }
}
