//! `LogicalType`, the type of a column in Flink's SQL, out of the serialization stream that a snapshot has of it.
//!
//! Only what decoding a value needs is taken: the root of the type, its length-like parameters, and the types inside it. Roots
//! that this crate does not know are kept by name, so that a row with such a column is still delimited.

use super::stream::{Item, Node, Stream};
use crate::cursor::Cursor;
use crate::error::Result;

/// The type of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogicalType {
    /// Whether a value may be null.
    pub nullable: bool,
    /// What the values are.
    pub root: Root,
}

/// What the values of a column are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Root {
    /// `BOOLEAN`.
    Boolean,
    /// `TINYINT`, one byte.
    TinyInt,
    /// `SMALLINT`, two bytes.
    SmallInt,
    /// `INTEGER`, four bytes.
    Integer,
    /// `BIGINT`, eight bytes.
    BigInt,
    /// `FLOAT`, four bytes.
    Float,
    /// `DOUBLE`, eight bytes.
    Double,
    /// `CHAR` and `VARCHAR`.
    Text,
    /// `BINARY` and `VARBINARY`.
    Binary,
    /// `DECIMAL(precision, scale)`.
    Decimal {
        /// How many digits there are at most.
        precision: u32,
        /// How many of them are after the point.
        scale: i32,
    },
    /// `DATE`, in days.
    Date,
    /// `TIME`, in milliseconds.
    Time,
    /// `TIMESTAMP(precision)`, without a zone.
    Timestamp {
        /// How many digits a second has after the point.
        precision: u32,
    },
    /// `TIMESTAMP_LTZ(precision)`, an instant.
    Instant {
        /// How many digits a second has after the point.
        precision: u32,
    },
    /// `INTERVAL YEAR TO MONTH`, in months.
    Months,
    /// `INTERVAL DAY TO SECOND`, in milliseconds.
    Duration,
    /// `ARRAY`.
    Array(Box<LogicalType>),
    /// `MULTISET`: how often each element is there.
    Multiset(Box<LogicalType>),
    /// `MAP`.
    Map(Box<LogicalType>, Box<LogicalType>),
    /// `ROW` and structured types: names and types.
    Row(Vec<(String, LogicalType)>),
    /// `RAW`: bytes of a serializer of the user's.
    Raw,
    /// `NULL`.
    Null,
    /// Another root, by Flink's name.
    Other(String),
}

/// How deep types may contain each other.
const DEPTH_MAX: usize = 32;

/// How long a column's name may be: it is repeated in every value that is decoded.
const NAME_MAX: usize = 1024;

impl LogicalType {
    /// Reads one stream.
    ///
    /// An object that is no type, or nested beyond what is read, is one of an unknown root: the columns beside it are still read.
    ///
    /// # Errors
    /// As [`Stream::read`].
    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        let start = cursor.clone();
        let stream = Stream::read(cursor)?;
        // References can repeat a type without repeating its bytes: twice in each level is two to the 32nd at the bottom.
        let mut budget = start.left().len() - cursor.left().len();
        let read = of(&stream, stream.root(), 0, &mut budget);
        Ok(read.unwrap_or_else(|| Self {
            nullable: true,
            root: Root::Other(
                stream
                    .class_name(stream.root())
                    .unwrap_or("no class")
                    .to_owned(),
            ),
        }))
    }
}

