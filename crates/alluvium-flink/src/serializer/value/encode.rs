//! Writes a value of any serializer: which module writes which family, and what all of them need.

use std::borrow::Cow;

use alluvium_protocol::value::Value;

use super::{array, avro, big, binary_array, binary_row, collection, layout, object, row, scalar};
use crate::error::{Error, Result};
use crate::serializer::{Kind, Serializer};

pub(super) fn write(serializer: &Serializer, value: &Value, out: &mut Vec<u8>) -> Result<()> {
    match &serializer.kind {
        Kind::Simple(simple) => match array::element(*simple) {
            Some(element) => array::write(element, value, out),
            None => scalar::write(*simple, value, out),
        },
        Kind::List(element) => collection::write_list(element, value, out),
        Kind::Set(element) => collection::write_array(true, element, value, out),
        Kind::LinkedList { nulls, element } => {
            collection::write_linked_list(*nulls, element, value, out)
        }
        Kind::Map(key, inner) => collection::write_map(key, inner, value, out),
        Kind::Array { element, .. } => collection::write_array(false, element, value, out),
        Kind::Tuple { fields, .. } => collection::write_tuple(fields, value, out),
        Kind::Nullable { padding, value: of } => {
            collection::write_nullable(*padding, of, value, out)
        }
        Kind::Either(left, right) => collection::write_either(left, right, value, out),
        Kind::Record(record) => layout::write(record, value, out),
        Kind::Timer { key, namespace } => collection::write_timer(key, namespace, value, out),
        Kind::Ttl(inner) => collection::write_ttl(inner, value, out),
        Kind::Marked(inner) => write(inner, value, out),
        Kind::Enumeration { class, constants } => {
            object::write_constant(class, constants, value, out)
        }
        Kind::Pojo(pojo) => object::write(pojo, value, out),
        Kind::Row { kinds, fields } => row::write(*kinds, fields, value, out),
        Kind::RowData(types) => binary_row::write_sized(types, value, out),
        Kind::ArrayData(element) => binary_array::write_sized(element, value, out),
        Kind::MapData(key, inner) => binary_array::write_sized_map(key, inner, value, out),
        Kind::DecimalData { precision, scale } => big::write_sql(*precision, *scale, value, out),
        Kind::TimestampData { precision } => super::time::write_sql(*precision, value, out),
        Kind::Avro(avro) => avro::write(avro, value, out),
        Kind::BinaryRowData { .. } | Kind::Raw(_) => match value {
            Value::Bytes(bytes) => {
                count(bytes.len(), out)?;
                out.extend_from_slice(bytes);
                Ok(())
            }
            other => Err(mismatch("the bytes of a row", of(other))),
        },
        Kind::Kryo { class } => Err(Error::unknown(format!(
            "a value of {class}: only Kryo can write it"
        ))),
        Kind::UserClass { class } => Err(Error::unknown(format!(
            "a value of {class}: only that class can write it"
        ))),
        Kind::Unknown => Err(Error::unknown(format!(
            "a value of a serializer that is not known: its snapshot is {}",
            serializer.class
        ))),
    }
}

/// `Invalid`: a value of another type.
#[cold]
pub(super) fn mismatch(
    expected: impl Into<Cow<'static, str>>,
    found: impl std::fmt::Display,
) -> Error {
    Error::invalid(format!("expected {}, found {found}", expected.into()))
}

/// What a value is, for messages: the values themselves may be secret, and long.
pub(super) const fn of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Int(_) | Value::Uint(_) => "an integer",
        Value::Float32(_) | Value::Float(_) => "a number with a fraction",
        Value::Char(_) => "a character",
        Value::Str(_) => "a text",
        Value::Bytes(_) => "bytes",
        Value::Seq(_) => "a sequence",
        Value::Map(_) => "a map",
        Value::Struct { .. } => "an object",
        Value::Enum { .. } => "a variant",
        _ => "something else",
    }
}

/// An integer that fits.
pub(super) fn integer<T: TryFrom<i128>>(value: &Value, what: &'static str) -> Result<T> {
    let number = match value {
        Value::Int(number) => Some(*number),
        Value::Uint(number) => i128::try_from(*number).ok(),
        _ => None,
    };
    let fitting = number.and_then(|number| T::try_from(number).ok());
    fitting.ok_or_else(|| match number {
        Some(number) => mismatch(what, format!("{number}, which does not fit")),
        None => mismatch(what, of(value)),
    })
}

/// Appends a count as Java's int.
pub(super) fn count(count: usize, out: &mut Vec<u8>) -> Result<()> {
    let count = i32::try_from(count)
        .map_err(|e| mismatch("fewer than 2^31 elements", format!("{count}")).with_source(e))?;
    out.extend(count.to_be_bytes());
    Ok(())
}
