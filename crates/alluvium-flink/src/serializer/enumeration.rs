//! The serializer of enums.
//!
//! ```text
//! payload   class:utf count:i32 constant:utf*
//! ```
//!
//! The constants are in the order that values count them in, which need not be the order of the enum's declaration.

use super::Kind;
use super::snapshot::name;
use crate::cursor::Cursor;
use crate::error::Result;

pub(super) const CLASS: &str =
    "org.apache.flink.api.common.typeutils.base.EnumSerializer$EnumSerializerSnapshot";

pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Kind> {
    let class = name(cursor, "the class of an enum")?;
    let count = cursor.count(2, "constants")?;
    let constants = (0..count)
        .map(|_| name(cursor, "the name of a constant"))
        .collect::<Result<_>>()?;
    Ok(Kind::Enumeration { class, constants })
}
