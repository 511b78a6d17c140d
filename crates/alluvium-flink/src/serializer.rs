//! The serializers that a snapshot records, and the values that they wrote.
//!
//! ```text
//! snapshot  class:utf version:i32 payload       what follows `version` is the class's own, without a length
//! ```
//!
//! [`Kind`] has a variant for each family of payloads; the modules below describe them. Every serializer keeps the bytes it
//! was read from, so that writing it back loses nothing that this crate does not know.
//!
//! Invariants: reading is total and nests at most [`DEPTH_MAX`] levels; `Serializer::skip` ends where
//! `Serializer::decode` ends, because they are the same code; what `decode` makes of bytes that Flink wrote, `encode` turns
//! into the same bytes (exceptions are in `value::binary_row` and `value::big`).
//!
//! Does not know which state a serializer belongs to (`keyed`).

mod avro;
mod composite;
mod enumeration;
mod guess;
mod kryo;
mod layout;
mod make;
mod pojo;
mod row_data;
mod show;
mod simple;
mod snapshot;
mod user_class;
mod value;

use std::sync::Arc;

pub use crate::java::logical_type::{LogicalType, Root};
pub use avro::Avro;
pub(crate) use guess::{Guesses, exactly};
pub use layout::Record;
pub use pojo::{Field, Pojo};
pub use simple::Simple;
pub use value::Stamped;
pub(crate) use value::{read_text, write_text};

/// How deep serializers may contain each other.
pub const DEPTH_MAX: usize = 48;

/// How long names in a snapshot may be that every decoded value repeats (of classes, fields and constants). Java's own are far
/// shorter, and a short value cannot become a large one.
const NAME_MAX: usize = 1024;

/// A serializer, as a snapshot records it.
#[derive(Debug, Clone)]
pub struct Serializer {
    class: Arc<str>,
    snapshot: Arc<[u8]>,
    kind: Kind,
}

/// What a serializer writes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// Values without parts.
    Simple(Simple),
    /// A list of elements.
    List(Box<Serializer>),
    /// A set: as a list.
    Set(Box<Serializer>),
    /// SQL's linked list, with or without a mask that tells which elements are null.
    LinkedList {
        /// Whether there is a mask.
        nulls: bool,
        /// Of the elements.
        element: Box<Serializer>,
    },
    /// A map: keys and values.
    Map(Box<Serializer>, Box<Serializer>),
    /// An array of objects of a class.
    Array {
        /// The class of its elements.
        class: String,
        /// Of the elements.
        element: Box<Serializer>,
    },
    /// `Tuple0` to `Tuple25`.
    Tuple {
        /// The class of the tuple.
        class: String,
        /// Of the fields.
        fields: Vec<Serializer>,
    },
    /// `Row`: fields by position, any of which may be null.
    Row {
        /// Whether values tell the kind of change they are.
        kinds: bool,
        /// Of the fields.
        fields: Vec<Serializer>,
    },
    /// A value that may be null.
    Nullable {
        /// How many bytes are in a null value's place.
        padding: usize,
        /// Of the value.
        value: Box<Serializer>,
    },
    /// One of two.
    Either(Box<Serializer>, Box<Serializer>),
    /// A timer: its time, key and namespace.
    Timer {
        /// Of the key.
        key: Box<Serializer>,
        /// Of the namespace.
        namespace: Box<Serializer>,
    },
    /// A value with the time of its last access before it.
    Ttl(Box<Serializer>),
    /// Another serializer, marked as one that may get a time to live or has one.
    Marked(Box<Serializer>),
    /// A constant of an enum.
    Enumeration {
        /// The enum.
        class: String,
        /// The constants' names; a value is a position in this list.
        constants: Vec<String>,
    },
    /// An object by its fields.
    Pojo(Pojo),
    /// An object that the library Kryo wrote: nobody else can tell where it ends.
    Kryo {
        /// The object's class.
        class: String,
    },
    /// A row of SQL.
    RowData(Vec<LogicalType>),
    /// A row of SQL whose columns' types are not recorded.
    BinaryRowData {
        /// How many columns it has.
        columns: usize,
    },
    /// An array of SQL.
    ArrayData(LogicalType),
    /// A map of SQL.
    MapData(LogicalType, LogicalType),
    /// A decimal number of SQL.
    DecimalData {
        /// How many digits there are at most.
        precision: u32,
        /// How many of them are after the point.
        scale: i32,
    },
    /// A time of SQL.
    TimestampData {
        /// How many digits a second has after the point.
        precision: u32,
    },
    /// A value of the user's own serializer in SQL: its bytes.
    Raw(Box<Serializer>),
    /// An object that the library Avro knows.
    Avro(Avro),
    /// A class of Flink's own runtime that writes its parts in an order of its own.
    Record(Record),
    /// An object of a class that writes itself: nobody else can tell where it ends.
    UserClass {
        /// The object's class.
        class: String,
    },
    /// A class that this crate does not know, or a version of one.
    Unknown,
}

