//! Serializers as people read them: `Map<String, TTL<Long>>`.

use std::fmt::{self, Display, Formatter};

use super::{Kind, LogicalType, Root, Serializer};

/// How much of a serializer is shown; the rest is an ellipsis.
const DEPTH_MAX: usize = 8;

impl Display for Serializer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        show(self, 0, f)
    }
}

fn show(serializer: &Serializer, depth: usize, f: &mut Formatter<'_>) -> fmt::Result {
    if depth > DEPTH_MAX {
        return f.write_str("…");
    }
    let generic = |name: &str, f: &mut Formatter<'_>| {
        f.write_str(name)?;
        list(['<', '>'], &serializer.parts(), f, |part, f| {
            show(part, depth + 1, f)
        })
    };
    match &serializer.kind {
        Kind::Simple(simple) => write!(f, "{simple:?}"),
        Kind::List(_) => generic("List", f),
        Kind::Set(_) => generic("Set", f),
        Kind::LinkedList { .. } => generic("LinkedList", f),
        Kind::Map(..) => generic("Map", f),
        Kind::Array { .. } => generic("Array", f),
        Kind::Tuple { class, .. } => generic(short(class), f),
        Kind::Row { .. } => generic("Row", f),
        Kind::Nullable { .. } => generic("Nullable", f),
        Kind::Either(..) => generic("Either", f),
        Kind::Record(record) if record.parts().is_empty() => f.write_str(record.name()),
        Kind::Record(record) => generic(record.name(), f),
        Kind::Timer { .. } => generic("Timer", f),
        Kind::Raw(_) => generic("RAW", f),
        Kind::Ttl(_) => generic("TTL", f),
        Kind::Marked(inner) => show(inner, depth + 1, f),
        Kind::Enumeration { class, .. } => write!(f, "enum {class}"),
        Kind::Pojo(pojo) => {
            f.write_str(short(&pojo.class))?;
            list(['{', '}'], &pojo.fields, f, |field, f| {
                write!(f, "{}: ", field.name)?;
                match &field.serializer {
                    Some(serializer) => show(serializer, depth + 1, f),
                    None => f.write_str("?"),
                }
            })
        }
        Kind::UserClass { class } => f.write_str(class),
        Kind::Kryo { class } => write!(f, "Kryo<{class}>"),
        Kind::RowData(types) => {
            f.write_str("RowData")?;
            list(['<', '>'], types, f, Display::fmt)
        }
        Kind::BinaryRowData { columns } => write!(f, "BinaryRowData<{columns} columns>"),
        Kind::ArrayData(element) => write!(f, "ARRAY<{element}>"),
        Kind::MapData(key, value) => write!(f, "MAP<{key}, {value}>"),
        Kind::DecimalData { precision, scale } => write!(f, "DECIMAL({precision}, {scale})"),
        Kind::TimestampData { precision } => write!(f, "TIMESTAMP({precision})"),
        Kind::Avro(avro) => write!(f, "Avro<{}>", avro.class),
        Kind::Unknown => write!(f, "unknown {}", serializer.class),
    }
}

/// A class without its package.
fn short(class: &str) -> &str {
    class.rsplit_once('.').map_or(class, |(_, name)| name)
}

fn list<T>(
    [open, close]: [char; 2],
    parts: &[T],
    f: &mut Formatter<'_>,
    mut each: impl FnMut(&T, &mut Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    write!(f, "{open}")?;
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            f.write_str(", ")?;
        }
        each(part, f)?;
    }
    write!(f, "{close}")
}

/// As SQL writes it.
impl Display for LogicalType {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.root {
            Root::Boolean => f.write_str("BOOLEAN"),
            Root::TinyInt => f.write_str("TINYINT"),
            Root::SmallInt => f.write_str("SMALLINT"),
            Root::Integer => f.write_str("INTEGER"),
            Root::BigInt => f.write_str("BIGINT"),
            Root::Float => f.write_str("FLOAT"),
            Root::Double => f.write_str("DOUBLE"),
            Root::Text => f.write_str("STRING"),
            Root::Binary => f.write_str("BYTES"),
            Root::Decimal { precision, scale } => write!(f, "DECIMAL({precision}, {scale})"),
            Root::Date => f.write_str("DATE"),
            Root::Time => f.write_str("TIME"),
            Root::Timestamp { precision } => write!(f, "TIMESTAMP({precision})"),
            Root::Instant { precision } => write!(f, "TIMESTAMP_LTZ({precision})"),
            Root::Months => f.write_str("INTERVAL YEAR TO MONTH"),
            Root::Duration => f.write_str("INTERVAL DAY TO SECOND"),
            Root::Array(element) => write!(f, "ARRAY<{element}>"),
            Root::Multiset(element) => write!(f, "MULTISET<{element}>"),
            Root::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            Root::Row(columns) => {
                f.write_str("ROW")?;
                list(['<', '>'], columns, f, |(name, column), f| {
                    write!(f, "{name} {column}")
                })
            }
            Root::Raw => f.write_str("RAW"),
            Root::Null => f.write_str("NULL"),
            Root::Other(name) => f.write_str(name),
        }?;
        match self.nullable || self.root == Root::Null {
            true => Ok(()),
            false => f.write_str(" NOT NULL"),
        }
    }
}
