//! The serializer of objects that the library Kryo writes.
//!
//! ```text
//! payload   class:utf registrations:map serializers:map classes:map     (maps as of `pojo`)
//! ```
//!
//! The maps say which numbers and which of Kryo's serializers classes have; whoever has no JVM can do nothing with them.

use super::Kind;
use super::pojo::read_map;
use super::snapshot::name;
use crate::cursor::Cursor;
use crate::error::Result;

pub(super) const CLASS: &str =
    "org.apache.flink.api.java.typeutils.runtime.kryo.KryoSerializerSnapshot";

/// What the class of the serializer and that of its snapshot begin with.
pub(super) const SERIALIZER: &str =
    "org.apache.flink.api.java.typeutils.runtime.kryo.KryoSerializer";

pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Kind> {
    let class = name(cursor, "the class of an object")?;
    for _ in 0..3 {
        read_map(cursor, |_, _| Ok(()))?;
    }
    Ok(Kind::Kryo { class })
}