impl Serializer {
    /// The class of the snapshot, such as `org.apache.flink.api.common.typeutils.base.ListSerializerSnapshot`.
    #[must_use]
    pub fn class(&self) -> &str {
        &self.class
    }

    /// What it writes.
    #[must_use]
    pub const fn kind(&self) -> &Kind {
        &self.kind
    }

    /// It, or what it marks.
    #[must_use]
    pub fn unmarked(&self) -> &Self {
        match &self.kind {
            Kind::Marked(inner) => inner.unmarked(),
            _ => self,
        }
    }

    /// Appends the snapshot: the bytes it was read from.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.snapshot);
    }

    /// The serializers of its parts.
    #[must_use]
    pub fn parts(&self) -> Vec<&Self> {
        match &self.kind {
            Kind::List(one)
            | Kind::Set(one)
            | Kind::LinkedList { element: one, .. }
            | Kind::Array { element: one, .. }
            | Kind::Nullable { value: one, .. }
            | Kind::Raw(one)
            | Kind::Ttl(one)
            | Kind::Marked(one) => vec![one],
            Kind::Map(one, two)
            | Kind::Either(one, two)
            | Kind::Timer {
                key: one,
                namespace: two,
            } => vec![one, two],
            Kind::Tuple { fields, .. } | Kind::Row { fields, .. } => fields.iter().collect(),
            Kind::Record(record) => record.parts.iter().collect(),
            Kind::Pojo(pojo) => pojo.fields.iter().filter_map(Field::serializer).collect(),
            _ => Vec::new(),
        }
    }

    /// The first class in it whose values cannot be read, so that those of this serializer cannot either.
    #[must_use]
    pub fn opaque(&self) -> Option<&str> {
        match &self.kind {
            Kind::Unknown => Some(&self.class),
            Kind::Kryo { class } | Kind::UserClass { class } => Some(class),
            // Bytes, but it is known how many.
            Kind::Raw(_) => None,
            Kind::Pojo(pojo) => pojo.opaque(),
            Kind::Avro(avro) => avro.opaque(),
            _ => self.parts().into_iter().find_map(Self::opaque),
        }
    }
}

impl Serializer {
    /// Whether something in it is written by the library Kryo, whose bytes differ between its versions: those of Flink 1 (Kryo
    /// 2.24) cannot be read by Flink 2 (Kryo 5.6), nor the other way round.
    ///
    /// Looks for the class of Flink's serializer in the whole snapshot, so that parts that this crate does not keep are found
    /// as well: of unknown classes, of subclasses, of columns of type RAW.
    #[must_use]
    pub fn has_kryo(&self) -> bool {
        let class = kryo::SERIALIZER.as_bytes();
        self.snapshot.windows(class.len()).any(|part| part == class)
    }
}

/// By the bytes of the snapshots.
impl PartialEq for Serializer {
    fn eq(&self, other: &Self) -> bool {
        self.snapshot == other.snapshot
    }
}

impl Eq for Serializer {}
