//! The serializers of SQL's values.
//!
//! ```text
//! row          columns:i32 type:stream* 001457FD 00000001 count:i32 snapshot*    (the columns' serializers)
//! binary row   columns:i32
//! array        type:stream serializer:stream
//! map          key:stream value:stream keys:stream values:stream    (types, then serializers)
//! decimal      precision:i32 scale:i32
//! timestamp    precision:i32
//! sorted map   comparator:stream 001457FD 00000001 count:i32 snapshot*     (of keys and of values)
//! row as key   two of { length:i32 bytes } snapshot                        (generated code, and the row's)
//! ```
//!
//! A stream is one of Java's serialization streams (`java::stream`), whose end is where its object ends.

use super::composite::read_nested;
use super::guess::Guesses;
use super::{Kind, LogicalType, Serializer, snapshot};
use crate::cursor::Cursor;
use crate::error::Result;
use crate::java::stream::Stream;

const ROW_AS_KEY: &str =
    "org.apache.flink.table.runtime.sequencedmultisetstate.linked.RowDataKeySerializerSnapshot";
const PACKAGE: &str = "org.apache.flink.table.runtime.typeutils.";

/// `None` when the class is not one of these, or the version is not known.
pub(super) fn read(
    class: &str,
    version: i32,
    cursor: &mut Cursor<'_>,
    guesses: &mut Guesses,
    depth: usize,
) -> Result<Option<Kind>> {
    if (class, version) == (ROW_AS_KEY, 0) {
        cursor.sized("what compares rows")?;
        cursor.sized("what hashes rows")?;
        let row = snapshot::read(cursor, guesses, depth)?;
        return Ok(Some(Kind::Marked(Box::new(row))));
    }
    let Some(name) = class.strip_prefix(PACKAGE) else {
        return Ok(None);
    };
    Ok(Some(match (name, version) {
        ("RowDataSerializer$RowDataSerializerSnapshot", 2 | 3) => {
            // A stream is at least its magic and a code.
            let count = cursor.count(5, "columns")?;
            let types = (0..count)
                .map(|_| LogicalType::read(cursor))
                .collect::<Result<_>>()?;
            read_nested(cursor, guesses, depth)?;
            Kind::RowData(types)
        }
        ("BinaryRowDataSerializer$BinaryRowDataSerializerSnapshot", 3) => Kind::BinaryRowData {
            columns: cursor.count(0, "columns")?,
        },
        ("ArrayDataSerializer$ArrayDataSerializerSnapshot", 3) => {
            let element = LogicalType::read(cursor)?;
            Stream::read(cursor)?;
            Kind::ArrayData(element)
        }
        ("MapDataSerializer$MapDataSerializerSnapshot", 3) => {
            let key = LogicalType::read(cursor)?;
            let value = LogicalType::read(cursor)?;
            Stream::read(cursor)?;
            Stream::read(cursor)?;
            Kind::MapData(key, value)
        }
        ("SortedMapSerializerSnapshot", 3) => {
            let start = cursor.clone();
            Stream::read(cursor)?;
            let parts: [Serializer; 2] =
                read_nested(cursor, guesses, depth)?
                    .try_into()
                    .map_err(|parts: Vec<_>| {
                        let count = parts.len();
                        start.corrupt(format!("a sorted map with {count} serializers in it"))
                    })?;
            let [key, value] = parts.map(Box::new);
            Kind::Map(key, value)
        }
        ("DecimalDataSerializer$DecimalSerializerSnapshot", 3) => Kind::DecimalData {
            precision: precision(cursor)?,
            scale: cursor.i32("a scale")?,
        },
        ("TimestampDataSerializer$TimestampDataSerializerSnapshot", 1) => Kind::TimestampData {
            precision: precision(cursor)?,
        },
        _ => return Ok(None),
    }))
}

fn precision(cursor: &mut Cursor<'_>) -> Result<u32> {
    let start = cursor.clone();
    let precision = cursor.i32("a precision")?;
    u32::try_from(precision).map_err(|e| {
        start
            .corrupt(format!("a precision of {precision}"))
            .with_source(e)
    })
}
