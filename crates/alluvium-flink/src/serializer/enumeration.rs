//! The serializer of enums.
//!
//! ```text
//! payload   class:utf count:i32 constant:utf*
//! Scala's   class:utf count:i32 { constant:utf number:i32 }*
//! ```
//!
//! The constants are in the order that values count them in, which need not be the order of the enum's declaration. Scala's
//! have numbers of their own.

use super::Kind;
use super::snapshot::name;
use crate::cursor::Cursor;
use crate::error::Result;

pub(super) const CLASS: &str =
    "org.apache.flink.api.common.typeutils.base.EnumSerializer$EnumSerializerSnapshot";

pub(super) const SCALA: &str = "org.apache.flink.api.scala.typeutils.ScalaEnumSerializerSnapshot";

/// Numbers that are not those of the positions, which a program may give, are not read.
pub(super) fn read_scala(cursor: &mut Cursor<'_>) -> Result<Kind> {
    let class = name(cursor, "the class of an enumeration")?;
    let count = cursor.count(6, "constants")?;
    let mut constants = Vec::new();
    let mut in_order = true;
    for position in 0..count {
        constants.push(name(cursor, "the name of a constant")?);
        let number = cursor.i32("the number of a constant")?;
        in_order &= usize::try_from(number) == Ok(position);
    }
    Ok(match in_order {
        true => Kind::Enumeration { class, constants },
        false => Kind::UserClass { class },
    })
}

pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Kind> {
    let class = name(cursor, "the class of an enum")?;
    let count = cursor.count(2, "constants")?;
    let constants = (0..count)
        .map(|_| name(cursor, "the name of a constant"))
        .collect::<Result<_>>()?;
    Ok(Kind::Enumeration { class, constants })
}
