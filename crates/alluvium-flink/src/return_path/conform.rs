//! Values of Rust types as the trees that a serializer writes.
//!
//! Codecs write no classes, and MessagePack has maps for structs and texts for constants; the serializer knows which they are.

use alluvium_protocol::value::Value;

use crate::serializer::{Kind, Serializer};

/// The value with the names that the serializer has for its parts. What does not fit stays as it is, and is refused when it is written.
pub(super) fn conform(serializer: &Serializer, value: Value) -> Value {
    match (serializer.unmarked().kind(), value) {
        (_, Value::Null) => Value::Null,
        (Kind::Pojo(pojo), Value::Struct { fields, .. }) => {
            let values = fields.into_iter();
            object(pojo.class(), pojo.fields(), values.collect())
        }
        (Kind::Pojo(pojo), Value::Map(entries)) => {
            let values = entries.into_iter().filter_map(|(name, value)| match name {
                Value::Str(name) => Some((name, value)),
                _ => None,
            });
            object(pojo.class(), pojo.fields(), values.collect())
        }
        (Kind::Enumeration { class, .. }, Value::Str(variant) | Value::Enum { variant, .. }) => {
            Value::Enum {
                name: class.clone(),
                variant,
                payload: Box::new(Value::Null),
            }
        }
        (
            Kind::List(element)
            | Kind::Set(element)
            | Kind::LinkedList { element, .. }
            | Kind::Array { element, .. },
            Value::Seq(parts),
        ) => Value::Seq(
            parts
                .into_iter()
                .map(|part| conform(element, part))
                .collect(),
        ),
        (Kind::Tuple { fields, .. } | Kind::Row { fields, .. }, Value::Seq(parts))
            if fields.len() == parts.len() =>
        {
            let pairs = fields.iter().zip(parts);
            Value::Seq(pairs.map(|(field, part)| conform(field, part)).collect())
        }
        (Kind::Map(map_key, inner), Value::Map(entries)) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| (conform(map_key, key), conform(inner, value)))
                .collect(),
        ),
        (Kind::Nullable { value: inner, .. }, value) => conform(inner, value),
        (_, value) => value,
    }
}

fn object(class: &str, fields: &[crate::serializer::Field], values: Vec<(String, Value)>) -> Value {
    let mut values = values;
    let fields = fields.iter().map(|field| {
        let found = values.iter().position(|(name, _)| name == field.name());
        let value = found.map_or(Value::Null, |at| values.swap_remove(at).1);
        let value = match field.serializer() {
            Some(serializer) => conform(serializer, value),
            None => value,
        };
        (field.name().to_owned(), value)
    });
    Value::Struct {
        name: class.to_owned(),
        fields: fields.collect(),
    }
}
