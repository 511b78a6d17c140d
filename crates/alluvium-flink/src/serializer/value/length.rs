//! How many bytes Flink declares values of a type to have, by its `getLength()`.

use crate::serializer::{Kind, Serializer, Simple};

/// `None` for -1.
pub(super) fn of(serializer: &Serializer) -> Option<usize> {
    match &serializer.kind {
        Kind::Simple(simple) => of_simple(*simple),
        Kind::Tuple { fields, .. } if fields.is_empty() => Some(1),
        // Something that declares nothing, as the empty namespace does, makes a tuple variable.
        Kind::Tuple { fields, .. } => fields
            .iter()
            .map(|field| of(field).filter(|length| *length > 0))
            .sum(),
        Kind::Nullable { padding: 0, .. } => None,
        Kind::Nullable { padding, .. } => Some(padding.saturating_add(1)),
        Kind::Timer { key, namespace } => Some(8 + of(key)? + of(namespace)?),
        Kind::Ttl(value) => Some(8 + of(value)?),
        Kind::Marked(inner) => of(inner),
        Kind::Record(record) => super::layout::length(record),
        Kind::Enumeration { .. } => Some(4),
        Kind::TimestampData { precision } => Some(if *precision <= 3 { 8 } else { 12 }),
        _ => None,
    }
}

const fn of_simple(simple: Simple) -> Option<usize> {
    Some(match simple {
        Simple::Boolean | Simple::Byte | Simple::Void | Simple::GlobalWindow => 1,
        Simple::Short | Simple::Character => 2,
        Simple::Integer | Simple::Float => 4,
        Simple::Long
        | Simple::SortedLong
        | Simple::CountWindow
        | Simple::Double
        | Simple::Date
        | Simple::SqlDate
        | Simple::SqlTime => 8,
        Simple::Timestamp | Simple::Instant => 12,
        Simple::LocalDate => 6,
        Simple::LocalTime => 7,
        Simple::LocalDateTime => 13,
        Simple::TimeWindow => 16,
        Simple::VoidNamespace | Simple::Nothing => 0,
        _ => return None,
    })
}
