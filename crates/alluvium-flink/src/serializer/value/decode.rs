//! Reads a value of any serializer: which module reads which family.

use super::output::Output;
use super::{array, avro, big, binary_array, binary_row, collection, layout, object, row, scalar};
use crate::cursor::Cursor;
use crate::error::Result;
use crate::serializer::{Kind, Serializer};

pub(super) fn read<O: Output>(serializer: &Serializer, cursor: &mut Cursor<'_>) -> Result<O> {
    match &serializer.kind {
        Kind::Simple(simple) => match array::element(*simple) {
            Some(element) => array::read(element, cursor),
            None => scalar::read(*simple, cursor),
        },
        Kind::List(element) => collection::read_list(element, cursor),
        Kind::Set(element) => collection::read_array(true, element, cursor),
        Kind::LinkedList { nulls, element } => {
            collection::read_linked_list(*nulls, element, cursor)
        }
        Kind::Map(key, value) => collection::read_map(key, value, cursor),
        Kind::Array { element, .. } => collection::read_array(false, element, cursor),
        Kind::Tuple { fields, .. } => collection::read_tuple(fields, cursor),
        Kind::Nullable { padding, value } => collection::read_nullable(*padding, value, cursor),
        Kind::Either(left, right) => collection::read_either(left, right, cursor),
        Kind::Record(record) => layout::read(record, cursor),
        Kind::Timer { key, namespace } => collection::read_timer(key, namespace, cursor),
        Kind::Ttl(value) => collection::read_ttl(value, cursor),
        Kind::Marked(inner) => read(inner, cursor),
        Kind::Enumeration { class, constants } => object::read_constant(class, constants, cursor),
        Kind::Pojo(pojo) => object::read(pojo, cursor),
        Kind::Row { kinds, fields } => row::read(*kinds, fields, cursor),
        Kind::RowData(types) => binary_row::read_sized(types, cursor),
        Kind::ArrayData(element) => binary_array::read_sized(element, cursor),
        Kind::MapData(key, value) => binary_array::read_sized_map(key, value, cursor),
        Kind::DecimalData { precision, scale } => big::read_sql(*precision, *scale, cursor),
        Kind::TimestampData { precision } => super::time::read_sql(*precision, cursor),
        Kind::Avro(avro) => avro::read(avro, cursor),
        // Its bytes can be delimited, unlike those of the two below.
        Kind::BinaryRowData { .. } | Kind::Raw(_) => {
            let bytes = cursor.sized("a row")?;
            Ok(O::value(|| {
                alluvium_protocol::value::Value::Bytes(bytes.to_vec())
            }))
        }
        Kind::Kryo { class } => Err(cursor.unknown(format!(
            "a value of {class}, which Kryo wrote: only Kryo can read it"
        ))),
        Kind::UserClass { class } => {
            Err(cursor.unknown(format!("a value of {class}: only that class can read it")))
        }
        Kind::Unknown => Err(cursor.unknown(format!(
            "a value of a serializer that is not known: its snapshot is {}",
            serializer.class
        ))),
    }
}