fn of(
    stream: &Stream<'_>,
    item: Item<'_>,
    depth: usize,
    budget: &mut usize,
) -> Option<LogicalType> {
    *budget = budget.checked_sub(1)?;
    if depth > DEPTH_MAX {
        return None;
    }
    let Item::Boolean(nullable) = stream.field(item, "isNullable")? else {
        return None;
    };
    let root = stream.text(stream.field(item, "typeRoot")?)?;
    let number = |name| match stream.field(item, name)? {
        Item::Integer(number) => Some(number),
        _ => None,
    };
    let precision = || number("precision").and_then(|n| u32::try_from(n).ok());
    let mut inner = |name| {
        let inner = of(stream, stream.field(item, name)?, depth + 1, budget)?;
        Some(Box::new(inner))
    };
    let root = match root {
        "BOOLEAN" => Root::Boolean,
        "TINYINT" => Root::TinyInt,
        "SMALLINT" => Root::SmallInt,
        "INTEGER" => Root::Integer,
        "BIGINT" => Root::BigInt,
        "FLOAT" => Root::Float,
        "DOUBLE" => Root::Double,
        "CHAR" | "VARCHAR" => Root::Text,
        "BINARY" | "VARBINARY" => Root::Binary,
        "DECIMAL" => Root::Decimal {
            precision: precision()?,
            scale: number("scale").and_then(|n| i32::try_from(n).ok())?,
        },
        "DATE" => Root::Date,
        "TIME_WITHOUT_TIME_ZONE" => Root::Time,
        "TIMESTAMP_WITHOUT_TIME_ZONE" => Root::Timestamp {
            precision: precision()?,
        },
        "TIMESTAMP_WITH_LOCAL_TIME_ZONE" => Root::Instant {
            precision: precision()?,
        },
        "INTERVAL_YEAR_MONTH" => Root::Months,
        "INTERVAL_DAY_TIME" => Root::Duration,
        "ARRAY" => Root::Array(inner("elementType")?),
        "MULTISET" => Root::Multiset(inner("elementType")?),
        "MAP" => Root::Map(inner("keyType")?, inner("valueType")?),
        "ROW" => Root::Row(columns(stream, item, "fields", depth, budget)?),
        "STRUCTURED_TYPE" => Root::Row(columns(stream, item, "attributes", depth, budget)?),
        "DISTINCT_TYPE" => inner("sourceType")?.root,
        "RAW" => Root::Raw,
        "NULL" => Root::Null,
        other => Root::Other(other.to_owned()),
    };
    Some(LogicalType { nullable, root })
}

fn columns(
    stream: &Stream<'_>,
    item: Item<'_>,
    field: &str,
    depth: usize,
    budget: &mut usize,
) -> Option<Vec<(String, LogicalType)>> {
    let mut columns = Vec::new();
    for column in elements(stream, stream.field(item, field)?, 0)? {
        let name = stream.text(stream.field(column, "name")?)?;
        *budget = budget.checked_sub(name.len())?;
        if name.len() > NAME_MAX {
            return None;
        }
        let inner = of(stream, stream.field(column, "type")?, depth + 1, budget)?;
        columns.push((name.to_owned(), inner));
    }
    Some(columns)
}

/// The elements of a list of whatever class: Java's lists hold an array, hold another list, or write their elements.
fn elements<'a>(stream: &Stream<'a>, list: Item<'_>, depth: usize) -> Option<Vec<Item<'a>>> {
    if depth > DEPTH_MAX {
        return None;
    }
    let Item::Node(id) = list else { return None };
    let notes = match stream.node(id)? {
        Node::Array(items) => return Some(items.clone()),
        Node::Object { notes, .. } => notes,
        _ => return None,
    };
    match stream.class_name(list)? {
        "java.util.Collections$EmptyList" => Some(Vec::new()),
        "java.util.Collections$SingletonList" => Some(vec![stream.field(list, "element")?]),
        class if class.starts_with("java.util.Collections$") => {
            let inner = stream
                .field(list, "list")
                .or_else(|| stream.field(list, "c"))?;
            elements(stream, inner, depth + 1)
        }
        "java.util.Arrays$ArrayList" => elements(stream, stream.field(list, "a")?, depth + 1),
        // ArrayList, LinkedList, and what List.of() is written as: a count in a block, then the elements.
        _ => Some(
            notes
                .iter()
                .copied()
                .filter(|item| !matches!(item, Item::Block(_)))
                .collect(),
        ),
    }
}
