//! The serializers of classes that write themselves: implementations of Flink's `Value`.
//!
//! ```text
//! payload   class:utf
//! ```
//!
//! Of Flink's own such classes it is known what they write; of all others only they know.

use super::snapshot::name;
use super::{Kind, Simple};
use crate::cursor::Cursor;
use crate::error::Result;

pub(super) const COPYABLE: &str = "org.apache.flink.api.java.typeutils.runtime.CopyableValueSerializer$CopyableValueSerializerSnapshot";
pub(super) const PLAIN: &str =
    "org.apache.flink.api.java.typeutils.runtime.ValueSerializer$ValueSerializerSnapshot";

const KNOWN: &[(&str, Simple)] = &[
    ("BooleanValue", Simple::Boolean),
    ("ByteValue", Simple::Byte),
    ("ShortValue", Simple::Short),
    ("IntValue", Simple::Integer),
    ("LongValue", Simple::Long),
    ("FloatValue", Simple::Float),
    ("DoubleValue", Simple::Double),
    ("CharValue", Simple::Character),
    ("StringValue", Simple::StringValue),
    // It writes a byte when it writes itself, and nothing by its own serializer.
    ("NullValue", Simple::Void),
];

pub(super) fn read(snapshot: &str, cursor: &mut Cursor<'_>) -> Result<Kind> {
    let class = name(cursor, "the class of a value")?;
    let known = class.strip_prefix("org.apache.flink.types.");
    let known = known.and_then(|name| KNOWN.iter().find(|(known, _)| *known == name));
    Ok(match known {
        // The other serializer never says how long values are.
        Some((_, simple)) if snapshot == COPYABLE => Kind::Simple(*simple),
        _ => Kind::UserClass { class },
    })
}
