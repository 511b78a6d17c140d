//! The serializer of objects that the library Avro knows.
//!
//! ```text
//! payload   version 1: schema:utf; version 2: class:utf schema:utf; version 3: class and schema as
//!           values of `String` (`value::string`), because 65,535 bytes were too few
//! ```
//!
//! The schema is Avro's JSON, the one that values were written with. What this crate cannot make sense of is kept, and its values
//! are shown as bytes. Flink does not write values in Avro's own binary encoding (`value::avro`), which is why no library of
//! Avro's is used: it would only parse the schema.

mod schema;

pub(super) use schema::{Schema, Shape};

use std::sync::Arc;

use super::Kind;
use super::value::read_text;
use crate::cursor::Cursor;
use crate::error::Result;

pub(super) const CLASS: &str = "org.apache.flink.formats.avro.typeutils.AvroSerializerSnapshot";

/// The serializer of a class that Avro knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Avro {
    pub(super) class: String,
    json: Arc<str>,
    /// `None` when the JSON is no schema that this crate understands.
    pub(super) schema: Option<Arc<Schema>>,
}

impl Avro {
    /// The class; empty in old snapshots.
    #[must_use]
    pub fn class(&self) -> &str {
        &self.class
    }

    /// The schema that values were written with, in JSON.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.json
    }

    pub(super) fn opaque(&self) -> Option<&str> {
        self.schema.is_none().then_some(&self.class)
    }
}

pub(super) fn read(version: i32, cursor: &mut Cursor<'_>) -> Result<Kind> {
    let (class, json) = match version {
        1 => (String::new(), cursor.utf("a schema of Avro")?),
        2 => {
            let class = cursor.utf("the class of an object")?;
            (class, cursor.utf("a schema of Avro")?)
        }
        _ => (read_text(cursor)?, read_text(cursor)?),
    };
    Ok(Kind::Avro(Avro {
        class,
        schema: Schema::parse(&json).map(Arc::new),
        json: json.into(),
    }))
}
