//! The serializer of objects that the library Avro knows.
//!
//! ```text
//! payload   version 1: schema:utf; version 2: class:utf schema:utf; version 3: class:utf length:i32 schema (UTF-8)
//! ```
//!
//! The schema is Avro's JSON, the one that values were written with. What this crate cannot make sense of is kept, and its values
//! are shown as bytes. Flink does not write values in Avro's own binary encoding (`value::avro`), which is why no library of
//! Avro's is used: it would only parse the schema.

mod schema;

pub(super) use schema::{Schema, Shape};

use std::sync::Arc;

use super::Kind;
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
    let class = match version {
        1 => String::new(),
        _ => cursor.utf("the class of an object")?,
    };
    let json = match version {
        1 | 2 => cursor.utf("a schema of Avro")?,
        _ => {
            let start = cursor.clone();
            let bytes = cursor.sized("a schema of Avro")?;
            let text = str::from_utf8(bytes);
            text.map_err(|e| start.corrupt("a schema that is no UTF-8").with_source(e))?
                .to_owned()
        }
    };
    Ok(Kind::Avro(Avro {
        class,
        schema: Schema::parse(&json).map(Arc::new),
        json: json.into(),
    }))
}
